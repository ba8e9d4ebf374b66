"""The numbers in the navigation: one bounded statement for all of them, kept for a few seconds.

Whatever this process writes for anybody makes it count anew; what other processes write shows up to five seconds later.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.contracts.pages import Badge, NavItem
from platform_core.kernel.database import database_of
from platform_core.kernel.scope import proven, readable

_KEPT_SECONDS = 5.0
_MOST_KEPT = 5000
MOST = 100
"""Counted no further; shown as 99+."""
_PROOF = proven("each count carries the policy of its model")


_kept: dict[tuple[str, UUID, frozenset[str]], tuple[float, dict[str, int]]] = {}


def forget() -> None:
    """Somebody has written something."""
    _kept.clear()


def counts(session: Session, actor: Actor, items: Sequence[NavItem]) -> dict[str, int]:
    """Key of a line -> how much waits there, at most MOST."""
    if actor.seen_by is not None:
        return _count(session, actor, items)  # perhaps with fewer rights than the person has, who is not to get these
    key = (database_of(session).url, actor.user_id, frozenset(item.key for item in items))
    moment = time.monotonic()
    known = _kept.get(key)
    if known is not None and moment - known[0] < _KEPT_SECONDS:
        return known[1]
    found = _count(session, actor, items)
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    _kept[key] = (moment, found)
    return found


def _count(session: Session, actor: Actor, items: Sequence[NavItem]) -> dict[str, int]:
    parts = []
    for item in items:
        if item.badge is not None:
            rows = _rows(session, item.badge(actor))
            parts.append(select(func.count()).select_from(rows.subquery()).scalar_subquery().label(item.key))
    if not parts:
        return {}
    with session.no_autoflush:  # what a refused form has left in the session is not to be written
        return dict(session.execute(select(*parts), execution_options=_PROOF).one()._mapping)  # noqa: SLF001


def _rows(session: Session, badge: Badge) -> Select[Any]:
    within = [readable(session, badge.model)]
    rows = select(badge.model.id).where(*badge.conditions)
    if badge.through is not None:
        theirs = [badge.through.id == badge.model.customer_id, readable(session, badge.through)]
        rows = rows.outerjoin(badge.through, and_(*(part for part in theirs if part is not None)))
        within.append(or_(badge.through.id.is_not(None), badge.model.customer_id.is_(None)))
    return rows.where(*(part for part in within if part is not None)).limit(MOST)


def text(count: int) -> str:
    """Empty for nothing."""
    return "" if not count else str(count) if count < MOST else f"{MOST - 1}+"
