"""What every step of the relay has in common: the lock, the rights, the history line, the news."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, or_, select, true
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.events import Event
from platform_core.contracts.identity import Actor, Scope
from platform_core.customers.models import Customer
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Ask, Conflict, Forbidden, NotFound
from platform_core.kernel.events import publish
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import among
from platform_core.permissions.models import RoleAssignment, RoleGrant
from platform_core.relay import access
from platform_core.relay.models import Engagement, Leg, RelayEvent
from platform_core.users import notifications
from platform_core.users.models import Department, User

_ = translator("relay")


class Held:
    """An engagement under lock, with its legs in order."""

    def __init__(self, engagement: Engagement, legs: list[Leg]) -> None:
        self.engagement = engagement
        self.legs = legs

    def leg(self, leg_id: UUID) -> Leg | None:
        return next((leg for leg in self.legs if leg.id == leg_id), None)

    def in_state(self, state: str) -> Leg | None:
        return next((leg for leg in self.legs if leg.state == state), None)

    @property
    def active(self) -> Leg | None:
        return self.in_state("active")

    @property
    def offered(self) -> Leg | None:
        return self.in_state("offered")

    @property
    def planned(self) -> Leg | None:
        return self.in_state("planned")

    def before(self, leg: Leg) -> Leg | None:
        return next((other for other in reversed(self.legs) if other.position < leg.position), None)


def hold(session: Session, engagement_id: UUID) -> Held:
    """Lock an engagement the actor may see: steps of one engagement happen one after the other. Raises NotFound."""
    engagement = session.scalars(
        select(Engagement)
        .where(Engagement.id == engagement_id)
        .with_for_update(of=Engagement)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if engagement is None:
        raise NotFound(_("This engagement does not exist, or it is not yours to see."))
    legs = session.scalars(
        select(Leg)
        .where(Leg.engagement_id == engagement_id)
        .order_by(Leg.position)
        .execution_options(populate_existing=True)
    )
    return Held(engagement, list(legs))


def hold_leg(session: Session, actor: Actor, leg_id: UUID) -> tuple[Held, Leg]:
    """Lock the engagement of a leg. Raises Conflict when a colleague has just taken the baton offered to both."""
    engagement_id = session.scalar(select(Leg.engagement_id).where(Leg.id == leg_id))
    if engagement_id is not None:
        # Waiting for the lock, the actor may have lost sight of it all.
        with suppress(NotFound):
            held = hold(session, engagement_id)
            leg = held.leg(leg_id)
            if leg is not None:
                return held, leg
    if access.was_offered(session, leg_id, actor.user_id, actor.department_ids):
        raise Conflict(_("Somebody else was faster: this baton is no longer waiting."))
    raise NotFound(_("This leg does not exist, or it is not yours to see."))


def open_only(held: Held) -> None:
    if held.engagement.state != "open":
        raise Conflict(_("This engagement is closed."))


def covers(actor: Actor, permission: str, department_id: UUID) -> bool:
    """Whether a department's legs are within the scope of `permission`; own and team scope cover no department."""
    return any(
        party.scope(permission) == Scope.ALL or department_id in party.departments_for(permission)
        for party in actor.parties
    )


def within(actor: Actor, permission: str) -> ColumnElement[bool]:
    """SQL: as `covers`, of the department of a Leg."""
    if any(party.scope(permission) == Scope.ALL for party in actor.parties):
        return true()
    covered = [departments for party in actor.parties if (departments := party.departments_for(permission))]
    return or_(false(), *(among(Leg.department_id, departments) for departments in covered))


def not_yours(why: str, leg: Leg | None) -> Forbidden:
    """For somebody who reads along: whoever holds the leg can do it, and the heads of its department."""
    ask = Ask("relay.reassign", (leg.assignee_id,), leg.department_id) if leg else Ask("relay.reassign")
    return Forbidden(why, ask=ask)


def may_hand_over(actor: Actor, engagement: Engagement, leg: Leg | None) -> bool:
    """The holder and the heads above; before the first take-over whoever opened the engagement. Or their deputies."""
    return any(_hands_over(party, engagement, leg) for party in actor.parties)


def _hands_over(actor: Actor, engagement: Engagement, leg: Leg | None) -> bool:
    if not actor.can("relay.handover"):
        return False
    if leg is None:
        return engagement.opened_by == actor.user_id or actor.scope("relay.handover") == Scope.ALL
    return leg.assignee_id == actor.user_id or covers(actor, "relay.handover", leg.department_id)


