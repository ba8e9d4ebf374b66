"""Before anything changes: which customers, what of them, and what stands against it. Kept, so that it happens so."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.customers import fields, tags
from platform_core.customers.bulk.judging import EDIT, OWN, Wanted, get, judged, lines, mark, values
from platform_core.customers.bulk.models import BulkChange, BulkLine
from platform_core.customers.forms import DICTIONARY_FIELDS
from platform_core.customers.models import Customer
from platform_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import among
from platform_core.kernel.ids import new_id

_ = translator("customers")
MOST = 10_000
_READ = 1000


def begin(session: Session, actor: Actor, ids: Collection[UUID], conditions: Sequence[str] = ()) -> BulkChange:
    """Put customers down, as far as the actor sees them. Raises Invalid, NotFound, Forbidden."""
    require(actor)
    if len(ids) > MOST:
        raise Invalid(_("At most %(limit)s customers at once. Add a condition to the list.", limit=MOST))
    wanted = list(dict.fromkeys(ids))
    seen: set[UUID] = set()
    for start in range(0, len(wanted), _READ):
        some = among(Customer.id, wanted[start : start + _READ])
        seen |= set(session.scalars(select(Customer.id).where(some, Customer.deleted_at.is_(None))))
    present = [key for key in wanted if key in seen]
    if not present:
        raise NotFound(_("There is no such customer, or not for you."))
    change = BulkChange(
        id=new_id(), by_id=actor.user_id, by_label=actor.name, total=len(present), conditions=list(conditions)
    )
    session.add(change)
    session.flush()  # its lines refer to it
    lines = [{"change_id": change.id, "number": at, "customer_id": key} for at, key in enumerate(present, 1)]
    session.execute(insert(BulkLine), lines)
    after = {"count": len(present), **({"conditions": list(conditions)} if conditions else {})}
    audit.record(session, actor, "customers.bulk_draft", change.ref, ids=present, after=after, shown=False)
    return change


def require(actor: Actor) -> None:
    if not actor.may_enter(EDIT):
        raise Forbidden(_("You may not change customers."), lacks=EDIT)


def choose(session: Session, actor: Actor, change_id: UUID, wanted: Wanted) -> BulkChange:
    """Say what is to change. Raises Invalid at the field."""
    change = draft_of(session, actor, change_id)
    if not wanted:
        raise Invalid(_("Choose at least one field to change."))
    wrong = {name: _("This field cannot be changed here.") for name in wanted.values if name not in DICTIONARY_FIELDS}
    if not wanted.values.get("status", "given"):
        wrong["status"] = _("A customer always has a status.")
    if wrong:
        raise Invalid(_("Please check the marked fields."), fields=wrong)
    fields.check(session, wanted.values)
    for name, words in (("add_tags", wanted.add_tags), ("remove_tags", wanted.remove_tags)):
        if len(words) > tags.MOST or any(len(word) > tags.LONGEST for word in words):
            message = _("At most %(limit)s tags of %(longest)s characters.", limit=tags.MOST, longest=tags.LONGEST)
            raise Invalid(_("Please check the marked fields."), fields={name: message})
    change.wanted = msgspec.to_builtins(wanted)
    _examine(session, actor, change, wanted)
    return change


def _examine(session: Session, actor: Actor, change: BulkChange, wanted: Wanted) -> None:
    """What would happen, line by line; only tags beyond their number are found while changing."""
    going = same = last = 0
    while rows := lines(session, change, "pending", last, _READ):
        last = rows[-1].number
        found = judged(session, actor, rows)
        for _row, customer, why in found:
            if customer is None or why:
                continue
            acts = bool(values(customer, wanted) or wanted.add_tags or wanted.remove_tags)
            going, same = going + acts, same + (not acts)
        mark(session, change, rows, [{"number": row.number, "why": why} for row, _customer, why in found])
        for _row, customer, _why in found:
            if customer is not None:
                session.expunge(customer)  # there may be ten thousand
    change.preview = {"going": going, "same": same, "staying": change.total - going - same}


def discard(session: Session, actor: Actor, change_id: UUID) -> None:
    change = draft_of(session, actor, change_id)
    audit.record(session, actor, "customers.bulk_discard", change.ref)
    plain = {**OWN, "synchronize_session": False}
    session.execute(delete(BulkLine).where(BulkLine.change_id == change.id), execution_options=plain)
    session.execute(delete(BulkChange).where(BulkChange.id == change.id), execution_options=plain)


def draft_of(session: Session, actor: Actor, change_id: UUID) -> BulkChange:
    change = get(session, change_id)
    require(actor)
    if change.by_id != actor.user_id:
        raise Forbidden(_("Only %(name)s, who prepares this change, can go on with it.", name=change.by_label))
    if change.state != "draft":
        raise Conflict(_("This change has gone on already. Reload the page."))
    return change
