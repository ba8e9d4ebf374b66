"""An engagement of the demo as rows: legs, access, history. As the relay's services would have left them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from platform_core.contracts.demo import DemoPerson
from platform_core.demo.ids import Ids
from platform_core.demo.plot import Run, Turn

Row = dict[str, Any]


def engagement(run: Run, customer_id: UUID) -> Row:
    return {
        "id": run.id,
        "customer_id": customer_id,
        "route_id": run.track.id,
        "route_name": run.track.name,
        "title": run.title[:120],
        "state": run.state,
        "opened_by": run.opened_by.id,
        "opened_at": run.opened_at,
        "closed_at": run.closed_at,
        "created_at": run.opened_at,
        "updated_at": run.updated_at,
    }


def legs(run: Run, customer_id: UUID, now: datetime) -> Iterator[Row]:
    for turn in run.turns:
        step = turn.step
        due = turn.accepted_at + timedelta(days=step.work_days) if turn.accepted_at else None
        accept_due = turn.offered_at + timedelta(hours=step.accept_hours) if turn.offered_at else None
        wait = {"offered": accept_due, "active": due}.get(turn.state)
        yield {
            "id": turn.id,
            "engagement_id": run.id,
            "customer_id": customer_id,
            "position": turn.position,
            "department_id": step.department.id,
            "title": step.title,
            "state": turn.state,
            "offered_by": turn.offered_by.id if turn.offered_by else None,
            "offered_at": turn.offered_at,
            "offered_to": turn.offered_to.id if turn.offered_to else None,
            "accept_due_at": accept_due,
            "assignee_id": turn.assignee.id if turn.assignee else None,
            "accepted_at": turn.accepted_at,
            "due_at": due,
            "note": turn.note,
            "returned_reason": turn.returned,
            "checklist": _checklist(turn),
            "needs": list(step.needs),
            "accept_hours": step.accept_hours,
            "work_days": step.work_days,
            "outcome": turn.outcome,
            "closed_at": turn.closed_at,
            "closed_by": turn.assignee.id if turn.assignee and turn.closed_at else None,
            # Who is late already has been reminded.
            "remind_at": wait if wait is not None and wait > now else None,
        }


def _checklist(turn: Turn) -> list[Row]:
    by = turn.assignee.name if turn.assignee else ""
    moment = turn.closed_at or turn.accepted_at
    at = moment.isoformat() if moment else ""
    return [
        {**item, "done": (done := place < turn.ticked), "by": by if done else "", "at": at if done else ""}
        for place, item in enumerate(turn.step.checklist)
    ]


def access(run: Run, customer_id: UUID, new: Ids) -> Iterator[Row]:
    """The live rows: a part for each department that has or had a leg, for each holder, and the waiting baton's."""

    def row(kind: str, turn: Turn, since: datetime, by: DemoPerson | None, **more: Any) -> Row:
        return {
            "id": new.at(since),
            "kind": kind,
            "user_id": None,
            "department_id": None,
            "customer_id": customer_id,
            "engagement_id": run.id,
            "leg_id": turn.id,
            "role": "",
            "may_write": False,
            "granted_by": by.id if by else None,
            "since": since,
            **more,
        }

    for turn in run.turns:
        if turn.state == "planned":
            continue
        since = turn.offered_at or turn.accepted_at
        assert since is not None
        by = turn.offered_by or turn.assignee
        yield row("leg", turn, since, by, department_id=turn.step.department.id)
        if turn.assignee is not None:
            holds = turn.state == "active"
            role = "assignee" if holds else "sender"
            yield row("member", turn, since, by, user_id=turn.assignee.id, role=role, may_write=holds)
        elif turn.offered_to is not None:
            yield row("offer", turn, since, by, user_id=turn.offered_to.id)
        else:
            yield row("offer", turn, since, by, department_id=turn.step.department.id)


def events(run: Run, customer_id: UUID, new: Ids) -> Iterator[Row]:
    """The history, oldest first."""

    def row(kind: str, at: datetime, by: DemoPerson | None, turn: Turn, text: str = "", **to: str) -> Row:
        return {
            "id": new.at(at),
            "engagement_id": run.id,
            "leg_id": turn.id,
            "customer_id": customer_id,
            "kind": kind,
            "at": at,
            "actor_id": by.id if by else None,
            "actor_label": by.name if by else "",
            "department_label": by.department if by else "",
            "to_department": to.get("department", ""),
            "to_person": to.get("person", ""),
            "text": text,
        }

    yield row("opened", run.opened_at, run.opened_by, run.turns[0], run.title)
    for turn in run.turns[1:]:
        if turn.offered_at is None:
            break
        department = turn.step.department.name
        person = turn.offered_to.name if turn.offered_to else ""
        yield row(
            "handed_over", turn.offered_at, turn.offered_by, turn, turn.note, department=department, person=person
        )
        if turn.assignee is not None and turn.accepted_at is not None:
            yield row(
                "accepted", turn.accepted_at, turn.assignee, turn, department=department, person=turn.assignee.name
            )
        if turn.returned:
            at, by = turn.offered_at + timedelta(minutes=40), turn.step.department.people[0]
            sender = turn.offered_by
            yield row(
                "returned", at, by, turn, turn.returned,
                department=sender.department if sender else "", person=sender.name if sender else "",
            )  # fmt: skip
    last = run.current
    if run.closed_at is not None:
        kind = "closed" if run.state == "done" else "cancelled"
        yield row(kind, run.closed_at, last.assignee, last, last.outcome)
