"""Sign-in sessions and bearer tokens. The browser holds a random token; the database its digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from litestar.datastructures import Cookie
from sqlalchemy import Row, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from platform_core.kernel import counters, dictionaries
from platform_core.kernel.clock import now
from platform_core.kernel.columns import of_columns
from platform_core.kernel.models import SettingValue
from platform_core.kernel.secrets import new_token, token_digest
from platform_core.kernel.signals import signal
from platform_core.settings import Settings
from platform_core.users.models import (
    NAMES_COUNTER,
    ApiToken,
    Department,
    Notification,
    OneTimeCode,
    SignInSession,
    User,
)
from platform_core.web import themes

RIGHTS_COUNTER = "permissions"
_TOUCH_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a cookie or token belongs to, before any rights are looked up."""

    user_id: UUID
    name: str
    department_id: UUID | None
    department_name: str
    language: str
    scheme: str
    theme: str
    session_id: UUID
    unread: int
    via: str
    rights_version: int
    """Value of the counter RIGHTS_COUNTER: what was cached of the rights holds while it stands still."""
    preferences: Mapping[str, Any] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)
    """Values of what requests follow besides."""
    themes: Any = None
    """What is stored of the house's choice of themes."""
    looking_id: UUID | None = None
    """This browser looks at Baton as somebody else sees it."""
    credential_id: UUID | None = None
    """The key that the session was opened with."""
    employee_no: str = ""
    must: str = ""
    """What has to be done before anything else, see SignInSession."""


MOST_UNREAD = 100
"""Counted no further: every request of everybody counts them."""
_news = (
    select(Notification.id)
    .where(Notification.user_id == User.id, Notification.read_at.is_(None))
    .correlate(User)
    .limit(MOST_UNREAD)
    .subquery()
)
_unread = select(func.count()).select_from(_news).correlate(User).scalar_subquery()
_FOLLOWED = {"dictionaries_version": dictionaries.COUNTER, "names_version": NAMES_COUNTER}
"""Column -> counter."""


_themes = select(SettingValue.value).where(SettingValue.key == themes.SETTING).scalar_subquery()
_columns: tuple[Any, ...] = (
    User.id,
    User.name,
    User.employee_no,
    User.department_id,
    Department.name.label("department_name"),
    User.language,
    User.scheme,
    User.theme,
    User.preferences,
    _unread.label("unread"),
    counters.current(RIGHTS_COUNTER).label("rights_version"),
    *(counters.current(counter).label(column) for column, counter in _FOLLOWED.items()),
    _themes.label("themes"),
)
_by_cookie = of_columns(
    select(
        *_columns,
        SignInSession.id.label("session_id"),
        SignInSession.seen_at,
        SignInSession.looking_id,
        SignInSession.credential_id,
        SignInSession.must,
    )
    .join(User, User.id == SignInSession.user_id)
    .outerjoin(Department, Department.id == User.department_id)
    .where(
        SignInSession.digest == bindparam("digest"),
        SignInSession.revoked_at.is_(None),
        SignInSession.auth_epoch == User.auth_epoch,
        SignInSession.expires_at > bindparam("now"),
        SignInSession.seen_at > bindparam("idle_since"),
        User.status == "active",
    )
)
_by_token = of_columns(
    select(*_columns, ApiToken.id.label("session_id"), ApiToken.seen_at)
    .join(User, User.id == ApiToken.user_id)
    .outerjoin(Department, Department.id == User.department_id)
    .where(
        ApiToken.digest == bindparam("digest"),
        ApiToken.revoked_at.is_(None),
        ApiToken.auth_epoch == User.auth_epoch,
        (ApiToken.expires_at.is_(None)) | (ApiToken.expires_at > bindparam("now")),
        User.status == "active",
    )
)


def cookie_name(settings: Settings) -> str:
    return "__Host-baton" if settings.secure_cookies else "baton"


def open_session(
    session: Session,
    settings: Settings,
    user: User,
    *,
    ip: str,
    agent: str,
    credential_id: UUID | None = None,
    verified_by: str = "password",
    must: str = "",
) -> Cookie:
    """Sign a user in: always a new token, whatever the browser brought along. Returns the cookie to set."""
    token = new_token()
    lifetime = timedelta(hours=settings.session_absolute_hours)
    session.add(
        SignInSession(
            digest=token_digest(token),
            user_id=user.id,
            auth_epoch=user.auth_epoch,
            expires_at=now() + lifetime,
            ip=ip,
            agent=agent[:200],
            credential_id=credential_id,
            verified_by=verified_by,
            must=must,
        )
    )
    user.last_login_at = now()
    return _cookie(settings, token, int(lifetime.total_seconds()))


def renew(settings: Settings, place: SignInSession) -> Cookie:
    """A new token for a session that goes on, as ASVS 7.2.4 asks after every proof; the one before ends with it."""
    token = new_token()
    place.digest = token_digest(token)
    return _cookie(settings, token, int((place.expires_at - now()).total_seconds()))


def ended_cookie(settings: Settings) -> Cookie:
    return _cookie(settings, "", 0)


