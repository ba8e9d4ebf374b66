"""Moving the customers of a transfer, and giving them back: slice by slice, each slice whole or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.events import Event
from platform_core.contracts.identity import Actor
from platform_core.customers import merging
from platform_core.customers import services as customers
from platform_core.customers.models import Customer
from platform_core.customers.transfer import drafts, news, passing, people, rules
from platform_core.customers.transfer.drafts import OWN_ROWS
from platform_core.customers.transfer.models import RUNNING, Transfer, TransferRow
from platform_core.customers.transfer.passing import Along
from platform_core.customers.transfer.rules import Person, Place
from platform_core.kernel import clock
from platform_core.kernel.errors import Conflict, Forbidden, Invalid
from platform_core.kernel.events import publish
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import among
from platform_core.kernel.jobs import enqueue
from platform_core.kernel.models import JobRow
from platform_core.plugins.asking import hooks_of
from platform_core.plugins.holdings import Holding, holdings
from platform_core.users import labels

_ = translator("customers")
AT_ONCE = 200
"""More than these are moved in the background."""
SLICE = 100
DAYS = 30
LONGEST_REASON = 500


Rest = Callable[[Session, Actor, Transfer], Mapping[str, int]]
_AFTERWARDS: dict[str, Rest] = {}


def afterwards(kind: str, rest: Rest) -> None:
    """What is done in the transaction that settles a transfer of this kind. Called where the module is loaded."""
    _AFTERWARDS[kind] = rest


def confirm(session: Session, actor: Actor, transfer_id: UUID, reason: str, version: int | None = None) -> Transfer:
    """Move what the preview showed. `version`: of the transfer when it was shown.

    Raises Invalid without a reason, Conflict when the preview is old or nothing would move.
    """
    transfer = drafts.own_draft(session, actor, transfer_id)
    if version is not None and version != transfer.version:
        raise Conflict(_("The preview has changed since. Look at it again."))
    reason = reason.strip()
    if not reason:
        raise Invalid(_("Please check the marked fields."), fields={"reason": _("Say why.")})
    if not transfer.choices:
        message = _("Please choose from the list.")
        raise Invalid(message, fields={"to": message})
    going = waiting(session, transfer)
    if not going:
        raise Conflict(_("None of these customers can be given to others. The reasons stand beside them."))
    transfer.reason, transfer.confirmed_at = reason[:LONGEST_REASON], clock.now()
    after = {"count": going, "stayed": transfer.total - going}
    audit.record(session, actor, "customers.transfer_confirm", transfer.ref, after=after, reason=transfer.reason)
    start(session, actor, transfer, "moving", in_background=going > AT_ONCE)
    return transfer


def waiting(session: Session, transfer: Transfer) -> int:
    """Lines against which nothing stands."""
    mine = (TransferRow.transfer_id == transfer.id, TransferRow.state == "pending", TransferRow.why == "")
    counted = select(func.count()).select_from(TransferRow).where(*mine)
    return session.scalar(counted, execution_options=OWN_ROWS) or 0


def start(session: Session, actor: Actor, transfer: Transfer, state: str, *, in_background: bool) -> None:
    transfer.state = state
    if in_background:
        name = {"moving": "customers.transfer", "undoing": "customers.transfer_undo"}[state]
        transfer.job_id = enqueue(session, name, {"transfer_id": str(transfer.id)}, user_id=actor.user_id)
        return
    session.flush()  # two who confirm the same at once: the second one's version is old
    step = {"moving": move_slice, "undoing": undo_slice}[state]
    while step(session, actor, transfer):
        pass


def move_slice(session: Session, actor: Actor, transfer: Transfer) -> int:
    """Move the next lines, at most SLICE; how many were looked at. The last call, which finds none, settles it."""
    rows = _next(session, transfer, "pending")
    if not rows:
        _settle_move(session, actor, transfer)
        return 0
    found = holdings(session, hooks_of(session))
    rights = {item.declared.right for item in found if item.declared.right}
    present = _held(session, rows)
    takers = people.by_id(session, {row.to_id for row in rows if row.to_id}, rights)
    moves: list[_Move] = []
    changed: dict[int, dict[str, Any]] = {}
    for row in rows:
        customer, to = present.get(row.customer_id), takers.get(row.to_id) if row.to_id else None
        before = Place(row.from_id, row.from_department_id, row.from_team_id)
        why = row.why or _why_not(actor, customer, before, to)
        changed[row.number] = _line(row, "refused", why)
        if not why and customer is not None and to is not None:
            moves.append(_Move(row.number, customer, before, to.takes(before), to))
            _place(customer, moves[-1].after)
    session.flush()  # whoever follows along reads the customers' new owners
    along = _pass_along(session, actor, found, moves)
    for move in moves:
        line = changed[move.number] | {"state": "moved", "along": msgspec.to_builtins(along.get(move.customer.id, []))}
        changed[move.number] = line | _placed(move.after)
        _note(session, actor, transfer, move)
    drafts.mark(session, transfer.id, list(changed.values()))
    transfer.moved += len(moves)
    transfer.refused += len(rows) - len(moves)
    transfer.along = _summed(transfer.along, along)
    return len(rows)


@dataclass(frozen=True, slots=True)
class _Move:
    number: int
    customer: Customer
    before: Place
    after: Place
    to: Person | None = None


def _why_not(actor: Actor, customer: Customer | None, before: Place, to: Person | None) -> str:
    if customer is None:
        return "hidden"
    if _place_of(customer) != before:
        return "changed"
    return rules.refusal(actor, before, to) if to else "unfit"


def _next(session: Session, transfer: Transfer, state: str) -> Sequence[TransferRow]:
    statement = select(TransferRow).where(TransferRow.transfer_id == transfer.id, TransferRow.state == state)
    return session.scalars(statement.order_by(TransferRow.number).limit(SLICE), execution_options=OWN_ROWS).all()


def _held(session: Session, rows: Sequence[TransferRow]) -> dict[UUID, Customer]:
    """Those the actor sees, under lock, in one order for everybody."""
    statement = select(Customer).where(among(Customer.id, [row.customer_id for row in rows])).order_by(Customer.id)
    locked = statement.with_for_update(of=Customer).execution_options(populate_existing=True)
    return {customer.id: customer for customer in session.scalars(locked)}


def _place_of(customer: Customer) -> Place:
    return Place(customer.owner_id, customer.department_id, customer.team_id)


def _place(customer: Customer, place: Place) -> None:
    customer.owner_id, customer.department_id, customer.team_id = place.owner_id, place.department_id, place.team_id


def _line(row: TransferRow, state: str, why: str) -> dict[str, Any]:
    """All columns that a slice may change, as `drafts.mark` wants them."""
    return {
        "number": row.number, "state": state, "why": why, "to_id": row.to_id,
        "to_department_id": row.to_department_id, "to_team_id": row.to_team_id, "along": row.along,
    }  # fmt: skip


def _placed(after: Place) -> dict[str, Any]:
    return {"to_id": after.owner_id, "to_department_id": after.department_id, "to_team_id": after.team_id}


def _pass_along(
    session: Session, actor: Actor, found: Sequence[Holding], moves: Sequence[_Move]
) -> dict[UUID, list[Along]]:
    """Customer -> what went along with it."""
    pairs: dict[tuple[UUID, UUID], list[_Move]] = {}
    for move in moves:
        if move.before.owner_id is not None and move.to is not None:
            pairs.setdefault((move.before.owner_id, move.to.id), []).append(move)
    along: dict[UUID, list[Along]] = {}
    for (from_id, _to_id), some in pairs.items():
        assert some[0].to is not None
        along |= passing.pass_on(session, actor, found, [move.customer.id for move in some], from_id, some[0].to)
    if along:
        merging.forget(session)
    return along


def _summed(known: Mapping[str, int], along: Mapping[UUID, Sequence[Along]]) -> dict[str, int]:
    sums = Counter(known)
    for item in (item for items in along.values() for item in items):
        sums[f"{item.table}.{item.column}"] += len(item.rows)
    return dict(sums)


def _note(session: Session, actor: Actor, transfer: Transfer, move: _Move, *, undo: bool = False) -> None:
    names = labels.labels(session, [move.before.owner_id, move.after.owner_id, move.after.department_id])

    def said(place: Place) -> dict[str, str]:
        return {"owner_id": names.person(place.owner_id), "department_id": names.department(place.department_id)}

    customer, action = move.customer, "customers.transfer_undo" if undo else "customers.transfer"
    ref = customers.ref(customer)
    before, after = audit.changes(said(move.before), said(move.after))
    audit.record(
        session, actor, action, ref, customer_id=customer.id, before=before, after=after, reason=transfer.reason
    )
    data = {
        "transfer_id": transfer.id.hex, "from": _hex(move.before.owner_id), "to": _hex(move.after.owner_id),
        "undo": undo,
    }  # fmt: skip
    publish(session, Event("customers.transferred", ref, customer.id, actor.user_id, data))


def _hex(key: UUID | None) -> str | None:
    return key.hex if key else None


def _settle_move(session: Session, actor: Actor, transfer: Transfer) -> None:
    rest = _AFTERWARDS.get(transfer.kind)
    if rest is not None:
        transfer.along = dict(Counter(transfer.along) + Counter(rest(session, actor, transfer)))
    transfer.state, transfer.finished_at = "done", clock.now()
    after = {"given": transfer.moved, "stayed": transfer.refused}
    audit.record(session, actor, "customers.transfer_finish", transfer.ref, after=after, reason=transfer.reason)
    news.moved(session, actor, transfer)


def can_be_undone(transfer: Transfer) -> bool:
    finished = transfer.finished_at
    in_time = finished is not None and finished > clock.now() - timedelta(days=DAYS)
    if transfer.leaver_id is not None:
        return False  # nobody is there to give it back to
    return transfer.state == "done" and transfer.moved > 0 and in_time


def may_undo(actor: Actor, transfer: Transfer) -> bool:
    """Whoever did it, and those whose right to transfer covers their department; both ends are checked line by line."""
    return transfer.by_id == actor.user_id or rules.covers(actor, transfer.department_id)


def undo(session: Session, actor: Actor, transfer_id: UUID) -> Transfer:
    """Give the customers back that nobody has given on since. Raises NotFound, Forbidden, Conflict when too late."""
    transfer = drafts.get(session, transfer_id, lock=True)
    if not may_undo(actor, transfer):
        raise Forbidden(_("Only %(name)s, or the heads above, can undo this transfer.", name=transfer.by_label))
    if not can_be_undone(transfer):
        raise Conflict(_("This transfer can no longer be undone: that is possible once, for %(days)d days.", days=DAYS))
    transfer.undone_by, transfer.undone_label = actor.user_id, actor.name
    start(session, actor, transfer, "undoing", in_background=transfer.moved > AT_ONCE)
    return transfer


def undo_slice(session: Session, actor: Actor, transfer: Transfer) -> int:
    """As `move_slice`, the other way."""
    rows = _next(session, transfer, "moved")
    if not rows:
        transfer.state, transfer.undone_at = "undone", clock.now()
        after = {"given_back": transfer.undone, "not_given_back": transfer.kept}
        audit.record(session, actor, "customers.transfer_undo_finish", transfer.ref, after=after)
        news.undone(session, actor, transfer)
        return 0
    found = holdings(session, hooks_of(session))
    present = _held(session, rows)
    owners = people.by_id(session, {row.from_id for row in rows if row.from_id})
    moves: list[_Move] = []
    changed = []
    for row in rows:
        customer = present.get(row.customer_id)
        now_at = Place(row.to_id, row.to_department_id, row.to_team_id)
        back = Place(row.from_id, row.from_department_id, row.from_team_id)
        why = _why_not_back(actor, transfer, customer, now_at, back, owners)
        changed.append(_line(row, "kept" if why else "undone", why))
        if not why and customer is not None:
            moves.append(_Move(row.number, customer, now_at, back))
            _place(customer, back)
    session.flush()  # whoever follows along reads the customers' owners
    lines = {row.number: row for row in rows}
    for move in moves:
        along = msgspec.convert(lines[move.number].along, list[Along])
        if along and move.before.owner_id is not None and move.after.owner_id is not None:
            passing.give_back(session, actor, found, along, move.before.owner_id, move.after.owner_id)
        _note(session, actor, transfer, move, undo=True)
    drafts.mark(session, transfer.id, changed)
    merging.forget(session)
    transfer.undone += len(moves)
    transfer.kept += len(rows) - len(moves)
    return len(rows)


def _why_not_back(
    actor: Actor, transfer: Transfer, customer: Customer | None, now_at: Place, back: Place,
    owners: Mapping[UUID, Person],
) -> str:  # fmt: skip
    if customer is None:
        return "hidden"
    if _place_of(customer) != now_at:
        return "later"
    if back.owner_id is not None and back.owner_id not in owners:
        return "left"
    return rules.refusal_back(actor, now_at, back, is_own_act=transfer.by_id == actor.user_id)


def retry(session: Session, actor: Actor, transfer_id: UUID) -> Transfer:
    """Start the job again that has failed for good; it goes on where it stopped. Raises Conflict, Forbidden."""
    transfer = drafts.get(session, transfer_id, lock=True)
    row = session.get(JobRow, transfer.job_id) if transfer.job_id and transfer.state in RUNNING else None
    if row is None or row.state not in {"failed", "cancelled"}:
        raise Conflict(_("This transfer is not stuck."))
    if transfer.by_id != actor.user_id and not may_undo(actor, transfer):
        raise Forbidden(_("Only %(name)s, who began this transfer, can go on with it.", name=transfer.by_label))
    start(session, actor, transfer, transfer.state, in_background=True)
    audit.record(session, actor, "customers.transfer_retry", transfer.ref)
    return transfer
