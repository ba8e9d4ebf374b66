"""Browsers that an account was used with: a notice about each new one, and a name that people recognise."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from litestar.datastructures import Cookie
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.kernel.clock import now
from platform_core.kernel.i18n import noop, translator
from platform_core.kernel.secrets import new_token, token_digest
from platform_core.settings import Settings
from platform_core.users import notifications, sessions
from platform_core.users.keymodels import Device
from platform_core.users.models import User

_ = translator("users")
_KEPT = timedelta(days=400)
_LONGEST = 100
_MOST = 50
NEW = noop(
    "Your account was used in a browser for the first time: %(browser)s, from %(ip)s. If that was not you, change your "
    "password and tell the security administrator."
)
CROWDED = noop(
    "You were signed out in %(browser)s, %(ip)s: one account is signed in with %(most)s browsers at most. If you have "
    "not signed in anywhere else, change your password and tell the security administrator."
)
_BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("DingTalk", "DingTalk"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("QQBrowser", "QQ Browser"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def describe(agent: str) -> str:
    """Browser and system in a few words, as far as the browser says so; else the beginning of what it says."""
    browser, system = _names(agent)
    if browser and system:
        return _("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or system or agent[:40] or _("Unknown browser")


def _names(agent: str) -> tuple[str, str]:
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    return browser, next((name for mark, name in _SYSTEMS if mark in agent), "")


def cookie_name(settings: Settings) -> str:
    return settings.cookie_name("device")


def note(session: Session, settings: Settings, user: User, token: str, *, ip: str, agent: str) -> Cookie | None:
    """Remember the browser that somebody has just signed in with; tells the person about a new one.

    `token` is what its cookie says. Returns the cookie to set where there is none. An account's first browser is news
    as well, unless it is the one in which the password was chosen (`welcome`).
    """
    digest = token_digest(token)
    used = session.scalars(select(Device).where(Device.user_id == user.id).order_by(Device.seen_at.desc())).all()
    known = next((one for one in used if one.digest == digest), None)
    if token and known is not None:
        known.seen_at, known.agent = now(), agent[:200]
        return None
    for forgotten in used[_MOST - 1 :]:
        session.delete(forgotten)
    told = {"browser": _named(agent), "ip": ip or "—"}
    notifications.notify(session, [user.id], "users", NEW, told, url="/me#devices", icon="device-desktop")
    return _remember(session, settings, user, token, agent)


def make_room(session: Session, settings: Settings, user: User, *, ip: str) -> None:
    """After a sign-in: end what is beyond `session_most`, the one unused the longest first, and say so.

    The row of `user` is locked, so that two who sign in at once count each other.
    """
    session.flush()  # the new one is to be counted
    actor = Actor(user_id=user.id, name=user.name, ip=ip)
    for place in sessions.own_sessions(session, settings, user.id)[settings.session_most :]:
        sessions.revoke(session, place.id)
        where = {"ip": place.ip, "agent": place.agent}
        audit.record(session, actor, "users.end_session", after=where, reason="too many browsers", ip=ip)
        told: dict[str, str | int] = {"browser": _named(place.agent), "ip": place.ip or "—"}
        told["most"] = settings.session_most
        notifications.notify(session, [user.id], "users", CROWDED, told, url="/me#devices", icon="device-desktop")


def _named(agent: str) -> str:
    """Names that are the same in every language: it is read in that of its reader, not of the sign-in page."""
    return " / ".join(name for name in _names(agent) if name) or agent[:40] or "?"


def welcome(session: Session, settings: Settings, user: User, token: str, *, agent: str) -> Cookie | None:
    """The browser in which somebody has set their account up: its first sign-in is no news.

    Only for an account that no browser was used with: whoever got hold of a link to a password later is told about.
    """
    if session.scalar(select(Device.id).where(Device.user_id == user.id).limit(1)) is not None:
        return None
    return _remember(session, settings, user, token, agent)


def _remember(session: Session, settings: Settings, user: User, token: str, agent: str) -> Cookie:
    fresh = token if token and len(token) < _LONGEST else new_token()
    session.add(Device(user_id=user.id, digest=token_digest(fresh), agent=agent[:200]))
    return Cookie(
        key=cookie_name(settings), value=fresh, path="/", httponly=True, samesite="lax",
        secure=settings.secure_cookies, max_age=int(_KEPT.total_seconds()),
    )  # fmt: skip


def forget(session: Session, user_id: UUID) -> None:
    """The next sign-in of each browser is news again."""
    session.execute(delete(Device).where(Device.user_id == user_id))


def forget_old(session: Session) -> None:
    session.execute(delete(Device).where(Device.seen_at < now() - _KEPT))
