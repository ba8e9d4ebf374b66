"""Before anything moves: which customers, to whom, and what stands against it. Kept, so that what was shown happens."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.customers import slices
from platform_core.customers.models import Customer
from platform_core.customers.transfer import people, rules
from platform_core.customers.transfer.models import Transfer, TransferRow
from platform_core.customers.transfer.rules import Person, Place
from platform_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import among
from platform_core.kernel.ids import new_id
from platform_core.kernel.scope import proven

_ = translator("customers")
MOST = 10_000
EVERYTHING = ""
"""The key of `Transfer.choices` for customers of all departments."""
OWN_ROWS = proven("rows of a transfer that the caller has read within the actor's scope")
_READ = 1000


def require(actor: Actor) -> None:
    if not rules.parties(actor):
        raise Forbidden(_("You may not give customers to others."), lacks=rules.PERMISSION)


def begin(
    session: Session, actor: Actor, ids: Collection[UUID], kind: str, *, conditions: Sequence[str] = ()
) -> Transfer:
    """Put customers down for a transfer, as far as the actor sees them. Raises Forbidden, Invalid, NotFound."""
    require(actor)
    if len(ids) > MOST:
        raise Invalid(_("At most %(limit)s customers at once. Add a condition to the list.", limit=MOST))
    found = places(session, list(dict.fromkeys(ids)))
    if not found:
        raise NotFound(_("There is no such customer, or not for you."))
    transfer = opened(actor, kind, total=len(found), conditions=list(conditions))
    session.add(transfer)
    session.flush()  # its rows refer to it
    put_down(session, transfer, found)
    after = {"count": len(found), **({"conditions": list(conditions)} if conditions else {})}
    audit.record(session, actor, "customers.transfer_draft", transfer.ref, ids=found, after=after, shown=False)
    return transfer


def opened(actor: Actor, kind: str, **values: Any) -> Transfer:
    return Transfer(
        id=new_id(), kind=kind, by_id=actor.user_id, by_label=actor.name, department_id=actor.department_id, **values
    )


def places(session: Session, ids: Sequence[UUID]) -> dict[UUID, Place]:
    """Whose each of these customers is; those that the session's actor does not see are left out."""
    columns = (Customer.id, Customer.owner_id, Customer.department_id, Customer.team_id)
    found: dict[UUID, Place] = {}
    for start in range(0, len(ids), _READ):
        some = session.execute(select(*columns).where(among(Customer.id, ids[start : start + _READ])))
        found |= {row.id: Place(row.owner_id, row.department_id, row.team_id) for row in some}
    return {key: found[key] for key in ids if key in found}


def put_down(session: Session, transfer: Transfer, found: Mapping[UUID, Place]) -> None:
    numbers = count(1)
    rows = [
        {
            "transfer_id": transfer.id, "number": next(numbers), "customer_id": key, "from_id": place.owner_id,
            "from_department_id": place.department_id, "from_team_id": place.team_id,
        }
        for key, place in found.items()
    ]  # fmt: skip
    if rows:
        session.execute(insert(TransferRow), rows)


def own_draft(session: Session, actor: Actor, transfer_id: UUID) -> Transfer:
    """Raises NotFound, Forbidden for somebody else's, Conflict when it has gone on."""
    transfer = get(session, transfer_id)
    require(actor)
    if transfer.by_id != actor.user_id:
        raise Forbidden(_("Only %(name)s, who began this transfer, can go on with it.", name=transfer.by_label))
    if transfer.state != "draft":
        raise Conflict(_("This transfer has gone on already. Reload the page."))
    return transfer


def get(session: Session, transfer_id: UUID, *, lock: bool = False) -> Transfer:
    """Raises NotFound when there is none or none for this actor."""
    return slices.get(session, Transfer, transfer_id, _("There is no such transfer, or not for you."), lock=lock)


def choose(session: Session, actor: Actor, transfer_id: UUID, choices: Mapping[str, str]) -> Transfer:
    """Say who gets them; each line gets its receiver, in turn where there are several, and what stands against it.

    Raises Invalid at `to` for somebody who is not offered.
    """
    transfer = own_draft(session, actor, transfer_id)
    known = people.receivers(session, actor)
    spread(session, actor, transfer, {key: people.chosen(known, choice) for key, choice in choices.items()})
    transfer.choices = dict(choices)
    return transfer


def spread(session: Session, actor: Actor, transfer: Transfer, chosen: Mapping[str, Sequence[Person]]) -> None:
    """Give each line that waits its receiver. `chosen`: department id, or EVERYTHING -> people, who take turns."""
    waiting = select(TransferRow).where(TransferRow.transfer_id == transfer.id, TransferRow.state == "pending")
    rows = session.scalars(waiting.order_by(TransferRow.number), execution_options=OWN_ROWS).all()
    turns = {key: count() for key in chosen}
    changed = []
    for row in rows:
        key = str(row.from_department_id or "")
        key = key if key in chosen else EVERYTHING
        some = [person for person in chosen.get(key, ()) if person.id != row.from_id] or list(chosen.get(key, ()))
        to = some[next(turns[key]) % len(some)] if some else None
        why = rules.refusal(actor, Place(row.from_id, row.from_department_id, row.from_team_id), to)
        changed.append({"number": row.number, "to_id": to.id if to else None, "why": why})
    for row in rows:
        session.expunge(row)  # changed past the session
    mark(session, transfer.id, changed)


def mark(session: Session, transfer_id: UUID, rows: Sequence[dict[str, Any]]) -> None:
    """Set columns of many rows; each dict names its row by `number`, and all have the same keys."""
    slices.mark(session, TransferRow, ("transfer_id", transfer_id), rows, OWN_ROWS)


def discard(session: Session, actor: Actor, transfer_id: UUID) -> None:
    transfer = own_draft(session, actor, transfer_id)
    audit.record(session, actor, "customers.transfer_discard", transfer.ref)
    plain = {**OWN_ROWS, "synchronize_session": False}
    session.execute(delete(TransferRow).where(TransferRow.transfer_id == transfer.id), execution_options=plain)
    session.execute(delete(Transfer).where(Transfer.id == transfer.id), execution_options=plain)
