"""Who is at Baton at present."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.kernel.clock import now
from platform_core.users.models import SignInSession, User

AWAY_AFTER = timedelta(minutes=10)


def online(session: Session, user_ids: Collection[UUID]) -> set[UUID]:
    """Those of them who have a browser signed in and have done something with it within ten minutes."""
    moment = now()
    statement = (
        select(SignInSession.user_id)
        .join(User, User.id == SignInSession.user_id)
        .where(
            SignInSession.user_id.in_(user_ids),
            SignInSession.revoked_at.is_(None),
            SignInSession.auth_epoch == User.auth_epoch,
            SignInSession.expires_at > moment,
            SignInSession.seen_at > moment - AWAY_AFTER,
        )
        .distinct()
    )
    return set(session.scalars(statement))
