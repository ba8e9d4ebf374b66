"""What people and programs send to the relay."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

Lines = Annotated[str, Meta(max_length=10_000)]
Note = Annotated[str, Meta(max_length=4000)]
Outcome = Annotated[str, Meta(max_length=200)]
Title = Annotated[str, Meta(max_length=120)]
Reason = Annotated[str, Meta(max_length=1000)]


class OpenInput(Struct, kw_only=True):
    customer_id: UUID
    route_id: UUID
    title: Title


class PackageInput(Struct, kw_only=True):
    """What goes along with the baton; replaces what was composed."""

    said: Lines = ""
    promised: Lines = ""
    plans: list[UUID] = []
    """Of those that are open in the engagement"""
    files: list[UUID] = []
    """Of those that the sender may read"""


class HandOverInput(Struct, kw_only=True):
    note: Note
    to_user_id: UUID | None = None
    outcome: Outcome = ""
    package: PackageInput | None = None
    """Left out: as it is composed"""


class FinishInput(Struct, kw_only=True):
    note: Note = ""
    outcome: Outcome = ""


class ReasonInput(Struct, kw_only=True):
    reason: Reason


class PersonInput(Struct, kw_only=True):
    user_id: UUID


class MemberInput(Struct, kw_only=True):
    user_id: UUID
    writes: bool = False
    until: date | None = None


class TickInput(Struct, kw_only=True):
    key: Annotated[str, Meta(max_length=60)]
    done: bool = False
