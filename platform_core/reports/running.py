"""Asking a report: from the address to the query, from the plugin's answer to checked, summed rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.contracts.reports import Linked, Report, ReportColumn, ReportFilter, ReportQuery
from platform_core.kernel.clock import today
from platform_core.kernel.errors import Forbidden, NotFound
from platform_core.kernel.i18n import translator
from platform_core.plugins.registry import Owned
from platform_core.web import formats
from platform_core.web.requests import Platform

_ = translator("reports")
ON_PAGE = 500
IN_FILE = 50_000
MOST_DAYS = 92
_USUAL_DAYS = 7
_TYPES: dict[str, tuple[type[Any], ...]] = {
    "text": (str,), "number": (int,), "percent": (int,), "money": (Decimal, int), "day": (date,), "moment": (datetime,),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    value: Any
    url: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """`cut`: there are more rows than are shown; the totals are of those shown."""

    rows: Sequence[Sequence[Cell]]
    totals: Sequence[Any] | None
    cut: bool = False


def find(platform: Platform, actor: Actor, key: str) -> Owned[Report]:
    """Raises NotFound for a report that nobody declares now, Forbidden for one that is not the actor's to read."""
    item = platform.manager.declared.reports.find(key)
    if item is None:
        raise NotFound(_("There is no such report."))
    if not actor.can(item.value.permission):
        raise Forbidden(_("You may not read this report."), lacks=item.value.permission)
    return item


_LONGEST = 30.0
"""Seconds: who asks for a report expects to wait for it, unlike for a panel."""
Choices = Sequence[tuple[ReportFilter, Sequence[tuple[str, str]]]]


def choices_of(platform: Platform, session: Session, actor: Actor, item: Owned[Report]) -> Choices:
    """Each filter with what may be chosen; none where the plugin cannot say."""

    def ask() -> Choices:
        return [(found, found.choices(session, actor)) for found in item.value.filters]

    if item.owner not in platform.hooks.active():
        return ()
    return platform.hooks.guarded(item.owner, f"report {item.value.key}", ask, session, limit=_LONGEST) or ()


def query_of(asked: Mapping[str, str], choices: Choices, limit: int) -> ReportQuery:
    """From an address; what cannot be read or chosen is left out, and too many days are cut at the beginning."""
    last = _day(asked.get("last", "")) or today()
    first = _day(asked.get("first", "")) or last - timedelta(_USUAL_DAYS - 1)
    first = max(min(first, last), last - timedelta(MOST_DAYS - 1))
    chosen = {item.key: asked[item.key] for item, pairs in choices if asked.get(item.key) in dict(pairs)}
    return ReportQuery(first, last, chosen, limit)


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if date.min < found < date.max else None  # sources count to where the next day begins


def pairs_of(report: Report, query: ReportQuery) -> dict[str, str]:
    """The query as an address has it, and as the audit keeps it."""
    days = {"first": query.first.isoformat(), "last": query.last.isoformat()} if report.dated else {}
    return {**days, **query.chosen}


def ask(platform: Platform, session: Session, actor: Actor, item: Owned[Report], query: ReportQuery) -> Answer | None:
    """None when the plugin could not answer; why is with its faults."""
    if item.owner not in platform.hooks.active():
        return None  # it has just broken this request's transaction
    wider = ReportQuery(query.first, query.last, query.chosen, query.limit + 1)
    call = partial(answer, item.value, session, actor, wider, query.limit)
    return platform.hooks.guarded(item.owner, f"report {item.value.key}", call, session, limit=_LONGEST)


def answer(report: Report, session: Session, actor: Actor, query: ReportQuery, limit: int) -> Answer:
    found = report.rows(session, actor, query)
    rows = [[_cell(report, *pair) for pair in zip(report.columns, row, strict=True)] for row in found[:limit]]
    totals = None
    if any(column.total for column in report.columns) and len(rows) > 1:
        totals = [
            sum(row[at].value or 0 for row in rows) if column.total else None
            for at, column in enumerate(report.columns)
        ]
    return Answer(rows, totals, cut=len(found) > limit)


def _cell(report: Report, column: ReportColumn, given: Any) -> Cell:
    cell = Cell(given.value, given.url) if isinstance(given, Linked) else Cell(given)
    if cell.value is not None and not isinstance(cell.value, _TYPES[column.kind]):
        found = type(cell.value).__name__
        raise TypeError(f"report {report.key}: {column.label} is a column of {column.kind}, not of {found}")
    return cell


def as_text(column: ReportColumn, value: Any) -> str:
    """As the page shows it."""
    if value is None:
        return ""
    match column.kind:
        case "money":
            return formats.money(value)
        case "number":
            return formats.number(value)
        case "percent":
            return f"{value}%"
        case "day":
            return formats.day(value)
        case "moment":
            return formats.exact(value)
        case _:
            return str(value)
