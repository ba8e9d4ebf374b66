"""Looking at Baton as somebody else sees it: begun with a reason, for a short time, and told to that person."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.kernel.clock import local, now
from platform_core.kernel.errors import Conflict, Forbidden
from platform_core.kernel.i18n import noop, translator
from platform_core.kernel.jobs import JobContext
from platform_core.permissions import seeing
from platform_core.permissions.actors import load_actor
from platform_core.permissions.models import Looking
from platform_core.users import accounts, notifications
from platform_core.users.models import SignInSession, User

_ = translator("permissions")
MINUTES = 15
TOLD = noop("%(name)s looked at Baton as you see it, from %(since)s to %(until)s: %(reason)s")


class LookInput(msgspec.Struct, kw_only=True):
    reason: Annotated[str, msgspec.Meta(min_length=2, max_length=200)]


def check(session: Session, actor: Actor, user_id: UUID) -> User:
    """Whom the actor would look as. Raises Forbidden, NotFound, Conflict with the reason why they may not."""
    if not actor.can(seeing.PERMISSION):
        raise Forbidden(lacks=seeing.PERMISSION)
    user = accounts.get_user(session, user_id)
    if user.id == actor.user_id:
        raise Conflict(_("That is you. You see Baton as yourself all the time."))
    seen = load_actor(session, user.id)
    if seen is None:
        raise Conflict(_("This account is not active: it sees nothing."))
    if not seeing.shared(actor, seen.grants):
        raise Forbidden(_("You hold none of this person's rights for the whole house, so there is nothing to look at."))
    return user


def begin(session: Session, actor: Actor, user_id: UUID, reason: str) -> Looking:
    """From its next request on, the actor's browser sees Baton as that person does, for MINUTES at most."""
    user = check(session, actor, user_id)
    if actor.via != "page" or actor.session_id is None:
        raise Forbidden(_("Only a browser looks as somebody else: sign in and use the page."))
    moment = now()
    looking = Looking(
        session_id=actor.session_id, looker_id=actor.user_id, seen_id=user.id, reason=reason.strip(), began_at=moment,
        until=moment + timedelta(minutes=MINUTES),
    )  # fmt: skip
    session.add(looking)
    session.flush()  # the browser's session names its id
    session.execute(update(SignInSession).where(SignInSession.id == actor.session_id).values(looking_id=looking.id))
    after = {"until": looking.until.isoformat()}
    audit.record(session, actor, "permissions.see_as", accounts.ref(user), reason=looking.reason, after=after)
    return looking


def end(session: Session, actor: Actor) -> UUID | None:
    """Back to oneself, in the actor's browser. Returns as whom they looked; None where that was over already."""
    looking = session.scalars(
        select(Looking)
        .join(SignInSession, SignInSession.looking_id == Looking.id)
        .where(SignInSession.id == actor.session_id, Looking.ended_at.is_(None))
    ).one_or_none()
    if looking is None:
        return None
    _end(session, actor, looking)
    return looking.seen_id


def _end(session: Session, looker: Actor, looking: Looking) -> None:
    looking.ended_at = min(now(), looking.until)
    session.execute(update(SignInSession).where(SignInSession.looking_id == looking.id).values(looking_id=None))
    user = accounts.get_user(session, looking.seen_id)
    audit.record(session, looker, "permissions.see_as_end", accounts.ref(user), reason=looking.reason)
    parameters = {
        "name": looker.name, "since": f"{local(looking.began_at):%Y-%m-%d %H:%M}",
        "until": f"{local(looking.ended_at):%H:%M}", "reason": looking.reason,
    }  # fmt: skip
    notifications.notify(session, [user.id], "permissions", TOLD, parameters, icon="eye")


def sweep(context: JobContext) -> None:
    """End what is over: its time has come, or the looker has signed out or is frozen. That person is told then."""
    with context.database.system_session("end looking as somebody else") as session:
        over = session.execute(
            select(Looking, User)
            .join(User, User.id == Looking.looker_id)
            .outerjoin(SignInSession, SignInSession.id == Looking.session_id)
            .where(
                Looking.ended_at.is_(None),
                or_(
                    Looking.until <= now(),
                    SignInSession.id.is_(None),
                    SignInSession.revoked_at.is_not(None),
                    SignInSession.auth_epoch != User.auth_epoch,
                ),
            )
            .limit(100)
        ).all()
        for looking, looker in over:
            _end(session, Actor(user_id=looker.id, name=looker.name, via="job"), looking)
