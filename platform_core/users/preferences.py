"""What a person has chosen for themselves, kept with the account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.users.models import User

_preferences = select(User.preferences).where(User.id == bindparam("user_id"))


_KEPT = "preferences"


def keep(session: Session, user_id: UUID, found: Mapping[str, Any]) -> None:
    """For the rest of the request: they came with the statement that recognised the user."""
    session.info[_KEPT] = (user_id, found)


def read(session: Session, actor: Actor, key: str, default: Any = None) -> Any:
    user_id, found = session.info.get(_KEPT, (None, None))
    if user_id != actor.user_id:
        found = _stored(session, actor)
    return found.get(key, default)


def write(session: Session, actor: Actor, key: str, value: Any) -> None:
    """None forgets the choice."""
    kept = _stored(session, actor)
    kept.pop(key, None)
    if value is not None:
        kept[key] = value
    session.execute(update(User).where(User.id == actor.user_id).values(preferences=kept))
    keep(session, actor.user_id, kept)


def _stored(session: Session, actor: Actor) -> dict[str, Any]:
    return dict(session.scalar(_preferences, {"user_id": actor.user_id}) or {})
