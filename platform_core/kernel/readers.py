"""The actor of a statement as named parameters, so that a condition is written once for everybody of the same rights.

Writing a policy's condition takes longer than reading the rows it lets through: at twelve statements a page it was a
third of the page. The session that runs a statement supplies the values (`kernel.scope`), so they are always those of
its own actor; anywhere else the parameters have no value and the statement fails.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Uuid, bindparam

from platform_core.contracts.identity import Actor, Scope
from platform_core.kernel.clock import now
from platform_core.kernel.idlists import FEW, NamedIds
from platform_core.kernel.types import UtcDateTime

_ID_SETS = ("department_ids", "subtree_ids", "team_ids")


@dataclass(frozen=True, slots=True)
class Reader:
    """Stands in for an `Actor` where a condition is written. What is not about rights is left out on purpose."""

    grants: Mapping[str, Scope]
    department_ids: Collection[UUID]
    subtree_ids: Collection[UUID]
    team_ids: Collection[UUID]
    user_id: Any

    scope = Actor.scope
    can = Actor.can
    departments_for = Actor.departments_for


class _Everything(dict[str, Scope]):
    def get(self, permission: str, default: Any = None) -> Scope:
        return Scope.ALL


EVERYBODY = cast("Actor", Reader(_Everything(), frozenset(), frozenset(), frozenset(), None))
"""For whom a system session reads."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How conditions are written for an actor (`kind`, equal for all whom the same ones suit) and with which values."""

    actor: Actor
    kind: tuple[Any, ...]
    values: Mapping[str, Any]

    def reader(self) -> Actor:
        """The stand-in to write conditions with."""
        named = {name: _named(name, getattr(self.actor, name)) for name in _ID_SETS}
        reader = Reader(grants=dict(self.actor.grants), user_id=bindparam("reader_user_id", type_=Uuid()), **named)
        return cast("Actor", reader)


def reading(actor: Actor) -> Reading:
    sizes = tuple(_size(getattr(actor, name)) for name in _ID_SETS)
    # Plain numbers: an enum hashes its name by a Python method.
    kind = (frozenset((name, int(scope)) for name, scope in actor.grants.items()), *sizes)
    values = {f"reader_{name}": sorted(getattr(actor, name)) for name in _ID_SETS}
    return Reading(actor, kind, {"reader_user_id": actor.user_id, **values})


def _size(ids: Collection[UUID]) -> str:
    return "none" if not ids else "few" if len(ids) <= FEW else "many"


def _named(name: str, ids: Collection[UUID]) -> Collection[UUID]:
    return NamedIds(f"reader_{name}", is_many=len(ids) > FEW) if ids else frozenset()


def this_moment() -> Any:
    """The time when a statement runs, not when it was written."""
    return bindparam("moment", callable_=now, type_=UtcDateTime(), unique=True)
