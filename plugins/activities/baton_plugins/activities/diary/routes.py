"""The calendar's pages: a day, a week or a month, and everything of one day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from baton_plugins.activities.diary import reading, spans, whose
from baton_plugins.activities.diary.whose import Whose
from baton_plugins.activities.meetings import routes as meetings
from baton_plugins.activities.routes import VIEW

from platform_core.api import (
    Actor,
    Bound,
    Invalid,
    Request,
    Response,
    Routes,
    Session,
    bind,
    decode_cursor,
    dictionaries,
    encode_cursor,
    get,
    page,
    record,
    today,
    translator,
)

_ = translator("activities")
PATH = "/calendar"
_PAGE = 50


class Asked(msgspec.Struct, kw_only=True):
    """The week of today, one's own, where nothing is said."""

    view: str = spans.WEEK
    on: date | None = None
    department: UUID | None = None
    person: UUID | None = None
    room: str = ""


@get("/", permission=VIEW, name="activities:calendar")
def calendar(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    *,
    view: str = "",
    on: str = "",
    department: str = "",
    person: str = "",
    room: str = "",
) -> Response[str]:
    """A colleague's or a department's within the actor's rights."""
    bound, asked = _asked({"view": view, "on": on, "department": department, "person": person, "room": room})
    of = whose.chosen(session, actor, asked.department, asked.person, asked.room)
    span = spans.span(asked.view if asked.view in reading.MOST else spans.WEEK, asked.on or today())
    days, named = reading.days(session, of, span)
    record(session, actor, "activities.calendar", ids=named)

    def url(day: date = span.on, view: str = span.view, path: str = PATH) -> str:
        return f"{path}?{_query(of, view, day)}"

    return page(
        request, "activities/calendar.html", active="calendar", status=422 if bound.errors else 200, form=bound,
        span=span, days=days, whose=of, url=url, views=spans.views(), weekdays=spans.weekdays(), today=today(),
        rooms=dictionaries.choices(session, whose.ROOMS, current=of.room), may_invite=actor.can("activities.write"),
    )  # fmt: skip


@get("/list", permission=VIEW, name="activities:calendar_day")
def listed(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    *,
    on: str = "",
    department: str = "",
    person: str = "",
    room: str = "",
    after: str = "",
) -> Response[str]:
    """Everything of one day, where the calendar shows the beginning."""
    bound, asked = _asked({"on": on, "department": department, "person": person, "room": room})
    of, day = whose.chosen(session, actor, asked.department, asked.person, asked.room), asked.on or today()
    mark = decode_cursor(after, 2) if after else None
    rows = reading.of_day(session, of, day, after=(mark[0], mark[1]) if mark else None, limit=_PAGE + 1)
    more, rows = len(rows) > _PAGE, rows[:_PAGE]
    record(session, actor, "activities.calendar", ids={row.plan.person_id for row in rows})
    entries = [] if mark else reading.meetings(session, of, spans.span(spans.DAY, day))[day]
    entries += [reading.entry_of(row, of) for row in rows]
    query = _query(of, spans.DAY, day)
    last = encode_cursor([rows[-1].plan.due_at, rows[-1].plan.id]) if more else ""
    return page(
        request, "activities/calendar_list.html", active="calendar", status=422 if bound.errors else 200, day=day,
        entries=entries, whose=of, back=f"{PATH}?{query}",
        following=f"{PATH}/list?{query}&after={last}" if more else "",
    )  # fmt: skip


def _asked(given: Mapping[str, str]) -> tuple[Bound[Asked], Asked]:
    """What could be read of it; the rest is as if it had not been asked."""
    bound = bind(Asked, given)
    found = bound.value or Asked()
    if found.on is not None and not spans.FIRST <= found.on <= spans.LAST:
        bound.add(Invalid("", fields={"on": _("The calendar has no such day.")}))
        found.on = None
    return bound, found


def _query(of: Whose, view: str, day: date) -> str:
    given = {
        "view": view,
        "on": day,
        "department": of.department,
        "person": of.person if of.name else None,
        "room": of.room,
    }
    return urlencode({name: value for name, value in given.items() if value})


ROUTES = Routes(PATH, [calendar, listed, *meetings.HANDLERS])
