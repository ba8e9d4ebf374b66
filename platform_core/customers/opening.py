"""Opening a customer: written down and counted before anything of it is shown, wherever that happens."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.caps import counting
from platform_core.caps.limits import Standing
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor


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
    audit.record(session, actor, action, ref, customer_id=customer_id, ids=ids)
    return standing
