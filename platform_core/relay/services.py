"""The verbs of the relay: open, hand over, take over, return, finish, cancel; those on people are in relay.people.

Each runs in the caller's transaction with the engagement locked, writes the access rows that follow from it, a line of
history, a line of audit and the notifications, and never commits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.customers import opening, rights
from platform_core.customers.models import Customer
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.i18n import noop, translator
from platform_core.plugins.asking import hooks_of
from platform_core.relay import access, ledger, packages
from platform_core.relay.forms import PackageInput
from platform_core.relay.ledger import Held, Step, hold, hold_leg, name_of, open_only, tell
from platform_core.relay.models import Engagement, Leg, Route, RouteStep
from platform_core.relay.people import add_member, reassign, remove_member, tick
from platform_core.relay.queries import engagements_of, may_write, writable_engagements
from platform_core.relay.workdays import services as workdays
from platform_core.users import notifications
from platform_core.users.models import Department

__all__ = [
    "accept",
    "add_member",
    "blockers",
    "cancel",
    "engagements_of",
    "finish",
    "hand_over",
    "may_write",
    "open_engagement",
    "reassign",
    "remove_member",
    "return_leg",
    "tick",
    "writable_engagements",
]

_ = translator("relay")


def open_engagement(
    session: Session,
    actor: Actor,
    customer: Customer,
    route: Route | None,
    title: str,
    *,
    note: str = "",
    departments: Sequence[UUID] = (),
) -> Engagement:
    """Start a matter of a customer on its route. The opener holds the first leg when it is their department's.

    Without a route it passes through `departments`, in that order.

    Raises Forbidden without the right `relay.open`, Invalid for a blank title or a route without steps.
    """
    if not actor.can("relay.open"):
        raise Forbidden(_("You may not open engagements."), lacks="relay.open")
    rights.require_unrestricted(customer)
    if not title.strip():
        raise Invalid(_("Please check the marked fields."), fields={"title": _("Say what it is about.")})
    steps = _steps(session, route, departments)
    engagement = Engagement(
        customer_id=customer.id,
        route_id=route.id if route else None,
        route_name=route.name if route else "",
        route_version=route.version if route else None,
        title=title.strip()[:120],
        opened_by=actor.user_id,
    )
    session.add(engagement)
    session.flush()  # legs and access rows need its id
    legs = [_leg_of(engagement, step) for step in steps]
    session.add_all(legs)
    session.flush()  # access rows need the legs' ids
    access.opened(session, legs, actor.user_id)
    held, first = Held(engagement, legs), legs[0]
    step = Step(
        "opened", "relay.open", text=engagement.title, after={"title": engagement.title, "route": engagement.route_name}
    )
    ledger.note(session, actor, held, first, step)
    if first.department_id in actor.department_ids:
        first.take(actor.user_id)
        access.department(session, first, actor.user_id)
        access.member(session, first, actor.user_id, "assignee", may_write=True, by=actor.user_id)
    else:
        access.member(session, first, actor.user_id, "sender", may_write=False, by=actor.user_id)
        _offer(session, actor, held, first, note=note.strip(), to_user_id=None)
    return engagement


def _steps(session: Session, route: Route | None, departments: Sequence[UUID]) -> list[RouteStep]:
    """A route's steps, or plain ones for departments that were chosen by hand; these are never stored."""
    if route is not None:
        found = select(RouteStep).where(RouteStep.route_id == route.id).order_by(RouteStep.position)
        steps = list(session.scalars(found))
        if not steps:
            raise Invalid(_("This route has no steps yet."), fields={"route_id": _("This route has no steps yet.")})
        return steps
    known = set(session.scalars(select(Department.id).where(Department.id.in_(departments), Department.active)))
    if not departments or not known.issuperset(departments):
        raise Invalid(_("Please check the marked fields."), fields={"department_id": _("Please choose from the list.")})
    return [
        RouteStep(position=position, department_id=department_id, title="", checklist=[], needs=[], accept_hours=8,
                  work_days=14, sees_from="offer", sees_until="always")
        for position, department_id in enumerate(departments, 1)
    ]  # fmt: skip


def _leg_of(engagement: Engagement, step: RouteStep) -> Leg:
    return Leg(
        engagement_id=engagement.id,
        customer_id=engagement.customer_id,
        position=step.position,
        department_id=step.department_id,
        title=step.title,
        checklist=[{**item, "done": False, "by": "", "at": ""} for item in step.checklist],
        needs=list(step.needs),
        accept_hours=step.accept_hours,
        work_days=step.work_days,
        sees_from=step.sees_from,
        sees_until=step.sees_until,
    )


def blockers(session: Session, actor: Actor, engagement: Engagement, leg: Leg) -> list[str]:
    """Why a leg may not be closed yet, in the actor's language: required checklist items, then what plugins say."""
    reasons = [_("Still open on the checklist: %(item)s", item=item) for item in leg.open_items]
    reasons.extend(str(found.value) for found in hooks_of(session).handover_blockers(session, actor, engagement, leg))
    return reasons


