"""The morning's overview: how many plans somebody has today, and how many are overdue."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from baton_plugins.activities.models import Plan
from baton_plugins.activities.reminders import mailing
from baton_plugins.activities.reminders.models import Digest
from baton_plugins.activities.reminders.settings import DIGEST
from sqlalchemy import case, func, select
from sqlalchemy.dialects import postgresql, sqlite

from platform_core.api import (
    ClockTime,
    Job,
    JobContext,
    Session,
    User,
    day_start,
    noop,
    notify,
    read_setting,
    speaking,
    today,
    translator,
)
from platform_core.api.messages import Mail

_ = translator("activities")

_PEOPLE = 200


def overview(context: JobContext) -> None:
    """Once for each person and day."""
    with context.database.system_session("who has plans today?", write=False) as session:
        rows = _counts(session) if read_setting(session, DIGEST) else []
    for start in range(0, len(rows), _PEOPLE):
        with context.database.system_session("the morning's overview") as session:
            _tell(session, rows[start : start + _PEOPLE])


def _counts(session: Session) -> list[Any]:
    day = today()
    statement = (
        select(
            Plan.assignee_id, func.count().label("number"),
            func.count(case((Plan.due_at < day_start(day), 1))).label("late"),
        )
        .join(User, User.id == Plan.assignee_id)
        .where(Plan.state == "open", Plan.due_at < day_start(day + timedelta(days=1)), User.status == "active")
        .group_by(Plan.assignee_id)
        .order_by(Plan.assignee_id)
    )  # fmt: skip
    return list(session.execute(statement))


def _tell(session: Session, rows: list[Any]) -> None:
    dialect: Any = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    day = today()
    insert = dialect.insert(Digest).values([{"user_id": row.assignee_id, "day": day} for row in rows])
    fresh = set(session.scalars(insert.on_conflict_do_nothing().returning(Digest.user_id)))
    letters = mailing.readers(session, fresh, "digest")
    for row in rows:
        if row.assignee_id in fresh:
            message = (
                noop("Your day: %(number)s plans, of these %(late)s overdue")
                if row.late
                else noop("Your day: %(number)s plans")
            )
            numbers = {"number": row.number, "late": row.late}
            notify(session, [row.assignee_id], "activities", message, numbers, url="/", icon="checklist")
            if to := letters.get(row.assignee_id):
                with speaking(to.language):
                    text = _(message, **numbers)
                key = f"activities.overview:{day}:{to.user_id}"
                mailing.put(session, Mail(key, to, text, text, "/", expires_at=day_start(day + timedelta(days=1))))


DIGEST_JOB = Job("activities.overview", overview, at=(ClockTime(8, 15),), catch_up=True)
