"""What somebody holds that others have to take over before they leave; accounts know nothing of customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID

from platform_core.contracts.ports import Port

HANDS_OVER = "customers.offboard"
"""The right to pass on what leavers hold."""


class Holdings(Protocol):
    def of(self, session: Any, user_id: UUID) -> Sequence[tuple[str, int]]:
        """(kind of rows, how many), whoever may see them."""


class _Nothing:
    def of(self, session: Any, user_id: UUID) -> Sequence[tuple[str, int]]:
        return ()


HOLDINGS: Port[Holdings] = Port("holdings", _Nothing())
