"""The relay's column of the customer list: a dot for each leg of the newest open engagement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel.i18n import translator
from platform_core.relay import queries
from platform_core.relay.models import is_late
from platform_core.web.lists.declaration import Column, Decoration, decorate

_ = translator("relay")


def dots_for(session: Session, actor: Actor, customer_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Customer -> state of each leg of its newest open engagement: done, now, next or late. One statement."""
    return {
        customer_id: [_dot(leg.state, late=is_late(leg.state, leg.accept_due_at, leg.due_at)) for leg in legs]
        for customer_id, legs in queries.open_legs(session, customer_ids).items()
    }


def _dot(state: str, *, late: bool) -> str:
    if late:
        return "late"
    return {"done": "done", "active": "now", "offered": "now"}.get(state, "next")


def _find(session: Session, actor: Actor, customer_ids: Sequence[UUID]) -> Mapping[UUID, list[str]]:
    return dots_for(session, actor, customer_ids) if actor.can("relay.view") and customer_ids else {}


def add_to_customer_list() -> None:
    column = Column("relay", _.lazy("Relay"))
    decorate(Decoration("relay", "customers", column, "status", "relay/_dots.html", _find))
