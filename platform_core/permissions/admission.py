"""Telling somebody whose account is frozen why, and whom to ask; nothing else is shown to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Request
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from platform_core.kernel.errors import Ask, Forbidden, Frozen
from platform_core.kernel.i18n import translator
from platform_core.permissions.assignments import holding
from platform_core.users import accounts, sessions
from platform_core.users.models import User
from platform_core.web import whom
from platform_core.web.endpoint import speak

_ = translator("permissions")
UNFREEZE = "users.unfreeze"


def refuse_frozen(session: Session, request: Request[Any, Any, Any], *, cookie: str, token: str) -> None:
    """Raises Frozen when this cookie or token was of an account that is frozen now."""
    user = sessions.frozen_behind(session, cookie=cookie, token=token) if cookie or token else None
    if user is None:
        return
    if user.language:
        speak(request, user.language)
    freeze = accounts.frozen_by_rule(session, user.id)
    if freeze is None:
        told = _("Your account has been frozen by an administrator.")
        raise Frozen(with_advice(session, told, "users.manage"))
    reached = {"cap": freeze.cap, "day": freeze.day.isoformat()}
    if freeze.rule == "list":
        told = _(
            "Your account has been frozen: the daily cap of %(cap)d rows of lists was reached on %(day)s.", **reached
        )
    else:
        told = _("Your account has been frozen: the daily cap of %(cap)d customers was reached on %(day)s.", **reached)
    raise Frozen(with_advice(session, told))


def holders(session: Session, permission: str) -> Sequence[Row[UUID, str]]:
    """(id, name) of everybody active who holds the permission."""
    found = holding(permission, User.id, User.name).distinct().order_by(User.name, User.id)
    return session.execute(found).all()


class Givers:
    """For refusals of pages, which know no roles."""

    def names(self, session: Session) -> list[str]:
        return [person.name for person in holders(session, "permissions.manage")[:3]]

    def holding(self, session: Session, right: str, *, besides: UUID | None, department: UUID | None) -> list[str]:
        found = holding(right, User.id, User.name, User.department_id).distinct().order_by(User.name, User.id)
        people = [person for person in session.execute(found) if person.id != besides]
        near = [person for person in people if department is not None and person.department_id == department]
        return [person.name for person in near or people]

    def called(self, session: Session, people: Sequence[UUID]) -> list[str]:
        found = select(User.id, User.name).where(User.id.in_(people), User.status == "active")
        names = {key: name for key, name in session.execute(found)}  # noqa: C416  rows are no pairs to mypy
        return [names[key] for key in people if key in names]


def with_advice(session: Session, told: str, permission: str = UNFREEZE) -> str:
    """What happened, and whom to ask."""
    return whom.told(session, None, Forbidden(told, ask=Ask(permission)))
