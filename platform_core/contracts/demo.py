"""What the core invents for `baton demo` and plugins turn into rows of their own tables.

Customers come in parts of a few thousand; `DemoData.load` is called once per part, in any order and in several
processes at once, so it keeps nothing between calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from random import Random
from typing import Any, Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """An employee of the demo house."""

    id: UUID
    name: str
    department_id: UUID
    department: str


@dataclass(frozen=True, slots=True)
class DemoTouch:
    """One contact with a customer: a call, a visit, a message."""

    at: datetime
    by: DemoPerson
    kind: str
    text: str
    outcome: str = ""
    old_status: str = ""
    new_status: str = ""
    next_at: datetime | None = None
    """When the next contact was planned for, said at this one."""
    is_incoming: bool = False
    engagement_id: UUID | None = None
    leg_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class DemoTask:
    """Something still to be done with a customer."""

    due_at: datetime
    assignee: DemoPerson
    kind: str
    subject: str
    created_at: datetime
    all_day: bool = False
    cause: str = ""
    engagement_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class DemoContract:
    """Amounts are yuan."""

    number: str
    signed_on: date
    amount: int
    starts_on: date
    ends_on: date
    term: str
    attachment_id: UUID | None


@dataclass(frozen=True, slots=True)
class DemoDeal:
    """The business that an engagement is about. `stage` is open, won or lost; amounts are yuan."""

    title: str
    need: str
    value: int
    probability: int
    expected_on: date
    stage: str = "open"
    closed_at: datetime | None = None
    closed_by: DemoPerson | None = None
    lost_reason: str = ""
    contract: DemoContract | None = None


@dataclass(frozen=True, slots=True)
class DemoEngagement:
    """A matter on its way through the house. `type` is `training` or `headhunting`."""

    id: UUID
    type: str
    opened_at: datetime
    opened_by: DemoPerson
    worked_on_by: DemoPerson
    """Who held the baton when the deal was closed, or holds it."""
    updated_at: datetime
    deal: DemoDeal


@dataclass(frozen=True, slots=True)
class DemoCustomer:
    """A customer that the core has written, and what happened with it."""

    id: UUID
    name: str
    contact_id: UUID | None
    contact_name: str
    touches: Sequence[DemoTouch] = ()
    """Oldest first."""
    tasks: Sequence[DemoTask] = ()
    engagements: Sequence[DemoEngagement] = ()


@dataclass(frozen=True, slots=True)
class DemoHouse:
    """The organisation: what a plugin prepares its own settings for."""

    routes: Mapping[str, UUID]
    """Project type -> the route that its engagements take."""
    names: Mapping[str, str]
    """Project type -> its name."""


class DemoContext(Protocol):
    """One part of the customers, and the way to write rows that belong to them."""

    random: Random
    """Seeded for this part: the same seed gives the same rows."""
    facts: Any
    """What `DemoData.prepare` returned."""
    is_small: bool
    """A demo for people to look at, worth details that a benchmark does not need."""
    data_dir: Path

    @property
    def customers(self) -> Sequence[DemoCustomer]:
        """Written already; their plans, follow-ups and deals are not."""

    def id_at(self, moment: datetime) -> UUID:
        """A fresh id, as if made at `moment`."""

    def write(self, model: type[Any], rows: Iterable[Mapping[str, Any]]) -> None:
        """Insert rows of a mapped class. All rows name the same columns; the rest get their constant defaults."""


def _prepare_nothing(session: Any, house: DemoHouse) -> Any:
    return None


@dataclass(frozen=True, slots=True)
class DemoData:
    """Fills an owner's tables for `baton demo`, after the core's; low `order` first."""

    order: int
    load: Callable[[DemoContext], None]
    prepare: Callable[[Any, DemoHouse], Any] = field(default=_prepare_nothing)
    """(session, house) -> facts for `load`, which must survive pickling. Called once, before any customer is there."""
