"""The relay's column of the customer list: a dot for each leg of the newest open engagement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from markupsafe import Markup
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel.i18n import translator
from platform_core.relay import queries
from platform_core.relay.models import is_late
from platform_core.web.lists.declaration import Column, Decoration, decorate
from platform_core.web.marks import dots

_ = translator("relay")


def _find(session: Session, actor: Actor, customer_ids: Sequence[UUID]) -> Mapping[UUID, Markup]:
    """Customer -> the drawn relay of its newest open engagement. One statement."""
    if not actor.can("relay.view") or not customer_ids:
        return {}
    return {customer_id: _drawn(legs) for customer_id, legs in queries.open_legs(session, customer_ids).items()}


def _drawn(legs: Sequence[Any]) -> Markup:
    states = [_dot(leg.state, late=is_late(leg.state, leg.accept_due_at, leg.due_at)) for leg in legs]
    done = sum(state == "done" for state in states)
    return dots(states, _("%(done)d of %(all)d legs done", done=done, all=len(states)))


def _dot(state: str, *, late: bool) -> str:
    if late:
        return "late"
    return {"done": "done", "active": "now", "offered": "now"}.get(state, "next")


def add_to_customer_list() -> None:
    column = Column("relay", _.lazy("Relay"))
    decorate(Decoration("relay", "customers", column, "status", "relay/_dots.html", _find))
