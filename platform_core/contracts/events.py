"""News that services publish after commit. Ids only: a listener reads what it may see itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any
from uuid import UUID

from platform_core.contracts.entities import EntityRef


@dataclass(frozen=True, slots=True)
class Event:
    """`name` is `owner.past_tense`. `data` holds ids, codes and numbers, never names or phone numbers."""

    name: str
    ref: EntityRef
    customer_id: UUID | None = None
    actor_id: UUID | None = None
    data: Mapping[str, str | int | bool | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listener:
    """Called in the publishing process after the commit, with a session of the core's own; isolated, never retried.

    Work that must not be lost belongs in a job or in the publishing transaction.
    """

    event: str
    handle: Callable[[Any, Event], None]
    """(session, event)"""


@dataclass(frozen=True, slots=True)
class ClockTime:
    """A time of day on the organisation's clock.

    `ClockTime(8, 30)` is every day, `ClockTime(8, 30, (0, 3))` on Mondays and Thursdays. Where the clock is put forward
    over it, it comes as much later; where the clock is put back, it comes once.
    """

    hour: int
    minute: int = 0
    weekdays: tuple[int, ...] = ()
    """Monday is 0; none are all seven."""

    def __post_init__(self) -> None:
        time(self.hour, self.minute)  # raises ValueError for 24:00
        if any(day not in range(7) for day in self.weekdays):
            raise ValueError(f"weekdays of {self.hour}:{self.minute:02} are 0 (Monday) to 6, not {self.weekdays}")


@dataclass(frozen=True, slots=True)
class Job:
    """Background work: `run(context)`; must be idempotent, since a killed worker's job runs again."""

    name: str
    run: Callable[[Any], None]
    every_seconds: int | None = None
    """Set for scheduled work: one claim per period over all processes."""
    max_attempts: int = 5
    lease_seconds: int = 60
    at: tuple[ClockTime, ...] = ()
    """Set for work at certain times: one claim per time over all processes."""
    catch_up: bool = False
    """Of `at`: whether a time that passed while nobody kept the schedule, or the plugin was off, is made up for once.
    Without, a time that is ten minutes past is left out."""

    def __post_init__(self) -> None:
        if self.every_seconds and self.at:
            raise ValueError(f"job {self.name} is either started every {self.every_seconds} seconds or at times of day")

    @property
    def is_scheduled(self) -> bool:
        return bool(self.every_seconds or self.at)
