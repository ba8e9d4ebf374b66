"""Days of the organisation in forms."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from platform_core.kernel import clock
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator

_ = translator("permissions")


def beginning_of(name: str, text: str) -> datetime | None:
    """When the day begins; None for no day. Raises Invalid at the field `name`."""
    return _start(name, text, timedelta())


def end_of(name: str, text: str) -> datetime | None:
    """When the day is over."""
    return _start(name, text, timedelta(days=1))


def _start(name: str, text: str, after: timedelta) -> datetime | None:
    if not text:
        return None
    try:
        return clock.day_start(date.fromisoformat(text) + after)
    except (ValueError, OverflowError) as error:
        raise Invalid(fields={name: _("There is no such day.")}) from error
