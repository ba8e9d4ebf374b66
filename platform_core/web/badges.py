"""The numbers in the navigation: one bounded statement for all of them, once per whole page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.contracts.pages import Badge, NavItem
from platform_core.kernel.scope import proven, visible

MOST = 100
"""Counted no further; shown as 99+."""
_PROOF = proven("each count carries the policy of its model")


def counts(session: Session, actor: Actor, items: Sequence[NavItem]) -> dict[str, int]:
    """Key of a line -> how much waits there, at most MOST."""
    parts = []
    for item in items:
        if item.badge is not None:
            rows = _rows(actor, item.badge(actor))
            parts.append(select(func.count()).select_from(rows.subquery()).scalar_subquery().label(item.key))
    if not parts:
        return {}
    with session.no_autoflush:  # what a refused form has left in the session is not to be written
        return dict(session.execute(select(*parts), execution_options=_PROOF).one()._mapping)  # noqa: SLF001


def _rows(actor: Actor, badge: Badge) -> Select[Any]:
    within = [visible(badge.model, actor)]
    rows = select(badge.model.id).where(*badge.conditions)
    if badge.through is not None:
        rows = rows.join(badge.through, badge.through.id == badge.model.customer_id)
        within.append(visible(badge.through, actor))
    return rows.where(*(part for part in within if part is not None)).limit(MOST)


def text(count: int) -> str:
    """Empty for nothing."""
    return "" if not count else str(count) if count < MOST else f"{MOST - 1}+"
