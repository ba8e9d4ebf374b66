"""Bearer tokens that people make for their own programs, and that administrators may end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.users import accounts, sessions
from platform_core.users.models import ApiToken, User

_ = translator("users")
MOST = 20
LIVES = (30, 90, 365)
"""Days after which a token may end; one without an end is for operators to make."""


class TokenInput(msgspec.Struct, kw_only=True):
    """What the token is for, and for how many days. `changes_rights`: see ApiToken."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    days: Annotated[int, msgspec.Meta(ge=1, le=max(LIVES))] = 90
    changes_rights: bool = False


def of_user(session: Session, user_id: UUID) -> Sequence[ApiToken]:
    """Those that have not been revoked, the newest first; some may have run out."""
    return session.scalars(
        select(ApiToken)
        .join(User, User.id == ApiToken.user_id)
        .where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None), ApiToken.auth_epoch == User.auth_epoch)
        .order_by(ApiToken.created_at.desc(), ApiToken.id.desc())
        .limit(5 * MOST)
    ).all()


def has_ended(token: ApiToken) -> bool:
    return token.expires_at is not None and token.expires_at <= now()


def create(session: Session, actor: Actor, data: TokenInput) -> str:
    """A token that acts as the actor. It is returned this once.

    One that changes rights is for those who have just proved to be there (`stepup`): that is the caller's to ask.
    Raises Forbidden for programs, Invalid where such a one would live too long, Conflict beyond MOST.
    """
    if actor.via != "page":
        # Whoever got hold of one token must not be able to make others that outlive it.
        raise Forbidden(_("A program cannot make tokens. Sign in and use the page."))
    if data.changes_rights and data.days > min(LIVES):
        message = _("A token that changes rights ends after %(days)d days at the latest.", days=min(LIVES))
        raise Invalid(message, fields={"days": message})
    if sum(1 for token in of_user(session, actor.user_id) if not has_ended(token)) >= MOST:
        raise Conflict(_("You have %(number)s tokens. Revoke one first.", number=MOST))
    user = accounts.get_user(session, actor.user_id)
    text = sessions.create_api_token(
        session, user, data.name.strip(), days=data.days, changes_rights=data.changes_rights
    )
    after = {"name": data.name.strip(), "days": data.days}
    audit.record(
        session, actor, "users.token", accounts.ref(user),
        after={**after, "changes_rights": True} if data.changes_rights else after,
    )  # fmt: skip
    return text


def revoke(session: Session, actor: Actor, user_id: UUID, token_id: UUID) -> None:
    """End a token at once: one's own, or as an administrator of accounts. Raises NotFound, Forbidden."""
    if user_id != actor.user_id:
        accounts.require(actor, "users.manage")
    token = session.get(ApiToken, token_id)
    if token is None or token.user_id != user_id or token.revoked_at is not None:
        raise NotFound(_("There is no such token, or it has been revoked."))
    token.revoked_at = now()
    user = accounts.get_user(session, user_id)
    audit.record(session, actor, "users.revoke_token", accounts.ref(user), after={"name": token.name})
