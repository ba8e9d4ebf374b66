"""What stands on the days of a calendar, within the reader's scope: each day bounded, with how much there is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from baton_plugins.activities.diary.spans import DAY, MONTH, WEEK, Span
from baton_plugins.activities.diary.whose import ROOMS, Whose
from baton_plugins.activities.meetings import queries
from baton_plugins.activities.models import Plan
from baton_plugins.activities.queries import PlanRow, plan_rows, soonest, with_people
from sqlalchemy import ColumnElement, case, func, select

from platform_core.api import Session, day_start, dictionaries, due_tone

MOST = {DAY: 60, WEEK: 12, MONTH: 4}
"""Entries that a day shows, by the view it stands in"""
SHOWN = ("open", "done")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a day."""

    at: datetime
    """Where it stands among the others"""
    title: str
    url: str
    start: datetime | None = None
    """None: any time that day"""
    end: datetime | None = None
    detail: str = ""
    tone: str = ""
    state: str = ""
    """`done`, or what the reader has answered to an invitation"""


@dataclass(slots=True)
class Day:
    day: date
    entries: list[Entry] = field(default_factory=list)
    total: int = 0

    @property
    def more(self) -> int:
        """How many more there are than are shown."""
        return self.total - len(self.entries)


def days(session: Session, whose: Whose, span: Span) -> tuple[list[Day], set[UUID]]:
    """In three statements, however much there is; and the customers who are named."""
    found = [Day(day) for day in span.days]
    named = set() if whose.room else _plans(session, whose, span, found)
    met_on = meetings(session, whose, span)
    for day in found:
        met = met_on[day.day]
        day.total += len(met)
        day.entries = sorted([*day.entries, *met], key=lambda entry: entry.at)[: MOST[span.view]]
    return found, named


def _plans(session: Session, whose: Whose, span: Span, found: list[Day]) -> set[UUID]:
    """Into the days, in one statement; and with whom they are."""
    ends = [day_start(day.day + timedelta(days=1)) for day in found]
    place: Any = case(*((Plan.due_at < end, number) for number, end in enumerate(ends)), else_=len(ends))
    numbered = (
        select(
            Plan.id,
            place.label("place"),
            func.row_number().over(partition_by=place, order_by=(Plan.due_at, Plan.id)).label("number"),
            func.count().over(partition_by=place).label("total"),
        )
        .where(*_of(whose), Plan.due_at >= day_start(span.first), Plan.due_at < ends[-1])
        .subquery()
    )
    statement = (
        with_people(numbered.c.place, numbered.c.total)
        .join(numbered, numbered.c.id == Plan.id)
        .where(numbered.c.number <= MOST[span.view])
        .order_by(numbered.c.place, numbered.c.number)
    )
    named = set()
    for plan, person, department, customer, number, total in session.execute(statement):
        found[number].entries.append(entry_of(PlanRow(plan, person, department or "", customer), whose))
        found[number].total = total
        named.add(plan.person_id)
    return named


def meetings(session: Session, whose: Whose, span: Span) -> dict[date, list[Entry]]:
    """On each day that they touch."""
    since, until = day_start(span.first), day_start(span.last + timedelta(days=1))
    met = _meetings(session, whose, since, until)
    found: dict[date, list[Entry]] = {day: [] for day in span.days}
    for day, entries in found.items():
        begins, ends = day_start(day), day_start(day + timedelta(days=1))
        entries += [entry for entry, start, end in met if start < ends and end > begins]
    return found


def _meetings(
    session: Session, whose: Whose, since: datetime, until: datetime
) -> list[tuple[Entry, datetime, datetime]]:
    if whose.room:
        taken = queries.of_room(session, whose.room, since, until)
        return [(_in_room(one), one.starts_at, one.ends_at) for one in taken]
    if whose.person:
        held = queries.of_person(session, whose.person, since, until)
    else:
        held = queries.of_department(session, whose.department, since, until) if whose.department else []
    return [(_meeting(session, one), one.meeting.starts_at, one.meeting.ends_at) for one in held]


def _meeting(session: Session, held: queries.Held) -> Entry:
    found = held.meeting
    where = dictionaries.label(session, ROOMS, found.room) if found.room else found.place
    return Entry(
        found.starts_at, found.subject, f"/calendar/meetings/{found.id}",
        None if found.all_day else found.starts_at, None if found.all_day else found.ends_at,
        " · ".join(filter(None, (where, found.organizer_label))), "meet", held.answer or "asked",
    )  # fmt: skip


def _in_room(taken: queries.Taken) -> Entry:
    url = f"/calendar/meetings/{taken.id}" if taken.subject else ""
    start, end = (None, None) if taken.all_day else (taken.starts_at, taken.ends_at)
    return Entry(taken.starts_at, taken.subject or taken.organizer, url, start, end, taken.organizer, "meet", "yes")


def entry_of(row: PlanRow, whose: Whose) -> Entry:
    plan = row.plan
    return Entry(
        plan.due_at, plan.subject, f"/plans/{plan.id}", None if plan.all_day else plan.due_at, plan.ends_at,
        row.customer if whose.person else f"{row.customer} · {row.assignee}",
        due_tone(row.due) if plan.state == "open" else "", "done" if plan.state == "done" else "",
    )  # fmt: skip


def of_day(
    session: Session, whose: Whose, day: date, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[PlanRow]:
    """All plans of a day, by keyset."""
    if whose.room:
        return []
    conditions = (*_of(whose), Plan.due_at >= day_start(day), Plan.due_at < day_start(day + timedelta(days=1)))
    return plan_rows(session, soonest(with_people(), *conditions, after=after, limit=limit))


def _of(whose: Whose) -> tuple[ColumnElement[bool], ...]:
    mine = Plan.assignee_id == whose.person if whose.person else Plan.department_id == whose.department
    return mine, Plan.state.in_(SHOWN)
