"""Steps of engagements in the list of everything that happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.contracts.happenings import Happening, HappeningKind, HappeningSource
from platform_core.contracts.identity import Actor
from platform_core.kernel.i18n import translator
from platform_core.relay import panels
from platform_core.relay.models import Engagement, RelayEvent

_ = translator("relay")
STEPS = "relay.steps"
_TITLE = select(Engagement.title).where(Engagement.id == RelayEvent.engagement_id).scalar_subquery().label("title")


def _steps(session: Session, actor: Actor, rows: Sequence[Any]) -> list[Happening]:
    return [_step(row) for row in rows]


def _step(row: Any) -> Happening:
    _icon, tone = panels.look(row.kind)
    target = panels.target(row.kind, row.to_department, row.to_person)
    return Happening(
        STEPS,
        " · ".join(filter(None, (row.title, target))),
        f"/engagements/{row.engagement_id}",
        who=row.actor_label or panels.NOBODY,
        # What was opened is called so; its line says it twice.
        text="" if row.text == row.title else row.text,
        status=str(panels.VERBS[row.kind]),
        tone=tone,
    )


def baton_happenings() -> list[HappeningSource]:
    source = HappeningSource(
        key=STEPS,
        permission="relay.view",
        model=RelayEvent,
        at=RelayEvent.at,
        kinds=(HappeningKind(STEPS, _.lazy("Relay"), "transfer"),),
        fields=(
            RelayEvent.engagement_id, RelayEvent.kind, RelayEvent.actor_label, RelayEvent.to_department,
            RelayEvent.to_person, RelayEvent.text, _TITLE,
        ),
        show=_steps,
        person=RelayEvent.actor_id,
        state=RelayEvent.kind,
        states=panels.VERBS,
        texts=(RelayEvent.text,),
    )  # fmt: skip
    return [source]
