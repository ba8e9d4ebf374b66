"""What may be put in about consent, opt-outs, restrictions and requests; shared by pages and API."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

Code = Annotated[str, Meta(min_length=1, max_length=60)]
Reason = Annotated[str, Meta(min_length=2, max_length=500)]
Note = Annotated[str, Meta(max_length=500)]


class ConsentInput(msgspec.Struct, kw_only=True):
    """What a person said. `channel` "" is every one; `on` is the day they said so, today without it."""

    purpose: Code
    channel: Annotated[str, Meta(max_length=20)] = ""
    given: bool = False
    source: Code
    contact_id: UUID | None = None
    on: date | None = None
    text_id: UUID | None = None
    note: Note = ""


class SuppressionInput(msgspec.Struct, kw_only=True):
    """Nothing more to a number or address of the customer (`point_id`), or to the person.

    `purpose`: a code, "" for everything that needs consent, "*" for everything; `channel` "" is every one.
    """

    point_id: UUID | None = None
    contact_id: UUID | None = None
    channel: Annotated[str, Meta(max_length=20)] = ""
    purpose: Annotated[str, Meta(max_length=60)] = ""
    source: Code
    note: Note = ""


class ReasonInput(msgspec.Struct, kw_only=True):
    reason: Reason


class TextInput(msgspec.Struct, kw_only=True):
    purpose: Code
    body: Annotated[str, Meta(min_length=10, max_length=10_000)]


class RequestInput(msgspec.Struct, kw_only=True):
    kind: Literal["access", "correction", "restriction", "erasure"]
    asked_by: Annotated[str, Meta(min_length=1, max_length=120)]
    source: Code
    received_on: date | None = None
    details: Annotated[str, Meta(max_length=5000)] = ""
    identity: Annotated[str, Meta(max_length=200)] = ""


class Closing(msgspec.Struct, kw_only=True):
    state: Literal["done", "refused", "withdrawn"]
    result: Annotated[str, Meta(min_length=2, max_length=5000)]
    identity: Annotated[str, Meta(max_length=200)] = ""


class Correction(msgspec.Struct, kw_only=True):
    """`field`: a field of the customer's record; `value`: what it should say."""

    field: Code
    value: Annotated[str, Meta(max_length=5000)] = ""
