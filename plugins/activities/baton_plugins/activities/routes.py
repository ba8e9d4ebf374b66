"""Pages and answers about follow-ups: the composer's post, its sheet, corrections, earlier texts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from baton_plugins.activities import composing, links, panels, queries, rights, services
from baton_plugins.activities.forms import FollowUpEdit, FollowUpInput
from baton_plugins.activities.kinds import fields
from baton_plugins.activities.kinds import routes as kind_routes
from baton_plugins.activities.models import FollowUp, Plan
from baton_plugins.activities.together import mentioning

from platform_core.api import (
    Actor,
    Bound,
    Conflict,
    Customer,
    EntityRef,
    Forbidden,
    FormData,
    Invalid,
    Notice,
    Request,
    Response,
    Session,
    TooLarge,
    bind,
    contact_get,
    customer_get,
    customer_opened,
    fragment,
    get,
    initial,
    page,
    post,
    record,
    redirect,
    refusal_text,
    translator,
    wants_fragment,
)

_ = translator("activities")
VIEW, WRITE = "activities.view", "activities.write"
CLOSE_DIALOG = {"HX-Trigger": "dialog-close"}
_PLACES = {"panel", "sheet", "page", "row", "calls", "dialog"}


@get("/new", permission=WRITE, name="activities:compose")
def compose(
    request: Request[Any, Any, Any], session: Session, actor: Actor, *, customer: UUID, way: str = "", at: str = "",
    within: str = "",
) -> Response[str]:  # fmt: skip
    """The composer as a sheet over another page, or as a page of its own.

    `way` (in or out) and `at` (ISO 8601) come from where the contact took place, such as a telephone line; `within`
    another page it stays there when it is saved.
    """
    found = customer_get(session, customer)
    record_view(session, actor, found)
    place = "sheet" if within or wants_fragment(request) else "page"
    composer = composing.composer(session, actor, found, place=place, given=links.given(way, at))
    return page(
        request, "activities/compose.html", partial="activities/_compose_sheet.html", active="customers", c=composer
    )


@get("/names", permission=WRITE, name="activities:names")
def names(request: Request[Any, Any, Any], session: Session, actor: Actor, q: str = "") -> list[str]:
    """Colleagues for what is typed behind an @."""
    return mentioning.suggested(session, actor, q[:20])


@post("/", permission=WRITE, name="activities:log")
def log(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    customer = customer_get(session, uuid_of(form.get("customer_id")))
    bound, message, status = bound_follow_up(form), "", 422
    if bound.ok:
        try:
            follow_up = services.log_follow_up(session, actor, customer.id, bound.require(), form.files("files"))
        except (Invalid, TooLarge) as error:
            bound.add(error if isinstance(error, Invalid) else Invalid(error.message, fields={"files": error.message}))
        except (Conflict, Forbidden) as error:
            message, status = refusal_text(session, actor, error), error.status
        else:
            return logged(request, session, actor, customer, follow_up, place=place_of(form))
    composer = composing.composer(
        session, actor, customer, place=place_of(form), form=dropped(bound, form), message=message
    )
    return page(
        request,
        "activities/compose.html",
        partial="activities/_composer.html",
        status=status,
        active="customers",
        c=composer,
    )


def logged(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    customer: Customer,
    follow_up: FollowUp,
    *,
    place: str,
) -> Response[str]:
    """What follows a saved follow-up: the page again, or its changed pieces."""
    if place == "page" or not wants_fragment(request):
        # A page of its own has nothing beside the form: left there, it would be saved twice.
        return redirect(request, f"/customers/{customer.id}", Notice(saved_message(follow_up)))
    fresh = composing.composer(session, actor, customer) if place == "panel" else None
    return fragment(
        request,
        "activities/_logged.html",
        headers={"HX-Trigger": "customer-changed" if place == "panel" else "dialog-close, customer-changed"},
        c=fresh,
        entry=panels.entry(session, actor, follow_up),
        message=saved_message(follow_up),
        **panels.plans_context(session, actor, customer.id),
    )


def saved_message(follow_up: FollowUp) -> str:
    if follow_up.next_due_at is None:
        return _("Saved.")
    return _("Saved. Next plan: %(due)s", due=panels.planned_day(follow_up))


@get("/{follow_up_id:uuid}/edit", permission=WRITE, name="activities:edit")
def edit(request: Request[Any, Any, Any], session: Session, actor: Actor, follow_up_id: UUID) -> Response[str]:
    follow_up = queries.follow_up(session, follow_up_id)
    if not rights.may_correct(actor, follow_up):
        raise Forbidden(_("Only %(name)s or the head of the department may correct this.", name=follow_up.author_label))
    record_read(session, actor, follow_up)
    answers = {fields.PREFIX + key: text for key, text in follow_up.details.items()}
    form = initial(
        FollowUpEdit, body=follow_up.body, kind=follow_up.kind, version=follow_up.version, promised=follow_up.promised,
        **answers,
    )  # fmt: skip
    return _edit_page(request, session, follow_up, form)


@post("/{follow_up_id:uuid}/edit", permission=WRITE, name="activities:correct")
def correct(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, follow_up_id: UUID
) -> Response[str]:
    values = form.as_dict()
    bound, message, status = bind(FollowUpEdit, {**values, "details": fields.typed(values)}), "", 422
    bound.values = values
    if bound.ok:
        try:
            follow_up = services.edit_follow_up(session, actor, follow_up_id, bound.require())
        except Invalid as error:
            bound.add(error)
        except Conflict as error:
            message, status = refusal_text(session, actor, error), error.status
        else:
            if not wants_fragment(request):
                return redirect(request, home_of(follow_up))
            headers = {"HX-Trigger": "dialog-close, timeline-changed"}
            return fragment(request, "_toast.html", headers=headers, message=_("Saved."))
    return _edit_page(request, session, queries.follow_up(session, follow_up_id), bound, message=message, status=status)


def _edit_page(
    request: Request[Any, Any, Any],
    session: Session,
    follow_up: FollowUp,
    form: Bound[FollowUpEdit],
    *,
    message: str = "",
    status: int = 200,
) -> Response[str]:
    partial = "activities/_edit_sheet.html" if status == 200 else "activities/_edit_form.html"
    return page(
        request,
        "activities/edit.html",
        partial=partial,
        status=status,
        active="customers",
        follow_up=follow_up,
        home=home_of(follow_up),
        form=form,
        kinds=composing.kind_pairs(session, current=follow_up.kind),
        fields=kind_routes.active(session, str(form.get("kind") or follow_up.kind)),
        types=fields.types(session),
        message=message,
    )


@get("/{follow_up_id:uuid}/versions", permission=VIEW, name="activities:versions")
def versions(request: Request[Any, Any, Any], session: Session, actor: Actor, follow_up_id: UUID) -> Response[str]:
    follow_up = queries.follow_up(session, follow_up_id)
    record_read(session, actor, follow_up)
    return page(
        request,
        "activities/versions.html",
        partial="activities/_versions_sheet.html",
        active="customers",
        follow_up=follow_up,
        home=home_of(follow_up),
        revisions=queries.revisions(session, follow_up_id),
        answers=lambda row: panels.answers(session, row.kind or follow_up.kind, row),
    )


def bound_follow_up(form: FormData) -> Bound[FollowUpInput]:
    """The form, with the browser's `2026-11-22T14:05` completed to what programs send."""
    values = form.as_dict()
    if len(values.get("at", "")) == len("2026-11-22T14:05"):
        values["at"] += ":00"
    bound = bind(FollowUpInput, {**values, "details": fields.typed(values)})
    bound.values = form.as_dict()
    return bound


