"""Signing in with name and password."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from litestar.datastructures import Cookie
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.kernel.database import database_of
from platform_core.kernel.i18n import LANGUAGES, translator
from platform_core.settings import Settings
from platform_core.users import accounts, passwords, sessions, throttle
from platform_core.users.models import User

_ = translator("users")


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a browser sends to sign in."""

    login: str
    password: str
    ip: str
    agent: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nobody was signed in, for the page; `retry_after` in seconds where waiting helps."""

    message: str
    retry_after: int = 0


def sign_in(
    session: Session, settings: Settings, attempt: Attempt, load_actor: Callable[[Session, UUID], Actor | None]
) -> Cookie | Refusal:
    """Returns the session cookie to set, or why not. Both outcomes are audited.

    `session` sends nothing before all is decided: a refused form is rolled back, yet refusals must be written down; and
    hashing takes a tenth of a second, in which it would keep every other writer of a SQLite database waiting. Unknown
    names take as long as known ones and get the same answer.
    """
    database = database_of(session)
    keys = throttle.Keys.of(attempt.login, attempt.ip)
    with database.system_session("count a sign-in attempt") as own:
        wait = throttle.take(own, keys)
        known = accounts.find_user(own, attempt.login)
        if wait:
            _record(own, known, attempt, "denied", "throttled")
    if wait:
        message = _("Too many attempts. Please wait %(time)s, then try again.", time=_duration(wait))
        return Refusal(message, retry_after=wait)
    stored = known.password_hash if known else ""
    if not passwords.verify(stored, attempt.password) or known is None:
        with database.system_session("record a failed sign-in") as own:
            _record(own, known, attempt, "failed", "wrong password" if known else "unknown name")
        return Refusal(_("Name or password is not right."))
    # From here on the password has been right, so the reason gives nothing away.
    with database.system_session("is this account in use?") as own:
        throttle.forgive(own, keys)
        actor = load_actor(own, known.id)
        refusal = _unusable(own, known, actor)
        if refusal:
            _record(own, known, attempt, "denied", known.status if actor is None else "no role")
    if refusal:
        return Refusal(refusal)
    renewed = passwords.hash_password(attempt.password) if passwords.is_outdated(stored) else stored
    return _open(session, settings, attempt, known, renewed)


def _unusable(session: Session, user: User, actor: Actor | None) -> str:
    if user.status == "frozen" and accounts.frozen_by_rule(session, user.id) is not None:
        return _("A daily cap has frozen this account. Ask the administration staff or the management.")
    if user.status != "active" or actor is None:
        return _("This account has been frozen. Ask an administrator.")
    if not actor.grants:
        return _("This account has no role yet, so there is nothing it may see. Ask an administrator for one.")
    return ""


def _open(session: Session, settings: Settings, attempt: Attempt, known: User, renewed: str) -> Cookie | Refusal:
    user = session.get(User, known.id, with_for_update=True)
    if user is None or user.password_hash != known.password_hash or user.status != "active":
        return Refusal(_("Name or password is not right."))  # changed while the password was being checked
    user.password_hash = renewed
    if not user.language and attempt.language in LANGUAGES:
        user.language = attempt.language
    _record(session, user, attempt, "ok", "")
    return sessions.open_session(session, settings, user, ip=attempt.ip, agent=attempt.agent)


def _record(session: Session, user: User | None, attempt: Attempt, result: str, reason: str) -> None:
    """The typed name is kept only where it names an account: it may be a password in the wrong field."""
    actor = Actor(user_id=user.id, name=user.name, ip=attempt.ip) if user else None
    ref = accounts.ref(user) if user else None
    audit.record(session, actor, "users.login", ref, result=result, reason=reason, ip=attempt.ip)


def _duration(seconds: int) -> str:
    if seconds < 60:
        return _.ngettext("%(num)s second", "%(num)s seconds", seconds)
    return _.ngettext("%(num)s minute", "%(num)s minutes", -(-seconds // 60))
