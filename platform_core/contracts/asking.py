"""Whom to ask for what one may not do; pages know no roles, so they ask through a port."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID

from platform_core.contracts.ports import Port


class RightGivers(Protocol):
    def names(self, session: Any) -> Sequence[str]:
        """Names of a few colleagues who give roles."""

    def holding(self, session: Any, right: str, *, besides: UUID | None, department: UUID | None) -> Sequence[str]:
        """Names of a few who hold a right, but not of `besides`; those of the department alone where there are any."""

    def called(self, session: Any, people: Sequence[UUID]) -> Sequence[str]:
        """Names of those whose accounts are active, in this order."""


class _Nobody:
    def names(self, session: Any) -> Sequence[str]:
        return ()

    def holding(self, session: Any, right: str, *, besides: UUID | None, department: UUID | None) -> Sequence[str]:
        return ()

    def called(self, session: Any, people: Sequence[UUID]) -> Sequence[str]:
        return ()


RIGHT_GIVERS: Port[RightGivers] = Port("right_givers", _Nobody())
