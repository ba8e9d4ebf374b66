"""Heads who look at their department see a plan or a result as it is written down: their pages look again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from platform_core.api import RIGHTS_COUNTER, Scope, Session, counters, names_of, right_holders, signal_all

RIGHT = "activities.correct"
SIGNAL = "team"
"""Its value is the department: a page of another one stays as it is."""


@dataclass(frozen=True, slots=True)
class _Heads:
    """Who sees everybody's day, and who that of which departments."""

    of_all: frozenset[UUID]
    of: Mapping[UUID, frozenset[UUID]]


def _load(session: Session) -> _Heads:
    of_all: set[UUID] = set()
    of: dict[UUID, set[UUID]] = defaultdict(set)
    for holder in right_holders(session, [RIGHT]):
        for actor in (holder.actor, *(lender.actor for lender in holder.lent)):
            if actor.scope(RIGHT) == Scope.ALL:
                of_all.add(holder.actor.user_id)
            for department in actor.departments_for(RIGHT):
                of[department].add(holder.actor.user_id)
    return _Heads(frozenset(of_all), {key: frozenset(heads) for key, heads in of.items()})


_heads = counters.Followed(RIGHTS_COUNTER, _load)


def tell(session: Session, *people: UUID | None) -> None:
    """Something of theirs has changed. After commit, and as signals alone."""
    known = names_of(session, people).people
    departments = {known[key].department_id for key in people if key is not None and key in known}
    for department in departments - {None}:
        assert department is not None
        heads = _heads.get(session)
        signal_all(session, sorted(heads.of_all | heads.of.get(department, frozenset())), SIGNAL, department.hex)
