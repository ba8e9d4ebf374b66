"""The head's view of the day: everybody's plans and results, live, of any department below and any period."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from baton_plugins.activities import reports
from baton_plugins.activities.desk import lists, results
from baton_plugins.activities.desk.telling import RIGHT

from platform_core.api import Actor, Invalid, Request, Response, Routes, Session, bind, get, page, today, translator

_ = translator("activities")
_PEOPLE = 200
_A_DAY = timedelta(days=1)
_LONGEST = 366
"""Days of a period"""
_TAKEN = 92
"""Days that a report, and the list of everything that happened, are read for"""
ALL = "all"
"""Instead of a department: each of them, in sums"""


class Period(msgspec.Struct, kw_only=True):
    """Today where nothing is said."""

    department: Annotated[str, msgspec.Meta(max_length=36)] = ""
    first: date | None = None
    last: date | None = None


@get("/", permission=RIGHT, name="activities:team")
def team(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    department: str = "",
    first: str = "",
    last: str = "",
) -> Response[str]:
    bound = bind(Period, {"department": department, "first": first, "last": last})
    period = bound.value or Period()
    start, end = period.first or today(), period.last or period.first or today()
    if end < start:
        bound.add(Invalid("", fields={"last": _("The end is before the start.")}))
    elif (end - start).days >= _LONGEST:
        bound.add(Invalid("", fields={"last": _("At most a year at once.")}))
    departments = results.departments(session, actor)
    chosen = _chosen(actor, departments, period.department)
    days = {"first": start.isoformat(), "last": end.isoformat()}
    return page(
        request, "activities/team.html", partial="activities/_team.html", active="plans",
        status=422 if bound.errors else 200, form=bound, departments=_offered(departments), department=chosen,
        lines=[] if bound.errors else _lines(session, chosen, departments, start, end), is_sum=chosen == ALL,
        first=start, last=end, is_today=start == end == today(), query=_query(chosen, period), days=urlencode(days),
        taken=_taken(chosen, days) if (end - start).days < _TAKEN else "",
        done_url=lambda line: reports.rows_behind(line.id, start, end),
        before_url=lambda line: reports.rows_behind(line.id, start - _A_DAY, start - _A_DAY),
    )  # fmt: skip


def _lines(
    session: Session, chosen: UUID | str, departments: list[tuple[UUID, str]], start: date, end: date
) -> list[results.Line]:
    if chosen == ALL:
        return results.of_departments(session, departments, start, end)
    return results.of_people(session, [chosen], start, end, limit=_PEOPLE) if isinstance(chosen, UUID) else []


def _offered(departments: list[tuple[UUID, str]]) -> list[tuple[UUID | str, str]]:
    return [(ALL, _("All departments")), *departments] if len(departments) > 1 else [*departments]


def _query(chosen: UUID | str, period: Period) -> str:
    given = {"department": chosen, "first": period.first, "last": period.last}
    return urlencode({name: value for name, value in given.items() if value})


def _taken(chosen: UUID | str, days: dict[str, str]) -> str:
    """What is printed, or asked for as a file: the report of the same rows."""
    of = {} if chosen == ALL else {"department": str(chosen)}
    return urlencode({"of": f"report:{reports.TEAM.key}", **of, **days}, safe=":")


def _chosen(actor: Actor, departments: list[tuple[UUID, str]], asked: str) -> UUID | str:
    """What was asked for, as far as it is the actor's to see; else all for whoever sees all, or the own department."""
    known = {str(key): key for key, _name in departments}
    if asked in known:
        return known[asked]
    several = len(known) > 1
    own = actor.department_id
    if several and (asked == ALL or lists.departments_of(actor) is None or own not in known.values()):
        return ALL
    return own if own in known.values() else next(iter(known.values()), "")  # type: ignore[return-value]


ROUTES = Routes("/team", [team])
