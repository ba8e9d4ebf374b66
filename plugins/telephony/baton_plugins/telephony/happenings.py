"""Calls in the list of everything that happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pluggy
from baton_plugins.telephony.listview import DIRECTIONS, STATES, reach
from baton_plugins.telephony.models import Call
from baton_plugins.telephony.policies import VIEW

from platform_core.api import Actor, Happening, HappeningKind, HappeningSource, Session, Tone, translator

_ = translator("telephony")
hookimpl = pluggy.HookimplMarker("baton")
CALLS = "telephony.calls"


def _calls(session: Session, actor: Actor, rows: Sequence[Any]) -> list[Happening]:
    return [_call(row) for row in rows]


def _call(row: Any) -> Happening:
    words, tone = STATES[row.state]
    direction = DIRECTIONS[row.direction]
    number = _("withheld") if row.withheld else row.number_mask
    return Happening(
        CALLS,
        _("%(direction)s: %(number)s", direction=direction, number=number) if number else str(direction),
        f"/customers/{row.customer_id}?tab=telephony.calls" if row.customer_id else "/calls",
        who=row.answered_by_label,
        status=str(words),
        tone=cast("Tone", tone),
    )


@hookimpl
def baton_happenings() -> list[HappeningSource]:
    return [
        HappeningSource(
            key=CALLS,
            permission=VIEW,
            model=Call,
            at=Call.started_at,
            kinds=(HappeningKind(CALLS, _.lazy("Calls"), "phone"),),
            fields=(Call.direction, Call.number_mask, Call.withheld, Call.state, Call.answered_by_label),
            show=_calls,
            person=Call.answered_by_id,
            contact=Call.contact_id,
            state=Call.state,
            states={code: words for code, (words, _tone) in STATES.items()},
            reach=reach,
        )
    ]
