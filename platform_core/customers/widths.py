"""Whether so much belongs to some departments that another plan suits them: asked once a minute at most."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, select
from sqlalchemy.orm import Session

from platform_core.customers.models import Customer
from platform_core.kernel.database import database_of
from platform_core.kernel.planning import estimated_rows
from platform_core.kernel.scope import proven

_SECONDS = 60
_MOST_KNOWN = 1000
_PROOF = proven("how many rows departments have, up to a limit")
_houses: dict[str, tuple[float, int]] = {}
_known: dict[tuple[str, str, frozenset[UUID]], tuple[float, bool]] = {}


def is_wide(session: Session, what: str, departments: frozenset[UUID], theirs: ColumnElement[bool], limit: int) -> bool:
    """Whether at least `limit` rows meet `theirs`, a condition on the departments; `what` names it."""
    key = (database_of(session).url, what, departments)
    moment = time.monotonic()
    known = _known.get(key)
    if known and moment - known[0] < _SECONDS:
        return known[1]
    rows: Any = select(literal(1)).where(theirs).limit(limit)
    wide = session.scalar(select(func.count()).select_from(rows.subquery()), execution_options=_PROOF) == limit
    if len(_known) > _MOST_KNOWN:
        _known.clear()
    _known[key] = (moment, wide)
    return wide


def size_of_house(session: Session) -> int:
    """About how many customers there are, as PostgreSQL's statistics have it; 0 on SQLite, which keeps none."""
    database = database_of(session)
    if database.is_sqlite:
        return 0
    moment = time.monotonic()
    known = _houses.get(database.url)
    if known and moment - known[0] < _SECONDS:
        return known[1]
    size = estimated_rows(session, select(Customer.id), _PROOF)
    _houses[database.url] = (moment, size)
    return size


def forget() -> None:
    """For tests, which change how many rows there are."""
    _known.clear()
    _houses.clear()
