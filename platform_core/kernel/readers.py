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
from platform_core.kernel.idlists import FEW, Ids, NamedIds
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
    deputy_for: tuple[Any, ...] = ()

    parties = Actor.parties
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
        lenders = tuple(_stand_in(one, f"reader_{number}") for number, one in enumerate(self.actor.deputy_for))
        return cast("Actor", _stand_in(self.actor, "reader", lenders))


def reading(actor: Actor) -> Reading:
    kind, values = _kind(actor), _values(actor, "reader")
    for number, lender in enumerate(actor.deputy_for):
        kind += (_kind(lender),)
        values |= _values(lender, f"reader_{number}")
    return Reading(actor, kind, values)


def _stand_in(actor: Actor, prefix: str, lenders: tuple[Reader, ...] = ()) -> Reader:
    named = {name: _named(f"{prefix}_{name}", getattr(actor, name)) for name in _ID_SETS}
    user_id = bindparam(f"{prefix}_user_id", type_=Uuid())
    return Reader(grants=dict(actor.grants), user_id=user_id, deputy_for=lenders, **named)


def _kind(actor: Actor) -> tuple[Any, ...]:
    # Plain numbers: an enum hashes its name by a Python method.
    grants = frozenset((name, int(scope)) for name, scope in actor.grants.items())
    return (grants, *(_size(getattr(actor, name)) for name in _ID_SETS))


def _values(actor: Actor, prefix: str) -> dict[str, Any]:
    ids = {f"{prefix}_{name}": Ids(sorted(getattr(actor, name))) for name in _ID_SETS}
    return {f"{prefix}_user_id": actor.user_id, **ids}


def _size(ids: Collection[UUID]) -> str:
    return "none" if not ids else "few" if len(ids) <= FEW else "many"


def _named(name: str, ids: Collection[UUID]) -> Collection[UUID]:
    return NamedIds(name, is_many=len(ids) > FEW) if ids else frozenset()


def this_moment() -> Any:
    """The time when a statement runs, not when it was written."""
    return bindparam("moment", callable_=now, type_=UtcDateTime(), unique=True)
