"""Telling somebody whose account is frozen why, and whom to ask; nothing else is shown to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Request
from sqlalchemy import Row
from sqlalchemy.orm import Session

from platform_core.kernel.errors import Frozen
from platform_core.kernel.i18n import translator
from platform_core.permissions.assignments import holding
from platform_core.users import accounts, sessions
from platform_core.users.models import User
from platform_core.web.endpoint import speak

_ = translator("permissions")
UNFREEZE = "users.unfreeze"
_MOST_NAMES = 5


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


def with_advice(session: Session, told: str, permission: str = UNFREEZE) -> str:
    """What happened, and whom to ask."""
    return _("%(why)s %(whom)s", why=told, whom=_whom_to_ask(session, permission))


def _whom_to_ask(session: Session, permission: str) -> str:
    names = [person.name for person in holders(session, permission)[:_MOST_NAMES]]
    if not names:
        return _("Ask whoever runs this installation.")
    return _("Ask one of these people: %(names)s.", names=_(", ").join(names))
