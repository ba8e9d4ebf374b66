"""Opportunities in the list of everything that happened: opened, and won or lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pluggy
from baton_plugins.opportunities.models import Opportunity
from baton_plugins.opportunities.routes import VIEW

from platform_core.api import Actor, Happening, HappeningKind, HappeningSource, Session, Tone, money_text, translator

_ = translator("opportunities")
hookimpl = pluggy.HookimplMarker("baton")
OPENED, CLOSED = "opportunities.opened", "opportunities.closed"
_STAGES = {
    "open": _.lazy_pgettext("stage", "Open"),
    "won": _.lazy_pgettext("stage", "Won"),
    "lost": _.lazy_pgettext("stage", "Lost"),
}
_TONES: dict[str, Tone] = {"open": "primary", "won": "jade", "lost": "red"}


def _opened(session: Session, actor: Actor, rows: Sequence[Any]) -> list[Happening]:
    return [_line(OPENED, row, row.created_by_label, row.need) for row in rows]


def _closed(session: Session, actor: Actor, rows: Sequence[Any]) -> list[Happening]:
    return [_line(CLOSED, row, row.closed_by_label, row.lost_reason) for row in rows]


def _line(kind: str, row: Any, who: str, text: str) -> Happening:
    worth = money_text(row.expected_value) if row.expected_value is not None else ""
    return Happening(
        kind,
        " · ".join(filter(None, (row.title, worth))),
        f"/opportunities/{row.id}",
        who=who,
        text=text,
        status=str(_STAGES[row.stage]),
        tone=_TONES[row.stage],
    )


@hookimpl
def baton_happenings() -> list[HappeningSource]:
    fields = (Opportunity.title, Opportunity.expected_value, Opportunity.stage)
    opened = HappeningSource(
        key=OPENED,
        permission=VIEW,
        model=Opportunity,
        at=Opportunity.created_at,
        kinds=(HappeningKind(OPENED, _.lazy("Opportunities opened"), "briefcase"),),
        fields=(*fields, Opportunity.created_by_label, Opportunity.need),
        show=_opened,
        person=Opportunity.created_by,
        texts=(Opportunity.title, Opportunity.need),
    )
    closed = HappeningSource(
        key=CLOSED,
        permission=VIEW,
        model=Opportunity,
        at=Opportunity.closed_at,
        kept=Opportunity.closed_at.is_not(None),
        kinds=(HappeningKind(CLOSED, _.lazy("Opportunities won or lost"), "award"),),
        fields=(*fields, Opportunity.closed_by_label, Opportunity.lost_reason),
        show=_closed,
        person=Opportunity.closed_by,
        state=Opportunity.stage,
        states={stage: _STAGES[stage] for stage in ("won", "lost")},
        texts=(Opportunity.title, Opportunity.lost_reason),
    )
    return [opened, closed]
