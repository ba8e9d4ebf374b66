"""Signing in: name and password, then a key where one is held or asked for; or a passkey by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from litestar.datastructures import Cookie
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.contracts.signingin import SIGN_IN_RULES, Demand
from platform_core.kernel.clock import now
from platform_core.kernel.database import database_of, vault_of
from platform_core.kernel.declared import service_of
from platform_core.kernel.errors import Ask, Forbidden, NotFound
from platform_core.kernel.i18n import LANGUAGES, translator
from platform_core.settings import Settings
from platform_core.users import accounts, devices, keyhelp, keys, passwordpolicy, passwords, sessions, throttle
from platform_core.users.authenticators import RefusedKeyError
from platform_core.users.keymodels import Credential
from platform_core.users.models import User
from platform_core.web import whom

_ = translator("users")
_HALF_WAY_SECONDS = 300
LoadActor = Callable[[Session, UUID], Actor | None]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a browser sends to sign in. `device` is its cookie of earlier sign-ins."""

    login: str
    password: str
    ip: str
    agent: str
    language: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nobody was signed in, for the page; `retry_after` in seconds where waiting helps."""

    message: str
    retry_after: int = 0


@dataclass(frozen=True, slots=True)
class HalfWay:
    """The password was right; now the key. `pass_on` is what the next form brings along instead of a password."""

    pass_on: str
    user: User
    held: tuple[Credential, ...]
    demand: Demand


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody is signed in. `soon`: their role will ask for a stronger key, from `by` on."""

    cookies: tuple[Cookie, ...]
    user: User
    must: str = ""
    soon: str = ""
    by: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outdated:
    """All was right, but the password has to be changed first; `code` is for the page that does it."""

    code: str


@dataclass(frozen=True, slots=True)
class _Proof:
    """What was proved beside the password."""

    reason: str = ""
    """For the audit trail."""
    credential: Credential | None = None
    level: str = "none"
    must: str = ""
    demand: Demand = field(default_factory=Demand)


def sign_in(
    session: Session, settings: Settings, attempt: Attempt, load_actor: LoadActor
) -> Entered | HalfWay | Outdated | Refusal:
    """All outcomes are audited.

    `session` sends nothing before all is decided: a refused form is rolled back, yet refusals must be written down; and
    hashing takes a tenth of a second, in which it would keep every other writer of a SQLite database waiting. Unknown
    names take as long as known ones and get the same answer.
    """
    database = database_of(session)
    counted = throttle.Keys.of(attempt.login, attempt.ip)
    with database.system_session("count a sign-in attempt") as own:
        wait = throttle.take(own, counted)
        known = accounts.find_user(own, attempt.login)
        if wait:
            _record(own, known, attempt, "denied", "throttled")
    if wait:
        return _slowed(wait)
    stored = known.password_hash if known else ""
    if not passwords.verify(stored, attempt.password) or known is None:
        with database.system_session("record a failed sign-in") as own:
            _record(own, known, attempt, "failed", "wrong password" if known else "unknown name")
        return Refusal(_("Name or password is not right."))
    # From here on the password has been right, so the reason gives nothing away.
    with database.system_session("is this account in use?") as own:
        throttle.forgive(own, counted)
        refusal = _unusable(own, known, load_actor, attempt)
        held = keys.of_user(own, known.id)
        demand = service_of(own, SIGN_IN_RULES).of(own, known.id)
    if refusal:
        return Refusal(refusal)
    if held or not demand.allows("none"):
        return HalfWay(_pass_on(session, known), known, tuple(held), demand)
    renewed = passwords.hash_password(attempt.password) if passwords.is_outdated(stored) else stored
    return _enter(session, settings, attempt, known, _Proof(demand=demand), renewed=renewed)


def with_key(
    session: Session, settings: Settings, attempt: Attempt, pass_on: str, answer: str, load_actor: LoadActor
) -> Entered | Outdated | Refusal:
    """The second step with a key. Raises NotFound when it comes too late after the first."""
    return _second_step(session, settings, attempt, pass_on, load_actor, answer=answer)


def with_code(
    session: Session, settings: Settings, attempt: Attempt, pass_on: str, code: str, load_actor: LoadActor
) -> Entered | Outdated | Refusal:
    """The second step with a recovery code, or with the code that two people gave out for a lost key."""
    return _second_step(session, settings, attempt, pass_on, load_actor, code=code)


