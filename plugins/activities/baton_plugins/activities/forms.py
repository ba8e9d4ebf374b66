"""What people and programs may send. Blank fields mean "not given"."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from baton_plugins.activities.reminders.leads import Lead
from baton_plugins.activities.series import Repeat
from msgspec import Meta

Body = Annotated[str, Meta(min_length=1, max_length=10_000)]
Subject = Annotated[str, Meta(max_length=200)]
Promise = Annotated[str, Meta(max_length=300)]
Code = Annotated[str, Meta(max_length=60)]
Time = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Choice = Annotated[str, Meta(pattern=r"^(none|mon|date|[1-9]\d{0,2}d)?$")]
Direction = Literal["out", "in"]


class FollowUpInput(msgspec.Struct, kw_only=True):
    """One contact: what was said, what came of it, and what comes next."""

    body: Body
    kind: Code = "call"
    direction: Direction = "out"
    at: datetime | None = None
    """When it was; now when left out. Without a zone it is the organisation's."""
    contact_id: UUID | None = None
    engagement_id: UUID | None = None
    plan_id: UUID | None = None
    """The open plan that this answers."""
    outcome: Code = ""
    satisfaction: Code = ""
    """What the customer said of it: a code of `activities.satisfaction`; blank: not asked."""
    status: Code = ""
    """The customer's new status; blank leaves it to the outcome."""
    next: Choice = ""
    """`1d`, `3d` … in days, `mon` next Monday, `date` as `next_on` says, `none`; blank leaves it to the outcome."""
    next_on: date | None = None
    next_time: Time | None = None
    next_kind: Code = ""
    next_subject: Subject = ""
    promised: Promise = ""
    """What the customer was promised; goes into the package when the baton is handed over."""
    files: list[UUID] = []
    """Files that the customer has already and that belong to this"""
    reason: Subject = ""
    """Why there is no next plan; asked for grade A customers only."""
    details: dict[str, str] = {}
    """Answers to the fields of the kind: field id -> text."""


class FollowUpEdit(msgspec.Struct, kw_only=True):
    """A correction. What it replaces is kept."""

    body: Body
    version: int
    kind: Code = ""
    """Blank keeps the kind."""
    promised: Promise | None = None
    """None keeps what was promised."""
    details: dict[str, str] | None = None
    """Answers to the fields of the kind; none keeps them."""


class Planned(msgspec.Struct, kw_only=True):
    """Something to do on a day, at a time or at any time that day."""

    subject: Annotated[str, Meta(min_length=1, max_length=200)]
    on: date
    time: Time | None = None
    end: Time | None = None
    """When it will be over that day; only with a time."""
    kind: Code = "call"
    repeat: Repeat = ""
    repeat_until: date | None = None
    remind: list[Lead | Literal["default"]] = msgspec.field(default_factory=lambda: ["default"])
    """How long before; `default` is what the house has set for plans with a time."""
    remind_people: list[UUID] = []
    """Colleagues to be reminded as well as whoever has the plan; those of them who may see it."""


class PlanInput(Planned, kw_only=True):
    """Something to do with a customer on a day, at a time or at any time that day."""

    contact_id: UUID | None = None
    engagement_id: UUID | None = None
    opportunity_id: UUID | None = None
    """What is about an opportunity belongs to its engagement."""


class PlanMove(msgspec.Struct, kw_only=True):
    """Another date for a plan; a blank time makes it any time that day."""

    on: date
    time: Time | None = None