def may_take(actor: Actor, leg: Leg) -> bool:
    """The named person, else anybody of the department; its heads in either case."""
    if leg.offered_to == actor.user_id:
        return True
    inside = leg.department_id in actor.department_ids and actor.can("relay.accept")
    return inside and (leg.offered_to is None or covers(actor, "relay.reassign", leg.department_id))


def receivers(department_id: UUID) -> Select[UUID]:
    """A select of the ids of active people who may take over for a department."""
    return (
        select(User.id)
        .join(RoleAssignment, RoleAssignment.user_id == User.id)
        .join(RoleGrant, RoleGrant.role_id == RoleAssignment.role_id)
        .where(
            User.status == "active",
            RoleGrant.permission == "relay.accept",
            RoleGrant.scope > 0,
            RoleAssignment.valid_from <= now(),
            or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > now()),
            or_(User.department_id == department_id, RoleAssignment.department_id == department_id),
        )
        .distinct()
    )


def name_of(session: Session, user_id: UUID | None) -> str:
    user = session.get(User, user_id) if user_id else None
    return user.name if user else ""


def department_name(session: Session, department_id: UUID | None) -> str:
    department = session.get(Department, department_id) if department_id else None
    return department.name if department else ""


def customer_name(session: Session, customer_id: UUID) -> str:
    return session.scalar(select(Customer.name).where(Customer.id == customer_id)) or ""


@dataclass(frozen=True, slots=True)
class Step:
    """What a step of the relay leaves behind: `kind` in the history, `action` in the audit trail."""

    kind: str
    action: str
    text: str = ""
    to_department: str = ""
    to_person: str = ""
    before: Mapping[str, object] = field(default_factory=dict)
    after: Mapping[str, object] = field(default_factory=dict)


def note(session: Session, actor: Actor, held: Held, leg: Leg | None, step: Step) -> None:
    """Write the step's line of history and of audit; its news follow after commit."""
    engagement = held.engagement
    session.info.pop("relay_views", None)
    session.add(
        RelayEvent(
            engagement_id=engagement.id,
            leg_id=leg.id if leg else None,
            customer_id=engagement.customer_id,
            kind=step.kind,
            actor_id=actor.user_id,
            actor_label=actor.name,
            department_label=actor.department_name,
            to_department=step.to_department,
            to_person=step.to_person,
            text=step.text,
        )
    )
    ref = EntityRef("relay", "engagement", engagement.id, engagement.title)
    customer_id = engagement.customer_id
    # A hand-over's note is a record of work, kept in the history; a refusal's reason belongs to the trail as well.
    reason = step.text if step.kind in {"returned", "cancelled"} else ""
    audit.record(
        session, actor, step.action, ref, customer_id=customer_id, before=step.before, after=step.after, reason=reason
    )
    data = {"engagement_id": engagement.id.hex, "leg_id": leg.id.hex if leg else None}
    source = EntityRef("relay", "engagement", engagement.id)
    publish(session, Event(f"relay.{step.kind}", source, customer_id, actor.user_id, data))


def audit_only(session: Session, actor: Actor, held: Held, action: str, *, after: Mapping[str, object]) -> None:
    """For steps too small for the history."""
    engagement = held.engagement
    session.info.pop("relay_views", None)
    ref = EntityRef("relay", "engagement", engagement.id, engagement.title)
    audit.record(session, actor, action, ref, customer_id=engagement.customer_id, after=after)


def url_of(engagement: Engagement, leg: Leg | None = None) -> str:
    """Where a notification leads; with the leg, so that it can be withdrawn for that leg alone."""
    return f"/engagements/{engagement.id}" + (f"?leg={leg.id}" if leg else "")


def tell(
    session: Session, actor: Actor, held: Held, leg: Leg, user_ids: Iterable[UUID | None], message: str, **more: str
) -> None:
    """Notify people about a leg. The actor knows already. `message` may use who, customer, title and `more`."""
    wanted = [user_id for user_id in user_ids if user_id and user_id != actor.user_id]
    if not wanted:
        return
    parameters = {
        "who": actor.name,
        "customer": customer_name(session, leg.customer_id),
        "title": held.engagement.title,
        **more,
    }
    notifications.notify(
        session, wanted, "relay", message, parameters, url=url_of(held.engagement, leg), icon="transfer"
    )
