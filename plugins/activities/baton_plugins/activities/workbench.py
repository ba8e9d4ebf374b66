"""The actor's own plans on the workbench, and today's tally. Three statements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pluggy
from baton_plugins.activities import presets, queries
from baton_plugins.activities.queries import PlanRow

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
    return [*(section for section in found if section.items), *_tally(session, actor)]


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
        customer_id=plan.customer_id,
        customer_name=row.customer,
        due=row.due,
        detail=plan.contact_label,
        icon=kind.icon,
        source=_("from %(name)s", name=plan.passed_on_by_label) if plan.passed_on_by_label else "",
        template="activities/_row.html",
        context={"row": row, "kind": kind, "c": None},
    )


def _tally(session: Session, actor: Actor) -> list[WorkSection]:
    if not actor.can("activities.write"):
        return []
    done = queries.tally(session, actor)
    shown = WorkItem(
        id=actor.user_id,
        kind="activities.tally",
        title="",
        customer_id=actor.user_id,
        customer_name="",
        due=None,
        template="activities/_tally.html",
        context={"tally": done},
    )
    return [WorkSection("activities.tally", _("Done today"), "", (shown,), order=60, place="side")]
