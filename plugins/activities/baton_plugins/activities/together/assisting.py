"""Passing a plan to a colleague, who takes it or not; and the result going back to everybody who passed it on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec
from baton_plugins.activities import queries, rights
from baton_plugins.activities.desk import telling
from baton_plugins.activities.models import FollowUp, Plan
from baton_plugins.activities.reminders import arranging
from baton_plugins.activities.together.models import Assistance
from msgspec import Meta
from sqlalchemy import select

from platform_core.api import (
    Actor,
    Ask,
    Conflict,
    Customer,
    EntityRef,
    Forbidden,
    Invalid,
    NotFound,
    Session,
    customer_get,
    customer_touch,
    engagement_may_write,
    load_actor,
    noop,
    notify,
    now,
    record,
    seen_by,
    translator,
)

_ = translator("activities")
MOST = 10
"""Hands that a plan may go through"""


class AssistInput(msgspec.Struct, kw_only=True):
    """Please do this for me."""

    user_id: UUID
    note: Annotated[str, Meta(max_length=500)] = ""


class DeclineInput(msgspec.Struct, kw_only=True):
    """Why not."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]


def ask(session: Session, actor: Actor, plan_id: UUID, data: AssistInput) -> Assistance:
    """Ask a colleague to take the actor's plan.

    Raises Forbidden for somebody else's plan, Conflict while another request is open, Invalid at the colleague: who
    cannot see the customer or write in the engagement, or who had the plan before.
    """
    rights.require_write(actor)
    plan = queries.lock_plan(session, plan_id)
    if plan.assignee_id != actor.user_id:
        raise Forbidden(_("Only whoever has a plan may pass it on."), ask=Ask(people=(plan.assignee_id,)))
    if open_of(session, plan.id) is not None:
        raise Conflict(_("Somebody is asked to take this plan already. Withdraw that first."))
    return ask_about(session, actor, plan, data)


def ask_about(session: Session, actor: Actor, plan: Plan, data: AssistInput) -> Assistance:
    """As `ask`, about a plan of the actor's that is locked or new. Raises Invalid at the colleague."""
    customer = customer_get(session, rights.require_customer(plan))
    colleague = _able(session, actor, plan, data.user_id)
    _require_no_circle(session, plan, colleague)
    made = Assistance(
        plan_id=plan.id, customer_id=plan.customer_id, engagement_id=plan.engagement_id, from_id=actor.user_id,
        from_label=actor.name, to_id=colleague.user_id, to_label=colleague.name, note=data.note,
    )  # fmt: skip
    session.add(made)
    session.flush()  # of two requests at once the second is refused here, by the key
    _note(session, actor, "activities.ask_assistance", plan, colleague.name)
    asked = noop("%(who)s asks you to take over a plan with %(customer)s")
    _tell(session, [colleague.user_id], asked, actor, customer, plan)
    return made


def _able(session: Session, actor: Actor, plan: Plan, user_id: UUID) -> Actor:
    """The colleague, who has to be able to do what is asked. Raises Invalid with what would help."""
    colleague = load_actor(session, user_id) if user_id != actor.user_id else None
    if colleague is None:
        message = _("Please choose from the list.")
    elif not colleague.can("activities.write"):
        message = _("%(name)s may not write follow-ups. Ask an administrator for that right.", name=colleague.name)
    elif not seen_by(session, colleague, Plan, [plan.id]):
        message = _(
            "%(name)s does not see this customer. Hand the matter over to their department, or add them as a helper.",
            name=colleague.name,
        )
    elif plan.engagement_id and not engagement_may_write(session, colleague, plan.engagement_id):
        message = _(
            "%(name)s cannot write in this engagement. Add them as a helper first, or hand it over.",
            name=colleague.name,
        )
    else:
        return colleague
    raise Invalid(message, fields={"user_id": message})


def _require_no_circle(session: Session, plan: Plan, colleague: Actor) -> None:
    """Somebody who passed it on would get it back; they should decline or talk instead."""
    chain = chain_of(session, plan.id)
    message = ""
    if any(link.from_id == colleague.user_id for link in chain):
        message = _(
            "%(name)s passed this plan on before: that would be a circle. Talk to each other.", name=colleague.name
        )
    elif len(chain) >= MOST:
        message = _("This plan has gone through %(limit)s hands already.", limit=MOST)
    if message:
        raise Invalid(message, fields={"user_id": message})


def chain_of(session: Session, plan_id: UUID) -> Sequence[Assistance]:
    """Who passed it to whom, first to last."""
    statement = select(Assistance).where(Assistance.plan_id == plan_id, Assistance.state == "accepted")
    return session.scalars(statement.order_by(Assistance.at, Assistance.id)).all()


def open_of(session: Session, plan_id: UUID) -> Assistance | None:
    """The request that waits for an answer."""
    statement = select(Assistance).where(Assistance.plan_id == plan_id, Assistance.state == "asked")
    return session.scalars(statement).one_or_none()


