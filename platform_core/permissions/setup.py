"""The first administrator: a one-time link instead of a password that everybody knows."""

from __future__ import annotations

from typing import Annotated

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.kernel.errors import Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.permissions import services
from platform_core.users import accounts
from platform_core.users.models import User

_ = translator("permissions")
_MARK = {"setup": True}
ROLES = ("system_admin", "security_admin")
"""What the first account holds: it must be able to make accounts and to give them roles."""


class SetupInput(msgspec.Struct, kw_only=True):
    login: Annotated[str, msgspec.Meta(min_length=2, max_length=60, pattern=r"^[\w.@+-]+$")]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    password: str
    again: str


def needed(session: Session) -> bool:
    return not services.has_administrator(session)


def issue(session: Session) -> str:
    """The code of a fresh set-up link, valid for 24 hours; links issued earlier end. Only while nobody administers."""
    user = _waiting(session)
    if user is None:
        login = "admin" if accounts.find_user(session, "admin") is None else "setup-admin"
        user = accounts.create_user(session, None, accounts.UserInput(login=login, name="Administrator"))
        user.preferences = dict(_MARK)
    return accounts.issue_code(session, None, user)


def _waiting(session: Session) -> User | None:
    """The account that was made for a set-up link and never taken over."""
    found = session.scalars(select(User).where(User.password_hash == "", User.login.in_(["admin", "setup-admin"])))
    return next((user for user in found if user.preferences == _MARK), None)


def holder_of(session: Session, code: str) -> User:
    """The account behind a set-up code. Raises NotFound for any other code, and once somebody administers."""
    user = accounts.holder_of(session, code)
    if user.preferences != _MARK or not needed(session):
        raise NotFound(_("This installation has been set up already. Sign in instead."))
    return user


def complete(session: Session, code: str, data: SetupInput) -> User:
    """Name the first account, give it a password and its roles. Raises NotFound, or Invalid at the field."""
    user = holder_of(session, code)
    if data.password != data.again:
        raise Invalid(_("Please check the marked fields."), fields={"again": _("The two do not agree.")})
    accounts.update_user(session, None, user.id, accounts.UserInput(login=data.login, name=data.name))
    user.preferences = {}
    accounts.choose_password(session, code, data.password)
    for role in ROLES:
        services.assign_role(session, None, user.id, role)
    return user
