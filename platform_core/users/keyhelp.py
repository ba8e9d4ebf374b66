"""Lost keys: one person asks for help in somebody's name, another one confirms it; never the same, never oneself.

The confirmation removes the lost keys and gives out a one-time code. Whoever signs in with the own password and that
code can do nothing but register a new key.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy import Row, delete, or_, select, update
from sqlalchemy.orm import Session, aliased

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Ask, Conflict, Forbidden, NotFound
from platform_core.kernel.i18n import noop, translator
from platform_core.kernel.secrets import token_digest
from platform_core.users import accounts, keys
from platform_core.users.keymodels import KeyHelp, RecoveryCode
from platform_core.users.models import OneTimeCode, User

_ = translator("users")
PERMISSION = "users.keys"
_WAITS = timedelta(days=7)
CONFIRMED = noop("Your lost keys were removed, and a code to register a new one was given out.")


class HelpInput(msgspec.Struct, kw_only=True):
    """`reason`: what happened, and how the person was recognised."""

    reason: Annotated[str, msgspec.Meta(min_length=5, max_length=500)]


def waiting(session: Session) -> Sequence[Row[KeyHelp, str, str, str]]:
    """(KeyHelp, name, sign-in name, name of who asked) of what nobody has decided yet, the oldest first."""
    asker = aliased(User)
    return session.execute(
        select(KeyHelp, User.name, User.login, asker.name.label("asked_by"))
        .join(User, User.id == KeyHelp.user_id)
        .outerjoin(asker, asker.id == KeyHelp.asked_by)
        .where(KeyHelp.decided_at.is_(None), KeyHelp.asked_at > now() - _WAITS)
        .order_by(KeyHelp.asked_at, KeyHelp.id)
        .limit(100)
    ).all()


def ask(session: Session, actor: Actor, user_id: UUID, data: HelpInput) -> KeyHelp:
    """Raises Forbidden for oneself, Conflict where somebody has asked already."""
    _require(actor)
    user = accounts.get_user(session, user_id)
    if user.id == actor.user_id:
        raise Forbidden(_("Nobody asks for themselves."), ask=Ask(PERMISSION))
    if user.status != "active":
        raise Conflict(_("This account is not active. Take it back or unfreeze it first."))
    open_one = select(KeyHelp.id).where(
        KeyHelp.user_id == user.id, KeyHelp.decided_at.is_(None), KeyHelp.asked_at > now() - _WAITS
    )
    if session.scalar(open_one.limit(1)) is not None:
        raise Conflict(_("Somebody has asked already. Another person confirms it."))
    asked = KeyHelp(user_id=user.id, asked_by=actor.user_id, reason=data.reason.strip())
    session.add(asked)
    audit.record(session, actor, "users.ask_key_help", accounts.ref(user), reason=asked.reason)
    return asked


def confirm(session: Session, actor: Actor, help_id: UUID) -> tuple[User, str]:
    """Remove the lost keys; returns whose they were, and the code, which nobody can read again."""
    asked, user = _decidable(session, actor, help_id)
    if asked.asked_by == actor.user_id:
        raise Forbidden(_("You have asked for this yourself. Another person has to confirm it."), ask=Ask(PERMISSION))
    _decide(asked, actor, "confirmed")
    keys.drop(session, actor, keys.of_user(session, user.id))
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    code = _put_out(session, actor, user)
    audit.record(session, actor, "users.confirm_key_help", accounts.ref(user), reason=asked.reason)
    keys.tell(session, user.id, CONFIRMED)
    return user, code


def refuse(session: Session, actor: Actor, help_id: UUID) -> None:
    """Whoever asked may take it back that way."""
    asked, user = _decidable(session, actor, help_id)
    _decide(asked, actor, "refused")
    audit.record(session, actor, "users.refuse_key_help", accounts.ref(user), reason=asked.reason)


def by_operator(session: Session, user: User) -> str:
    """The same at the command line of the server, for a house in which nobody else can help."""
    keys.drop(session, None, keys.of_user(session, user.id))
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    code = _put_out(session, None, user)
    audit.record(session, None, "users.confirm_key_help", accounts.ref(user), reason="operator")
    keys.tell(session, user.id, CONFIRMED)
    return code


def _put_out(session: Session, actor: Actor | None, user: User) -> str:
    """Typed by people, so it is short, in groups, and soon over; its digest is that of a one-time code."""
    accounts.end_codes(session, user.id, "key")
    code, ends = keys.new_code(), now() + timedelta(minutes=accounts.RESET_MINUTES)
    session.add(
        OneTimeCode(
            digest=_digest(user.id, code), user_id=user.id, expires_at=ends, purpose="key",
            issued_by=actor.user_id if actor else None,
        )
    )  # fmt: skip
    return code


def use(session: Session, user_id: UUID, typed: str) -> bool:
    """Whether it was the account's code; it is used up with that. Of two at once, one wins."""
    used = session.execute(
        update(OneTimeCode)
        .where(
            OneTimeCode.user_id == user_id,
            OneTimeCode.purpose == "key",
            OneTimeCode.digest == _digest(user_id, typed),
            OneTimeCode.used_at.is_(None),
            OneTimeCode.expires_at > now(),
        )
        .values(used_at=now())
        .execution_options(synchronize_session=False)
    )
    return bool(used.rowcount == 1)  # type: ignore[attr-defined]


def forget_old(session: Session) -> None:
    """Those that nobody confirmed in time, and decided ones after a while; the audit trail knows of them."""
    limit = now() - _WAITS
    session.execute(delete(KeyHelp).where(or_(KeyHelp.asked_at < limit, KeyHelp.decided_at < limit)))


def _decidable(session: Session, actor: Actor, help_id: UUID) -> tuple[KeyHelp, User]:
    _require(actor)
    asked = session.get(KeyHelp, help_id, with_for_update=True)
    if asked is None or asked.decided_at is not None or asked.asked_at < now() - _WAITS:
        raise NotFound(_("Somebody has decided this already, or it was asked too long ago."))
    if asked.user_id == actor.user_id:
        raise Forbidden(_("It is about your own keys: another person decides."), ask=Ask(PERMISSION))
    user = accounts.get_user(session, asked.user_id)
    if user.status != "active":
        raise Conflict(_("This account is not active. Take it back or unfreeze it first."))
    return asked, user


def _decide(asked: KeyHelp, actor: Actor, outcome: str) -> None:
    asked.decided_by, asked.decided_at, asked.outcome = actor.user_id, now(), outcome


def _require(actor: Actor) -> None:
    if not actor.can(PERMISSION):
        raise Forbidden(lacks=PERMISSION)


def _digest(user_id: UUID, code: str) -> bytes:
    return token_digest(f"key:{user_id}:{keys.plain_code(code)}")
