"""Building actors: who somebody is (users) joined with what they may do (permissions.rights)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor, Scope
from platform_core.kernel import counters
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Unfinished
from platform_core.kernel.i18n import translator
from platform_core.kernel.ids import new_id
from platform_core.permissions import admission, rights, seeing
from platform_core.permissions.rights import COUNTER
from platform_core.users import keys, preferences, sessions
from platform_core.users.models import Department, User
from platform_core.web import themes
from platform_core.web.requests import client_ip, platform_of

_ = translator("permissions")
_WHILE_UNFINISHED = (keys.PAGE, "/logout", "/me/preferences")
"""What is open to somebody who signed in without the key that their role asks for."""
__all__ = ["COUNTER", "authenticate", "load_actor", "resting"]


def authenticate(session: Session, request: Request[Any, Any, Any]) -> Actor | None:
    """The actor behind a cookie or bearer token. Leaves unread notifications and preferences in the session.

    Raises Frozen where it was of an account that is frozen now.
    """
    platform = platform_of(request)
    header = request.headers.get("authorization", "")
    token = cookie = ""
    if header.startswith("Bearer "):
        token = header.removeprefix("Bearer ").strip()
        identity = sessions.by_token(session, token)
    else:
        cookie = request.cookies.get(sessions.cookie_name(platform.settings), "")
        identity = sessions.by_cookie(session, platform.settings, cookie) if cookie else None
    if identity is None:
        admission.refuse_frozen(session, request, cookie=cookie, token=token)
        return None
    if identity.must and not request.url.path.startswith(_WHILE_UNFINISHED):
        raise Unfinished(_("First register a key: nothing else is open to this sign-in."), url=keys.PAGE)
    themes.keep(session, identity.themes)
    counters.keep(session, identity.counters)
    actor = _build(session, identity, client_ip(request, platform.settings.trusted_proxies), platform.settings.language)
    seen = seeing.through(session, actor, identity.looking_id, identity.rights_version) if identity.looking_id else None
    if seen is not None:
        session.info["unread"] = 0  # what that person is told is for them alone
        preferences.keep(session, seen.actor.user_id, seen.preferences)
        return seen.actor
    session.info["unread"] = identity.unread
    preferences.keep(session, identity.user_id, identity.preferences)
    return actor


def load_actor(session: Session, user_id: UUID, *, via: str = "job") -> Actor | None:
    """The actor of a user outside a request; None when the account is not active."""
    row = session.execute(
        select(User, Department.name)
        .outerjoin(Department, Department.id == User.department_id)
        .where(User.id == user_id)
    ).one_or_none()
    if row is None or row[0].status != "active":
        return None
    user, department_name = row
    identity = sessions.Identity(
        user.id, user.name, user.department_id, department_name or "", user.language, user.scheme, user.theme,
        new_id(), 0, via, counters.read(session, COUNTER), employee_no=user.employee_no,
    )  # fmt: skip
    return _build(session, identity, "", "zh")


def resting(session: Session, actor: Actor, permission: str) -> Scope:
    """How far the actor would reach with a permission whose plugin does not run; its grants are kept."""
    moment = now()
    found = session.execute(rights.GRANTS, {"user_id": actor.user_id, "now": moment, "key": None})
    held = (Scope(row.scope) for row in found if row.permission == permission and row.valid_from <= moment)
    return max(held, default=Scope.NONE)


def _build(session: Session, identity: sessions.Identity, ip: str, language: str) -> Actor:
    held = rights.of(session, identity.user_id, identity.department_id, identity.rights_version, identity.credential_id)
    return Actor(
        user_id=identity.user_id,
        name=identity.name,
        department_id=identity.department_id,
        department_name=identity.department_name,
        grants=held.grants,
        department_ids=held.department_ids,
        subtree_ids=held.subtree_ids,
        team_ids=held.team_ids,
        deputy_for=held.deputy_for,
        session_id=identity.session_id,
        via=identity.via,
        ip=ip,
        request_id=new_id().hex,
        language=identity.language or language,
        scheme=identity.scheme,
        theme=identity.theme,
        employee_no=identity.employee_no,
    )
