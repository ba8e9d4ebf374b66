"""How long the house has to answer a person."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from platform_core.contracts.plugin import Setting
from platform_core.kernel import settingvalues
from platform_core.kernel.i18n import translator

_ = translator("privacy")
_LONGEST = 90
_SATURDAY = 5


def _check(days: int) -> str:
    return "" if 1 <= days <= _LONGEST else _("Between 1 and %(most)d days.", most=_LONGEST)


DAYS = Setting(
    "privacy.answer_days", _.lazy("Days to answer a request of a person"), 15, check=_check,
    help=_.lazy("PIPL leaves it at “in time”, the national standard says 15 working days, GDPR one month."),
)  # fmt: skip
KIND = Setting(
    "privacy.answer_kind", _.lazy("Which days count"), "working",
    choices=(("working", _.lazy("Monday to Friday")), ("calendar", _.lazy("Every day"))),
    help=_.lazy("Public holidays are not known: they count as working days, so that nobody is late by them."),
)  # fmt: skip
SETTINGS: list[Setting[Any]] = [DAYS, KIND]


def due_on(session: Session, received: date) -> date:
    """The last day for an answer."""
    days = settingvalues.read(session, DAYS)
    if settingvalues.read(session, KIND) == "calendar":
        return received + timedelta(days=days)
    day = received
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < _SATURDAY
    return day
