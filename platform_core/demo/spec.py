"""What is to be loaded: how much, from which seed, seen from which moment."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from platform_core.demo.house import Builder, House
from platform_core.kernel.clock import at_local, local

SMALL = 4000
"""Up to so many customers a demo is for people, with files and notifications."""
PART = 4000
"""Customers a process makes and writes at once."""
_GROWTH = 0.7
"""Below 1 the house wins more customers each year."""


@dataclass(frozen=True)
class Spec:
    """Pickled for the loading processes."""

    customers: int
    seed: int
    now: datetime
    house: House = field(repr=False)
    facts: dict[str, Any] = field(default_factory=dict)
    """Owner -> what its `prepare` returned."""

    @property
    def is_small(self) -> bool:
        return self.customers <= SMALL

    @property
    def parts(self) -> int:
        return -(-self.customers // PART)

    @cached_property
    def founded(self) -> datetime:
        return founded(self.customers, self.now)

    def created_at(self, number: int) -> datetime:
        """When customer `number` was entered, in office hours; grows with the number."""
        days = (local(self.now).date() - local(self.founded).date()).days
        whole, fraction = divmod(days * ((number + 0.5) / self.customers) ** _GROWTH, 1)
        return at_local(local(self.founded).date() + timedelta(days=whole), 9) + timedelta(hours=9 * fraction)

    def code(self, number: int, created: datetime) -> str:
        """Numbered within the year, as the counter would."""
        year = local(created).year
        return f"C-{year}-{number - self.first_of[year] + 1:05}"

    @cached_property
    def first_of(self) -> dict[int, int]:
        """Year -> number of its first customer."""
        years = range(local(self.founded).year, local(self.now).year + 1)
        return {
            year: bisect_left(range(self.customers), year, key=lambda number: local(self.created_at(number)).year)
            for year in years
        }

    def counts(self) -> dict[int, int]:
        """Year -> how many codes it has used, without those told by hand."""
        ends = [*list(self.first_of.values())[1:], self.customers]
        return {year: end - first for (year, first), end in zip(self.first_of.items(), ends, strict=True)}


def founded(customers: int, now: datetime) -> datetime:
    return at_local(local(now).date() - timedelta(days=420 if customers <= SMALL else 1095), 9)


def make(customers: int, seed: int, now: datetime | None = None) -> Spec:
    """`now` defaults to this hour: the same seed gives the same rows within it."""
    moment = (now or datetime.now(UTC)).replace(minute=0, second=0, microsecond=0)
    return Spec(customers, seed, moment, Builder(customers, seed, founded(customers, moment)).build())
