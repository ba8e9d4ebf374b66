"""Plans and follow-ups of the demo: what the core says was said and is to be done, as rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pluggy
from baton_plugins.activities.cycles.models import Cycle
from baton_plugins.activities.meetings.models import Invitation, Meeting
from baton_plugins.activities.models import FollowUp, Plan
from baton_plugins.activities.phrases.models import Phrase
from sqlalchemy import select

from platform_core.api import (
    DemoContext,
    DemoCustomer,
    DemoData,
    DemoHouse,
    Session,
    User,
    at_local,
    day_start,
    today,
)

hookimpl = pluggy.HookimplMarker("baton")
_PHRASES = {
    "\u8d44\u6599\u5df2\u53d1": (
        "\u5df2\u628a\u8bfe\u7a0b\u8d44\u6599\u53d1\u7ed9{contact}\uff0c"
        "{customer}\u5185\u90e8\u8ba8\u8bba\u540e\u56de\u590d\u3002"
    ),
    "\u672a\u63a5\u901a": "\u7535\u8bdd\u672a\u63a5\u901a\uff0c\u6539\u65e5\u518d\u6253\u3002",
    "\u786e\u8ba4\u540d\u5355": "\u4e0e{contact}\u786e\u8ba4\u53c2\u8bad\u540d\u5355\uff0c{sender}\u8ddf\u8fdb\u3002",
}
"""Of the house: name -> text"""
_ANSWERED = 0.6
"""Share of follow-ups that answer a plan."""


@hookimpl
def baton_demo_data() -> list[DemoData]:
    return [DemoData(20, load, prepare)]


def prepare(session: Session, house: DemoHouse) -> None:
    """A meeting of tomorrow to which one has answered, a day of next week for everybody, phrases, cycles of visits."""
    session.add(Cycle(name="\u8bfe\u540e\u56de\u8bbf", steps=[7, 30, 90], every=90, starts="done", per_day=200))
    session.add(Cycle(name="\u91cd\u70b9\u5ba2\u6237\u56de\u8bbf", steps=[30, 60], every=60, grade="A", per_day=200))
    logins = ("collector", "trainer", "clerk", "manager")
    found = session.scalars(select(User).where(User.login.in_(logins)).order_by(User.login.desc())).all()
    people = sorted(found, key=lambda user: logins.index(user.login))
    day = today() + timedelta(days=1)
    for subject, first, until, all_day in (
        ("\u672c\u5468\u4ea4\u63a5\u4f8b\u4f1a", at_local(day, 10), at_local(day, 11), False),
        ("\u5e74\u5ea6\u57f9\u8bad\u8ba1\u5212\u65e5", day_start(day + timedelta(days=5)),
         day_start(day + timedelta(days=6)), True),
    ):  # fmt: skip
        if people:
            _meet(session, people, subject, first, until, all_day=all_day)
    if people:
        session.add_all(
            Phrase(owner_id=people[-1].id, name=name, text=text, reach="all") for name, text in _PHRASES.items()
        )


def _meet(
    session: Session, people: Sequence[User], subject: str, first: datetime, until: datetime, *, all_day: bool
) -> None:
    host = people[-1]
    meeting = Meeting(
        subject=subject, starts_at=first, ends_at=until, all_day=all_day, room="" if all_day else "room",
        organizer_id=host.id, organizer_label=host.name,
    )  # fmt: skip
    session.add(meeting)
    session.flush()  # invitations refer to it
    answers = ["", "yes", *[""] * len(people)]
    for user, answer in zip(people, answers, strict=False):
        told = "yes" if user is host else answer
        named = {"user_id": user.id, "user_label": user.name, "department_id": user.department_id}
        session.add(Invitation(meeting_id=meeting.id, answer=told, **named))


def load(part: DemoContext) -> None:
    """Every touch a follow-up, every task an open plan; in a small demo also plans that follow-ups answered."""
    plans: list[dict[str, Any]] = []
    follow_ups: list[dict[str, Any]] = []
    for customer in part.customers:
        plans += _plans(part, customer)
        made = list(_follow_ups(part, customer))
        if part.is_small:
            plans += _answered(part, customer, made)
        follow_ups += made
    part.write(Plan, plans)
    part.write(FollowUp, follow_ups)


def _plans(part: DemoContext, customer: DemoCustomer) -> Iterator[dict[str, Any]]:
    for task in customer.tasks:
        yield {
            "id": part.id_at(task.created_at),
            "customer_id": customer.id,
            "engagement_id": task.engagement_id,
            "contact_id": customer.contact_id,
            "contact_label": customer.contact_name,
            "assignee_id": task.assignee.id,
            "department_id": task.assignee.department_id,
            "kind": task.kind,
            "subject": task.subject,
            "due_at": task.due_at,
            "all_day": task.all_day,
            "state": "open",
            "done_at": None,
            "follow_up_id": None,
            "created_by": task.assignee.id,
            "created_by_label": task.assignee.name,
            "cause": task.cause,
            "created_at": task.created_at,
            "updated_at": task.created_at,
        }


def _follow_ups(part: DemoContext, customer: DemoCustomer) -> Iterator[dict[str, Any]]:
    for touch in customer.touches:
        yield {
            "id": part.id_at(touch.at),
            "customer_id": customer.id,
            "engagement_id": touch.engagement_id,
            "leg_id": touch.leg_id,
            "contact_id": customer.contact_id,
            "contact_label": customer.contact_name,
            "author_id": touch.by.id,
            "author_label": touch.by.name,
            "department_id": touch.by.department_id,
            "department_label": touch.by.department,
            "at": touch.at,
            "kind": touch.kind,
            "direction": "in" if touch.is_incoming else "out",
            "body": touch.text,
            "outcome": touch.outcome,
            "old_status": touch.old_status,
            "new_status": touch.new_status,
            "next_plan_id": None,
            "next_due_at": touch.next_at,
            "unplanned": not part.is_small,
            "created_at": touch.at,
            "updated_at": touch.at,
        }


def _answered(part: DemoContext, customer: DemoCustomer, follow_ups: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A plan made by an earlier follow-up that a later one of the same person answered."""
    for earlier, later in zip([None, *follow_ups], follow_ups, strict=False):
        later["unplanned"] = True
        if earlier is None or earlier["author_id"] != later["author_id"] or part.random.random() > _ANSWERED:
            continue
        plan_id = part.id_at(earlier["at"])
        later["unplanned"] = False
        due = later["at"].replace(minute=0, second=0, microsecond=0) + timedelta(
            hours=part.random.choice((-1, 0, 0, 1))
        )
        earlier["next_plan_id"], earlier["next_due_at"] = plan_id, due
        yield {
            "id": plan_id,
            "customer_id": customer.id,
            "engagement_id": later["engagement_id"],
            "contact_id": customer.contact_id,
            "contact_label": customer.contact_name,
            "assignee_id": later["author_id"],
            "department_id": later["department_id"],
            "kind": later["kind"],
            "subject": later["body"].partition("\u3002")[0][:40],
            "due_at": due,
            "all_day": False,
            "state": "done",
            "done_at": later["at"],
            "follow_up_id": later["id"],
            "created_by": earlier["author_id"],
            "created_by_label": earlier["author_label"],
            "cause": "follow_up",
            "created_at": earlier["at"],
            "updated_at": later["at"],
        }
