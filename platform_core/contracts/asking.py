"""Whom to ask for a right that one lacks; pages know no roles, so they ask through a port."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from platform_core.contracts.ports import Port


class RightGivers(Protocol):
    def names(self, session: Any) -> Sequence[str]:
        """Names of a few colleagues who give roles."""


class _Nobody:
    def names(self, session: Any) -> Sequence[str]:
        return ()


RIGHT_GIVERS: Port[RightGivers] = Port("right_givers", _Nobody())
