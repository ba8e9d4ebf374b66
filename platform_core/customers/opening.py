"""Opening a customer: written down and counted before anything of it is shown, wherever that happens."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID

from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.caps import counting
from platform_core.caps.limits import Standing
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.kernel.database import Database, database_of
from platform_core.kernel.errors import Frozen
from platform_core.kernel.unitofwork import on_refusal


def opened(
    session: Session,
    actor: Actor,
    ref: EntityRef,
    customer_id: UUID | None,
    action: str = "customers.view",
    *,
    ids: Iterable[UUID] = (),
    seen: counting.Seen | None = None,
) -> Standing | None:
    """Returns where the actor stands with their daily cap. Raises Frozen where this would be one customer too many.

    `customer_id` is none for a contact that stands alone: it is written down and not counted. `ids` are rows of the
    customer that are shown. `seen` spares a read where the caller has made it along with another.
    """
    standing = counting.count(session, actor, customer_id, seen=seen) if customer_id is not None else None
    shown = list(ids)
    audit.record(session, actor, action, ref, customer_id=customer_id, ids=shown)
    on_refusal(session, _opened_all_the_same, database_of(session), actor, ref, customer_id, action, shown)
    return standing


def _opened_all_the_same(
    database: Database, actor: Actor, ref: EntityRef, customer_id: UUID | None, action: str, ids: list[UUID]
) -> None:
    """A refused form showed the customer, and its transaction is gone."""
    with suppress(Frozen), database.system_session("an opening by a form that was refused") as session:
        opened(session, actor, ref, customer_id, action, ids=ids)
