"""Typed input, shared by page, API and import."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

Title = Annotated[str, Meta(min_length=1, max_length=120)]
Amount = Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]
Note = Annotated[str, Meta(max_length=5000)]


class EntryInput(msgspec.Struct, kw_only=True):
    """An entry as a form sends it."""

    title: Title
    amount: Amount = 0
    note: Note = ""
    version: int | None = None
    """As read, when an entry is changed; a stale one is refused."""


class NewEntry(msgspec.Struct, kw_only=True):
    """An entry as a program adds it."""

    customer_id: UUID
    title: Title
    amount: Amount = 0
    note: Note = ""


class EntryRow(msgspec.Struct, kw_only=True):
    """An entry as a row of a table; `customer` is the customer's code."""

    customer: Annotated[str, Meta(min_length=1, max_length=60)]
    title: Title
    amount: Amount = 0
    note: Note = ""
