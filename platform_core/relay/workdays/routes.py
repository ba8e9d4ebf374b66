"""Settings: the working days of a year, as a page and as JSON."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel import settingvalues
from platform_core.kernel.clock import today
from platform_core.kernel.errors import Invalid
from platform_core.relay.workdays import services
from platform_core.relay.workdays.services import Year, YearInput
from platform_core.relay.workdays.wording import write_days
from platform_core.web.forms import Bound, FormData, bind, initial
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post, put

RIGHT = "relay.routes"


@get("/settings/workdays", permission=RIGHT, name="relay:workdays")
def this_year(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    return show(request, session, today().year)


def show(request: Request[Any, Any, Any], session: Session, year: int) -> Response[str]:
    found = services.year_of(session, year)
    form = initial(
        YearInput, hours=settingvalues.read(session, services.HOURS), week=settingvalues.read(session, services.WEEK),
        off=write_days(found.off), worked=write_days(found.worked),
    )  # fmt: skip
    return _page(request, found, form)


@get("/settings/workdays/{year:int}", permission=RIGHT, name="relay:workdays_year")
def one_year(request: Request[Any, Any, Any], session: Session, year: int) -> Response[str]:
    return show(request, session, year)


@post("/settings/workdays/{year:int}", permission=RIGHT, name="relay:workdays_save")
def save(request: Request[Any, Any, Any], session: Session, actor: Actor, year: int, form: FormData) -> Response[str]:
    bound = bind(YearInput, form)
    if bound.ok:
        try:
            services.save(session, actor, year, bound.require())
            return redirect(request, f"/settings/workdays/{year}")
        except Invalid as error:
            bound.add(error)
    return _page(request, services.year_of(session, year), bound, 422)


def _page(request: Request[Any, Any, Any], year: Year, form: Bound[YearInput], status: int = 200) -> Response[str]:
    weeks = [(str(value), str(label)) for value, label in services.WEEK.choices]
    return page(request, "relay/workdays.html", status=status, active="workdays", year=year, form=form, weeks=weeks)


class DayOut(msgspec.Struct, kw_only=True):
    """A day that is worked, or not, against the rule of the week."""

    day: date
    works: bool
    label: str


class YearOut(msgspec.Struct, kw_only=True):
    """`hours` as 09:00-12:00, 13:30-18:00; `week`: how many days from Monday on are worked; `workdays` of the year."""

    year: int
    hours: str
    week: int
    workdays: int
    exceptions: list[DayOut]


def _out(session: Session, year: Year) -> YearOut:
    days = sorted((*year.off, *year.worked), key=lambda item: item.day)
    return YearOut(
        year=year.year,
        hours=settingvalues.read(session, services.HOURS),
        week=settingvalues.read(session, services.WEEK),
        workdays=year.workdays,
        exceptions=[DayOut(day=item.day, works=item.works, label=item.label) for item in days],
    )


@get("/{year:int}", permission=RIGHT, name="relay:api_workdays")
def api_get(session: Session, year: int) -> YearOut:
    """A year's exceptions from the week, and the office hours."""
    return _out(session, services.year_of(session, year))


@put("/{year:int}", permission=RIGHT, name="relay:api_workdays_save")
def api_save(session: Session, actor: Actor, year: int, data: YearInput) -> YearOut:
    """Replace a year's exceptions: a line per day or span of days, as on the page."""
    return _out(session, services.save(session, actor, year, data))


HANDLERS = [this_year, one_year, save]
API = [api_get, api_save]
