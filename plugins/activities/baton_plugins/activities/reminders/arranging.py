"""Reminders of a plan: wished for with it, moved with it, put off by who got one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec
from baton_plugins.activities.models import Plan
from baton_plugins.activities.reminders import leads
from baton_plugins.activities.reminders.models import Reminder, Told
from baton_plugins.activities.reminders.settings import LEAD
from sqlalchemy import delete, select, update

from platform_core.api import (
    Actor,
    Conflict,
    EntityRef,
    Invalid,
    Session,
    User,
    at_local,
    now,
    read_setting,
    record,
    today,
    translator,
)

_ = translator("activities")
DEFAULT = "default"
"""In a list of leads: as the house has set it."""
MOST_PEOPLE = 20
Delay = Literal["10m", "30m", "1h", "3h", "tomorrow"]
DELAYS: tuple[Delay, ...] = ("10m", "30m", "1h", "3h", "tomorrow")


class RemindInput(msgspec.Struct, kw_only=True):
    """Who is reminded of a plan, and how long before; replaces what was asked for."""

    remind: list[leads.Lead] = []
    remind_people: list[UUID] = []


class SnoozeInput(msgspec.Struct, kw_only=True):
    """Remind me again, later."""

    by: Delay


@dataclass(frozen=True, slots=True)
class Wish:
    """`user_id` None: whoever has the plan then."""

    user_id: UUID | None
    lead: str


def wishes(session: Session, asked: Sequence[str], people: Sequence[UUID], *, all_day: bool) -> list[Wish]:
    """What a form says. Raises Invalid for somebody who is not at work, and for too many."""
    found = list(dict.fromkeys(_settled(session, asked, all_day=all_day)))
    others = list(dict.fromkeys(people))
    if others:
        _check(session, others)
    found = found or (["0m"] if others else [])
    return [Wish(user_id, lead) for user_id in (None, *others) for lead in found]


def _settled(session: Session, asked: Sequence[str], *, all_day: bool) -> list[str]:
    if DEFAULT not in asked:
        return list(asked)
    usual = "" if all_day else read_setting(session, LEAD)
    return [lead for lead in (*asked, usual) if lead and lead != DEFAULT]


def _check(session: Session, people: list[UUID]) -> None:
    known = session.scalars(select(User.id).where(User.id.in_(people), User.status == "active")).all()
    message = ""
    if len(people) > MOST_PEOPLE:
        message = _("At most %(limit)s colleagues.", limit=MOST_PEOPLE)
    elif set(people) - set(known):
        message = _("Please choose from the list.")
    if message:
        raise Invalid(message, fields={"remind_people": message})


def arrange(session: Session, plan: Plan, wanted: Sequence[Wish]) -> None:
    """For a plan that has none yet."""
    for wish in wanted:
        moment = leads.fires_at(plan.due_at, wish.lead, all_day=plan.all_day)
        session.add(Reminder(**_of(plan), user_id=wish.user_id, lead=wish.lead, fire_at=moment, waiting=moment > now()))


def _of(plan: Plan) -> dict[str, UUID | None]:
    alone = None if plan.customer_id else plan.contact_id
    return {
        "plan_id": plan.id, "customer_id": plan.customer_id, "contact_id": alone, "engagement_id": plan.engagement_id
    }  # fmt: skip


def rearrange(session: Session, actor: Actor, plan: Plan, data: RemindInput) -> None:
    """Other reminders. Raises Invalid, Conflict when the plan is over."""
    _require_open(plan)
    wanted = wishes(session, data.remind, data.remind_people, all_day=plan.all_day)
    session.execute(
        delete(Reminder)
        .where(Reminder.plan_id == plan.id, Reminder.lead != "")
        .execution_options(synchronize_session=False)
    )
    arrange(session, plan, wanted)
    ref = EntityRef("activities", "plan", plan.id)
    after = {"lead": ", ".join(sorted({wish.lead for wish in wanted})), "people": len(data.remind_people)}
    record(session, actor, "activities.remind", ref, customer_id=plan.customer_id, after=after)


def _require_open(plan: Plan) -> None:
    if plan.state != "open":
        raise Conflict(_("This plan is no longer open."))


def move_along(session: Session, plan: Plan) -> None:
    """The plan has another date. What was put off by hand is off."""
    for reminder in session.scalars(select(Reminder).where(Reminder.plan_id == plan.id)):
        if reminder.lead:
            reminder.fire_at = leads.fires_at(plan.due_at, reminder.lead, all_day=plan.all_day)
        reminder.waiting = bool(reminder.lead) and reminder.fire_at > now()


def wishes_of(session: Session, plan_id: UUID) -> list[Wish]:
    """As they were asked for, for the next plan of a series."""
    statement = select(Reminder.user_id, Reminder.lead).where(Reminder.plan_id == plan_id, Reminder.lead != "")
    return [Wish(user_id, lead) for user_id, lead in session.execute(statement)]


def of_plan(session: Session, plan_id: UUID) -> Sequence[tuple[Reminder, str | None]]:
    """Reminders that wait, with the name of who gets them where that is not whoever has the plan."""
    statement = (
        select(Reminder, User.name)
        .outerjoin(User, User.id == Reminder.user_id)
        .where(Reminder.plan_id == plan_id, Reminder.waiting)
        .order_by(Reminder.fire_at)
        .limit(100)
    )
    return [(reminder, name) for reminder, name in session.execute(statement)]


def told_of(session: Session, plan_id: UUID) -> Sequence[tuple[Told, str]]:
    """Who was reminded, latest first."""
    statement = (
        select(Told, User.name).join(User, User.id == Told.user_id).where(Told.plan_id == plan_id)
        .order_by(Told.at.desc(), Told.id).limit(50)
    )  # fmt: skip
    return [(told, name) for told, name in session.execute(statement)]


def snooze(session: Session, actor: Actor, plan: Plan, data: SnoozeInput) -> datetime:
    """Remind the actor alone, once more. Returns when. Raises Conflict when the plan is over."""
    _require_open(plan)
    moment = _put_off(data.by)
    session.execute(  # one at a time: the later word counts
        update(Reminder)
        .where(Reminder.plan_id == plan.id, Reminder.user_id == actor.user_id, Reminder.lead == "")
        .values(waiting=False)
        .execution_options(synchronize_session=False)
    )
    session.add(Reminder(**_of(plan), user_id=actor.user_id, lead="", fire_at=moment))
    ref = EntityRef("activities", "plan", plan.id)
    record(session, actor, "activities.snooze", ref, customer_id=plan.customer_id, after={"by": data.by})
    return moment


def _put_off(by: str) -> datetime:
    if by == "tomorrow":
        return at_local(today() + timedelta(days=1), leads.MORNING)
    count, unit = int(by[:-1]), by[-1]
    return now() + (timedelta(hours=count) if unit == "h" else timedelta(minutes=count))


def delay_label(by: str) -> str:
    if by == "tomorrow":
        return _("tomorrow morning")
    count = int(by[:-1])
    if by.endswith("h"):
        return _.ngettext("in %(num)s hour", "in %(num)s hours", count)
    return _.ngettext("in %(num)s minute", "in %(num)s minutes", count)
