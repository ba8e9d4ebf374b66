"""Calls that somebody asked for at their screen: their own telephone rings first, then the customer's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_MOST = 100
_HARMLESS = re.compile(r"[0-9A-Za-z+*#_.-]{1,40}")


@dataclass(frozen=True, slots=True)
class Asked:
    """Raises ValueError for what could be more than an id, an extension and a number to an exchange."""

    id: str
    extension: str
    number: str
    """With + and the country's code."""
    digits: str
    """As somebody at that telephone would dial it."""

    def __post_init__(self) -> None:
        if not all(_HARMLESS.fullmatch(text) for text in (self.id, self.extension, self.number, self.digits)):
            raise ValueError("this cannot be dialled")

    @property
    def call(self) -> str:
        """How the exchange names the call."""
        return f"baton-{self.id}"

    def ringing(self) -> dict[str, Any]:
        return {
            "kind": "ringing", "call": self.call, "direction": "out", "number": self.number, "to": [self.extension],
        }  # fmt: skip


def remember(kept: dict[str, Asked], asked: Asked) -> None:
    """Under its call, the oldest ones forgotten."""
    while len(kept) >= _MOST:
        kept.pop(next(iter(kept)))
    kept[asked.call] = asked
