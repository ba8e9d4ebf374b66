"""Asking for the password once more before an act that must not be done at a desk somebody has just left."""

from __future__ import annotations

from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.users import accounts, passwords, throttle
from platform_core.users.models import User


def check_password(session: Session, actor: Actor, user: User, password: str, action: str) -> str:
    """Returns "wait" or "wrong", and nothing when it is the present password of the actor's account `user`.

    Guesses are slowed down like sign-ins. The transaction must be kept whatever comes back, so that they count: answer
    with a redirect or a page, not with a refusal.
    """
    keys = throttle.Keys.of(f"change {user.login}", actor.ip)
    if throttle.take(session, keys):
        return "wait"
    if not passwords.verify(user.password_hash, password):
        audit.record(session, actor, action, accounts.ref(user), result="failed", reason="wrong password")
        return "wrong"
    throttle.forgive(session, keys)
    return ""