def _cookie(settings: Settings, value: str, age: int) -> Cookie:
    return Cookie(
        key=cookie_name(settings),
        value=value,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
        max_age=age,
    )


def by_cookie(session: Session, settings: Settings, token: str) -> Identity | None:
    moment = now()
    idle = timedelta(minutes=settings.session_idle_minutes)
    parameters = {"digest": token_digest(token), "now": moment, "idle_since": moment - idle}
    row = session.execute(_by_cookie, parameters).one_or_none()
    if row is None:
        return None
    if moment - row.seen_at > _TOUCH_AFTER:
        session.execute(update(SignInSession).where(SignInSession.id == row.session_id).values(seen_at=moment))
    return _identity(row, "page", row.looking_id)


def by_token(session: Session, token: str) -> Identity | None:
    row = session.execute(_by_token, {"digest": token_digest(token), "now": now()}).one_or_none()
    if row is None:
        return None
    seen: datetime | None = row.seen_at
    if seen is None or now() - seen > _TOUCH_AFTER:
        session.execute(update(ApiToken).where(ApiToken.id == row.session_id).values(seen_at=now()))
    return _identity(row, "api")


def frozen_behind(session: Session, *, cookie: str = "", token: str = "") -> User | None:
    """Whose account is frozen that a cookie or token, ended by it, was of. Asked only where nobody was recognised."""
    model, text = (ApiToken, token) if token else (SignInSession, cookie)
    return session.scalars(
        select(User)
        .join(model, model.user_id == User.id)
        .where(
            model.digest == token_digest(text),
            User.status == "frozen",
            (model.expires_at.is_(None)) | (model.expires_at > now()),
        )
    ).one_or_none()


def _identity(row: Row[*tuple[Any, ...]], via: str, looking_id: UUID | None = None) -> Identity:
    return Identity(
        user_id=row.id,
        name=row.name,
        department_id=row.department_id,
        department_name=row.department_name or "",
        language=row.language,
        scheme=row.scheme,
        theme=row.theme,
        session_id=row.session_id,
        unread=row.unread,
        via=via,
        rights_version=row.rights_version,
        preferences=row.preferences or {},
        counters={counter: getattr(row, column) for column, counter in _FOLLOWED.items()},
        themes=row.themes,
        looking_id=looking_id,
        credential_id=getattr(row, "credential_id", None),
        must=getattr(row, "must", ""),
        employee_no=row.employee_no,
    )


def revoke(session: Session, session_id: UUID) -> None:
    ended = session.scalars(
        update(SignInSession)
        .where(SignInSession.id == session_id)
        .values(revoked_at=now())
        .returning(SignInSession.user_id),
        execution_options={"synchronize_session": False},
    )
    for user_id in ended:  # its stream ends, wherever that is
        signal(session, user_id, "ended", session_id.hex)


def end_those_of_keys(session: Session, user_id: UUID, before: datetime) -> int:
    """End what somebody is signed in to with a key since before that moment, and tell their pages; how many it was.

    Whoever calls it writes down why.
    """
    ended: Any = session.execute(
        update(SignInSession)
        .where(
            SignInSession.user_id == user_id,
            SignInSession.credential_id.is_not(None),
            SignInSession.revoked_at.is_(None),
            SignInSession.created_at < before,
        )
        .values(revoked_at=now())
    )
    if ended.rowcount:
        for kind in ("notify", "ended"):  # open pages look again and find the sign-in; streams end
            signal(session, user_id, kind)
    return int(ended.rowcount)


def create_api_token(
    session: Session, user: User, name: str, *, days: int | None = None, changes_rights: bool = False
) -> str:
    """Returns the token; it is shown once and cannot be read again."""
    token = "baton_" + new_token()
    session.add(
        ApiToken(
            digest=token_digest(token),
            user_id=user.id,
            auth_epoch=user.auth_epoch,
            name=name,
            expires_at=now() + timedelta(days=days) if days else None,
            changes_rights=changes_rights,
        )
    )
    return token


def own_sessions(session: Session, settings: Settings, user_id: UUID) -> Sequence[SignInSession]:
    """Where somebody is signed in right now, latest activity first."""
    moment = now()
    return session.scalars(
        select(SignInSession)
        .join(User, User.id == SignInSession.user_id)
        .where(
            SignInSession.user_id == user_id,
            SignInSession.revoked_at.is_(None),
            SignInSession.auth_epoch == User.auth_epoch,
            SignInSession.expires_at > moment,
            SignInSession.seen_at > moment - timedelta(minutes=settings.session_idle_minutes),
        )
        .order_by(SignInSession.seen_at.desc(), SignInSession.id.desc())
        .limit(50)
    ).all()


def forget_old(session: Session) -> None:
    """Sessions and codes that ended more than a day ago; the audit trail knows of them."""
    limit = now() - timedelta(days=1)
    session.execute(
        delete(SignInSession).where((SignInSession.expires_at < limit) | (SignInSession.revoked_at < limit))
    )
    session.execute(delete(OneTimeCode).where(OneTimeCode.expires_at < limit))
