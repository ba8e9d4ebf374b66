"""Making and ending the address of a feed, knowing who reads by it, and how often that may be."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pluggy
from baton_plugins.activities.feeds.models import Feed
from sqlalchemy import select

from platform_core.api import (
    Actor,
    EntityRef,
    Forbidden,
    NotFound,
    Request,
    Session,
    TooManyRequests,
    User,
    load_actor,
    new_token,
    now,
    record,
    token_digest,
    translator,
)

_ = translator("activities")
hookimpl = pluggy.HookimplMarker("baton")
PATH = "/api/v1/calendar/feed/"
ENDING = ".ics"
_WINDOW = timedelta(hours=1)
READS = 60
"""Of one feed within the window; programs ask a few times an hour"""


@hookimpl
def baton_authenticate(session: Session, request: Request[Any, Any, Any]) -> Actor | None:
    """Whoever the secret in the address was made for, at this address and nowhere else."""
    path = request.url.path
    if not path.startswith(PATH) or request.method not in {"GET", "HEAD"}:
        return None
    token = path.removeprefix(PATH).removesuffix(ENDING)
    statement = (
        select(Feed.user_id)
        .join(User, User.id == Feed.user_id)
        .where(Feed.digest == token_digest(token), Feed.auth_epoch == User.auth_epoch)
    )
    user_id = session.scalar(statement) if token else None
    actor = load_actor(session, user_id) if user_id else None
    return replace(actor, via="api") if actor else None


def make(session: Session, actor: Actor) -> str:
    """Another address; the one before ends. Its secret is told this once. Raises Forbidden for programs."""
    if actor.via != "page":
        # Whoever got hold of one secret must not be able to make others that outlive it.
        raise Forbidden(_("A program cannot make this address. Sign in and use the page."))
    token = new_token()
    user = session.get_one(User, actor.user_id)
    feed = session.get(Feed, actor.user_id) or Feed(user_id=actor.user_id)
    feed.digest, feed.auth_epoch = token_digest(token), user.auth_epoch
    feed.made_at = feed.window_start = now()
    feed.read_at, feed.reads = None, 0
    session.add(feed)
    record(session, actor, "activities.make_feed", EntityRef("users", "user", actor.user_id, actor.name))
    return token


def of(session: Session, actor: Actor) -> Feed | None:
    """None as well where it ended with the sign-ins of its account."""
    statement = (
        select(Feed)
        .join(User, User.id == Feed.user_id)
        .where(Feed.user_id == actor.user_id, Feed.auth_epoch == User.auth_epoch)
    )
    return session.scalars(statement).one_or_none()


def end(session: Session, actor: Actor) -> None:
    """At once. Raises NotFound."""
    feed = session.get(Feed, actor.user_id)
    if feed is None:
        raise NotFound(_("There is no such address any more."))
    session.delete(feed)
    record(session, actor, "activities.end_feed", EntityRef("users", "user", actor.user_id, actor.name))


def take(session: Session, actor: Actor, token: str) -> None:
    """Count a reading. Raises NotFound where the secret is not the actor's, TooManyRequests."""
    statement = select(Feed).where(Feed.user_id == actor.user_id, Feed.digest == token_digest(token))
    feed = session.scalars(statement.with_for_update()).one_or_none()
    if feed is None:
        raise NotFound(_("There is no such address any more."))
    moment = now()
    if moment - feed.window_start >= _WINDOW:
        feed.window_start, feed.reads = moment, 0
    if feed.reads >= READS:
        wait = int((feed.window_start + _WINDOW - moment).total_seconds()) + 1
        raise TooManyRequests(_("This calendar is read too often."), retry_after=wait)
    feed.reads += 1
    feed.read_at = moment
