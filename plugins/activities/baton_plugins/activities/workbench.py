"""The actor's own plans on the workbench, and today's tally. Three to five statements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pluggy
from baton_plugins.activities import presets, queries
from baton_plugins.activities.desk import lists, tabs
from baton_plugins.activities.queries import PlanRow
from baton_plugins.activities.urging import services as urging

from platform_core.api import Actor, Session, Tone, WorkItem, WorkSection, day_start, local, today, translator

_ = translator("activities")
hookimpl = pluggy.HookimplMarker("baton")
MOST = 20
"""Items of a section; the rest is behind its link."""
_DAYS = 8
"""Today and the next seven days."""
_MOST_AHEAD = 200


@hookimpl
def baton_workbench(session: Session, actor: Actor) -> list[WorkSection]:
    if not actor.can("activities.view"):
        return []
    start = day_start(today())
    late = queries.mine(session, actor, until=start, limit=MOST + 1)
    ahead = queries.mine(session, actor, since=start, until=upcoming(_DAYS), limit=_MOST_AHEAD)
    overdue = [*late, *(row for row in ahead if row.is_overdue)]
    rest = [row for row in ahead if not row.is_overdue]
    found = [
        _section(session, "overdue", _("Overdue"), "red", overdue, 10),
        _section(session, "today", _("Today"), "amber", _on(rest, 0), 20),
        _section(session, "tomorrow", _("Tomorrow"), "primary", _on(rest, 1), 30),
        _section(session, "later", _("Next seven days"), "", [row for row in rest if _days(row) > 1], 40),
    ]
    counted = lists.numbers(session, actor)
    above = [_tabs(actor, counted)]
    if counted.urged:
        above += _urged(session, actor)
    if counted.asked:
        above += _asked(session, actor)
    return [*above, *(section for section in found if section.items), *_tally(actor, counted)]


def _tabs(actor: Actor, counted: lists.Numbers) -> WorkSection:
    shown = _alone(actor, "activities.tabs", "activities/_tabs.html", {"tabs": tabs.of(actor, counted), "view": ""})
    return WorkSection("activities.tabs", _("Lists"), "", (shown,), order=1, place="top")


def _urged(session: Session, actor: Actor) -> list[WorkSection]:
    """What the heads want to know, first deadline first."""
    items = tuple(
        WorkItem(
            id=line.urge.id, kind="activities.urge", title=line.urge.text, customer_id=line.urge.customer_id,
            customer_name=line.customer, due=line.urge.answer_by, icon="alarm", source=line.urge.from_label,
            template="activities/_urged_row.html", context={"line": line},
        )
        for line in urging.waiting(session, actor, limit=MOST)
    )  # fmt: skip
    return [WorkSection("activities.urged", _("Urged"), "violet", items, order=3)] if items else []


def _asked(session: Session, actor: Actor) -> list[WorkSection]:
    """Colleagues who wait for the actor's answer."""
    waiting = lists.of_me(session, actor, limit=MOST + 1)
    items = tuple(
        WorkItem(
            id=asked.request.id, kind="activities.assistance", title=asked.row.plan.subject,
            customer_id=asked.row.plan.person_id, customer_name=asked.row.customer, due=asked.row.due,
            icon="heart-handshake", source=asked.request.from_label, template="activities/_asked_row.html",
            context={"asked": asked, "place": "workbench"},
        )
        for asked in waiting[:MOST]
    )  # fmt: skip
    more = "/plans/asked" if len(waiting) > MOST else ""
    section = WorkSection("activities.asked", _("Asked of me"), "violet", items, order=5, more_url=more)
    return [section] if items else []


def _alone(actor: Actor, kind: str, template: str, context: dict[str, Any]) -> WorkItem:
    """A piece of the page that is about no customer."""
    return WorkItem(
        id=actor.user_id, kind=kind, title="", customer_id=actor.user_id, customer_name="", due=None,
        template=template, context=context,
    )  # fmt: skip


def upcoming(days: int) -> datetime:
    """The start of the day in `days` days."""
    return day_start(today() + timedelta(days=days))


def bounds(which: str) -> tuple[datetime | None, datetime | None]:
    """(since, until) of the plans behind a section's link; anything else means all."""
    return {
        "overdue": (None, upcoming(1)),
        "today": (upcoming(0), upcoming(1)),
        "tomorrow": (upcoming(1), upcoming(2)),
        "later": (upcoming(2), None),
    }.get(which, (None, None))


def _days(row: PlanRow) -> int:
    return (local(row.plan.due_at).date() - today()).days


def _on(rows: Sequence[PlanRow], days: int) -> list[PlanRow]:
    return [row for row in rows if _days(row) == days]


def _section(session: Session, key: str, label: str, tone: Tone, rows: Sequence[PlanRow], order: int) -> WorkSection:
    return WorkSection(
        key=f"activities.{key}",
        label=label,
        tone=tone,
        items=tuple(item(session, row) for row in rows[:MOST]),
        order=order,
        more_url=f"/plans?due={key}" if len(rows) > MOST else "",
    )


def item(session: Session, row: PlanRow) -> WorkItem:
    plan = row.plan
    kind = presets.kind(session, plan.kind)
    return WorkItem(
        id=plan.id,
        kind="activities.plan",
        title=plan.subject,
        customer_id=plan.person_id,
        customer_name=row.customer,
        due=row.due,
        detail=plan.contact_label if plan.customer_id else "",
        icon=kind.icon,
        source=_("from %(name)s", name=plan.passed_on_by_label) if plan.passed_on_by_label else "",
        template="activities/_row.html",
        context={"row": row, "kind": kind, "c": None},
    )


def _tally(actor: Actor, counted: lists.Numbers) -> list[WorkSection]:
    if not actor.can("activities.write"):
        return []
    shown = _alone(actor, "activities.tally", "activities/_tally.html", {"tally": counted})
    return [WorkSection("activities.tally", _("Done today"), "", (shown,), order=60, place="side")]
