"""A year's exceptions as lines of text, and back; the span of a day's office hours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator

_ = translator("relay")
_DAY = r"(?:(\d{4})-)?(\d{1,2})-(\d{1,2})"
_LINE = re.compile(rf"{_DAY}(?:\s*(?:\.\.|~)\s*{_DAY})?(?:\s+(.*))?")
_SPAN = re.compile(r"\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*")
_LONGEST_LABEL = 60


@dataclass(frozen=True, slots=True)
class Exceptional:
    """A day that is worked, or not, against the rule of the week."""

    day: date
    works: bool
    label: str = ""


def read_days(text: str, year: int, *, works: bool, field: str) -> list[Exceptional]:
    """A day or a span of days per line, as `10-01..10-07 National Day`. Raises Invalid that names the line."""
    found: dict[date, Exceptional] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        told = _LINE.fullmatch(line.strip())
        label = (told[7] or "").strip()[:_LONGEST_LABEL] if told else ""
        for day in _days(line.strip(), year, number, field):
            found[day] = Exceptional(day, works, label)
    return list(found.values())


def _days(line: str, year: int, number: int, field: str) -> Iterator[date]:
    found = _span(line, year)
    if found is None:
        message = _(
            "Line %(number)d is not a day of %(year)s, nor days such as 10-01..10-07.", number=number, year=str(year)
        )
        raise Invalid(message, fields={field: message})
    first, last = found
    yield from (first + timedelta(days=more) for more in range((last - first).days + 1))


def _span(line: str, year: int) -> tuple[date, date] | None:
    parts = _LINE.fullmatch(line)
    if parts is None or {parts[1], parts[4]} - {None, str(year)}:
        return None
    try:
        first = date(year, int(parts[2]), int(parts[3]))
        last = date(year, int(parts[5]), int(parts[6])) if parts[5] else first
    except ValueError:
        return None
    return (first, last) if first <= last else None


def write_days(days: Sequence[Exceptional]) -> str:
    """The lines that `read_days` reads: days in a row with one label are one line."""
    lines: list[tuple[date, date, str]] = []
    for item in days:
        if lines and lines[-1][1] + timedelta(days=1) == item.day and lines[-1][2] == item.label:
            lines[-1] = (lines[-1][0], item.day, item.label)
        else:
            lines.append((item.day, item.day, item.label))
    return "\n".join(_line(first, last, label) for first, last, label in lines)


def _line(first: date, last: date, label: str) -> str:
    span = f"{first:%m-%d}" if first == last else f"{first:%m-%d}..{last:%m-%d}"
    return f"{span} {label}".rstrip()


def read_hours(text: str) -> tuple[tuple[time, time], ...]:
    """`09:00-12:00, 13:30-18:00` as spans in order. Raises ValueError for anything else."""
    spans: list[tuple[time, time]] = []
    for part in text.replace("\uff0c", ",").split(","):
        told = _SPAN.fullmatch(part)
        if told is None:
            raise ValueError(part)
        opens, closes = time(int(told[1]), int(told[2])), time(int(told[3]), int(told[4]))
        if closes <= opens or (spans and opens < spans[-1][1]):
            raise ValueError(part)
        spans.append((opens, closes))
    return tuple(spans)


def check_hours(text: str) -> str:
    try:
        read_hours(text)
    except ValueError:
        return _("Write the hours as 09:00-12:00, 13:30-18:00.")
    return ""