def hand_over(
    session: Session,
    actor: Actor,
    engagement_id: UUID,
    *,
    note: str,
    to_user_id: UUID | None = None,
    outcome: str = "",
    package: PackageInput | None = None,
) -> Leg:
    """Close the active leg and offer the next one with its package. Returns the offered leg.

    After a returned first leg there is no active one: then the opener offers it again. Raises Invalid without a note
    or for a receiver outside the department, Conflict when something is still open, when an offer is already waiting
    or after the last leg (then `finish`), Forbidden for anybody but the holder and the heads above.
    """
    held = hold(session, engagement_id)
    active = held.active
    _check_hand_over(actor, held, active)
    customer = session.get(Customer, held.engagement.customer_id)
    if customer is not None:
        rights.require_unrestricted(customer)
    following = held.planned
    if following is None:
        raise Conflict(_("This is the last leg: finish the engagement instead."))
    if not note.strip():
        raise Invalid(
            _("Please check the marked fields."), fields={"note": _("Say what the next department must know.")}
        )
    _check_receiver(session, following, to_user_id)
    if active is not None:
        _close(session, actor, held, active, outcome)
    following.note = note.strip()
    pieces = packages.send(session, actor, held.engagement, following, package)
    _offer(session, actor, held, following, note=following.note, to_user_id=to_user_id, pieces=pieces)
    return following


def finish(session: Session, actor: Actor, engagement_id: UUID, *, note: str = "", outcome: str = "") -> Engagement:
    """Close the last leg and with it the engagement. Raises Conflict while legs are left or something is still open."""
    held = hold(session, engagement_id)
    active = held.active
    _check_hand_over(actor, held, active)
    if active is None or held.planned is not None:
        raise Conflict(_("Other departments still have their turn: hand over instead."))
    _close(session, actor, held, active, outcome)
    access.over(session, active)
    held.engagement.state, held.engagement.closed_at = "done", now()
    step = Step("closed", "relay.finish", text=note.strip(), after={"outcome": active.outcome})
    ledger.note(session, actor, held, active, step)
    tell(
        session, actor, held, active, [held.engagement.opened_by], noop("%(who)s finished “%(title)s” of %(customer)s")
    )
    return held.engagement


def _check_hand_over(actor: Actor, held: Held, active: Leg | None) -> None:
    open_only(held)
    if held.offered is not None:
        raise Conflict(_("This baton is already waiting for the next department."))
    if not ledger.may_hand_over(actor, held.engagement, active):
        raise not_holding(active)


def not_holding(leg: Leg | None) -> Forbidden:
    why = _("Only the person who holds this leg, or the head of the department, may hand it over.")
    return ledger.not_yours(why, leg)


def _close(session: Session, actor: Actor, held: Held, leg: Leg, outcome: str) -> None:
    reasons = blockers(session, actor, held.engagement, leg)
    if reasons:
        raise Conflict(" ".join(reasons), fields={"": "\n".join(reasons)})
    leg.close(by=actor.user_id, outcome=outcome.strip()[:200])
    access.only_read(session, leg)


def _check_receiver(session: Session, leg: Leg, user_id: UUID | None) -> None:
    if user_id is not None and user_id not in session.scalars(ledger.receivers(leg.department_id)).all():
        message = _("This person cannot take over for that department.")
        raise Invalid(message, fields={"to_user_id": message})


def _offer(
    session: Session, actor: Actor, held: Held, leg: Leg, *, note: str, to_user_id: UUID | None,
    pieces: Mapping[str, int] = MappingProxyType({}),
) -> None:  # fmt: skip
    accept_by = workdays.calendar(session, now()).after(now(), leg.accept_hours)
    leg.offer(by=actor.user_id, to=to_user_id, note=note, accept_by=accept_by)
    access.offer(session, leg, actor.user_id)
    department = ledger.department_name(session, leg.department_id)
    person = name_of(session, to_user_id)
    after = {"department": department, "person": person, **pieces}
    step = Step("handed_over", "relay.hand_over", text=note, to_department=department, to_person=person, after=after)
    ledger.note(session, actor, held, leg, step)
    told = [to_user_id] if to_user_id else session.scalars(ledger.receivers(leg.department_id))
    tell(session, actor, held, leg, told, noop("%(who)s hands “%(title)s” of %(customer)s over to you"))


