"""Erasing what was ticked in the bin, at once and for good: what that would touch, and doing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.customers import erasing, merging, rights
from platform_core.customers.bin import staying
from platform_core.customers.bin.purging import lying
from platform_core.customers.models import Customer
from platform_core.kernel.errors import Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.scope import proven

_ = translator("customers")
MOST = 50
"""At once: each walks every table, and whoever else writes waits for it on a small house."""
_PROOF = proven("the bin is behind the policy; the right to erase is checked for each")


@dataclass(frozen=True, slots=True)
class Preview:
    going: Sequence[Customer]
    staying: Sequence[tuple[Customer, Sequence[str]]]
    """Each with the sentences that speak for it."""
    shares: Sequence[merging.Share]
    aliases: int


def preview(session: Session, actor: Actor, ids: Sequence[UUID]) -> Preview:
    """What erasing these would do; written down as a look. Raises NotFound unless all are there and the actor's."""
    shown = _sorted_out(session, actor, ids)
    keys = [customer.id for customer in shown[0]]
    everything = erasing.with_merged(session, keys)
    audit.record(session, actor, "customers.purge_preview", ids=ids)
    shares = erasing.shares(session, everything) if keys else []
    return Preview(*shown, shares, len(everything) - len(keys))


def purge(session: Session, actor: Actor, ids: Sequence[UUID], count: str, reason: str) -> int:
    """Erase those of them for whom nothing speaks. `count` is their number as the actor has typed it, to confirm.

    Raises NotFound, Invalid at `count` and `reason`.
    """
    going, _stay = _sorted_out(session, actor, ids, lock=True)
    wrong = {}
    if count.strip() != str(len(going)):
        wrong["count"] = _("Type the number of customers: %(num)d.", num=len(going))
    if not reason.strip() or len(reason.strip()) > erasing.LONGEST_REASON:
        wrong["reason"] = _("Say why, in at most %(limit)d characters.", limit=erasing.LONGEST_REASON)
    if wrong:
        raise Invalid(_("Please check the marked fields."), fields=wrong)
    for customer in going:
        erasing.forget(session, actor, customer, reason.strip())
    return len(going)


def _sorted_out(
    session: Session, actor: Actor, ids: Sequence[UUID], *, lock: bool = False
) -> tuple[Sequence[Customer], Sequence[tuple[Customer, Sequence[str]]]]:
    """(those that may go, those that stay with the reasons)."""
    if len(ids) > MOST:
        raise Invalid(_("At most %(number)s at once.", number=MOST))
    statement = select(Customer).where(Customer.id.in_(ids), *lying()).order_by(Customer.id)
    if lock:
        statement = statement.with_for_update(of=Customer)
    found = session.scalars(statement, execution_options=_PROOF).all()
    if {customer.id for customer in found} != rights.allowed_among(session, actor, erasing.PERMISSION, found) or (
        len(found) != len(ids)
    ):
        raise NotFound(_("There is no such customer in the bin, or not for you."))
    reasons: Mapping[UUID, Sequence[str]] = staying.reasons(session, ids)
    stay = [(customer, reasons[customer.id]) for customer in found if customer.id in reasons]
    return [customer for customer in found if customer.id not in reasons], stay
