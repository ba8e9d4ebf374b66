"""What a feed holds: from a month ago on, within what its owner may see at that moment."""

from __future__ import annotations

from datetime import timedelta

from baton_plugins.activities.diary.whose import ROOMS
from baton_plugins.activities.meetings import queries
from baton_plugins.activities.meetings.models import Meeting
from baton_plugins.activities.models import Plan
from baton_plugins.activities.queries import PERSON, PlanRow, with_person
from sqlalchemy import select

from platform_core.api import Actor, Contact, Customer, Session, dictionaries, now

_BACK, _AHEAD = timedelta(days=30), timedelta(days=400)
_MOST = 2000


def plans(session: Session, actor: Actor) -> list[PlanRow]:
    """Their own, those done included; soonest first."""
    moment = now()
    statement = (
        with_person(select(Plan, PERSON).select_from(Plan))
        .where(
            Plan.assignee_id == actor.user_id, Plan.state.in_(["open", "done"]), Plan.due_at >= moment - _BACK,
            Plan.due_at < moment + _AHEAD, Customer.restricted_at.is_(None), Contact.restricted_at.is_(None),
        )
        .order_by(Plan.due_at, Plan.id)
        .limit(_MOST)
    )  # fmt: skip
    return [PlanRow(plan, actor.name, actor.department_name, name) for plan, name in session.execute(statement)]


def meetings(session: Session, actor: Actor) -> list[tuple[Meeting, str]]:
    """What they did not decline, and what was cancelled: it says so until it is over."""
    moment, states = now(), ("open", "cancelled")
    held = queries.of_person(session, actor.user_id, moment - _BACK, moment + _AHEAD, states=states)
    return [(one.meeting, room_of(session, one.meeting)) for one in held]


def room_of(session: Session, meeting: Meeting) -> str:
    return dictionaries.label(session, ROOMS, meeting.room) if meeting.room else ""
