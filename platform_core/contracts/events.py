"""News that services publish after commit. Ids only: a listener reads what it may see itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
class Job:
    """Background work: `run(context)`; must be idempotent, since a killed worker's job runs again."""

    name: str
    run: Callable[[Any], None]
    every_seconds: int | None = None
    """Set for scheduled work: one claim per period over all processes."""
    max_attempts: int = 5
    lease_seconds: int = 60
