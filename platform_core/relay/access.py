"""Who may see an engagement: the access rows that each step of the relay writes and ends.

Rows are ended by the clock, never deleted, so that it stays known who could see what when. At each moment:
the holder of a leg has a writing `member` row, earlier holders reading ones, a waiting baton has one `offer` row, and
each department that has or had a leg has a `leg` row, read by those whose scope covers departments. A step of a route
may let its department see more (from the opening of the engagement) or less (only for its turn).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from platform_core.kernel.clock import now
from platform_core.permissions.models import Access
from platform_core.permissions.policies import live
from platform_core.relay.models import Engagement, Leg


def _add(session: Session, leg: Leg, kind: str, by: UUID, **fields: Any) -> None:
    session.add(
        Access(
            kind=kind,
            customer_id=leg.customer_id,
            engagement_id=leg.engagement_id,
            leg_id=leg.id,
            granted_by=by,
            **fields,
        )
    )


def _end(session: Session, *where: ColumnElement[bool]) -> None:
    session.execute(
        update(Access).where(live(), *where).values(until=now()).execution_options(synchronize_session="fetch")
    )


def offer(session: Session, leg: Leg, by: UUID) -> None:
    """The baton waits for the named person, or for anybody of the department who may take over."""
    end_offer(session, leg)
    if leg.offered_to is not None:
        _add(session, leg, "offer", by, user_id=leg.offered_to)
    else:
        _add(session, leg, "offer", by, department_id=leg.department_id)
    department(session, leg, by)


def end_offer(session: Session, leg: Leg) -> None:
    _end(session, Access.leg_id == leg.id, Access.kind == "offer")


def was_offered(session: Session, leg_id: UUID, user_id: UUID, department_ids: frozenset[UUID]) -> bool:
    """Whether these people were among those who could have taken the baton."""
    reached = or_(Access.user_id == user_id, Access.department_id.in_(department_ids))
    found = session.scalar(select(Access.id).where(Access.leg_id == leg_id, Access.kind == "offer", reached).limit(1))
    return found is not None


def department(session: Session, leg: Leg, by: UUID) -> None:
    """The leg's department has a part from now on."""
    known = select(Access.id).where(Access.leg_id == leg.id, Access.kind == "leg", live()).limit(1)
    if session.scalar(known) is None:
        _add(session, leg, "leg", by, department_id=leg.department_id)


def end_department(session: Session, leg: Leg) -> None:
    """It returned the baton without ever holding it, so it had no part; unless its stage sees all that is to come."""
    if leg.sees_from != "opening":
        _end(session, Access.leg_id == leg.id, Access.kind == "leg")


def opened(session: Session, legs: Sequence[Leg], by: UUID) -> None:
    """Stages that see what is to come see the engagement from its opening on."""
    for leg in legs:
        if leg.sees_from == "opening":
            department(session, leg, by)


def over(session: Session, leg: Leg | None) -> None:
    """Its turn is over for good. A stage that sees customers only for its turn sees this one no more."""
    if leg is not None and leg.sees_until == "turn":
        _end(session, Access.leg_id == leg.id)


def member(session: Session, leg: Leg, user_id: UUID, role: str, *, may_write: bool, by: UUID) -> None:
    """One row per person and leg: a sender who gets the baton back writes again by the same row."""
    row = session.scalars(
        select(Access)
        .where(Access.leg_id == leg.id, Access.kind == "member", Access.user_id == user_id, live())
        .limit(1)
    ).one_or_none()
    if row is None:
        _add(session, leg, "member", by, user_id=user_id, role=role, may_write=may_write)
    else:
        row.role, row.may_write = role, may_write


def only_read(session: Session, leg: Leg) -> None:
    """The leg is over: whoever wrote in it reads on, the holder as its sender."""
    rows = session.scalars(select(Access).where(Access.leg_id == leg.id, Access.kind == "member", live()))
    for row in rows:
        row.may_write = False
        if row.role == "assignee":
            row.role = "sender"


def write_again(session: Session, leg: Leg) -> None:
    """The leg is resumed: its holder and helpers write as before."""
    rows = session.scalars(select(Access).where(Access.leg_id == leg.id, Access.kind == "member", live()))
    for row in rows:
        if row.user_id == leg.assignee_id:
            row.role = "assignee"
        row.may_write = row.role in {"assignee", "helper"}


def end_at(session: Session, leg: Leg, user_id: UUID, moment: datetime) -> None:
    session.execute(
        update(Access)
        .where(Access.leg_id == leg.id, Access.kind == "member", Access.user_id == user_id, live())
        .values(until=moment)
        .execution_options(synchronize_session="fetch")
    )


def end_member(session: Session, leg: Leg, user_id: UUID) -> None:
    _end(session, Access.leg_id == leg.id, Access.kind == "member", Access.user_id == user_id)


def end_person(session: Session, engagement: Engagement, user_id: UUID) -> None:
    """Every part of one person in an engagement ends at once, waiting batons included."""
    _end(session, Access.engagement_id == engagement.id, Access.user_id == user_id)


def members(session: Session, engagement_id: UUID) -> list[Access]:
    """Live members, first come first."""
    statement = select(Access).where(Access.engagement_id == engagement_id, Access.kind == "member", live())
    return list(session.scalars(statement.order_by(Access.since, Access.id)))
