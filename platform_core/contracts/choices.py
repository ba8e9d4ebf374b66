"""What people have chosen for themselves, for packages below the accounts that keep it."""

from __future__ import annotations

from typing import Any, Protocol

from platform_core.contracts.identity import Actor
from platform_core.contracts.ports import Port


class Choices(Protocol):
    def read(self, session: Any, actor: Actor, key: str, default: Any = None) -> Any: ...

    def write(self, session: Any, actor: Actor, key: str, value: Any) -> None:
        """None forgets the choice."""


class _Forgotten:
    def read(self, session: Any, actor: Actor, key: str, default: Any = None) -> Any:
        return default

    def write(self, session: Any, actor: Actor, key: str, value: Any) -> None:
        return


CHOICES: Port[Choices] = Port("choices", _Forgotten())
