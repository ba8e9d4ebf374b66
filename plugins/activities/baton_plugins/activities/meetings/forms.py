"""What is asked of whoever invites to a meeting."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from baton_plugins.activities.forms import Time
from baton_plugins.activities.reminders.leads import Lead
from msgspec import Meta

HOUSE: Literal["default"] = "default"
NONE: Literal["none"] = "none"


class MeetingInput(msgspec.Struct, kw_only=True):
    """Without times it takes whole days; `clash`: those who have something else are asked all the same."""

    subject: Annotated[str, Meta(min_length=1, max_length=200)]
    on: date
    time: Time | None = None
    last: date | None = None
    """The day on which it ends, where that is another"""
    end: Time | None = None
    people: list[UUID] = []
    room: Annotated[str, Meta(max_length=60)] = ""
    place: Annotated[str, Meta(max_length=120)] = ""
    note: Annotated[str, Meta(max_length=2000)] = ""
    remind: Lead | Literal["default", "none"] = HOUSE
    """How long before everybody is reminded who has not declined; `default` is what the house has set."""
    clash: bool = False
    version: int = 0
    """Of the meeting that is changed"""


class Reply(msgspec.Struct, kw_only=True):
    """Whether somebody comes."""

    answer: Literal["yes", "no", "maybe"]
