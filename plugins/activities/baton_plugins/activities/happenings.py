"""Plans, tasks and follow-ups in the list of everything that happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

import pluggy
from baton_plugins.activities import presets
from baton_plugins.activities.alone.policies import reach_of
from baton_plugins.activities.desk.listview import STATES
from baton_plugins.activities.models import FollowUp, Plan

from platform_core.api import (
    Actor,
    Happening,
    HappeningKind,
    HappeningSource,
    Session,
    Tone,
    encode_cursor,
    names_of,
    translator,
)

_ = translator("activities")
hookimpl = pluggy.HookimplMarker("baton")
PLANS, TASKS, FOLLOW_UPS = "activities.plans", "activities.tasks", "activities.follow_ups"
_TONES: dict[str, Tone] = {"open": "primary", "done": "jade", "asked": "amber"}
_LAST = UUID(int=(1 << 128) - 1)


def _plans(session: Session, actor: Actor, rows: Sequence[Any]) -> list[Happening]:
    names = names_of(session, (row.assignee_id for row in rows))
    return [
        Happening(
            TASKS if row.task_id else PLANS,
            _("%(kind)s: %(subject)s", kind=presets.kind(session, row.kind).label, subject=row.subject),
            f"/plans/{row.id}",
            who=names.person(row.assignee_id),
            contact=row.contact_label,
            status=str(STATES[row.state]),
            tone=_TONES.get(row.state, ""),
            all_day=row.all_day,
        )
        for row in rows
    ]


def _follow_ups(session: Session, actor: Actor, rows: Sequence[Any]) -> list[Happening]:
    return [
        Happening(
            FOLLOW_UPS,
            presets.kind(session, row.kind).label,
            # The customer's timeline from this line on.
            f"/customers/{row.customer_id}?before={encode_cursor([row.at, _LAST])}",
            who=row.author_label,
            contact=row.contact_label,
            text=row.body,
            status=outcome.label if (outcome := presets.outcome(session, row.outcome)) else "",
            tone=cast("Tone", outcome.tone) if outcome else "",
        )
        for row in rows
    ]


@hookimpl
def baton_happenings() -> list[HappeningSource]:
    planned = HappeningSource(
        key=PLANS,
        permission="activities.view",
        model=Plan,
        at=Plan.due_at,
        kinds=(
            HappeningKind(PLANS, _.lazy("Plans"), "calendar", Plan.task_id.is_(None)),
            HappeningKind(TASKS, _.lazy("Tasks"), "users", Plan.task_id.is_not(None)),
        ),
        fields=(Plan.subject, Plan.kind, Plan.state, Plan.all_day, Plan.assignee_id, Plan.contact_label, Plan.task_id),
        show=_plans,
        person=Plan.assignee_id,
        contact=Plan.contact_id,
        state=Plan.state,
        states=STATES,
        texts=(Plan.subject,),
        reach=reach_of(Plan),
    )
    written = HappeningSource(
        key=FOLLOW_UPS,
        permission="activities.view",
        model=FollowUp,
        at=FollowUp.at,
        kinds=(HappeningKind(FOLLOW_UPS, _.lazy("Follow-ups"), "notes"),),
        fields=(FollowUp.kind, FollowUp.body, FollowUp.outcome, FollowUp.author_label, FollowUp.contact_label),
        show=_follow_ups,
        person=FollowUp.author_id,
        contact=FollowUp.contact_id,
        texts=(FollowUp.body, FollowUp.promised),
        reach=reach_of(FollowUp),
    )
    return [planned, written]
