"""Accounts: making and changing them, freezing, passwords, one-time codes."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, get_args
from uuid import UUID

import msgspec
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.kernel import counters
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Ask, Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.secrets import new_token, token_digest
from platform_core.users import passwordpolicy, passwords
from platform_core.users.keymodels import Credential
from platform_core.users.models import Department, Freeze, OneTimeCode, SignInSession, User
from platform_core.users.passwordpolicy import Policy

_ = translator("users")
RIGHTS_COUNTER = "permissions"
"""Version of everything that decides what somebody may do; bumped whenever that changes."""
SETUP_MINUTES = 24 * 60
"""How long a link works that opens an account for the first time, as an activation code (ASVS 6.4.1)."""
RESET_MINUTES = 10
"""How long one works that goes around a password or a key: the two are on the telephone (ASVS 6.5.5)."""
Status = Literal["active", "frozen", "left"]
_Short = Annotated[str, msgspec.Meta(max_length=60)]


class UserInput(msgspec.Struct, kw_only=True):
    """What an administrator writes down about an employee."""

    login: Annotated[str, msgspec.Meta(min_length=2, max_length=60, pattern=r"^[\w.@+-]+$")]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    employee_no: Annotated[str, msgspec.Meta(max_length=40)] = ""
    department_id: UUID | None = None
    title: _Short = ""
    phone: Annotated[str, msgspec.Meta(max_length=40)] = ""
    extension: Annotated[str, msgspec.Meta(max_length=12)] = ""
    email: Annotated[str, msgspec.Meta(max_length=120)] = ""
    key_serial: _Short = ""
    notes: Annotated[str, msgspec.Meta(max_length=4000)] = ""


def ref(user: User) -> EntityRef:
    return EntityRef("users", "user", user.id, user.name)


def require(actor: Actor | None, permission: str) -> None:
    """Raises Forbidden. None is the operator at the command line, who may everything."""
    if actor is not None and not actor.can(permission):
        raise Forbidden(lacks=permission)


def get_user(session: Session, user_id: UUID) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise NotFound(_("There is no such account."))
    return user


def find_user(session: Session, login: str) -> User | None:
    return session.scalars(select(User).where(User.login == login.strip().casefold())).one_or_none()


def create_user(session: Session, actor: Actor | None, data: UserInput) -> User:
    """An account without password and role: nobody can sign in with it yet. Raises Invalid for a login name taken."""
    require(actor, "users.manage")
    values = _checked(session, data, None)
    user = User(**values)
    session.add(user)
    session.flush()  # the audit line and a one-time code name its id
    audit.record(session, actor, "users.create", ref(user), after=audit.changes({}, values)[1])
    return user


def update_user(session: Session, actor: Actor | None, user_id: UUID, data: UserInput) -> User:
    require(actor, "users.manage")
    user = get_user(session, user_id)
    values = _checked(session, data, user)
    before, after = audit.changes({name: getattr(user, name) for name in values}, values)
    if after:
        for name, value in values.items():
            setattr(user, name, value)
        if "department_id" in after:
            counters.bump(session, RIGHTS_COUNTER)
        audit.record(session, actor, "users.edit", ref(user), before=before, after=after)
    return user


def _checked(session: Session, data: UserInput, user: User | None) -> dict[str, object]:
    values = msgspec.structs.asdict(data)
    values["login"] = data.login.strip().casefold()
    holder = find_user(session, data.login)
    if holder is not None and (user is None or holder.id != user.id):
        raise Invalid(_("Please check the marked fields."), fields={"login": _("This sign-in name is taken.")})
    if data.department_id is not None:
        department = session.get(Department, data.department_id)
        keeps = user is not None and user.department_id == data.department_id
        if department is None or not (department.active or keeps):
            raise Invalid(_("Please check the marked fields."), fields={"department_id": _("Choose a department.")})
    return values


def set_status(
    session: Session, actor: Actor | None, user_id: UUID, status: str, *, reason: str = "",
    permission: str = "users.manage",
) -> User:  # fmt: skip
    """Freeze, unfreeze or take leave of somebody. Ends every session and token of theirs at once."""
    require(actor, permission)
    user = get_user(session, user_id)
    if status not in get_args(Status):
        raise Invalid(_("Choose a state."), fields={"status": _("Choose a state.")})
    if actor is not None and actor.user_id == user.id and status != "active":
        raise Conflict(_("You cannot shut yourself out."), ask=Ask("users.manage"))
    if status == "active" and frozen_by_rule(session, user_id) is not None:
        if user.status == "frozen":
            raise Conflict(
                _("A daily cap has frozen this account. Those who may unfreeze decide, with a reason."),
                ask=Ask("users.unfreeze"),
            )
        status = "frozen"  # somebody who left while frozen and is taken back
    if user.status == status:
        return user
    audit.record(
        session,
        actor,
        {"active": "users.unfreeze", "frozen": "users.freeze", "left": "users.leave"}[status],
        ref(user),
        before={"status": user.status},
        after={"status": status},
        reason=reason[:500],
    )
    user.status = status
    end_all(session, user)
    if status == "left":
        user.password_hash = ""
        kept = (Credential.user_id == user.id, Credential.removed_at.is_(None))
        session.execute(update(Credential).where(*kept).values(removed_at=now()))
    return user


def frozen_by_rule(session: Session, user_id: UUID) -> Freeze | None:
    """What a rule froze an account for and nobody has decided about yet."""
    return session.scalars(
        select(Freeze).where(Freeze.user_id == user_id, Freeze.thawed_at.is_(None)).order_by(Freeze.at.desc()).limit(1)
    ).one_or_none()


def end_all(session: Session, user: User) -> None:
    """Every session, token and one-time code of the account ends with this transaction, and what it lends others."""
    counters.bump(session, RIGHTS_COUNTER)
    moment = now()
    user.auth_epoch += 1
    session.execute(
        update(SignInSession)
        .where(SignInSession.user_id == user.id, SignInSession.revoked_at.is_(None))
        .values(revoked_at=moment)
    )
    session.execute(
        update(OneTimeCode).where(OneTimeCode.user_id == user.id, OneTimeCode.used_at.is_(None)).values(used_at=moment)
    )


def set_password(session: Session, user: User, password: str, *, actor: Actor | None = None) -> None:
    """Ends every session and token of the account. Raises Invalid at `password` when the policy refuses it."""
    policy = passwordpolicy.read(session)
    _fit(session, user, password, policy)
    _store(session, user, password, policy, actor)


def _fit(session: Session, user: User, password: str, policy: Policy) -> None:
    problem = policy.problem(password, login=user.login, name=user.name)
    if not problem and passwordpolicy.was_used(session, user, password, policy):
        problem = _("You have used this password before. Choose another.")
    if problem:
        raise Invalid(_("Please check the marked fields."), fields={"password": problem})


def _store(session: Session, user: User, password: str, policy: Policy, actor: Actor | None) -> None:
    passwordpolicy.remember(session, user, policy)
    user.password_hash = passwords.hash_password(password)
    user.password_changed_at = now()
    end_all(session, user)
    audit.record(session, actor, "users.password", ref(user))


def link_minutes(user: User) -> int:
    return RESET_MINUTES if user.password_hash else SETUP_MINUTES


def issue_code(session: Session, actor: Actor | None, user: User) -> str:
    """A one-time code with which the bearer chooses the account's password. Earlier ones end; it is shown once."""
    require(actor, "users.manage")
    if user.status == "left":
        raise Conflict(_("This person has left. Take the account back first."))
    code = put_out(session, actor, user, minutes=link_minutes(user))
    audit.record(session, actor, "users.reset", ref(user))
    return code


