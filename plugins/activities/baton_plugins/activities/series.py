"""Plans that repeat. There is always one open plan of a series: the next comes when it is finished or cancelled."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from typing import Literal

from baton_plugins.activities import dates
from baton_plugins.activities.cycles import planning
from baton_plugins.activities.models import Plan
from baton_plugins.activities.reminders import arranging
from sqlalchemy import select

from platform_core.api import Session, local, new_id, today, translator

_ = translator("activities")
Repeat = Literal["", "1d", "workday", "1w", "2w", "1m", "3m", "6m", "1y"]
REPEATS: tuple[Repeat, ...] = ("1d", "workday", "1w", "2w", "1m", "3m", "6m", "1y")
CAUSE = "series"


def begin(plan: Plan, repeat: str, until: date | None) -> None:
    """Make a plan the first of a series."""
    plan.repeat, plan.repeat_until = repeat, until
    plan.series_id, plan.series_no, plan.series_from = new_id(), 1, local(plan.due_at).date()


def days(first: date, repeat: str) -> Iterator[date]:
    """The days of a series after its first, in order."""
    if repeat == "workday":
        yield from (day for number in count(1) if (day := first + timedelta(days=number)).weekday() < 5)
        return
    step, unit = int(repeat[:-1]), repeat[-1]
    if unit in "dw":
        yield from (first + timedelta(days=step * (7 if unit == "w" else 1) * number) for number in count(1))
        return
    months = step * (12 if unit == "y" else 1)
    yield from (_months_after(first, months * number) for number in count(1))


def _months_after(first: date, months: int) -> date:
    """The same day of the month, or its last where it is shorter."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, min(first.day, calendar.monthrange(year, month + 1)[1]))


def next_day(plan: Plan) -> date | None:
    """The first day of the series after this plan's, and not before tomorrow; None when the series is over."""
    if not plan.repeat or plan.series_from is None:
        return None
    after = max(local(plan.due_at).date(), today())
    found = next(day for day in days(plan.series_from, plan.repeat) if day > after)
    return found if plan.repeat_until is None or found <= plan.repeat_until else None


def goes_on(session: Session, plan: Plan) -> bool:
    """Whether another plan comes by itself when this one is settled."""
    return planning.has_next(session, plan) if plan.cause == planning.CAUSE else next_day(plan) is not None


def go_on(session: Session, plan: Plan) -> Plan | None:
    """The next plan of a series whose present one has been settled. One that an undo took away comes back."""
    if plan.cause == planning.CAUSE:
        return planning.go_on(session, plan)
    day = next_day(plan)
    if day is None or plan.series_id is None:
        return None
    follower = _follower(session, plan)
    if follower is not None:
        if follower.state == "cancelled":
            follower.state = "open"
        return follower
    moment = local(plan.due_at)
    due = dates.on(day, "" if plan.all_day else f"{moment:%H:%M}")
    made = Plan(
        customer_id=plan.customer_id, engagement_id=plan.engagement_id, contact_id=plan.contact_id,
        opportunity_id=plan.opportunity_id, opportunity_label=plan.opportunity_label,
        contact_label=plan.contact_label, assignee_id=plan.assignee_id, department_id=plan.department_id,
        kind=plan.kind, subject=plan.subject, due_at=due.at, all_day=plan.all_day,
        ends_at=due.at + (plan.ends_at - plan.due_at) if plan.ends_at else None,
        created_by=plan.created_by, created_by_label=plan.created_by_label, cause=CAUSE, repeat=plan.repeat,
        repeat_until=plan.repeat_until, series_id=plan.series_id, series_no=plan.series_no + 1,
        series_from=plan.series_from,
    )  # fmt: skip
    session.add(made)
    session.flush()  # its reminders refer to it
    arranging.arrange(session, made, arranging.wishes_of(session, plan.id))
    return made


def take_back(session: Session, plan: Plan) -> None:
    """The plan is open again: the next one waits for its turn."""
    if plan.cause == planning.CAUSE:
        planning.take_back(session, plan)
        return
    follower = _follower(session, plan) if plan.repeat else None
    if follower is not None and follower.state == "open":
        follower.state = "cancelled"


def _follower(session: Session, plan: Plan) -> Plan | None:
    following = select(Plan).where(Plan.series_id == plan.series_id, Plan.series_no == plan.series_no + 1)
    return session.scalars(following.with_for_update(of=Plan)).one_or_none()


def label(repeat: str) -> str:
    return {
        "": _("once"), "1d": _("every day"), "workday": _("every working day"), "1w": _("every week"),
        "2w": _("every two weeks"), "1m": _("every month"), "3m": _("every three months"),
        "6m": _("every half year"), "1y": _("every year"),
    }[repeat]  # fmt: skip


def choices() -> list[tuple[str, str]]:
    return [(repeat, label(repeat)) for repeat in ("", *REPEATS)]
