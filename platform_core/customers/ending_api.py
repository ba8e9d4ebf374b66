"""JSON: merging customers, taking that back, erasing the person."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import erasing, merging, outputs, queries, unmerging
from platform_core.customers.outputs import CustomerOut
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.web.routing import post

_ = translator("customers")


class MergeInput(msgspec.Struct, kw_only=True):
    """`other_id` becomes part of the customer in the path.

    `take`: fields that take the other's value; without it, those that the kept one leaves empty.
    """

    other_id: UUID
    take: list[str] | None = None


class MergeOut(msgspec.Struct, kw_only=True):
    """`id` is what undoing the merge asks for."""

    id: UUID
    kept_id: UUID
    other_id: UUID


class EraseInput(msgspec.Struct, kw_only=True):
    """`code` is the customer's, to confirm; `reason` stays on record."""

    code: str
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=erasing.LONGEST_REASON)]


@post("/{customer_id:uuid}/merge", permission=merging.PERMISSION, name="customers:api_merge")
def merge(session: Session, actor: Actor, customer_id: UUID, data: MergeInput) -> MergeOut:
    """Make one customer of two."""
    queries.get(session, customer_id)
    done = merging.merge(session, actor, customer_id, data.other_id, data.take)
    return MergeOut(id=done.id, kept_id=customer_id, other_id=data.other_id)


@post("/merges/{merge_id:uuid}/undo", permission=merging.PERMISSION, name="customers:api_unmerge")
def undo(session: Session, actor: Actor, merge_id: UUID) -> CustomerOut:
    """Make two customers again; the answer is the one that is back."""
    back = unmerging.unmerge(session, actor, merge_id)
    session.flush()  # the answer shows the new version
    return outputs.customer(session, back, [tag.name for tag in queries.tags_of(session, back.id)])


@post("/{customer_id:uuid}/erase", permission=erasing.PERMISSION, name="customers:api_erase", status_code=204)
def erase(session: Session, actor: Actor, customer_id: UUID, data: EraseInput) -> None:
    """Erase the person behind a customer. It does not come back."""
    shown = erasing.preview(session, actor, customer_id)
    if data.code != shown.customer.code:
        message = _("This is not the code of this customer: %(code)s.", code=shown.customer.code)
        raise Invalid(message, fields={"code": message})
    erasing.erase(session, actor, customer_id, data.reason)


HANDLERS = [merge, undo, erase]
