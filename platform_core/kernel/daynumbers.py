"""The organisation's day of a moment, as a number that both databases can group by."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case

from platform_core.kernel.clock import day_start


def day_number(moment: Any, first: date, last: date) -> ColumnElement[int]:
    """How many days after the first; for moments from the first to the last, whichever way the clocks are set."""
    days = (last - first).days + 1
    starts = [day_start(first + timedelta(number)) for number in range(1, days)]
    if not starts:
        return case((moment >= day_start(first), 0), else_=0)
    return case(*((moment < start, number) for number, start in enumerate(starts)), else_=len(starts))
