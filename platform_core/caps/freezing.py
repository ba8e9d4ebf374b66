"""Freezing the account of somebody who would open more customers than allowed."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.caps.limits import standing_of
from platform_core.contracts.identity import Actor
from platform_core.kernel.clock import now
from platform_core.kernel.database import Database
from platform_core.kernel.i18n import noop, translator
from platform_core.kernel.signals import signal
from platform_core.permissions import admission
from platform_core.users import accounts, notifications
from platform_core.users.models import Freeze, User

_ = translator("caps")
MESSAGES = {
    "open": noop("%(name)s was frozen: more than %(cap)d customers opened on one day."),
    "reveal": noop("%(name)s was frozen: the numbers of more than %(cap)d customers revealed on one day."),
}


def sentence(counter: str, cap: int) -> str:
    """Why, to the person it happened to."""
    if counter == "reveal":
        return _(
            "Your account has been frozen: you would have seen the numbers of more than the %(cap)d customers that "
            "are allowed on one day.",
            cap=cap,
        )
    return _(
        "Your account has been frozen: you would have opened more than the %(cap)d customers that are allowed on one "
        "day.",
        cap=cap,
    )


def freeze(database: Database, actor: Actor, day: date, counter: str) -> None:
    """Status, ended sessions and tokens, the record of it, the audit line and the alerts: all or nothing.

    Of several attempts at once the first does it. It does nothing when more was allowed in the meantime.
    """
    with database.system_session("freeze an account that reached its daily cap") as session:
        user = session.get(User, actor.user_id, with_for_update=True)
        if user is None or user.status != "active":
            return
        standing = standing_of(session, user.id, day, counter)
        if standing.used < standing.limit:
            return
        user.status = "frozen"
        accounts.end_all(session, user)
        session.add(Freeze(user_id=user.id, at=now(), rule=counter, day=day, used=standing.used, cap=standing.limit))
        audit.record(
            session, actor, "caps.freeze", accounts.ref(user),
            before={"status": "active"},
            after={"status": "frozen", "rule": counter, "used": standing.used, "cap": standing.limit},
        )  # fmt: skip
        _alert(session, user, counter, standing.limit)


def _alert(session: Session, user: User, counter: str, cap: int) -> None:
    receivers = [person.id for person in admission.holders(session, admission.UNFREEZE)]
    notifications.notify(
        session, receivers, "caps", MESSAGES[counter], {"name": user.name, "cap": cap},
        url=f"/settings/frozen/{user.id}", icon="lock",
    )  # fmt: skip
    for kind in ("notify", "ended"):  # their open pages look again and are refused; their streams end
        signal(session, user.id, kind)
