"""Verbs on the people of an engagement and on a leg's checklist."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Conflict, Invalid, NotFound
from platform_core.kernel.i18n import noop, translator
from platform_core.permissions.models import Access
from platform_core.permissions.policies import live
from platform_core.relay import access, ledger
from platform_core.relay.ledger import Step, hold, hold_leg, name_of, open_only, tell
from platform_core.relay.models import Leg
from platform_core.relay.queries import may_write
from platform_core.users import notifications
from platform_core.users.models import User

_ = translator("relay")


def reassign(session: Session, actor: Actor, leg_id: UUID, user_id: UUID) -> Leg:
    """Give an offered or active leg to a colleague of its department. Whoever held this leg sees it no longer.

    Raises Forbidden outside the scope of `relay.reassign`, Invalid for somebody who cannot take over there.
    """
    held, leg = hold_leg(session, actor, leg_id)
    open_only(held)
    if not ledger.covers(actor, "relay.reassign", leg.department_id):
        raise ledger.not_yours(_("Only the head of the department may reassign this leg."), leg)
    if leg.state not in {"offered", "active"}:
        raise Conflict(_("This leg is not being worked on."))
    if user_id not in session.scalars(ledger.receivers(leg.department_id)).all():
        message = _("This person cannot take over for that department.")
        raise Invalid(message, fields={"user_id": message})
    old_id = leg.offered_to if leg.state == "offered" else leg.assignee_id
    old_name, new_name = name_of(session, old_id), name_of(session, user_id)
    if old_id == user_id:
        return leg
    if leg.state == "offered":
        leg.offered_to = user_id
        others = set(session.scalars(ledger.receivers(leg.department_id))) - {user_id, actor.user_id, leg.offered_by}
        notifications.withdraw(session, others, ledger.url_of(held.engagement, leg))
        access.offer(session, leg, actor.user_id)
    else:
        leg.assignee_id = user_id
        if old_id is not None:
            access.end_member(session, leg, old_id)
            if old_id != actor.user_id:
                notifications.withdraw(session, [old_id], ledger.url_of(held.engagement, leg))
        access.member(session, leg, user_id, "assignee", may_write=True, by=actor.user_id)
    department = ledger.department_name(session, leg.department_id)
    step = Step(
        "reassigned",
        "relay.reassign",
        to_department=department,
        to_person=new_name,
        before={"person": old_name},
        after={"person": new_name},
    )
    ledger.note(session, actor, held, leg, step)
    tell(session, actor, held, leg, [user_id], noop("%(who)s gave you “%(title)s” of %(customer)s"))
    return leg


def tick(session: Session, actor: Actor, leg_id: UUID, key: str, done: bool) -> Leg:  # noqa: FBT001  it is the value
    """Set one item of the active leg's checklist. Raises Forbidden for readers, Conflict when the leg is over."""
    held, leg = hold_leg(session, actor, leg_id)
    open_only(held)
    if leg.state != "active":
        raise Conflict(_("This leg is not being worked on."))
    if not may_write(session, actor, held.engagement.id):
        raise ledger.not_yours(_("You may read this engagement, but not write in it."), leg)
    item = next((item for item in leg.checklist if item["key"] == key), None)
    if item is None:
        raise NotFound(_("This item is not on the checklist."))
    if bool(item.get("done")) == done:
        return leg
    by, at = (actor.name, now().isoformat()) if done else ("", "")
    leg.checklist = [{**old, "done": done, "by": by, "at": at} if old["key"] == key else old for old in leg.checklist]
    ledger.audit_only(session, actor, held, "relay.tick", after={item["label"]: done})
    return leg


def add_member(
    session: Session,
    actor: Actor,
    engagement_id: UUID,
    user_id: UUID,
    *,
    writes: bool = True,
    until: datetime | None = None,
) -> None:
    """Let a colleague of any department help with the active leg, until it is over, `until`, or removed.

    Raises Forbidden for anybody but the holder and the heads above, Invalid for an account that is not active.
    """
    held = hold(session, engagement_id)
    open_only(held)
    active = held.active
    if active is None or not ledger.may_hand_over(actor, held.engagement, active):
        raise ledger.not_yours(
            _("Only the person who holds this leg, or the head of the department, may ask others in."), active
        )
    user = session.get(User, user_id)
    if user is None or user.status != "active" or user_id == active.assignee_id:
        raise Invalid(_("Please check the marked fields."), fields={"user_id": _("Please choose from the list.")})
    access.member(session, active, user_id, "helper" if writes else "reader", may_write=writes, by=actor.user_id)
    if until is not None:
        session.flush()  # the row that gets the end must be there
        access.end_at(session, active, user_id, until)
    step = Step("joined", "relay.add_member", to_person=user.name, after={"person": user.name, "writes": writes})
    ledger.note(session, actor, held, active, step)
    tell(session, actor, held, active, [user_id], noop("%(who)s asks you to help with “%(title)s” of %(customer)s"))


def remove_member(session: Session, actor: Actor, engagement_id: UUID, user_id: UUID) -> None:
    """End somebody's access at once, earlier parts included. The present holder is reassigned instead.

    Raises NotFound when they have no part.
    """
    held = hold(session, engagement_id)
    active = held.active
    if not (ledger.may_hand_over(actor, held.engagement, active) or user_id == actor.user_id):
        raise ledger.not_yours(
            _("Only the person who holds this leg, or the head of the department, may remove others."), active
        )
    if active is not None and active.assignee_id == user_id:
        raise Conflict(_("This person holds the leg: reassign it, or hand it over."))
    part = session.scalar(
        select(Access.id).where(Access.engagement_id == engagement_id, Access.user_id == user_id, live()).limit(1)
    )
    if part is None:
        raise NotFound(_("This person has no part in the engagement."))
    name = name_of(session, user_id)
    step = Step("left", "relay.remove_member", to_person=name, before={"person": name})
    ledger.note(session, actor, held, active, step)
    access.end_person(session, held.engagement, user_id)
    notifications.withdraw(session, [user_id], ledger.url_of(held.engagement))