def accept(session: Session, actor: Actor, assistance_id: UUID) -> Plan:
    """The plan is the actor's now. Raises NotFound, Conflict when the request is no longer open."""
    request, plan = _held(session, actor.user_id, assistance_id)
    request.state, request.answered_at = "accepted", now()
    plan.assignee_id, plan.department_id = actor.user_id, actor.department_id
    plan.passed_on_by_label = request.from_label
    queries.forget(session)
    telling.tell(session, request.from_id, actor.user_id)
    if plan.state == "asked":
        _begin(session, plan)
    _note(session, actor, "activities.accept_assistance", plan, actor.name)
    customer = customer_get(session, rights.require_customer(plan))
    _tell(session, [request.from_id], noop("%(who)s takes over your plan with %(customer)s"), actor, customer, plan)
    return plan


def decline(session: Session, actor: Actor, assistance_id: UUID, data: DeclineInput) -> Plan:
    """The plan stays where it is. Raises NotFound, Conflict."""
    request, plan = _held(session, actor.user_id, assistance_id)
    request.state, request.answered_at, request.reason = "declined", now(), data.reason
    _end_unless_begun(plan)
    _note(session, actor, "activities.decline_assistance", plan, actor.name)
    customer = customer_get(session, rights.require_customer(plan))
    declined = noop("%(who)s cannot take over your plan with %(customer)s: %(reason)s")
    _tell(session, [request.from_id], declined, actor, customer, plan, reason=data.reason)
    return plan


def withdraw(session: Session, actor: Actor, assistance_id: UUID) -> Plan:
    """Do it oneself after all. Raises NotFound, Conflict when there is an answer already."""
    request, plan = _held(session, None, assistance_id)
    if request.from_id != actor.user_id:
        raise NotFound(_("There is no such request, or not for you."))
    request.state, request.answered_at = "withdrawn", now()
    _end_unless_begun(plan)
    _note(session, actor, "activities.withdraw_assistance", plan, request.to_label)
    return plan


def get(session: Session, assistance_id: UUID) -> Assistance:
    """Raises NotFound."""
    found = session.scalars(select(Assistance).where(Assistance.id == assistance_id)).one_or_none()
    if found is None:
        raise NotFound(_("There is no such request, or not for you."))
    return found


def _held(session: Session, to_id: UUID | None, assistance_id: UUID) -> tuple[Assistance, Plan]:
    """A request that waits, with its open plan, held until the transaction ends; `to_id`: of whom it is asked."""
    request = get(session, assistance_id)
    if to_id is not None and request.to_id != to_id:
        raise NotFound(_("There is no such request, or not for you."))
    plan = queries.lock_plan(session, request.plan_id, state=_waiting_state(session, request.plan_id))
    session.refresh(request)
    if request.state != "asked" or request.from_id != plan.assignee_id:
        raise Conflict(_("This request has been answered or withdrawn in the meantime."))
    return request, plan


def _waiting_state(session: Session, plan_id: UUID) -> str:
    """`asked` of a part of a task that nobody has begun, else `open`."""
    asked = select(Plan.state).where(Plan.id == plan_id, Plan.state == "asked")
    return session.scalar(asked) or "open"


def _begin(session: Session, plan: Plan) -> None:
    """The part of a task is somebody's plan from now on, reminded of as the house does."""
    plan.state = "open"
    wishes = arranging.wishes(session, [arranging.DEFAULT], [], all_day=plan.all_day)
    arranging.arrange(session, plan, wishes)
    session.flush()  # the customer's next date is computed from what has just been written
    customer = customer_get(session, rights.require_customer(plan))
    customer_touch(session, customer, next_plan_at=queries.earliest_open(session, customer.id))


def _end_unless_begun(plan: Plan) -> None:
    """Nobody does this part of the task; a plan that was passed on stays with whoever asked."""
    if plan.state == "asked":
        plan.state = "cancelled"


def settled(session: Session, actor: Actor, customer: Customer, plan: Plan, follow_up: FollowUp | None) -> None:
    """The plan is done, or cancelled (`follow_up` None): everybody who passed it on gets the result."""
    statement = select(Assistance).where(Assistance.plan_id == plan.id, Assistance.state.in_(["asked", "accepted"]))
    links = session.scalars(statement).all()
    for link in links:
        link.settled_at, link.follow_up_id = now(), follow_up.id if follow_up else None
        link.state = "done" if follow_up and link.state == "accepted" else "cancelled"
    people = {link.from_id for link in links} - {actor.user_id}
    message = noop("%(who)s has done what you asked for with %(customer)s: the result is there")
    if follow_up is None:
        message = noop("%(who)s has cancelled what you asked for with %(customer)s")
    _tell(session, sorted(people), message, actor, customer, plan)


def _note(session: Session, actor: Actor, action: str, plan: Plan, person: str) -> None:
    ref = EntityRef("activities", "plan", plan.id)
    record(session, actor, action, ref, customer_id=plan.customer_id, after={"person": person})


def _tell(
    session: Session, people: Sequence[UUID], message: str, actor: Actor, customer: Customer, plan: Plan, **more: str
) -> None:
    parameters = {"who": actor.name, "customer": customer.name, **more}
    url = f"/customers/{customer.id}?plan={plan.id}"
    notify(session, people, "activities", message, parameters, url=url, icon="heart-handshake")