def without_key(
    session: Session, settings: Settings, attempt: Attempt, pass_on: str, load_actor: LoadActor
) -> Entered | Outdated | Refusal:
    """The second step left out, where no role asks for it: rights bound to a key are not there then."""
    with database_of(session).system_session("sign in without the key") as own:
        user = half_way(own, pass_on)
        refusal = _unusable(own, user, load_actor, attempt)
        demand = service_of(own, SIGN_IN_RULES).of(own, user.id)
        if not refusal and not demand.allows("none"):
            refusal = _("Your role asks for a key.")
            _record(own, user, attempt, "denied", "without the key")
    if refusal:
        return Refusal(refusal)
    return _enter(session, settings, attempt, user, _Proof("without the key", demand=demand))


def with_passkey(
    session: Session, settings: Settings, attempt: Attempt, answer: str, load_actor: LoadActor
) -> Entered | Outdated | Refusal:
    """A passkey alone: the key and what it asks of its owner are the two factors."""
    database = database_of(session)
    counted = throttle.Keys.of(f"passkey {attempt.ip}", attempt.ip)
    user, refusal, proof = None, "", _Proof()
    with database.system_session("sign in with a passkey") as own:
        wait = throttle.take(own, counted)
        if wait:
            return _slowed(wait)
        try:
            key = keys.prove_alone(own, settings, answer)
        except RefusedKeyError as error:
            _record(own, None, attempt, "failed", f"passkey: {error}")
            return Refusal(_("This passkey is not known here. Sign in with name and password."))
        throttle.forgive(own, counted)
        user = accounts.get_user(own, key.user_id)
        refusal = _unusable(own, user, load_actor, attempt)
        demand = service_of(own, SIGN_IN_RULES).of(own, user.id)
        if not refusal and demand.now == "key":
            refusal = _("Your role asks for password and security key together.")
            _record(own, user, attempt, "denied", "passkey alone")
        proof = _Proof("passkey", key, key.kind, demand=demand)
    if refusal:
        return Refusal(refusal)
    return _enter(session, settings, attempt, user, proof)


def half_way(session: Session, pass_on: str) -> User:
    """Whose password was right a moment ago. Raises NotFound when that is too long ago, or the password has changed."""
    too_late = NotFound(_("That took too long. Please sign in again."))
    try:
        identity, ends, signature = pass_on.split(".")
        user = session.get(User, UUID(identity))
        over = int(ends) < now().timestamp()
    except ValueError as error:
        raise too_late from error
    if user is None or over or not vault_of(session).verify("half way in", _passed_on(user, ends), signature):
        raise too_late
    return user


def _pass_on(session: Session, user: User) -> str:
    ends = str(int(now().timestamp()) + _HALF_WAY_SECONDS)
    return f"{user.id}.{ends}.{vault_of(session).sign('half way in', _passed_on(user, ends))}"


def _passed_on(user: User, ends: str) -> str:
    kept = hashlib.sha256(user.password_hash.encode()).hexdigest()
    return f"{user.id}:{ends}:{user.auth_epoch}:{kept}"


def _second_step(
    session: Session,
    settings: Settings,
    attempt: Attempt,
    pass_on: str,
    load_actor: LoadActor,
    *,
    answer: str = "",
    code: str = "",
) -> Entered | Outdated | Refusal:
    """Decided in transactions of its own, as the first step is: the answer that refuses is rolled back."""
    database = database_of(session)
    with database.system_session("the second step of a sign-in") as own:
        user = half_way(own, pass_on)
        counted = throttle.Keys.of(f"key {user.login}", attempt.ip)
        wait = throttle.take(own, counted)
        if wait:
            _record(own, user, attempt, "denied", "throttled")
            return _slowed(wait)
        demand = service_of(own, SIGN_IN_RULES).of(own, user.id)
        proof = _by_code(own, user, code, demand) if code else _by_key(own, settings, user, answer, demand)
        if isinstance(proof, str):
            _record(own, user, attempt, "failed", proof)
            return Refusal(
                _("This code is not right, or was used before.")
                if code
                else _("The key has not answered, or is not one of this account. Try again.")
            )
        throttle.forgive(own, counted)
        refusal = _unusable(own, user, load_actor, attempt)
    if refusal:
        return Refusal(refusal)
    return _enter(session, settings, attempt, user, proof)


