"""Tables that people upload to add rows of a plugin's entity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from platform_core.contracts.identity import Actor


@dataclass(frozen=True, slots=True)
class ImportTarget:
    """What one row of the table becomes: `input`, a msgspec Struct, then `create(session, actor, input)`.

    `columns`: field of the struct -> title of its column. `key` is `<plugin>.name`; its page is `/import/<key>`.
    """

    key: str
    label: str
    permission: str
    input: type[Any]
    columns: Mapping[str, str]
    create: Callable[[Any, Actor, Any], Any]
    """Raises Invalid with messages by field, Forbidden or NotFound for a row that cannot be added."""
    url: str
    """Where what was added can be seen."""
