"""Reports: how satisfied customers said to be, and which visits of each cycle were made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from baton_plugins.activities import dates, presets
from baton_plugins.activities.cycles import queries
from baton_plugins.activities.cycles.models import Cycle, CycleRun
from baton_plugins.activities.models import FollowUp, Plan
from sqlalchemy import ColumnElement, and_, case, func, or_, select

from platform_core.api import (
    Actor,
    Customer,
    Linked,
    Report,
    ReportColumn,
    ReportFilter,
    ReportQuery,
    Session,
    day_start,
    dictionaries,
    person_choices,
    today,
    translator,
)

_ = translator("activities")
VIEW = "activities.view"
LINES = "activities.satisfactions"
_GOOD, _POOR = 4, 2
_PERSON = ReportFilter("person", _.lazy("Person"), lambda session, _actor: person_choices(session))
_ANSWER = ReportFilter(
    "answer", _.lazy("Satisfaction"), lambda session, _actor: dictionaries.choices(session, presets.SATISFACTION)
)
_CYCLE = ReportFilter("cycle", _.lazy("Cycle"), queries.choices)


def _rated(query: ReportQuery) -> list[ColumnElement[bool]]:
    found = [FollowUp.satisfaction != "", FollowUp.at >= day_start(query.first),
             FollowUp.at < day_start(query.last + timedelta(1))]  # fmt: skip
    if person := query.chosen.get("person"):
        found.append(FollowUp.author_id == UUID(person))
    if answer := query.chosen.get("answer"):
        found.append(FollowUp.satisfaction == answer)
    return found


def _scores(session: Session) -> dict[str, int]:
    """Code -> score; entries that the house has added without one are not reckoned with."""
    known = dictionaries.entries(session, presets.SATISFACTION).values()
    return {entry.code: int(entry.data["score"]) for entry in known if str(entry.data.get("score", "")).isdecimal()}


def _per_person(session: Session, actor: Actor, query: ReportQuery) -> Sequence[Sequence[Any]]:
    scores = _scores(session)
    score = case(*((FollowUp.satisfaction == code, number) for code, number in scores.items())) if scores else None
    value = func.avg(score) if score is not None else func.max(None)
    good = [code for code, number in scores.items() if number >= _GOOD]
    poor = [code for code, number in scores.items() if number <= _POOR]
    rows = session.execute(
        select(
            FollowUp.author_id, func.max(FollowUp.author_label), func.count(), value,
            func.count(case((FollowUp.satisfaction.in_(good), 1))),
            func.count(case((FollowUp.satisfaction.in_(poor), 1))),
        )
        .where(*_rated(query))
        .group_by(FollowUp.author_id)
        .order_by(func.max(FollowUp.author_label), FollowUp.author_id)
        .limit(query.limit)
    )  # fmt: skip
    return [
        (name, Linked(number, _behind(query, person)), round(float(average), 1) if average is not None else "",
         well, badly)
        for person, name, number, average, well, badly in rows
    ]  # fmt: skip


def _behind(query: ReportQuery, person: UUID | None) -> str:
    asked = {"first": query.first, "last": query.last, **({"person": person} if person else {})}
    return f"/reports/{LINES}?{urlencode(asked)}"


def _lines(session: Session, actor: Actor, query: ReportQuery) -> Sequence[Sequence[Any]]:
    statement = (
        select(FollowUp.at, FollowUp.author_label, FollowUp.kind, FollowUp.satisfaction, Customer.id, Customer.name)
        .join(Customer, Customer.id == FollowUp.customer_id)
        .where(*_rated(query))
        .order_by(FollowUp.at.desc(), FollowUp.id)
        .limit(query.limit)
    )
    return [
        (
            row.at,
            Linked(row.name, f"/customers/{row.id}"),
            dictionaries.label(session, presets.SATISFACTION, row.satisfaction),
            presets.kind(session, row.kind).label,
            row.author_label,
        )
        for row in session.execute(statement)
    ]


def _visits(session: Session, actor: Actor, query: ReportQuery) -> Sequence[Sequence[Any]]:
    """Of each cycle those due in these days: by now made, still open, left out; and all that are overdue today."""
    first, until = day_start(query.first), day_start(query.last + timedelta(1))
    within = and_(Plan.due_at >= first, Plan.due_at < until)
    late = and_(Plan.state == "open", Plan.due_at < dates.on(today()).at - timedelta(days=1))
    found = [Plan.cause == "cycle", or_(within, late)]
    if person := query.chosen.get("person"):
        found.append(Plan.assignee_id == UUID(person))
    if cycle := query.chosen.get("cycle"):
        found.append(Cycle.id == UUID(cycle))
    rows = session.execute(
        select(
            Cycle.id, Cycle.name, func.count(case((and_(within, Plan.state == "done"), 1))),
            func.count(case((and_(within, Plan.state == "open"), 1))),
            func.count(case((and_(within, Plan.state == "cancelled"), 1))), func.count(case((late, 1))),
        )
        .join(CycleRun, CycleRun.id == Plan.series_id)
        .join(Cycle, Cycle.id == CycleRun.cycle_id)
        .where(*found)
        .group_by(Cycle.id, Cycle.name)
        .order_by(Cycle.name)
        .limit(query.limit)
    )  # fmt: skip
    return [
        (name, done, still, out, Linked(overdue, f"/plans/all?f=state:is:open&f=cycle:is:{key}&f=due:before:today"))
        for key, name, done, still, out, overdue in rows
    ]


REPORTS = [
    Report(
        "activities.satisfaction", _.lazy("Satisfaction"), VIEW,
        (
            ReportColumn(_.lazy("Person")),
            ReportColumn(_.lazy("Answers"), "number", total=True),
            ReportColumn(_.lazy("Average of 5"), "number"),
            ReportColumn(_.lazy("Satisfied"), "number", total=True),
            ReportColumn(_.lazy("Dissatisfied"), "number", total=True),
        ),
        _per_person, description=_.lazy("What customers said when they were asked on return visits and calls."),
        filters=(_PERSON,), dated=True, order=30,
    ),
    Report(
        LINES, _.lazy("Satisfaction one by one"), VIEW,
        (
            ReportColumn(_.lazy("When"), "moment"),
            ReportColumn(_.lazy("Customer")),
            ReportColumn(_.lazy("Satisfaction")),
            ReportColumn(_.lazy("Kind")),
            ReportColumn(_.lazy("Person")),
        ),
        _lines, description=_.lazy("Latest first; what was said stands on the customer's page."),
        filters=(_PERSON, _ANSWER), dated=True, order=31,
    ),
    Report(
        "activities.visits", _.lazy("Return visits by cycle"), VIEW,
        (
            ReportColumn(_.lazy("Cycle")),
            ReportColumn(_.lazy("Made"), "number", total=True),
            ReportColumn(_.lazy("Still to make"), "number", total=True),
            ReportColumn(_.lazy("Left out"), "number", total=True),
            ReportColumn(_.lazy("Overdue"), "number", total=True),
        ),
        _visits, description=_.lazy("Of the visits that were due in these days; overdue are all of today."),
        filters=(_CYCLE, _PERSON), dated=True, order=32,
    ),
]  # fmt: skip
