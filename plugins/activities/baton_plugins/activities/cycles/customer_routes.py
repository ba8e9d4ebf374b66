"""The cycles of a customer, and putting many customers of the list on one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from baton_plugins.activities.cycles import queries, services
from baton_plugins.activities.cycles.services import JoinInput
from sqlalchemy import select

from platform_core.api import (
    Actor,
    Bound,
    Conflict,
    Customer,
    EntityRef,
    FormData,
    Invalid,
    Notice,
    Request,
    Response,
    Routes,
    Session,
    among,
    bind,
    customer_audience,
    customer_get,
    customer_opened,
    get,
    initial,
    page,
    post,
    proven,
    record,
    redirect,
    today,
    translator,
)

_ = translator("activities")
VIEW, WRITE = "activities.view", "activities.write"
HOME = "/visits"
MOST = 200
_SCOPED = proven("the audience carries the actor's scope")
STATES = {
    "on": _.lazy("on it"),
    "over": _.lazy("all visits made"),
    "off": _.lazy("taken off"),
    "left": _.lazy("no longer meets the rule"),
    "stopped": _.lazy("the cycle was stopped"),
}


@get("/of/{customer_id:uuid}", permission=VIEW, name="activities:customer_cycles")
def of_customer(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    return _page(request, session, actor, customer_get(session, customer_id), None)


def _page(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer: Customer, form: Bound[JoinInput] | None,
    message: str = "",
) -> Response[str]:  # fmt: skip
    customer_opened(session, actor, EntityRef("customers", "customer", customer.id, customer.name), customer.id)
    found = queries.of_customer(session, customer.id)
    taken = {str(one.cycle.id) for one in found if one.run.state == "on"}
    free = [pair for pair in queries.pairs(session, active=True) if pair[0] not in taken]
    fresh = initial(JoinInput, cycle_id=free[0][0] if len(free) == 1 else "", on=today().isoformat())
    status = 409 if message else 422 if form is not None else 200
    return page(
        request, "activities/customer_cycles.html", partial="activities/_customer_cycles.html", active="customers",
        status=status, customer=customer, found=found, free=free, states=STATES, form=form or fresh, message=message,
        may_write=actor.can(WRITE) and customer.restricted_at is None, may_keep=actor.can("activities.cycles"),
    )  # fmt: skip


@post("/of/{customer_id:uuid}", permission=WRITE, name="activities:join_cycle")
def join(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, customer_id: UUID
) -> Response[str]:
    bound, message = bind(JoinInput, form), ""
    if bound.ok:
        try:
            services.put_on(session, actor, customer_id, bound.require())
        except Invalid as error:
            bound.add(error)
        except Conflict as error:
            message = error.message
        else:
            told = _("On the cycle. The first visit is planned.")
            return redirect(request, f"/customers/{customer_id}", Notice(told))
    return _page(request, session, actor, customer_get(session, customer_id), bound, message)


@post("/of/{customer_id:uuid}/{cycle_id:uuid}/leave", permission=WRITE, name="activities:leave_cycle")
def leave(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, cycle_id: UUID
) -> Response[str]:
    withdrawn = services.take_off(session, actor, customer_id, cycle_id)
    told = _.ngettext("Taken off; %(num)s visit withdrawn.", "Taken off; %(num)s visits withdrawn.", len(withdrawn))
    undo = f"/plans/{withdrawn[0].id}/reopen" if withdrawn else ""
    return redirect(request, f"/customers/{customer_id}", Notice(told, undo) if undo else Notice(told))


@post("/chosen", permission=WRITE, name="activities:choose_cycle")
def chosen(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """Which cycle customers that were ticked in the list are put on."""
    return _chosen(request, session, actor, _customers(session, actor, form), "")


def _customers(session: Session, actor: Actor, form: FormData) -> list[Customer]:
    """Raises Invalid for none and for too many."""
    ids = customer_audience.of_form(session, actor, form).ids.order_by(None).limit(MOST + 1)
    keys = session.scalars(ids, execution_options=_SCOPED).all()
    if len(keys) > MOST:
        hint = _("At most %(limit)s customers at once. For more, let a cycle's rule take them in.", limit=MOST)
        raise Invalid(hint)
    return list(session.scalars(select(Customer).where(among(Customer.id, keys)).order_by(Customer.id)))


def _chosen(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customers: list[Customer], message: str
) -> Response[str]:
    record(session, actor, "activities.list", ids={customer.id for customer in customers})
    return page(
        request, "activities/chosen_cycle.html", partial="activities/_chosen_cycle.html", active="customers",
        status=422 if message else 200, customers=customers, cycles=queries.pairs(session, active=True),
        message=message, restricted=sum(customer.restricted_at is not None for customer in customers),
    )  # fmt: skip


@post("/put", permission=WRITE, name="activities:put_on_cycle")
def put(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    customers = _customers(session, actor, form)
    try:
        number = services.put_on_many(session, actor, bind(JoinInput, form).require().cycle_id, customers)
    except Invalid as error:
        return _chosen(request, session, actor, customers, error.message)
    left = len(customers) - number
    told = _.ngettext("%(num)s customer put on the cycle.", "%(num)s customers put on the cycle.", number)
    if left:
        told += " " + _("%(left)s left out: on it already, restricted, or looked after by nobody.", left=left)
    return redirect(request, "/customers", Notice(told))


ROUTES = Routes(HOME, [of_customer, join, leave, chosen, put])
