"""The job that reminds. Telling and writing down that it was told are one transaction.

A worker that dies has told nobody; two workers at once, a clock that is put back or a plan that moves there and back
meet the key of `activities_told`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pluggy
from baton_plugins.activities.cycles.sweeping import CYCLES_JOB
from baton_plugins.activities.meetings import reminding
from baton_plugins.activities.models import Plan
from baton_plugins.activities.queries import PERSON, with_person
from baton_plugins.activities.reminders import mailing, texting
from baton_plugins.activities.reminders.digest import DIGEST_JOB
from baton_plugins.activities.reminders.models import Reminder, Told
from baton_plugins.activities.reminders.settings import TOGETHER
from baton_plugins.activities.urging import escalating
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from platform_core.api import (
    Actor,
    AnySelect,
    Contact,
    Customer,
    Job,
    JobContext,
    Session,
    UtcDateTime,
    load_actor,
    local,
    new_id,
    noop,
    notify,
    now,
    prepared,
    read_setting,
)

hookimpl = pluggy.HookimplMarker("baton")
EVERY = 15
_PEOPLE = 20
"""Whose reminders are one transaction"""
_MOST = 2000
"""Of one person at once; what is beyond comes with the next run"""
_SLICE = 400
_receiver = func.coalesce(Reminder.user_id, Plan.assignee_id)


@dataclass(frozen=True, slots=True)
class Due:
    """A plan that somebody may read and is to be told of."""

    reminder_id: UUID
    fire_at: datetime
    plan_id: UUID
    customer_id: UUID | None
    engagement_id: UUID | None
    kind: str
    subject: str
    due_at: datetime
    all_day: bool
    customer: str
    """Or the contact that stands alone"""
    contact_id: UUID | None

    @property
    def url(self) -> str:
        """Below the person's address, so that it is forgotten with them."""
        whose = f"/customers/{self.customer_id}" if self.customer_id else f"/contacts/{self.contact_id}"
        return f"{whose}?plan={self.plan_id}"

    @property
    def when(self) -> str:
        """In no language, since it waits to be read: `11-24 10:00`, or the day alone."""
        return f"{local(self.due_at):%m-%d}" if self.all_day else f"{local(self.due_at):%m-%d %H:%M}"


@dataclass(frozen=True, slots=True)
class Reader:
    actor: Actor
    due: Sequence[Due]


def remind(context: JobContext) -> None:
    """Everybody whom something is due to be told."""
    moment = now()
    with context.database.system_session("whom is something due to be told?", write=False) as session:
        people = session.scalars(_people(moment)).all()
    for start in range(0, len(people), _PEOPLE):
        _remind(context, people[start : start + _PEOPLE], moment)


def _people(moment: datetime) -> Any:
    return (
        select(_receiver)
        .distinct()
        .select_from(Reminder)
        .join(Plan, Plan.id == Reminder.plan_id)
        .where(Reminder.waiting, Reminder.fire_at <= moment)
    )


def _remind(context: JobContext, people: Sequence[UUID], moment: datetime) -> None:
    with context.database.system_session("remind of plans") as session:
        held = _hold(session, people, moment)
        if not held:
            return  # another worker has them
        actors = [actor for key in people if (actor := load_actor(session, key)) is not None]
        readers = [Reader(actor, _due(context, actor, moment)) for actor in actors if actor.can("activities.view")]
        numbers = texting.numbers(session, [reader.actor for reader in readers])
        letters = mailing.readers(session, [reader.actor.user_id for reader in readers], "reminder")
        fresh = _write_down(session, readers, set(held), moment, {"sms": set(numbers), "mail": set(letters)})
        for reader in readers:
            told = [one for one in reader.due if (one.plan_id, reader.actor.user_id, one.fire_at) in fresh]
            if told:
                plans = list({one.plan_id: one for one in told}.values())
                _tell(session, reader.actor, plans)
                if number := numbers.get(reader.actor.user_id):
                    texting.send(session, reader.actor, number, plans)
                if to := letters.get(reader.actor.user_id):
                    mailing.send(session, to, plans)
        for start in range(0, len(held), _SLICE):
            settled = update(Reminder).where(Reminder.id.in_(held[start : start + _SLICE])).values(waiting=False)
            session.execute(settled.execution_options(synchronize_session=False))


