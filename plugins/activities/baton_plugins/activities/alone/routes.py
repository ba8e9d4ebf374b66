"""Follow-ups and plans with a contact that stands alone: its page with the forms, and the same for programs."""

from __future__ import annotations

from itertools import groupby
from typing import Any
from uuid import UUID

from baton_plugins.activities import api, composing, panels, plan_routes, presets, queries
from baton_plugins.activities.alone import services
from baton_plugins.activities.alone.services import AloneInput
from baton_plugins.activities.diary.whose import RIGHT as VIEW
from baton_plugins.activities.forms import Planned
from baton_plugins.activities.kinds import fields
from baton_plugins.activities.kinds import routes as kind_routes
from baton_plugins.activities.routes import WRITE

from platform_core.api import (
    Actor,
    Bound,
    Conflict,
    Contact,
    EntityRef,
    FormData,
    Invalid,
    Items,
    Notice,
    Request,
    Response,
    Session,
    bind,
    contact_get,
    customer_opened,
    get,
    initial,
    local,
    page,
    post,
    redirect,
    translator,
)

_ = translator("activities")
_PATH = "/contacts/{contact_id:uuid}"


@get(_PATH, permission=VIEW, name="activities:of_contact")
def of_contact(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    contact_id: UUID,
    before: str = "",
    plan: UUID | None = None,
) -> Response[str]:
    """Those of others are with their customer. `plan`: whose result is written down."""
    contact = contact_get(session, contact_id)
    if contact.customer_id is not None:
        return redirect(request, f"/customers/{contact.customer_id}")
    kinds = presets.kinds(session)
    given = {"kind": kinds[0].code if kinds else ""}
    if plan is not None:
        given = {"kind": queries.plan(session, plan).plan.kind, "plan_id": str(plan)}
    return _page(request, session, actor, contact, initial(AloneInput, **given), before)


@post(_PATH, permission=WRITE, name="activities:log_of_contact")
def log(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, contact_id: UUID
) -> Response[str]:
    contact, values = services.alone(session, contact_id), form.as_dict()
    whole = f"{values['at']}:00" if len(values.get("at", "")) == len("2026-11-22T14:05") else values.get("at", "")
    bound = bind(AloneInput, {**values, "at": whole, "details": fields.typed(values)})
    bound.values = values
    if bound.ok:
        try:
            services.log(session, actor, contact, bound.require())
        except Invalid as error:
            bound.add(error)
        except Conflict as error:
            bound.add(Invalid(error.message, fields={"plan_id": error.message}))
        else:
            return redirect(request, f"/follow-ups/contacts/{contact.id}", Notice(_("Saved.")))
    return _page(request, session, actor, contact, bound)


@get(_PATH, permission=WRITE, name="activities:new_plan_of_contact")
def new(request: Request[Any, Any, Any], session: Session, actor: Actor, contact_id: UUID) -> Response[str]:
    contact = contact_get(session, contact_id)
    if contact.customer_id is not None:
        return redirect(request, f"/plans/new?customer={contact.customer_id}")
    customer_opened(session, actor, _ref(contact), None)
    return plan_routes.sheet(request, session, {"contact": contact}, plan_routes.fresh(session, Planned))


@post(_PATH, permission=WRITE, name="activities:plan_of_contact")
def create(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, contact_id: UUID
) -> Response[str]:
    contact, bound = services.alone(session, contact_id), plan_routes.bound_plan(Planned, form)
    if bound.ok:
        try:
            made = services.plan(session, actor, contact, bound.require())
        except Invalid as error:
            bound.add(error)
        else:
            return plan_routes.planned(request, session, actor, made)
    return plan_routes.sheet(request, session, {"contact": contact}, bound, status=422)


def _page(
    request: Request[Any, Any, Any], session: Session, actor: Actor, contact: Contact, form: Bound[AloneInput],
    before: str = "",
) -> Response[str]:  # fmt: skip
    customer_opened(session, actor, _ref(contact), None)
    rows, older = services.page_of(session, contact.id, before)
    entries = [panels.entry(session, actor, row) for row in rows]
    shown = panels.plans_alone(session, actor, contact)
    return page(
        request, "activities/of_contact.html", active="contacts", status=422 if form.errors else 200, contact=contact,
        form=form, may_write=actor.can(WRITE) and contact.restricted_at is None,
        kinds=[(kind.code, kind.label) for kind in presets.kinds(session)],
        fields=kind_routes.active(session, str(form.get("kind"))), types=fields.types(session),
        days=[(day, list(lines)) for day, lines in groupby(entries, lambda entry: local(entry.at).date())],
        older=f"/follow-ups/contacts/{contact.id}?before={older}" if older else "",
        answers=[(str(o["row"].plan.id), composing.answer(o["row"])) for o in shown["plans"] if o["may_finish"]],
        **shown,
    )  # fmt: skip


def _ref(contact: Contact) -> EntityRef:
    return EntityRef("customers", "contact", contact.id, contact.name)


@get(_PATH, permission=VIEW, name="activities:api_of_contact")
def api_list(session: Session, actor: Actor, contact_id: UUID, cursor: str = "") -> Items[api.FollowUpOut]:
    """Follow-ups with one contact, newest first, whether it stands alone or not."""
    contact = contact_get(session, contact_id)
    rows, following = services.page_of(session, contact.id, cursor)
    ids = [row.id for row in rows]
    customer_opened(session, actor, _ref(contact), contact.customer_id, "activities.list", ids=ids)
    return Items([api.follow_up_out(row) for row in rows], following or None)


@post(_PATH, permission=WRITE, name="activities:api_log_of_contact", status_code=201)
def api_log(session: Session, actor: Actor, contact_id: UUID, data: AloneInput) -> api.FollowUpOut:
    """Write down what was said with a contact that stands alone."""
    return api.follow_up_out(services.log(session, actor, services.alone(session, contact_id), data))


@get(_PATH, permission=VIEW, name="activities:api_plans_of_contact")
def api_plans(session: Session, actor: Actor, contact_id: UUID) -> Items[api.PlanOut]:
    """Everybody's open plans with one contact, whether it stands alone or not, soonest first; at most 30."""
    contact = contact_get(session, contact_id)
    rows = queries.of_contact(session, contact.id)
    ids = [row.plan.id for row in rows]
    customer_opened(session, actor, _ref(contact), contact.customer_id, "activities.plans", ids=ids)
    return Items([api.plan_out(row.plan) for row in rows], None)


@post(_PATH, permission=WRITE, name="activities:api_plan_of_contact", status_code=201)
def api_plan(session: Session, actor: Actor, contact_id: UUID, data: Planned) -> api.PlanOut:
    """Plan something for oneself with a contact that stands alone."""
    return api.plan_out(services.plan(session, actor, services.alone(session, contact_id), data))


HANDLERS = [of_contact, log]
PLANS = [new, create]
API = [api_list, api_log]
API_PLANS = [api_plans, api_plan]
