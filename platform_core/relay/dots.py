"""The relay's column of the customer list: a dot for each leg of the newest open engagement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from markupsafe import Markup
from sqlalchemy import Text, and_, select, true, type_coerce
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel.i18n import language, translator
from platform_core.kernel.idlists import NamedIds, among
from platform_core.kernel.scope import AnySelect, prepared, proven
from platform_core.permissions.policies import engagement_predicate
from platform_core.relay.models import Engagement, Leg
from platform_core.web.lists.declaration import Column, Decoration, decorate
from platform_core.web.marks import dots

_ = translator("relay")
_MOST_KEPT = 1024
_OF_SEEN_CUSTOMERS = proven("the relay's part of a list: its customers were read within the actor's scope")


def _find(session: Session, actor: Actor, customer_ids: Sequence[UUID]) -> Mapping[UUID, Markup]:
    """Customer -> the drawn relay of its newest open engagement. One statement."""
    if not actor.can("relay.view") or not customer_ids:
        return {}
    found: dict[Any, tuple[Any, list[tuple[str, bool | None]]]] = {}
    for customer, engagement, state, late in session.execute(_open_legs(session), {"customer_ids": list(customer_ids)}):
        newest, legs = found.setdefault(customer, (engagement, []))
        if newest == engagement:
            legs.append((state, late))
    return {_id_of(customer): _drawn(tuple(legs), language()) for customer, (_newest, legs) in found.items()}


def _id_of(customer: str | UUID) -> UUID:
    """Where the database has no type for ids they come as text here."""
    return customer if isinstance(customer, UUID) else UUID(customer)


@prepared
def _open_legs(reader: Actor) -> AnySelect:
    """Legs of the customers' open engagements that the actor may see, the newest engagement first."""
    theirs = engagement_predicate(Engagement.id, reader)
    wanted = and_(among(Engagement.customer_id, NamedIds("customer_ids")), Engagement.state == "open")
    # Ids are told apart as they come: making a UUID of each would take longer than all the rest of a row.
    customer, engagement = (type_coerce(column, Text()) for column in (Leg.customer_id, Leg.engagement_id))
    return (
        select(customer, engagement, Leg.state, Leg.late)
        .join(Engagement, Engagement.id == Leg.engagement_id)
        .where(wanted, true() if theirs is None else theirs)
        .order_by(Engagement.opened_at.desc(), Engagement.id.desc(), Leg.position)
        .execution_options(**_OF_SEEN_CUSTOMERS)
    )


@lru_cache(maxsize=_MOST_KEPT)
def _drawn(legs: tuple[tuple[str, bool | None], ...], _language: str) -> Markup:
    """Kept, since most relays of a list stand at one of few places; the label is in the language of the request."""
    states = [_dot(state, late=late) for state, late in legs]
    done = sum(state == "done" for state in states)
    return dots(states, _("%(done)d of %(all)d legs done", done=done, all=len(states)))


def _dot(state: str, *, late: bool | None) -> str:
    if late:
        return "late"
    return {"done": "done", "active": "now", "offered": "now"}.get(state, "next")


def add_to_customer_list() -> None:
    column = Column("relay", _.lazy("Relay"))
    decorate(Decoration("relay", "customers", column, "status", "relay/_dots.html", _find))
