"""Ports: services one plugin offers and others may use without importing it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from platform_core.contracts.identity import Actor

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Port(Generic[T]):
    """A typed token; `null` answers while nobody provides the service."""

    name: str
    null: T


@dataclass(frozen=True, slots=True)
class Provider(Generic[T]):
    """An owner's implementation of a port."""

    port: Port[T]
    service: T


@dataclass(frozen=True, slots=True)
class FollowUpForms:
    """Addresses of the forms in which a contact is written down or planned; both open as a dialog or as a page."""

    log: Callable[[UUID, str, datetime], str]
    """(customer, `in` or `out`, when it was). With `&within=1` it stays in the page that fetched it: once it is saved,
    that page hears `customer-changed` instead of being left."""
    plan: Callable[[UUID], str]
    """(customer)"""
    of_opportunity: Callable[[Actor, UUID], str]
    """(reader, opportunity): not a form, but what is planned about it, as a piece of a page; empty: not for them"""


class Planner(Protocol):
    def __call__(
        self, session: Any, customer_id: UUID, user_id: UUID, subject: str, on: date, cause: str, /
    ) -> UUID | None:
        """A plan to call for a person, once for each `cause` of a customer. None: nobody keeps plans, or not they."""


def _nobody_plans(session: Any, customer_id: UUID, user_id: UUID, subject: str, on: date, cause: str, /) -> UUID | None:
    return None


PLANNER: Port[Planner] = Port("activities.planner", null=_nobody_plans)
FOLLOW_UP_FORMS: Port[FollowUpForms | None] = Port("activities.forms", null=None)
