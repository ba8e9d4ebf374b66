"""Security keys and passkeys of accounts, and the recovery codes for the day without one."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Conflict, Invalid, NotFound
from platform_core.kernel.i18n import noop, translator
from platform_core.kernel.secrets import token_digest
from platform_core.settings import Settings
from platform_core.users import accounts, authenticators, notifications
from platform_core.users.authenticators import RefusedKeyError, UnacceptedMakeError
from platform_core.users.keymodels import Credential, RecoveryCode
from platform_core.users.models import SignInSession

_ = translator("users")
MOST = 10
CODES = 10
_CODE_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_CODE_GROUPS, _GROUP = 4, 6
"""24 letters of 31: 118 bits, so that a plain digest keeps them (ASVS 5.0, 6.5.2)."""
_LONGEST_NAME = 60
PAGE = "/me/keys"
ADDED = noop("A key was added to your account: %(name)s. If that was not you, tell the security administrator at once.")
REMOVED = noop(
    "A key was removed from your account: %(name)s. If that was not you, tell the security administrator at once."
)
CODE_USED = noop(
    "A recovery code was used to sign in to your account. If that was not you, tell the security administrator at once."
)


def of_user(session: Session, user_id: UUID) -> Sequence[Credential]:
    return session.scalars(
        select(Credential)
        .where(Credential.user_id == user_id, Credential.removed_at.is_(None))
        .order_by(Credential.created_at, Credential.id)
    ).all()


def strength(held: Sequence[Credential]) -> str:
    """The strongest kind among them: key, passkey or none."""
    kinds = {one.kind for one in held}
    return next((kind for kind in ("key", "passkey") if kind in kinds), "none")


def register(session: Session, settings: Settings, actor: Actor, name: str, answer: str) -> Credential:
    """Keep a new key of the actor. Raises Invalid, also where the answer of the browser does not hold."""
    user = accounts.get_user(session, actor.user_id)
    if len(of_user(session, user.id)) >= MOST:
        raise Conflict(_("You have %(most)d keys already. Remove one that you do not use.", most=MOST))
    try:
        made = authenticators.read_new(session, settings, answer, subject_of(actor))
    except UnacceptedMakeError as error:
        told = _("Keys of this model are not accepted here. Ask a security administrator which ones are.")
        raise Invalid(told) from error
    except RefusedKeyError as error:
        raise Invalid(_("The key could not be added. Reload the page and try again.")) from error
    if session.scalar(select(Credential.id).where(Credential.key_id == made.key_id)) is not None:
        raise Conflict(_("This key has been added before."))
    key = Credential(
        user_id=user.id, key_id=made.key_id, public_key=made.public_key, sign_count=made.sign_count,
        name=name.strip()[:_LONGEST_NAME] or _default_name(made.kind), kind=made.kind, transports=made.transports,
        aaguid=made.aaguid, used_at=now(),
    )  # fmt: skip
    session.add(key)
    session.flush()  # the session below and the audit line name its id
    place = session.get(SignInSession, actor.session_id)
    if place is not None:
        place.verified_at, place.verified_by = now(), "key"
        if place.must:
            # Touching the new key is what this session was opened for.
            place.must, place.credential_id = "", key.id
    audit.record(session, actor, "users.add_key", ref(key), after={"name": key.name, "kind": key.kind})
    tell(session, user.id, ADDED, name=key.name)
    return key


def _default_name(kind: str) -> str:
    return _("Security key") if kind == "key" else _("Passkey")


def remove(session: Session, actor: Actor, key_id: UUID) -> None:
    """Sessions opened with the key end, and rights bound to it with them. Raises NotFound."""
    key = session.get(Credential, key_id)
    if key is None or key.user_id != actor.user_id or key.removed_at is not None:
        raise NotFound(_("This key has been removed already."))
    drop(session, actor, [key], keep=actor.session_id)
    tell(session, key.user_id, REMOVED, name=key.name)


def drop(session: Session, actor: Actor | None, gone: Sequence[Credential], *, keep: UUID | None = None) -> None:
    """The session `keep` goes on, but no longer as one of a key."""
    for key in gone:
        key.removed_at = now()
        opened = (SignInSession.credential_id == key.id, SignInSession.revoked_at.is_(None))
        session.execute(update(SignInSession).where(*opened, SignInSession.id == keep).values(credential_id=None))
        session.execute(update(SignInSession).where(*opened).values(revoked_at=now()))
        audit.record(session, actor, "users.remove_key", ref(key), before={"name": key.name, "kind": key.kind})


def rename(session: Session, actor: Actor, key_id: UUID, name: str) -> None:
    key = session.get(Credential, key_id)
    if key is None or key.user_id != actor.user_id or key.removed_at is not None:
        raise NotFound(_("This key has been removed already."))
    before, key.name = key.name, name.strip()[:_LONGEST_NAME] or key.name
    if key.name != before:
        audit.record(session, actor, "users.rename_key", ref(key), before={"name": before}, after={"name": key.name})


def prove(
    session: Session,
    settings: Settings,
    user_id: UUID,
    answer: str,
    asked: tuple[str, str],
) -> Credential:
    """The key of the account that has answered the challenge `asked` (purpose, subject). Raises RefusedKeyError."""
    key = _held(session, answer)
    if key.user_id != user_id:
        raise RefusedKeyError("a key of somebody else")
    authenticators.check(session, settings, key, answer, asked)
    return key


def prove_alone(session: Session, settings: Settings, answer: str) -> Credential:
    """The passkey that signs its owner in by itself, having asked for PIN, finger or face. Raises RefusedKeyError."""
    key = _held(session, answer)
    if authenticators.owner_of(answer) != key.user_id.bytes:
        raise RefusedKeyError("the passkey names another account")
    authenticators.check(session, settings, key, answer, ("alone", ""), verified=True)
    return key


def _held(session: Session, answer: str) -> Credential:
    found = session.scalars(
        select(Credential)
        .where(Credential.key_id == authenticators.key_id_of(answer), Credential.removed_at.is_(None))
        .with_for_update()  # the counter goes on for one at a time
    ).one_or_none()
    if found is None:
        raise RefusedKeyError("an unknown or removed key")
    return found


def subject_of(actor: Actor) -> str:
    """Challenges on the pages of somebody signed in hold in this session only."""
    return f"{actor.user_id}:{actor.session_id}"


def ref(key: Credential) -> EntityRef:
    return EntityRef("users", "key", key.id, key.name)


def tell(session: Session, user_id: UUID, message: str, **parameters: str) -> None:
    notifications.notify(session, [user_id], "users", message, parameters, url=PAGE, icon="key")


def new_codes(session: Session, actor: Actor) -> list[str]:
    """Fresh recovery codes; those made before end. They are shown once. Raises Conflict for somebody without keys."""
    if not of_user(session, actor.user_id):
        raise Conflict(_("Add a key first: recovery codes take its place for a day."))
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == actor.user_id))
    codes = [new_code() for _number in range(CODES)]
    session.add_all(RecoveryCode(user_id=actor.user_id, digest=_digest(code)) for code in codes)
    audit.record(session, actor, "users.recovery_codes", after={"count": CODES})
    return codes


def codes_left(session: Session, user_id: UUID) -> int:
    unused = (RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return session.scalar(select(func.count()).select_from(RecoveryCode).where(*unused)) or 0


def use_code(session: Session, user_id: UUID, typed: str) -> bool:
    """Whether it was an unused recovery code of the account; it is used up with that. Of two at once, one wins."""
    used = session.execute(
        update(RecoveryCode)
        .where(RecoveryCode.user_id == user_id, RecoveryCode.digest == _digest(typed), RecoveryCode.used_at.is_(None))
        .values(used_at=now())
        .execution_options(synchronize_session=False)
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]
        return False
    tell(session, user_id, CODE_USED)
    return True


def new_code() -> str:
    """A code that people read from paper and type: no look-alikes, in groups."""
    return "-".join(
        "".join(secrets.choice(_CODE_LETTERS) for _letter in range(_GROUP)) for _group in range(_CODE_GROUPS)
    )


def plain_code(typed: str) -> str:
    """What was typed, without the dashes and spaces that people add or leave out."""
    return "".join(letter for letter in typed.casefold()[:200] if letter in _CODE_LETTERS)


def _digest(code: str) -> bytes:
    return token_digest(f"recovery:{plain_code(code)}")
