"""Reading and keeping the working time of the house."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.contracts.plugin import Setting
from platform_core.kernel import settingvalues
from platform_core.kernel.errors import Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.relay.workdays.hours import WorkCalendar
from platform_core.relay.workdays.models import CalendarDay
from platform_core.relay.workdays.wording import Exceptional, check_hours, read_days, read_hours

_ = translator("relay")
_FIRST, _LAST = 2000, 2100
HOURS = Setting(
    "relay.office_hours", _.lazy("Working hours"), "09:00-18:00", help=_.lazy("Such as 09:00-12:00, 13:30-18:00."),
    check=check_hours,
)  # fmt: skip
WEEK = Setting(
    "relay.work_week",
    _.lazy("Working days of a week"),
    5,
    choices=((5, _.lazy("Monday to Friday")), (6, _.lazy("Monday to Saturday")), (7, _.lazy("every day"))),
)


class YearInput(msgspec.Struct, kw_only=True):
    """A year's exceptions: a day per line, or days as `10-01..10-07`, and a name behind them."""

    hours: Annotated[str, Meta(max_length=100)]
    week: Literal[5, 6, 7]
    off: Annotated[str, Meta(max_length=8000)] = ""
    worked: Annotated[str, Meta(max_length=8000)] = ""


@dataclass(frozen=True, slots=True)
class Year:
    """A year as it is kept. `workdays`: how many days of it are worked."""

    year: int
    off: list[Exceptional]
    worked: list[Exceptional]
    workdays: int


def calendar(session: Session, since: datetime | None = None) -> WorkCalendar:
    """The working time; exceptions before `since` are left out. One statement, besides the settings'."""
    statement = select(CalendarDay.day, CalendarDay.works)
    if since is not None:
        statement = statement.where(CalendarDay.day >= since.date() - timedelta(days=1))
    hours, week = settingvalues.read(session, HOURS), settingvalues.read(session, WEEK)
    return WorkCalendar(read_hours(hours), week, dict(session.execute(statement).all()))


def year_of(session: Session, year: int) -> Year:
    """Raises NotFound for a year that nobody keeps a calendar of."""
    if not _FIRST <= year < _LAST:
        raise NotFound(_("There is no calendar of this year."))
    statement = select(CalendarDay).where(CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31)))
    rows = [Exceptional(row.day, row.works, row.label) for row in session.scalars(statement.order_by(CalendarDay.day))]
    known = calendar(session)
    days = (date(year + 1, 1, 1) - date(year, 1, 1)).days
    workdays = sum(known.works(date(year, 1, 1) + timedelta(days=number)) for number in range(days))
    return Year(year, [row for row in rows if not row.works], [row for row in rows if row.works], workdays)


def save(session: Session, actor: Actor, year: int, data: YearInput) -> Year:
    """Replace a year's exceptions, and the house's hours. Batons that wait keep the deadline they were given.

    Raises Invalid at the field, NotFound as `year_of`.
    """
    before = year_of(session, year)
    wrong = check_hours(data.hours)
    if wrong:
        raise Invalid(wrong, fields={"hours": wrong})
    off = read_days(data.off, year, works=False, field="off")
    worked = read_days(data.worked, year, works=True, field="worked")
    twice = {item.day for item in off} & {item.day for item in worked}
    if twice:
        message = _("%(day)s cannot be both.", day=f"{min(twice):%m-%d}")
        raise Invalid(message, fields={"worked": message})
    session.execute(delete(CalendarDay).where(CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31))))
    session.add_all(CalendarDay(day=item.day, works=item.works, label=item.label) for item in (*off, *worked))
    old: dict[str, Any] = {"hours": settingvalues.read(session, HOURS), "week": settingvalues.read(session, WEEK)}
    settingvalues.write(session, HOURS, data.hours.strip())
    settingvalues.write(session, WEEK, data.week)
    session.flush()  # the answer counts the days anew
    after = year_of(session, year)
    audit.record(
        session, actor, "relay.workdays", EntityRef("relay", "workdays", UUID(int=year), str(year)),
        before={**old, "off": _told(before.off), "worked": _told(before.worked)},
        after={"hours": data.hours.strip(), "week": data.week, "off": _told(after.off), "worked": _told(after.worked)},
    )  # fmt: skip
    return after


def _told(days: list[Exceptional]) -> list[str]:
    return [item.day.isoformat() for item in days]
