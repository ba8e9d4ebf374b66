"""What the audit trail may know of customers, whom it only has the ids of: that they are customers, and their names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol
from uuid import UUID

from platform_core.contracts.ports import Port


class CustomerNames(Protocol):
    def ids(self) -> Any:
        """A SELECT of the id of every customer, for use inside another statement."""

    def names(self, session: Any, ids: Collection[UUID]) -> Mapping[UUID, str]:
        """Code and name; nothing that is sensitive, whoever asks."""

    def contacts(self, session: Any, ids: Collection[UUID]) -> Mapping[UUID, str]:
        """Names of those of them that are people without a customer, or were when it was written down."""


class _Nobody:
    def ids(self) -> Any:
        return None

    def names(self, session: Any, ids: Collection[UUID]) -> Mapping[UUID, str]:
        return {}

    def contacts(self, session: Any, ids: Collection[UUID]) -> Mapping[UUID, str]:
        return {}


CUSTOMER_NAMES: Port[CustomerNames] = Port("customer_names", _Nobody())