def accept(session: Session, actor: Actor, leg_id: UUID) -> Leg:
    """Take an offered baton. Of two at once one wins; the other gets Conflict.

    Raises Forbidden for people outside the department and, when somebody is named, for anybody but them and the heads.
    """
    held, leg = hold_leg(session, actor, leg_id)
    open_only(held)
    if leg.state != "offered":
        raise Conflict(_("Somebody else was faster: this baton is no longer waiting."))
    if not ledger.may_take(actor, leg):
        raise ledger.not_yours(
            _("This baton is offered to somebody else. The head of their department can reassign it."), leg
        )
    leg.take(actor.user_id)
    access.end_offer(session, leg)
    access.member(session, leg, actor.user_id, "assignee", may_write=True, by=actor.user_id)
    department = ledger.department_name(session, leg.department_id)
    step = Step(
        "accepted", "relay.accept", to_department=department, to_person=actor.name, after={"assignee": actor.name}
    )
    ledger.note(session, actor, held, leg, step)
    _forget(session, held, leg, but=actor.user_id)
    sender = held.before(leg)
    access.over(session, sender)
    told = [leg.offered_by, sender.assignee_id if sender else None]
    tell(session, actor, held, leg, told, noop("%(who)s took over “%(title)s” of %(customer)s"))
    session.flush()  # plugins read the new holder and their access
    hooks_of(session).leg_taken(session, actor, held.engagement, leg)
    return leg


def return_leg(session: Session, actor: Actor, leg_id: UUID, reason: str) -> Leg:
    """Refuse an offered baton; the sender's leg becomes active again. Raises Invalid without a reason."""
    held, leg = hold_leg(session, actor, leg_id)
    open_only(held)
    if leg.state != "offered":
        raise Conflict(_("Somebody else was faster: this baton is no longer waiting."))
    if not ledger.may_take(actor, leg):
        raise ledger.not_yours(
            _("This baton is offered to somebody else. The head of their department can reassign it."), leg
        )
    if not reason.strip():
        raise Invalid(_("Please check the marked fields."), fields={"reason": _("Say why it cannot be taken over.")})
    _forget(session, held, leg)
    sender = held.before(leg)
    told = [leg.offered_by, sender.assignee_id if sender else None]
    message = noop("%(who)s returned “%(title)s” of %(customer)s: %(reason)s")
    tell(session, actor, held, leg, told, message, reason=reason.strip()[:100])
    department = ledger.department_name(session, sender.department_id) if sender else ""
    person = name_of(session, sender.assignee_id) if sender else name_of(session, held.engagement.opened_by)
    step = Step("returned", "relay.return", text=reason.strip(), to_department=department, to_person=person)
    ledger.note(session, actor, held, leg, step)
    leg.give_back(reason.strip())
    if sender is not None:
        sender.resume()
        access.write_again(session, sender)
    access.end_offer(session, leg)
    access.end_department(session, leg)
    return leg


def _forget(session: Session, held: Held, leg: Leg, *, but: UUID | None = None) -> None:
    """The baton no longer waits for those it was offered to: they may not keep what the bell told them."""
    others = set(session.scalars(ledger.receivers(leg.department_id))) - {but, leg.offered_by}
    notifications.withdraw(session, others, ledger.url_of(held.engagement, leg))


def cancel(session: Session, actor: Actor, engagement_id: UUID, reason: str) -> Engagement:
    """Stop an engagement where it stands. The holder, the heads above and, before any take-over, the opener may."""
    held = hold(session, engagement_id)
    open_only(held)
    active = held.active
    if not ledger.may_hand_over(actor, held.engagement, active):
        raise ledger.not_yours(
            _("Only the person who holds this leg, or the head of the department, may stop it."), active
        )
    if not reason.strip():
        raise Invalid(_("Please check the marked fields."), fields={"reason": _("Say why it stops.")})
    if active is not None:
        active.close(by=actor.user_id, outcome=reason.strip()[:200])
        access.only_read(session, active)
    offered = held.offered
    if offered is not None:
        _forget(session, held, offered)
        offered.give_back("")
        access.end_offer(session, offered)
        access.end_department(session, offered)
    for leg in held.legs:
        access.over(session, leg)
    held.engagement.state, held.engagement.closed_at = "cancelled", now()
    step = Step("cancelled", "relay.cancel", text=reason.strip())
    ledger.note(session, actor, held, active or offered, step)
    return held.engagement


def open_by_route(session: Session, actor: Actor, customer_id: UUID, route_id: UUID, title: str) -> Engagement:
    """`open_engagement` by ids, as forms and programs send them. Raises NotFound, Invalid."""
    customer = session.scalars(select(Customer).where(Customer.id == customer_id)).one_or_none()
    if customer is None:
        raise NotFound(_("This customer does not exist, or it is not yours to see."))
    route = session.get(Route, route_id)
    if route is None or not route.active:
        raise Invalid(_("Please check the marked fields."), fields={"route_id": _("Please choose from the list.")})
    return open_engagement(session, actor, customer, route, title)


def record_view(session: Session, actor: Actor, engagement: Engagement) -> None:
    """Somebody looks at an engagement, which is a part of its customer."""
    ref = EntityRef("relay", "engagement", engagement.id, engagement.title)
    opening.opened(session, actor, ref, engagement.customer_id, "relay.view")