@prepared
def _readable(reader: Actor) -> AnySelect:
    rows = select(
        Reminder.id, Reminder.fire_at, Plan.id, Plan.customer_id, Plan.engagement_id, Plan.kind, Plan.subject,
        Plan.due_at, Plan.all_day, PERSON, Plan.contact_id,
    ).select_from(Reminder).join(Plan, Plan.id == Reminder.plan_id)  # fmt: skip
    found: AnySelect = with_person(rows).where(
        Reminder.waiting,
        Reminder.fire_at <= bindparam("until", type_=UtcDateTime()),
        Plan.state == "open",
        _receiver == bindparam("receiver"),
        Customer.restricted_at.is_(None),
        Contact.restricted_at.is_(None),
    )
    return found.order_by(Plan.due_at, Plan.id).limit(_MOST)


def _due(context: JobContext, actor: Actor, moment: datetime) -> list[Due]:
    """Within what the person may see at this moment."""
    with context.database.actor_session(actor, write=False) as session:
        rows = session.execute(_readable(session), {"until": moment, "receiver": actor.user_id})
        return [Due(*row) for row in rows]


def _hold(session: Session, people: Sequence[UUID], moment: datetime) -> list[UUID]:
    """Reminders of those people whom no other worker is at; those of plans that are over are settled with them.

    Whoever has the first one of a person has them all: shared between two, they would be told in two lines.
    """
    waiting = (Reminder.waiting, Reminder.fire_at <= moment)
    place = func.row_number().over(partition_by=_receiver, order_by=Reminder.id).label("place")
    ranked = (
        select(Reminder.id, place).join(Plan, Plan.id == Reminder.plan_id).where(*waiting, _receiver.in_(people))
    ).subquery()  # fmt: skip
    firsts = (
        select(_receiver)
        .select_from(Reminder)
        .join(Plan, Plan.id == Reminder.plan_id)
        .where(Reminder.id.in_(select(ranked.c.id).where(ranked.c.place == 1)), *waiting)
        .with_for_update(of=Reminder, skip_locked=True)
    )
    mine = session.scalars(firsts).all()
    statement = (
        select(Reminder.id)
        .join(Plan, Plan.id == Reminder.plan_id)
        .where(*waiting, _receiver.in_(mine))
        .limit(_MOST * _PEOPLE)
        .with_for_update(of=Reminder, skip_locked=True)
    )
    return list(session.scalars(statement)) if mine else []


def _write_down(
    session: Session, readers: Iterable[Reader], held: set[UUID], moment: datetime, ways: Mapping[str, set[UUID]]
) -> set[tuple[UUID, UUID, datetime]]:
    """(plan, person, moment) of those who had not been told of it yet. `ways`: whom what beside the page reaches."""
    rows = [
        {
            "id": new_id(), "plan_id": one.plan_id, "customer_id": one.customer_id, "engagement_id": one.engagement_id,
            "contact_id": None if one.customer_id else one.contact_id,
            "user_id": reader.actor.user_id, "fire_at": one.fire_at, "at": moment,
            "ways": ",".join(["page", *(way for way, people in ways.items() if reader.actor.user_id in people)]),
        }
        for reader in readers
        for one in reader.due
        if one.reminder_id in held
    ]  # fmt: skip
    dialect: Any = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    fresh: set[tuple[UUID, UUID, datetime]] = set()
    for start in range(0, len(rows), _SLICE):
        insert = dialect.insert(Told).values(rows[start : start + _SLICE]).on_conflict_do_nothing()
        fresh |= {
            (plan_id, user_id, at)
            for plan_id, user_id, at in session.execute(insert.returning(Told.plan_id, Told.user_id, Told.fire_at))
        }
    return fresh


def _tell(session: Session, actor: Actor, plans: Sequence[Due]) -> None:
    """One line for each, or one for all where there are many."""
    if len(plans) >= read_setting(session, TOGETHER):
        message = noop("Reminder of %(number)s plans, the first on %(when)s")
        # No names: nobody would find this line when one of these customers is erased.
        together: dict[str, str | int] = {"number": len(plans), "when": plans[0].when}
        notify(session, [actor.user_id], "activities", message, together, url="/plans", icon="alarm")
    else:
        for one in plans:
            message = noop("Reminder: %(subject)s, %(customer)s, %(when)s")
            parameters = {"subject": one.subject, "customer": one.customer, "when": one.when}
            notify(session, [actor.user_id], "activities", message, parameters, url=one.url, icon="alarm")


@hookimpl
def baton_jobs() -> list[Job]:
    return [Job("activities.remind", remind, every_seconds=EVERY, lease_seconds=600), DIGEST_JOB, escalating.JOB,
            reminding.JOB, CYCLES_JOB]  # fmt: skip