def dropped(bound: Bound[FollowUpInput], form: FormData) -> Bound[FollowUpInput]:
    """Browsers keep what was typed, not the files that were chosen: a form that comes back says so."""
    if form.files("files"):
        again = _("Browsers do not keep files: please choose them again.")
        bound.errors["files"] = " ".join(filter(None, (bound.error("files"), again)))
    return bound


def place_of(form: FormData) -> str:
    place = form.get("place")
    return place if place in _PLACES else "page"


def uuid_of(text: str) -> UUID:
    try:
        return msgspec.convert(text, UUID, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(_("Which customer?")) from error


def record_view(session: Session, actor: Actor, customer: Customer) -> None:
    """One line for a form that shows a customer's name and contacts, which counts as opening it."""
    customer_opened(session, actor, EntityRef("customers", "customer", customer.id, customer.name), customer.id)


def record_person(session: Session, actor: Actor, plan: Plan) -> None:
    """The same for a form about a plan, also with a contact that stands alone."""
    if plan.customer_id is not None:
        record_view(session, actor, customer_get(session, plan.customer_id))
    else:
        contact = contact_get(session, plan.person_id)
        customer_opened(session, actor, EntityRef("customers", "contact", contact.id, contact.name), None)


def home_of(follow_up: FollowUp) -> str:
    """The page of whom it was with."""
    alone = f"/follow-ups/contacts/{follow_up.contact_id}"
    return f"/customers/{follow_up.customer_id}" if follow_up.customer_id else alone


def record_read(session: Session, actor: Actor, follow_up: FollowUp) -> None:
    ref = EntityRef("activities", "follow_up", follow_up.id)
    record(session, actor, "activities.view", ref, customer_id=follow_up.customer_id)


HANDLERS = [compose, names, kind_routes.asked, log, edit, correct, versions]
