"""On which days the visits of a cycle are due."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import chain, count, islice
from typing import NamedTuple

MOST_STEPS = 12
LONGEST = 3660
"""Days; ten years"""


class Visit(NamedTuple):
    """`number` counts from one."""

    number: int
    day: date


def parsed(text: str) -> list[int]:
    """`7, 30, 90`. Raises ValueError for what are no days, for too many, and where they do not ascend."""
    parts = [part.strip().lstrip("Dd+") for part in text.replace("\uff0c", ",").replace("\u3001", ",").split(",")]
    found = [int(part) for part in parts if part]
    if not 1 <= len(found) <= MOST_STEPS or found != sorted(set(found)) or not 1 <= found[0] <= found[-1] <= LONGEST:
        raise ValueError(text)
    return found


def written(steps: Sequence[int]) -> str:
    return ", ".join(map(str, steps))


def following(steps: Sequence[int], every: int, start: date, after: date) -> Visit | None:
    """The first visit later than `after`; None when all are over. What was missed is not made up for."""
    later = (visit for visit in _visits(steps, every, start) if visit.day > after)
    return next(later, None)


def ahead(steps: Sequence[int], every: int, start: date, after: date, number: int) -> list[Visit]:
    """The next `number` of them."""
    later = (visit for visit in _visits(steps, every, start) if visit.day > after)
    return list(islice(later, number))


def _visits(steps: Sequence[int], every: int, start: date) -> Iterator[Visit]:
    further = (steps[-1] + every * at for at in count(1)) if every else ()
    return (Visit(at, start + timedelta(days=days)) for at, days in enumerate(chain(steps, further), 1))
