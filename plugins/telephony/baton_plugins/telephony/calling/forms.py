"""What people say about lists of customers to call."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta


class ListInput(msgspec.Struct, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=80)]
    script_id: UUID | None = None
    shared: bool = False


class ScriptInput(msgspec.Struct, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=80)]
    body: Annotated[str, Meta(min_length=1, max_length=8000)]
    active: bool = False
