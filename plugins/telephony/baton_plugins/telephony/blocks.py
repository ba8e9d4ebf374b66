"""Switchboards: calls from their extensions show numbers that nobody wrote down, and that begin like the main number.

Such a call may be from the customer, and may as well be from the neighbour who got the rest of the hundred: it is a
hint to choose by, and opens nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from baton_plugins.telephony.forms import BlockInput
from baton_plugins.telephony.models import Block, Call
from sqlalchemy import select

from platform_core.api import (
    Actor,
    ContactPoint,
    Customer,
    EntityRef,
    Invalid,
    NotFound,
    Session,
    callers,
    customer_require,
    new_id,
    proven,
    record,
    translator,
)

_ = translator("telephony")
EDIT = "customers.edit"
NOBODY = callers.Callers((), ())
_MOST = 20
_proof = proven("whose switchboard it may be; names leave by callers.of_customers alone, within rights")


def perhaps(session: Session, actor: Actor, call: Call) -> callers.Callers:
    """Whom a call from a number that nobody has may be from; whom somebody chose for it among them."""
    if call.number_cipher is None or call.number_hash is None or not call.verified:
        return NOBODY
    hashes = callers.blocks(session, call.number_cipher).values()
    if not hashes:
        return NOBODY
    found = select(Block.customer_id).where(Block.begins_hash.in_(hashes)).order_by(Block.digits, Block.id).limit(_MOST)
    ids = [*session.scalars(found, execution_options=_proof), *([call.customer_id] if call.customer_id else [])]
    return callers.of_customers(session, actor, list(dict.fromkeys(ids)))


def of_customer(session: Session, customer_id: UUID) -> Sequence[Block]:
    statement = select(Block).where(Block.customer_id == customer_id).order_by(Block.mask, Block.id)
    return session.scalars(statement.limit(_MOST)).all()


def numbers(session: Session, customer: Customer) -> list[tuple[str, str]]:
    """(id, mask) of the numbers that may be a switchboard's."""
    statement = (
        select(ContactPoint.id, ContactPoint.mask)
        .where(ContactPoint.customer_id == customer.id, ContactPoint.kind == "phone")
        .order_by(ContactPoint.is_primary.desc(), ContactPoint.id)
        .limit(_MOST)
    )
    return [(str(row.id), row.mask) for row in session.execute(statement)]


def add(session: Session, actor: Actor, customer: Customer, data: BlockInput) -> None:
    """Write down that the last digits of a number vary. Twice changes nothing. Raises Invalid, Forbidden."""
    customer_require(session, actor, EDIT, customer)
    point: Any = session.get(ContactPoint, data.point_id)
    begins = {}
    if point is not None and point.customer_id == customer.id and point.kind == "phone":
        begins = callers.blocks(session, point.cipher)
    if not begins:
        told = _("Only landline numbers of this customer have numbers that begin alike.")
        raise Invalid(told, fields={"point_id": told})
    known = of_customer(session, customer.id)
    if any((one.digits, one.begins_hash) == (data.digits, begins[data.digits]) for one in known):
        return
    if len(known) >= _MOST:
        raise Invalid(_("That is enough: take one away first."))
    mask = point.mask[: -data.digits] + "x" * data.digits
    session.add(
        Block(
            id=new_id(), customer_id=customer.id, digits=data.digits, begins_hash=begins[data.digits], mask=mask
        )
    )  # fmt: skip
    record(
        session, actor, "telephony.add_block", _ref(customer), customer_id=customer.id, after={"number": mask}
    )  # fmt: skip


def remove(session: Session, actor: Actor, customer: Customer, block_id: UUID) -> None:
    """Raises NotFound, Forbidden."""
    customer_require(session, actor, EDIT, customer)
    block = session.get(Block, block_id)
    if block is None or block.customer_id != customer.id:
        raise NotFound(_("There are no such numbers."))
    session.delete(block)
    before = {"number": block.mask}
    record(session, actor, "telephony.remove_block", _ref(customer), customer_id=customer.id, before=before)


def _ref(customer: Customer) -> EntityRef:
    return EntityRef("customers", "customer", customer.id, customer.name)
