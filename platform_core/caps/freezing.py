"""Freezing the account of somebody who would open more customers than allowed."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.caps.limits import Standing, standing_of
from platform_core.contracts.identity import Actor
from platform_core.kernel.clock import now
from platform_core.kernel.database import Database, database_of
from platform_core.kernel.errors import Frozen
from platform_core.kernel.i18n import noop, translator
from platform_core.kernel.signals import signal
from platform_core.kernel.unitofwork import on_commit, on_rollback
from platform_core.permissions import admission
from platform_core.users import accounts, notifications
from platform_core.users.models import Freeze, User

_ = translator("caps")
NEAR = noop("Lists have shown you %(used)d different rows today; %(cap)d are allowed. More freeze your account.")
MESSAGES = {
    "list": noop("%(name)s was frozen: more than %(cap)d rows of lists and searches on one day."),
    "open": noop("%(name)s was frozen: more than %(cap)d customers opened on one day."),
    "reveal": noop("%(name)s was frozen: the numbers of more than %(cap)d customers revealed on one day."),
}


def sentence(counter: str, cap: int) -> str:
    """Why, to the person it happened to."""
    if counter == "list":
        return _(
            "Your account has been frozen: lists and searches would have shown you more than the %(cap)d rows that are "
            "allowed on one day.",
            cap=cap,
        )
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


def refusal(session: Session, actor: Actor, standing: Standing, *, asked: int = 1) -> Frozen:
    """What to raise where `asked` more would be too many; the account is frozen once the transaction is over."""
    database = database_of(session)
    for afterwards in (on_rollback, on_commit):
        afterwards(session, freeze, database, actor, standing.day, standing.counter, asked)
    return Frozen(admission.with_advice(session, sentence(standing.counter, standing.limit)))


def warn(database: Database, actor: Actor, standing: Standing) -> None:
    """Tell somebody that they are near the cap of rows, which no page of theirs says."""
    with database.system_session("warn of a daily cap") as session:
        told = {"used": standing.used, "cap": standing.limit}
        notifications.notify(session, [actor.user_id], "caps", NEAR, told, url="/notifications", icon="alert-triangle")


def freeze(database: Database, actor: Actor, day: date, counter: str, asked: int = 1) -> None:
    """Status, ended sessions and tokens, the record of it, the audit line and the alerts: all or nothing.

    Of several attempts at once the first does it. It does nothing when more was allowed in the meantime.
    """
    with database.system_session("freeze an account that reached its daily cap") as session:
        user = session.get(User, actor.user_id, with_for_update=True)
        if user is None or user.status != "active":
            return
        standing = standing_of(session, user.id, day, counter)
        if standing.used + asked <= standing.limit:
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
