"""Asking once more who is there: packages below the accounts do it through a port."""

from __future__ import annotations

from typing import Any, Protocol

from platform_core.contracts.identity import Actor
from platform_core.contracts.ports import Port


class Presence(Protocol):
    def first(self, request: Any, session: Any, actor: Actor, following: str) -> Any:
        """The answer that sends somebody to prove to be there, and then on to `following`; None: go on.

        Raises Forbidden for programs.
        """


class _Unasked:
    def first(self, request: Any, session: Any, actor: Actor, following: str) -> Any:
        return None


PRESENCE: Port[Presence] = Port("presence", _Unasked())
