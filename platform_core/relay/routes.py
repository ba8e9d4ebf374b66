"""Pages and forms of engagements and legs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.customers import opening
from platform_core.customers import services as customers
from platform_core.customers.models import Customer
from platform_core.kernel.clock import day_start
from platform_core.kernel.errors import Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.relay import ledger, panels, queries, route_services, services
from platform_core.relay.forms import (
    MemberInput,
    OpenInput,
    PersonInput,
    ReasonInput,
    TickInput,
)
from platform_core.relay.going_back import onward
from platform_core.relay.models import Leg
from platform_core.relay.refusals import partial, refuse
from platform_core.users import labels
from platform_core.web.forms import Bound, FormData, bind, initial
from platform_core.web.pages import fragment, page, redirect
from platform_core.web.requests import platform_of, wants_fragment
from platform_core.web.routing import get, post

_ = translator("relay")
_ROLES = {
    "assignee": _.lazy("holds it"),
    "sender": _.lazy("held it"),
    "helper": _.lazy("helps"),
    "reader": _.lazy("reads along"),
}


def _customer_url(customer_id: UUID, engagement_id: UUID) -> str:
    return f"/customers/{customer_id}?engagement={engagement_id}"


@get("/engagements/new", permission="relay.open", name="relay:new")
def new(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    return _open_form(request, session, actor, initial(OpenInput, customer_id=customer_id), customer_id)


@post("/engagements", permission="relay.open", name="relay:open")
def open_engagement(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    bound = bind(OpenInput, form)
    status = 422
    if bound.ok:
        data = bound.require()
        try:
            made = services.open_by_route(session, actor, data.customer_id, data.route_id, data.title)
            return redirect(request, _customer_url(made.customer_id, made.id))
        except Invalid as error:
            status = refuse(bound, error)
    try:
        customer_id = UUID(form.get("customer_id"))
    except ValueError as error:
        raise NotFound(_("This customer does not exist, or it is not yours to see.")) from error
    return _open_form(request, session, actor, bound, customer_id, status)


def _open_form(
    request: Request[Any, Any, Any], session: Session, actor: Actor, bound: Bound[OpenInput], customer_id: UUID,
    status: int = 200,
) -> Response[str]:  # fmt: skip
    customer = session.scalars(select(Customer).where(Customer.id == customer_id)).one_or_none()
    if customer is None:
        raise NotFound(_("This customer does not exist, or it is not yours to see."))
    opening.opened(session, actor, customers.ref(customer), customer.id)
    choices = [(str(route.id), route.name) for route in route_services.routes(session)]
    return page(request, "relay/open.html", partial=partial("open", status), status=status, active="customers",
                customer=customer, routes=choices, form=bound)  # fmt: skip


@get("/engagements/{engagement_id:uuid}", permission="relay.view", name="relay:engagement")
def engagement(request: Request[Any, Any, Any], session: Session, actor: Actor, engagement_id: UUID) -> Response[str]:
    view = queries.view_of(session, engagement_id)
    services.record_view(session, actor, view.engagement)
    current = view.current
    return page(
        request,
        "relay/engagement.html",
        active="customers",
        view=view,
        customer=ledger.customer_name(session, view.engagement.customer_id),
        facts=_summary(request, session, actor, engagement_id),
        entries=[panels.entry(event) for event in queries.history(session, engagement_id)],
        members=queries.members_of(session, engagement_id),
        roles=_ROLES,
        has_checklist=panels.has_checklist(view),
        may_reassign=view.open
        and current is not None
        and ledger.covers(actor, "relay.reassign", current.leg.department_id),
    )


def _summary(request: Request[Any, Any, Any], session: Session, actor: Actor, engagement_id: UUID) -> list[Any]:
    found = platform_of(request).hooks.engagement_summary(session, actor, engagement_id)
    return sorted((item.value for item in found), key=lambda fact: fact.order)


@post("/legs/{leg_id:uuid}/accept", permission="relay.view", name="relay:accept")
def accept(request: Request[Any, Any, Any], session: Session, actor: Actor, leg_id: UUID) -> Response[str]:
    leg = services.accept(session, actor, leg_id)
    url = _customer_url(leg.customer_id, leg.engagement_id)
    if not wants_fragment(request):
        return redirect(request, url)
    customer = ledger.customer_name(session, leg.customer_id)
    message = _("You took over %(customer)s.", customer=customer)
    return fragment(request, "relay/_taken.html", url=url, customer=customer, message=message)


@get("/legs/{leg_id:uuid}/return", permission="relay.view", name="relay:return_form")
def return_form(request: Request[Any, Any, Any], session: Session, actor: Actor, leg_id: UUID) -> Response[str]:
    return _return_form(request, session, actor, leg_id, initial(ReasonInput))


def _return_form(
    request: Request[Any, Any, Any], session: Session, actor: Actor, leg_id: UUID, bound: Bound[ReasonInput],
    status: int = 200,
) -> Response[str]:  # fmt: skip
    leg = queries.leg_of(session, leg_id)
    _record_leg(session, actor, leg)
    return _reason_form(
        request,
        bound,
        status,
        heading=_("Return the baton"),
        about=ledger.customer_name(session, leg.customer_id),
        hint=_("The sender reads this and gets the baton back."),
        label=_("Return"),
        url=f"/legs/{leg_id}/return",
    )


def _record_leg(session: Session, actor: Actor, leg: Leg) -> None:
    opening.opened(session, actor, EntityRef("relay", "leg", leg.id), leg.customer_id, "relay.view")


def _reason_form(request: Request[Any, Any, Any], bound: Bound[Any], status: int, **texts: Any) -> Response[str]:
    return page(request, "relay/reason.html", partial=partial("reason", status), status=status, form=bound, **texts)


@post("/legs/{leg_id:uuid}/return", permission="relay.view", name="relay:return")
def return_leg(
    request: Request[Any, Any, Any], session: Session, actor: Actor, leg_id: UUID, form: FormData
) -> Response[str]:
    bound = bind(ReasonInput, form)
    status = 422
    if bound.ok:
        try:
            services.return_leg(session, actor, leg_id, bound.require().reason)
            return onward(request, "/")
        except Invalid as error:
            status = refuse(bound, error)
    return _return_form(request, session, actor, leg_id, bound, status)


@post("/legs/{leg_id:uuid}/checklist", permission="relay.view", name="relay:tick")
def tick(
    request: Request[Any, Any, Any], session: Session, actor: Actor, leg_id: UUID, form: FormData
) -> Response[str]:
    data = bind(TickInput, form).require()
    leg = services.tick(session, actor, leg_id, data.key, data.done)
    if not wants_fragment(request):
        return redirect(request, f"/customers/{leg.customer_id}")
    return fragment(request, "relay/_ticked.html", view=queries.view_of(session, leg.engagement_id))


@get("/legs/{leg_id:uuid}/reassign", permission="relay.reassign", name="relay:reassign_form")
def reassign_form(request: Request[Any, Any, Any], session: Session, actor: Actor, leg_id: UUID) -> Response[str]:
    return _reassign_form(request, session, actor, leg_id, initial(PersonInput))


def _reassign_form(
    request: Request[Any, Any, Any], session: Session, actor: Actor, leg_id: UUID, bound: Bound[PersonInput],
    status: int = 200,
) -> Response[str]:  # fmt: skip
    leg = queries.leg_of(session, leg_id)
    _record_leg(session, actor, leg)
    people = labels.labels(session).people
    receivers = session.scalars(ledger.receivers(leg.department_id))
    choices = sorted((people[key].name, str(key)) for key in receivers if key in people)
    return _person_form(
        request,
        bound,
        status,
        [(key, name) for name, key in choices],
        heading=_("Reassign the leg"),
        about=ledger.customer_name(session, leg.customer_id),
        label=_("Reassign"),
        url=f"/legs/{leg_id}/reassign",
    )


def _person_form(
    request: Request[Any, Any, Any],
    bound: Bound[Any],
    status: int,
    people: list[tuple[str, str]],
    *,
    helper: bool = False,
    **texts: Any,
) -> Response[str]:
    return page(
        request,
        "relay/person.html",
        partial=partial("person", status),
        status=status,
        form=bound,
        people=people,
        helper=helper,
        **texts,
    )


@post("/legs/{leg_id:uuid}/reassign", permission="relay.reassign", name="relay:reassign")
def reassign(
    request: Request[Any, Any, Any], session: Session, actor: Actor, leg_id: UUID, form: FormData
) -> Response[str]:
    bound = bind(PersonInput, form)
    status = 422
    if bound.ok:
        try:
            leg = services.reassign(session, actor, leg_id, bound.require().user_id)
            return onward(request, f"/engagements/{leg.engagement_id}")
        except Invalid as error:
            bound.add(Invalid(error.message, fields={"user_id": error.message}))
    return _reassign_form(request, session, actor, leg_id, bound, status)


@get("/engagements/{engagement_id:uuid}/members/new", permission="relay.handover", name="relay:member_form")
def member_form(request: Request[Any, Any, Any], session: Session, engagement_id: UUID) -> Response[str]:
    return _member_form(request, session, engagement_id, initial(MemberInput, writes=True))


def _member_form(
    request: Request[Any, Any, Any], session: Session, engagement_id: UUID, bound: Bound[MemberInput], status: int = 200
) -> Response[str]:
    view = queries.view_of(session, engagement_id)
    return _person_form(
        request,
        bound,
        status,
        labels.person_choices(session),
        helper=True,
        heading=_("Ask for help"),
        about=view.engagement.title,
        label=_("Ask"),
        url=f"/engagements/{engagement_id}/members",
    )


@post("/engagements/{engagement_id:uuid}/members", permission="relay.handover", name="relay:add_member")
def add_member(
    request: Request[Any, Any, Any], session: Session, actor: Actor, engagement_id: UUID, form: FormData
) -> Response[str]:
    bound = bind(MemberInput, form)
    status = 422
    if bound.ok:
        data = bound.require()
        until = day_start(data.until) if data.until else None
        try:
            services.add_member(session, actor, engagement_id, data.user_id, writes=data.writes, until=until)
            return redirect(request, f"/engagements/{engagement_id}")
        except Invalid as error:
            status = refuse(bound, error)
    return _member_form(request, session, engagement_id, bound, status)


@post(
    "/engagements/{engagement_id:uuid}/members/{user_id:uuid}/remove",
    permission="relay.view",
    name="relay:remove_member",
)
def remove_member(
    request: Request[Any, Any, Any], session: Session, actor: Actor, engagement_id: UUID, user_id: UUID
) -> Response[str]:
    services.remove_member(session, actor, engagement_id, user_id)
    return redirect(request, "/" if user_id == actor.user_id else f"/engagements/{engagement_id}")


@get("/engagements/{engagement_id:uuid}/cancel", permission="relay.handover", name="relay:cancel_form")
def cancel_form(request: Request[Any, Any, Any], session: Session, engagement_id: UUID) -> Response[str]:
    return _cancel_form(request, session, engagement_id, initial(ReasonInput))


def _cancel_form(
    request: Request[Any, Any, Any], session: Session, engagement_id: UUID, bound: Bound[ReasonInput], status: int = 200
) -> Response[str]:
    view = queries.view_of(session, engagement_id)
    return _reason_form(
        request,
        bound,
        status,
        heading=_("Stop the engagement"),
        about=view.engagement.title,
        hint=_("It stays readable for those who took part; nobody writes in it any more."),
        label=_("Stop"),
        url=f"/engagements/{engagement_id}/cancel",
    )


@post("/engagements/{engagement_id:uuid}/cancel", permission="relay.handover", name="relay:cancel")
def cancel(
    request: Request[Any, Any, Any], session: Session, actor: Actor, engagement_id: UUID, form: FormData
) -> Response[str]:
    bound = bind(ReasonInput, form)
    status = 422
    if bound.ok:
        try:
            services.cancel(session, actor, engagement_id, bound.require().reason)
            return redirect(request, f"/engagements/{engagement_id}")
        except Invalid as error:
            status = refuse(bound, error)
    return _cancel_form(request, session, engagement_id, bound, status)


HANDLERS = [
    new, open_engagement, engagement, accept, return_form, return_leg, tick, reassign_form,
    reassign, member_form, add_member, remove_member, cancel_form, cancel,
]  # fmt: skip
