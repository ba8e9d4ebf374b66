"""What a person has chosen for themselves, kept with the account."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.users.models import User

_preferences = select(User.preferences).where(User.id == bindparam("user_id"))


def read(session: Session, actor: Actor, key: str, default: Any = None) -> Any:
    found = session.scalar(_preferences, {"user_id": actor.user_id}) or {}
    return found.get(key, default)


def write(session: Session, actor: Actor, key: str, value: Any) -> None:
    """None forgets the choice."""
    kept = dict(session.scalar(_preferences, {"user_id": actor.user_id}) or {})
    kept.pop(key, None)
    if value is not None:
        kept[key] = value
    session.execute(update(User).where(User.id == actor.user_id).values(preferences=kept))
