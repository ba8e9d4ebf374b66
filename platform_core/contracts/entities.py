"""Entities, references to them, and what the core must know about each to guard, merge and erase it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement

from platform_core.contracts.identity import Actor


@dataclass(frozen=True, slots=True)
class EntityRef:
    """A link to any row of any owner that survives the owner's absence: `customers/customer/<id>`."""

    owner: str
    kind: str
    id: UUID
    label: str = ""


class ScopePolicy(Protocol):
    """Which rows of an entity an actor may read."""

    def predicate(self, actor: Actor) -> ColumnElement[bool] | None:
        """SQL over the entity's mapped columns; None means every row."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A mapped class and its scope policy.

    `policy=None` needs a `reason`: the rows are configuration, not about people.
    """

    model: type[Any]
    policy: ScopePolicy | None
    reason: str = ""

    def __post_init__(self) -> None:
        if self.policy is None and not self.reason:
            message = f"{self.model.__name__} has neither a scope policy nor a reason to have none"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class CustomerReference:
    """A column that points to a customer. Merge re-points it, erase applies `on_erase`."""

    model: type[Any]
    column: str
    on_erase: str = "keep"
    """`keep` (the row stays, its person is gone), `delete`, or `clear` (set null)."""


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A line of the palette or of a search page."""

    label: str
    detail: str
    url: str
    icon: str = "building-skyscraper"


@dataclass(frozen=True, slots=True)
class SearchSource:
    """Where the palette and the search page look besides customers."""

    key: str
    label: str
    permission: str
    find: Callable[[Any, Actor, str, int], list[SearchHit]]
    """(session, actor, query, limit) -> hits"""
