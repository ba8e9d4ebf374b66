"""Reminding people, and then the heads, of batons nobody took over in time, and of legs that are overdue."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from platform_core.kernel.i18n import noop
from platform_core.kernel.jobs import JobContext
from platform_core.permissions.everybody import Holder
from platform_core.relay import access, escalating, inbox, ledger
from platform_core.relay.inbox import InboxLine
from platform_core.relay.models import Leg
from platform_core.users import notifications

_BATCH = 200


def remind(context: JobContext) -> None:
    """Each leg once per state: its `remind_at` is cleared in the transaction that reminds, so running twice is safe."""
    while True:
        with context.database.system_session("remind of late legs") as session:
            lines = inbox.due_legs(session, _BATCH)
            waiting = any(line.leg.state == "offered" for line in lines)
            people = escalating.everybody(session) if waiting else []
            for line in lines:
                if _claim(session, line.leg):
                    _remind(session, line, people)
        if len(lines) < _BATCH:
            return


def _claim(session: Session, leg: Leg) -> bool:
    """False when somebody has moved the leg on, or another worker reminds already."""
    done = session.execute(
        update(Leg)
        .where(Leg.id == leg.id, Leg.remind_at == leg.remind_at, Leg.state == leg.state)
        .values(remind_at=None)
        .execution_options(synchronize_session=False)
    )
    return done.rowcount == 1  # type: ignore[attr-defined,no-any-return]


def _remind(session: Session, line: InboxLine, people: list[Holder]) -> None:
    """An offer goes to the heads as well, who may reassign it; an overdue leg to everybody who works on it."""
    leg = line.leg
    parameters = {"customer": line.customer, "title": line.title, "department": line.department}
    if leg.state == "offered":
        heads = [key for key in escalating.heads_of(people, leg.department_id) if key != leg.offered_by]
        receivers = [leg.offered_to] if leg.offered_to else list(session.scalars(ledger.receivers(leg.department_id)))
        waiting = noop("“%(title)s” of %(customer)s is still waiting to be taken over by you")
        _notify(session, leg, [key for key in receivers if key not in heads], waiting, parameters)
        lies = noop("Nobody of %(department)s has taken over “%(title)s” of %(customer)s in time: reassign it")
        _notify(session, leg, heads, lies, parameters)
        unheard = noop("%(department)s has not taken over “%(title)s” of %(customer)s in time")
        _notify(session, leg, [leg.offered_by] if leg.offered_by not in receivers else [], unheard, parameters)
        escalating.note(session, line)
    else:
        overdue = noop("The leg “%(title)s” of %(customer)s is overdue")
        helping = [row.user_id for row in access.members(session, leg.engagement_id) if row.may_write]
        _notify(session, leg, [leg.assignee_id, *helping], overdue, parameters)


def _notify(
    session: Session, leg: Leg, user_ids: list[UUID | None] | list[UUID], message: str, parameters: dict[str, str]
) -> None:
    wanted = [user_id for user_id in user_ids if user_id]
    url = f"/engagements/{leg.engagement_id}?leg={leg.id}"
    notifications.notify(session, wanted, "relay", message, parameters, url=url, icon="alarm")
