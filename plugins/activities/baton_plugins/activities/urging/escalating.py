"""The job behind the answer clock: who was urged and has not answered in time is told of to the heads above."""

from __future__ import annotations

from uuid import UUID

from baton_plugins.activities.urging.models import Urge
from baton_plugins.activities.urging.services import RIGHT
from sqlalchemy import select

from platform_core.api import Job, JobContext, RightHolder, Scope, Session, noop, notify, now, right_holders

_BATCH = 200


def escalate(context: JobContext) -> None:
    """Each once: that it was told is written in the same transaction."""
    while True:
        with context.database.system_session("who was urged and has not answered") as session:
            done = _escalate(session)
        if done < _BATCH:
            return


def _escalate(session: Session) -> int:
    statement = (
        select(Urge)
        .where(Urge.answered_at.is_(None), Urge.escalated_at.is_(None), Urge.answer_by < now())
        .order_by(Urge.answer_by, Urge.id)
        .limit(_BATCH)
        .with_for_update(of=Urge, skip_locked=True)
    )
    rows = session.scalars(statement).all()
    heads = right_holders(session, (RIGHT,)) if rows else []
    for urge in rows:
        urge.escalated_at = now()
        message = noop("%(name)s was urged %(count)s times and has not answered in time")
        people = {urge.from_id, *_above(heads, urge)} - {urge.to_id}
        parameters: dict[str, str | int] = {"name": urge.to_label, "count": urge.count}
        notify(session, sorted(people), "activities", message, parameters, url="/urged", icon="alarm")
    return len(rows)


def _above(heads: list[RightHolder], urge: Urge) -> list[UUID]:
    """The heads of the person's department; where it has none, those who are responsible for everybody."""
    actors = [holder.actor for holder in heads]
    near = [actor.user_id for actor in actors if urge.department_id in actor.departments_for(RIGHT)]
    return near or [actor.user_id for actor in actors if actor.scope(RIGHT) == Scope.ALL]


JOB = Job("activities.escalate", escalate, every_seconds=300)
