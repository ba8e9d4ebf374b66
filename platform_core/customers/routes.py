"""Pages of the customer record: the page itself, adding, changing, tags, the bin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.customers import (
    codes,
    drawing,
    duplicates,
    fields,
    forms,
    merging,
    opening,
    queries,
    rights,
    sections,
    services,
    tags,
    timeline,
)
from platform_core.customers import detail as parts
from platform_core.customers.custom import definitions, inputs
from platform_core.customers.forms import CustomerInput
from platform_core.kernel.errors import Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.web.forms import Bound, FormData, bind
from platform_core.web.notices import Notice
from platform_core.web.pages import fragment, page, redirect
from platform_core.web.requests import platform_of
from platform_core.web.routing import get, post

_ = translator("customers")


@get("/customers/{customer_id:uuid}", permission="customers.view", name="customers:detail")
def detail(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, *, tab: str = "",
    by: str = "", before: str = "", engagement: UUID | None = None,
) -> Response[str]:  # fmt: skip
    """The customer page; `by` and `engagement` narrow the timeline, `before` continues a list.

    `contact` in the query is the one by whom somebody came here, out of a list of contacts.
    """
    try:
        shown = parts.head(session, actor, customer_id)
    except NotFound:
        return redirect(request, f"/customers/{merging.successor(session, customer_id)}")
    standing = opening.opened(session, actor, services.ref(shown.customer), customer_id, seen=shown.seen)
    place = drawing.Place(tab, by, before, engagement, request.query_params.get("contact", ""))
    return page(
        request, "customers/detail.html", active="customers", standing=standing,
        **drawing.whole(request, session, actor, shown, place),
    )  # fmt: skip


@get("/customers/{customer_id:uuid}/timeline", permission="customers.view", name="customers:timeline")
def older_lines(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, *, by: str = "",
    before: str = "", engagement: UUID | None = None,
) -> Response[str]:  # fmt: skip
    """A piece of the timeline, for `load older` and for a fresh start after a change."""
    customer = queries.get(session, customer_id)
    opening.opened(session, actor, services.ref(customer), customer_id, "customers.timeline")
    stretch = timeline.read(
        platform_of(request), session, actor, customer_id, before=before, source=by, engagement_id=engagement
    )
    return fragment(
        request, "customers/_entries.html", customer=customer, stretch=stretch, by=by, engagement=engagement
    )


@get("/customers/new", permission="customers.create", name="customers:new")
def new(
    request: Request[Any, Any, Any], session: Session, actor: Actor, added: UUID | None = None, lead: str = ""
) -> Response[str]:
    """The short form: a number, a name, and on."""
    last = queries.get(session, added) if added else None
    values = {"kind": "organisation", "lead": lead == "1"}
    return _new_form(request, session, Bound(values=values), added=last)


@post("/customers/new", permission="customers.create", name="customers:create")
def create(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    bound = bind(CustomerInput, form)
    found: list[duplicates.Duplicate] = []
    custom = inputs.posted(bound, form, inputs.asked_at_first(session))
    if bound.ok:
        data = bound.require()
        data.custom = custom
        try:
            if not form.get("anyway"):
                asked = forms.DuplicateQuery(name=data.name, phone=data.phone or "", email=data.email or "")
                found = services.possible_duplicates(session, actor, asked)
            if not found:
                customer = services.create(session, actor, data)
                again = form.get("then") == "new"
                return redirect(
                    request, f"/customers/new?added={customer.id}" if again else f"/customers/{customer.id}"
                )
        except Invalid as error:
            bound.add(error)
    # A question for duplicates counts towards its limit, so its answer must not be one that is rolled back.
    return _new_form(request, session, bound, status=200 if found else 422, came_back=True, found=found)


@post("/customers/duplicates", permission="customers.create", name="customers:duplicates", opt={"unkept": True})
def look_for_duplicates(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData
) -> Response[str]:
    """Asked while somebody types a new customer."""
    bound = bind(forms.DuplicateQuery, form)
    found = services.possible_duplicates(session, actor, bound.value) if bound.value else []
    return fragment(request, "customers/_duplicates.html", found=found, refused=False)


@get("/customers/{customer_id:uuid}/edit", permission="customers.edit", name="customers:edit")
def edit(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    customer = queries.get(session, customer_id)
    rights.require(session, actor, "customers.edit", customer)
    opening.opened(session, actor, services.ref(customer), customer_id)
    values = {name: getattr(customer, name) for name in fields.LABELS if hasattr(customer, name)}
    masks = {point.kind: point.mask for point in reversed(queries.points_of(session, customer_id))}
    points = {"phone": customer.phone_mask, "email": masks.get("email", ""), "wechat": masks.get("wechat", "")}
    bound: Bound[CustomerInput] = Bound(values={**values, **points, "version": customer.version})
    return _edit_form(request, session, customer_id, bound, held=customer.custom)


@post("/customers/{customer_id:uuid}/edit", permission="customers.edit", name="customers:update")
def update(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, form: FormData
) -> Response[str]:
    bound = forms.bind_whole(CustomerInput, form)
    version = form.number("version")
    custom = inputs.posted(bound, form, definitions.known(session).fields)
    if bound.ok:
        try:
            data = bound.require()
            data.custom = custom
            services.update(session, actor, customer_id, data, version)
            return redirect(request, f"/customers/{customer_id}?tab=record")
        except services.StaleCustomer as error:
            return _conflict(request, session, actor, error, form)
        except Invalid as error:
            bound.add(error)
    return _edit_form(request, session, customer_id, bound, status=422)


@post("/customers/{customer_id:uuid}/delete", permission="customers.delete", name="customers:delete")
def delete(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    services.move_to_bin(session, actor, customer_id)
    notice = Notice(_("The customer is in the bin. Nobody sees it any more."), f"/customers/{customer_id}/restore")
    return redirect(request, "/customers", notice)


@post("/customers/{customer_id:uuid}/restore", permission="customers.delete", name="customers:restore")
def restore(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    services.restore(session, actor, customer_id)
    return redirect(request, f"/customers/{customer_id}")


@get("/customers/{customer_id:uuid}/tags", permission="customers.edit", name="customers:tags")
def choose_tags(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    customer = queries.get(session, customer_id)
    rights.require(session, actor, "customers.edit", customer)
    opening.opened(session, actor, services.ref(customer), customer_id)
    return _tags_form(request, session, customer_id, [tag.name for tag in queries.tags_of(session, customer_id)])


@post("/customers/{customer_id:uuid}/tags", permission="customers.edit", name="customers:set_tags")
def set_tags(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, form: FormData
) -> Response[str]:
    chosen = [*form.getlist("tags"), form.get("new")]
    try:
        tags.assign(session, actor, customer_id, chosen)
    except Invalid as error:
        return _tags_form(request, session, customer_id, chosen, status=422, errors={"new": error.message})
    return redirect(request, f"/customers/{customer_id}")


@get("/customers/{customer_id:uuid}/statuses", permission="customers.view", name="customers:statuses")
def earlier_statuses(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID
) -> Response[str]:
    customer = queries.get(session, customer_id)
    opening.opened(session, actor, services.ref(customer), customer_id, "customers.statuses")
    template, context = sections.statuses(session, customer)
    return fragment(request, template, customer=customer, **context)


@get("/customers/{customer_id:uuid}/history", permission="audit.read", name="customers:history")
def older_history(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, before: str = ""
) -> Response[str]:
    """A piece of the customer's audit trail."""
    if not actor.can("customers.view"):
        raise NotFound(_("There is no such customer, or not for you."))
    customer = queries.get(session, customer_id)
    audit.record(session, actor, "customers.history", services.ref(customer), customer_id=customer_id)
    template, context = sections.history(session, actor, customer, before)
    return fragment(request, template, customer=customer, **context)


