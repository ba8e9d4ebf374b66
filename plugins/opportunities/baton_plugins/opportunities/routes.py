"""Pages of opportunities: list, new, detail, edit, lost."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from baton_plugins.opportunities import contracts, listing, project_types, queries, services
from baton_plugins.opportunities.forms import (
    EditForm,
    LostInput,
    OpportunityChanges,
    OpportunityInput,
    note_amounts,
    typed,
)
from baton_plugins.opportunities.models import ProjectType

from platform_core.api import (
    FOLLOW_UP_FORMS,
    Actor,
    Bound,
    Conflict,
    Customer,
    EntityRef,
    FormData,
    Invalid,
    Request,
    Response,
    Session,
    bind,
    customer_get,
    customer_opened,
    customer_require,
    engagement_view,
    fragment,
    get,
    initial,
    page,
    post,
    record,
    redirect,
    service_of,
    translator,
)

_ = translator("opportunities")
VIEW, EDIT = "opportunities.view", "opportunities.edit"


@get("/forecast", permission=VIEW, name="opportunities:forecast")
def forecast(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    months = listing.forecast(session)
    record(session, actor, "opportunities.forecast")
    return page(request, "opportunities/forecast.html", active="opportunities", months=months)


@get("/new/{customer_id:uuid}", permission=EDIT, name="opportunities:new")
def new(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    customer = customer_get(session, customer_id)
    customer_require(session, actor, EDIT, customer)
    customer_opened(session, actor, EntityRef("customers", "customer", customer.id, customer.name), customer.id)
    bound = initial(OpportunityInput, project_type="", title="")
    return page(
        request,
        "opportunities/new.html",
        partial="opportunities/_new.html",
        active="opportunities",
        **_new_form(session, customer, bound),
    )


@post("/new/{customer_id:uuid}", permission=EDIT, name="opportunities:create")
def create(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, customer_id: UUID
) -> Response[str]:
    bound = bind(OpportunityInput, _Texts(form))
    if bound.ok:
        try:
            with session.begin_nested():
                opportunity = services.create(session, actor, customer_id, bound.require())
        except Invalid as error:
            bound.add(error)
        else:
            if request.headers.get("hx-request") != "true":
                return redirect(request, f"/opportunities/{opportunity.id}?created=1")
            view = engagement_view(session, opportunity.engagement_id) if opportunity.engagement_id else None
            return fragment(request, "opportunities/_saved.html", opportunity=opportunity, view=view)
    note_amounts(bound)
    customer = customer_get(session, customer_id)
    return page(
        request,
        "opportunities/new.html",
        partial="opportunities/_new_form.html",
        status=422,
        active="opportunities",
        **_new_form(session, customer, bound),
    )


@get("/route", permission=EDIT, name="opportunities:route")
def route(request: Request[Any, Any, Any], session: Session, project_type: str = "") -> Response[str]:
    """The departments a type leads through, or a choice of department; fetched when another type is chosen."""
    bound: Bound[OpportunityInput] = initial(OpportunityInput, project_type=project_type)
    return fragment(request, "opportunities/_route.html", **_route(session, bound, queries.project_types(session)))


def _new_form(session: Session, customer: Customer, bound: Bound[OpportunityInput]) -> dict[str, Any]:
    types = queries.project_types(session, active=True)
    if not bound.get("project_type") and types:
        bound.values["project_type"] = types[0].code
    choices = [(item.code, item.name) for item in types]
    return {"customer": customer, "bound": bound, "types": types, "choices": choices, **_route(session, bound, types)}


def _route(session: Session, bound: Bound[OpportunityInput], types: list[ProjectType]) -> dict[str, Any]:
    kind = next((item for item in types if item.code == bound.get("project_type")), None)
    stations = project_types.stations(session, {kind.route_id}) if kind and kind.route_id else {}
    names = stations.get(kind.route_id, []) if kind and kind.route_id else []
    return {
        "bound": bound,
        "kind": kind,
        "stations": names,
        "departments": [] if names or kind is None else project_types.departments(session),
        "advice": services.no_route(kind) if kind and not names else "",
    }


class _Texts(FormData):
    """The form as `bind` reads it, with amounts in plain digits."""

    def __init__(self, form: FormData) -> None:
        super().__init__(list(typed(form.as_dict()).items()))


@get("/{opportunity_id:uuid}", permission=VIEW, name="opportunities:detail")
def detail(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    opportunity_id: UUID,
    *,
    created: bool = False,
) -> Response[str]:
    row, customer = queries.detail(session, opportunity_id)
    opportunity, forms = row.opportunity, service_of(session, FOLLOW_UP_FORMS)
    customer_opened(session, actor, services.ref(opportunity), customer.id, "opportunities.view")
    return page(
        request,
        "opportunities/detail.html",
        active="opportunities",
        row=row,
        opportunity=opportunity,
        customer=customer,
        weighted=queries.weighted(opportunity),
        files=queries.files_of(session, row.contracts),
        lacks={item.id: contracts.missing(item) for item in row.contracts},
        view=engagement_view(session, opportunity.engagement_id) if opportunity.engagement_id else None,
        may_write=services.may_write(session, actor, opportunity),
        created=created,
        plans_url=forms.of_opportunity(actor, opportunity_id) if forms else "",
    )


@get("/{opportunity_id:uuid}/edit", permission=EDIT, name="opportunities:edit")
def edit(request: Request[Any, Any, Any], session: Session, actor: Actor, opportunity_id: UUID) -> Response[str]:
    opportunity = queries.get(session, opportunity_id)
    services.require_write(session, actor, opportunity)
    bound = initial(EditForm, **{name: getattr(opportunity, name) for name in EditForm.__struct_fields__})
    return _edit_page(request, opportunity, bound)


@post("/{opportunity_id:uuid}/edit", permission=EDIT, name="opportunities:update")
def update(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, opportunity_id: UUID
) -> Response[str]:
    bound = bind(EditForm, _Texts(form))
    if bound.ok:
        changes = OpportunityChanges(**msgspec.structs.asdict(bound.require()))
        try:
            services.update(session, actor, opportunity_id, changes)
        except Invalid as error:
            bound.add(error)
        except Conflict as error:
            present = queries.get(session, opportunity_id)
            # The reader compares and decides: saving again is then meant.
            bound.values["version"] = present.version
            return _edit_page(request, present, bound, status=409, conflict=error.message)
        else:
            return redirect(request, f"/opportunities/{opportunity_id}")
    note_amounts(bound)
    return _edit_page(request, queries.get(session, opportunity_id), bound, status=422)


def _edit_page(
    request: Request[Any, Any, Any], opportunity: Any, bound: Bound[EditForm], *, status: int = 200, conflict: str = ""
) -> Response[str]:
    partial = "opportunities/_edit.html" if status == 200 else "opportunities/_edit_form.html"
    return page(
        request,
        "opportunities/edit.html",
        partial=partial,
        status=status,
        active="opportunities",
        opportunity=opportunity,
        bound=bound,
        conflict=conflict,
    )


@get("/{opportunity_id:uuid}/lost", permission=EDIT, name="opportunities:lost")
def ask_lost(request: Request[Any, Any, Any], session: Session, actor: Actor, opportunity_id: UUID) -> Response[str]:
    opportunity = queries.get(session, opportunity_id)
    services.require_write(session, actor, opportunity)
    services.require_open(opportunity)
    return _lost_page(request, opportunity, initial(LostInput))


@post("/{opportunity_id:uuid}/lost", permission=EDIT, name="opportunities:lose")
def lose(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, opportunity_id: UUID
) -> Response[str]:
    bound = bind(LostInput, form)
    if bound.ok:
        try:
            with session.begin_nested():
                services.lose(session, actor, opportunity_id, bound.require())
        except Invalid as error:
            bound.add(error)
        else:
            return redirect(request, f"/opportunities/{opportunity_id}")
    return _lost_page(request, queries.get(session, opportunity_id), bound, status=422)


def _lost_page(
    request: Request[Any, Any, Any], opportunity: Any, bound: Bound[LostInput], *, status: int = 200
) -> Response[str]:
    partial = "opportunities/_lost.html" if status == 200 else "opportunities/_lost_form.html"
    return page(
        request,
        "opportunities/lost.html",
        partial=partial,
        status=status,
        active="opportunities",
        opportunity=opportunity,
        bound=bound,
    )


@post("/{opportunity_id:uuid}/reopen", permission=EDIT, name="opportunities:reopen")
def reopen(request: Request[Any, Any, Any], session: Session, actor: Actor, opportunity_id: UUID) -> Response[str]:
    services.reopen(session, actor, opportunity_id)
    return redirect(request, f"/opportunities/{opportunity_id}")


HANDLERS = [forecast, new, create, route, detail, edit, update, ask_lost, lose, reopen]
