"""What is to change, of which customers, and what stands against it: the same for the preview and for the change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import rights, slices
from platform_core.customers.bulk.models import BulkChange, BulkLine
from platform_core.customers.models import Customer
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import among
from platform_core.kernel.scope import proven

_ = translator("customers")
EDIT = "customers.edit"
OWN = proven("lines of a change that the caller has read within the actor's scope")
WORDS = {
    "hidden": _.lazy("It is in the bin, merged or erased by now, or no longer yours to see."),
    "right": _.lazy("You may see it, but not change it. Its owner may, and the head of its department."),
    "restricted": _.lazy("The record is restricted: it is kept, but not used."),
    "tags": _.lazy("It would have too many tags."),
    "later": _.lazy("Somebody has changed it again since."),
}
"""Why a customer stays as it is."""


class Wanted(msgspec.Struct, kw_only=True, omit_defaults=True):
    """`values`: field -> code, "" to empty it. Only fields with a dictionary: they mean the same for everybody."""

    values: dict[str, str] = {}
    add_tags: list[str] = []
    remove_tags: list[str] = []

    def __bool__(self) -> bool:
        return bool(self.values or self.add_tags or self.remove_tags)


def wanted_of(change: BulkChange) -> Wanted:
    return msgspec.convert(change.wanted, Wanted)


def get(session: Session, change_id: UUID, *, lock: bool = False) -> BulkChange:
    """Raises NotFound when there is none or none for this actor."""
    return slices.get(session, BulkChange, change_id, _("There is no such change, or not for you."), lock=lock)


def lines(session: Session, change: BulkChange, state: str, after: int, limit: int) -> Sequence[BulkLine]:
    mine = (BulkLine.change_id == change.id, BulkLine.state == state, BulkLine.number > after)
    return session.scalars(
        select(BulkLine).where(*mine).order_by(BulkLine.number).limit(limit), execution_options=OWN
    ).all()


def mark(session: Session, change: BulkChange, rows: Sequence[BulkLine], done: Sequence[dict[str, Any]]) -> None:
    for row in rows:
        session.expunge(row)  # changed past the session
    slices.mark(session, BulkLine, ("change_id", change.id), done, OWN)


def judged(
    session: Session, actor: Actor, rows: Sequence[BulkLine], *, lock: bool = False
) -> list[tuple[BulkLine, Customer | None, str]]:
    """Each line with its customer, if the actor sees it, and why it stays as it is."""
    mine = among(Customer.id, [row.customer_id for row in rows])
    statement = select(Customer).where(mine, Customer.deleted_at.is_(None)).order_by(Customer.id)
    if lock:
        statement = statement.with_for_update(of=Customer).execution_options(populate_existing=True)
    present = {customer.id: customer for customer in session.scalars(statement)}
    allowed = rights.allowed_among(session, actor, EDIT, list(present.values()))
    found: list[tuple[BulkLine, Customer | None, str]] = []
    for row in rows:
        customer = present.get(row.customer_id)
        if customer is None:
            why = "hidden"
        elif customer.restricted_at is not None:
            why = "restricted"
        else:
            why = "" if customer.id in allowed else "right"
        found.append((row, customer, why))
    return found


def values(customer: Customer, wanted: Wanted) -> dict[str, Any]:
    return {name: value for name, value in wanted.values.items() if getattr(customer, name) != value}


def sides(customer: Customer, wanted: Wanted, held: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What would be other: field -> value before, and after."""
    after = values(customer, wanted)
    before = {name: getattr(customer, name) for name in after}
    going = set(wanted.remove_tags)
    kept = [name for name in held if name not in going]
    becomes = [*kept, *(name for name in dict.fromkeys(wanted.add_tags) if name not in kept)]
    if sorted(becomes) != sorted(held):
        before["tags"], after["tags"] = list(held), becomes
    return before, after
