"""In-page notifications: written in the acting transaction, signalled after commit, read under the bell."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pluggy
from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.contracts.news import News, NotificationChannel
from platform_core.kernel.clock import now
from platform_core.kernel.database import database_of
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.ids import new_id
from platform_core.kernel.signals import signal, signal_all
from platform_core.users.models import Notification

_ = translator("users")
hookimpl = pluggy.HookimplMarker("baton")
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Line:
    """A notification in the reader's language."""

    id: UUID
    at: datetime
    text: str
    url: str
    icon: str
    unread: bool


def notify(
    session: Session,
    user_ids: Iterable[UUID],
    domain: str,
    message: str,
    parameters: Mapping[str, str | int] | None = None,
    *,
    url: str = "",
    icon: str = "bell",
) -> None:
    """Tell people something. `message` is a msgid of the gettext `domain`, filled with `parameters` when it is read.

    `url` is where the news can be seen; `withdraw` finds notifications by it.
    """
    receivers = list(dict.fromkeys(user_ids))
    if not receivers:
        return
    news = News(domain, message, dict(parameters or {}), url, icon)
    database = database_of(session)
    for owner, channel in database.declared("notification_channels"):
        if owner == "users":
            channel.send(session, receivers, news)
            continue
        try:
            with session.begin_nested():
                channel.send(session, receivers, news)
        except Exception as error:
            database.on_fault(owner, f"channel {channel.key}", error)


def in_page(session: Session, user_ids: Sequence[UUID], news: News) -> None:
    """The channel that everybody has: a line under the bell."""
    common = {
        "at": now(),
        "domain": news.domain,
        "message": news.message,
        "parameters": dict(news.parameters),
        "url": news.url,
        "icon": news.icon,
    }
    session.execute(insert(Notification), [{"id": new_id(), "user_id": user_id, **common} for user_id in user_ids])
    signal_all(session, user_ids, "notify")


@hookimpl
def baton_notification_channels() -> list[NotificationChannel]:
    return [NotificationChannel("users.page", _.lazy("In the page"), in_page)]


def withdraw(session: Session, user_ids: Collection[UUID], url: str) -> None:
    """Take back what these people were told about `url`: they may no longer see what is there."""
    if not user_ids:
        return
    session.execute(
        delete(Notification)
        .where(Notification.user_id.in_(user_ids), Notification.url.startswith(url, autoescape=True))
        .execution_options(synchronize_session=False)
    )
    signal_all(session, user_ids, "notify")


def forget(session: Session, url: str) -> None:
    """Take back what anybody was told about `url` and what lies below it."""
    session.execute(
        delete(Notification)
        .where(Notification.url.startswith(url, autoescape=True))
        .execution_options(synchronize_session=False)
    )


def page_of(session: Session, actor: Actor, before: tuple[datetime, UUID] | None = None) -> list[Line]:
    """At most PAGE_SIZE + 1 of the actor's notifications, newest first; one too many means that there are more."""
    statement = (
        select(Notification)
        .where(Notification.user_id == actor.user_id)
        .order_by(Notification.at.desc(), Notification.id.desc())
        .limit(PAGE_SIZE + 1)
    )
    if before is not None:
        at, key = before
        statement = statement.where(or_(Notification.at < at, and_(Notification.at == at, Notification.id < key)))
    return [_line(row) for row in session.scalars(statement)]


def mark_read(session: Session, actor: Actor, notification_id: UUID) -> Notification:
    """Raises NotFound for somebody else's notification."""
    row = session.get(Notification, notification_id)
    if row is None or row.user_id != actor.user_id:
        raise NotFound(_("This notification is gone."))
    if row.read_at is None:
        row.read_at = now()
        signal(session, actor.user_id, "notify")
    return row


def mark_all_read(session: Session, actor: Actor) -> None:
    session.execute(
        update(Notification)
        .where(Notification.user_id == actor.user_id, Notification.read_at.is_(None))
        .values(read_at=now())
        .execution_options(synchronize_session=False)
    )
    signal(session, actor.user_id, "notify")


def _line(row: Notification) -> Line:
    try:
        text = translator(row.domain)(row.message, **row.parameters)
    except (KeyError, ValueError):  # the message changed since: what was stored is still better than nothing
        text = row.message
    return Line(row.id, row.at, text, row.url, row.icon, row.read_at is None)