def _new_form(
    request: Request[Any, Any, Any], session: Session, bound: Bound[CustomerInput], *, status: int = 200, **context: Any
) -> Response[str]:
    choices = drawing.choices(session, bound, ("grade", "source", "status"))
    values = {"found": [], "added": None, **context}
    return drawing.form_page(
        request, "customers/_new_form.html", _("New customer"), status=status, form=bound, choices=choices,
        kinds=fields.KINDS.items(), refused=bool(values["found"]),
        own=inputs.shown(session, bound, inputs.asked_at_first(session)),
        code_rule=codes.of(session, str(bound.get("kind") or "organisation")), **values,
    )  # fmt: skip


def _edit_form(
    request: Request[Any, Any, Any], session: Session, customer_id: UUID, bound: Bound[CustomerInput],
    status: int = 200, held: Mapping[str, Any] | None = None,
) -> Response[str]:  # fmt: skip
    choices = {
        **drawing.choices(session, bound, forms.DICTIONARY_FIELDS),
        "kind": list(fields.KINDS.items()),
        "gender": list(fields.GENDERS.items()),
    }
    return drawing.form_page(
        request, "customers/_edit_form.html", _("Edit customer"), status=status, customer_id=customer_id, form=bound,
        choices=choices, groups=fields.GROUPS, labels=fields.LABELS,
        own=inputs.shown(session, bound, definitions.usable(session, str(bound.get("classification"))), held or {}),
    )  # fmt: skip


def _conflict(
    request: Request[Any, Any, Any], session: Session, actor: Actor, error: services.StaleCustomer, form: FormData
) -> Response[str]:
    opening.opened(session, actor, services.ref(error.customer), error.customer.id)
    differences = [
        (fields.label(name, session), fields.shown(session, name, now), fields.shown(session, name, yours))
        for name, (now, yours) in error.theirs.items()
    ]
    kept = [(name, value) for name, value in form.pairs() if not name.startswith("_") and name != "version"]
    return drawing.form_page(
        request, "customers/_conflict.html", _("Changed in the meantime"), status=409, customer=error.customer,
        differences=differences, kept=kept,
    )  # fmt: skip


def _tags_form(
    request: Request[Any, Any, Any], session: Session, customer_id: UUID, chosen: list[str], *, status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response[str]:  # fmt: skip
    known = [tag.name for tag in queries.all_tags(session)]
    return drawing.form_page(
        request, "customers/_tags_form.html", _("Tags"), status=status, customer_id=customer_id, chosen=chosen,
        known=known, errors=errors or {},
    )  # fmt: skip


HANDLERS = [
    detail, older_lines, new, create, look_for_duplicates, edit, update, delete, restore, choose_tags, set_tags,
    older_history, earlier_statuses,
]  # fmt: skip