def _by_key(session: Session, settings: Settings, user: User, answer: str, demand: Demand) -> _Proof | str:
    try:
        key = keys.prove(session, settings, user.id, answer, ("login", str(user.id)))
    except RefusedKeyError as error:
        return f"key: {error}"
    # A weaker key than the role asks for still says who is there: enough to register the right one.
    return _Proof("password and key", key, key.kind, "" if demand.allows(key.kind) else "key", demand)


def _by_code(session: Session, user: User, code: str, demand: Demand) -> _Proof | str:
    if keys.use_code(session, user.id, code):
        return _Proof("recovery code", level="key", demand=demand)
    if keyhelp.use(session, user.id, code):
        return _Proof("code for a lost key", level="key", must="key", demand=demand)
    return "wrong recovery code"


def _unusable(session: Session, user: User, load_actor: LoadActor, attempt: Attempt) -> str:
    """Why the account does not open though all was right; audited."""
    actor = load_actor(session, user.id)
    if user.status == "frozen" and accounts.frozen_by_rule(session, user.id) is not None:
        refusal = _named(session, _("A daily cap has frozen this account."), "users.unfreeze")
    elif user.status != "active" or actor is None:
        refusal = _named(session, _("This account has been frozen."), "users.manage")
    elif not actor.grants and not service_of(session, SIGN_IN_RULES).of(session, user.id).bound:
        refusal = _named(
            session, _("This account has no role yet, so there is nothing it may see."), "permissions.manage"
        )
    else:
        return ""
    _record(session, user, attempt, "denied", user.status if actor is None else "no role")
    return refusal


def _named(session: Session, why: str, right: str) -> str:
    """With whom to ask: only for somebody who has shown who they are."""
    return whom.told(session, None, Forbidden(why, ask=Ask(right)))


def _enter(
    session: Session, settings: Settings, attempt: Attempt, known: User, proof: _Proof, *, renewed: str = ""
) -> Entered | Outdated | Refusal:
    user = session.get(User, known.id, with_for_update=True, populate_existing=True)
    if user is None or user.password_hash != known.password_hash or user.status != "active":
        return Refusal(_("Name or password is not right."))  # changed while the password was being checked
    user.password_hash = renewed or user.password_hash
    if not user.language and attempt.language in LANGUAGES:
        user.language = attempt.language
    if proof.reason != "passkey" and passwordpolicy.read(session).has_expired(user):
        _record(session, user, attempt, "denied", "password too old")
        return Outdated(accounts.put_out(session, None, user, minutes=accounts.RESET_MINUTES))
    _record(session, user, attempt, "ok", proof.reason)
    key = proof.credential
    cookie = sessions.open_session(
        session, settings, user, ip=attempt.ip, agent=attempt.agent, credential_id=key.id if key else None,
        verified_by="key" if proof.level != "none" else "password", must=proof.must,
    )  # fmt: skip
    devices.make_room(session, settings, user, ip=attempt.ip)
    device = devices.note(session, settings, user, attempt.device, ip=attempt.ip, agent=attempt.agent)
    more = proof.demand.soon if not proof.must and proof.demand.will_ask_for_more(proof.level) else ""
    return Entered((cookie, device) if device else (cookie,), user, proof.must, more, proof.demand.by)


def _record(session: Session, user: User | None, attempt: Attempt, result: str, reason: str) -> None:
    """The typed name is kept only where it names an account: it may be a password in the wrong field."""
    actor = Actor(user_id=user.id, name=user.name, ip=attempt.ip) if user else None
    ref = accounts.ref(user) if user else None
    audit.record(session, actor, "users.login", ref, result=result, reason=reason[:500], ip=attempt.ip)


def _slowed(wait: int) -> Refusal:
    return Refusal(_("Too many attempts. Please wait %(time)s, then try again.", time=_duration(wait)), wait)


def _duration(seconds: int) -> str:
    if seconds < 60:
        return _.ngettext("%(num)s second", "%(num)s seconds", seconds)
    return _.ngettext("%(num)s minute", "%(num)s minutes", -(-seconds // 60))