def put_out(session: Session, actor: Actor | None, user: User, *, minutes: int) -> str:
    """A code for choosing a password, in place of those before. `actor` None: the operator, or the owner's own act."""
    end_codes(session, user.id, "password")
    code = new_token()
    issuer = actor.user_id if actor else None
    ends = now() + timedelta(minutes=minutes)
    session.add(OneTimeCode(digest=token_digest(code), user_id=user.id, expires_at=ends, issued_by=issuer))
    return code


def end_codes(session: Session, user_id: UUID, purpose: str) -> None:
    session.execute(
        update(OneTimeCode)
        .where(OneTimeCode.user_id == user_id, OneTimeCode.purpose == purpose, OneTimeCode.used_at.is_(None))
        .values(used_at=now())
    )


def code_out(session: Session, user_id: UUID) -> OneTimeCode | None:
    """The set-up or reset link of the account that still works."""
    return session.scalars(
        select(OneTimeCode)
        .where(
            OneTimeCode.user_id == user_id,
            OneTimeCode.purpose == "password",
            OneTimeCode.used_at.is_(None),
            OneTimeCode.expires_at > now(),
        )
        .limit(1)
    ).one_or_none()


def holder_of(session: Session, code: str) -> User:
    """Whose password a code may set. Raises NotFound when it was used, has expired or never was."""
    user = session.scalars(
        select(User)
        .join(OneTimeCode, OneTimeCode.user_id == User.id)
        .where(
            OneTimeCode.digest == token_digest(code),
            OneTimeCode.purpose == "password",
            OneTimeCode.used_at.is_(None),
            OneTimeCode.expires_at > now(),
            User.status != "left",
        )
    ).one_or_none()
    if user is None:
        raise NotFound(_("This link was used or has expired. Ask an administrator for a new one."))
    return user


def redeem(session: Session, code: str) -> None:
    """Use a code up; of two who try at once, one wins. Raises NotFound like `holder_of`."""
    used = session.execute(
        update(OneTimeCode)
        .where(OneTimeCode.digest == token_digest(code), OneTimeCode.used_at.is_(None), OneTimeCode.expires_at > now())
        .values(used_at=now())
        .execution_options(synchronize_session=False)
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]
        raise NotFound(_("This link was used or has expired. Ask an administrator for a new one."))


def choose_password(session: Session, code: str, password: str) -> User:
    """Set the password of a code's account and use the code up. Raises NotFound, or Invalid at `password`."""
    user = holder_of(session, code)
    policy = passwordpolicy.read(session)
    _fit(session, user, password, policy)
    redeem(session, code)
    _store(session, user, password, policy, None)
    return user
