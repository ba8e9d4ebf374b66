"""Version counters that every process follows, so that it may cache what seldom changes, and code sequences."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from platform_core.kernel.models import Counter


def bump(session: Session, name: str, by: int = 1) -> int:
    """Add to it within the caller's transaction and return the new value; concurrent callers wait for each other."""
    changed = session.execute(
        update(Counter).where(Counter.name == name).values(value=Counter.value + by).returning(Counter.value)
    ).scalar_one_or_none()
    if changed is None:
        with session.begin_nested():
            session.add(Counter(name=name, value=by))
        return by
    return changed


def read(session: Session, name: str) -> int:
    return session.scalar(select(Counter.value).where(Counter.name == name)) or 0
