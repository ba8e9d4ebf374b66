"""Opportunities as others know them: what plans, tasks and urging may be about, and kinds of business of plugins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from platform_core.contracts.ports import Port


@dataclass(frozen=True, slots=True)
class OpportunityRef:
    """As it stands at this moment."""

    id: UUID
    label: str
    customer_id: UUID
    engagement_id: UUID | None
    """What is written about it belongs to this one."""
    holder_id: UUID | None
    """Who works on it"""
    is_open: bool


@dataclass(frozen=True, slots=True)
class ProjectKind:
    """A kind of business that a plugin brings; `<plugin>.name`. Admins keep its name, its place and its route."""

    code: str
    label: str
    """Its name, until an admin gives it another"""
    order: int = 50


class Opportunities(Protocol):
    """Reads within the rights of the session's actor."""

    def one(self, session: Any, opportunity_id: UUID, /) -> OpportunityRef | None:
        """None: there is none, or not for this actor."""

    def of_customer(self, session: Any, customer_id: UUID, /) -> Sequence[OpportunityRef]:
        """All that the actor sees, newest first."""

    def url(self, opportunity_id: UUID, /) -> str:
        """Of its page."""


class _Nobody:
    def one(self, session: Any, opportunity_id: UUID, /) -> OpportunityRef | None:
        return None

    def of_customer(self, session: Any, customer_id: UUID, /) -> Sequence[OpportunityRef]:
        return ()

    def url(self, opportunity_id: UUID, /) -> str:
        return ""


OPPORTUNITIES: Port[Opportunities] = Port("opportunities.read", null=_Nobody())
