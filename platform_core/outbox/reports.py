"""What providers tell: kept as it came, read afterwards, applied by rank, since reports arrive in any order."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from uuid import UUID

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from platform_core.contracts.messaging import INBOUND, Gateway, Inbound, RawCallback, Receipt
from platform_core.kernel.clock import now
from platform_core.kernel.database import vault_of
from platform_core.kernel.declared import service_of
from platform_core.kernel.idlists import among
from platform_core.outbox import recipients
from platform_core.outbox.models import Account, Message, Report

_log = logging.getLogger(__name__)
RANKS = {"sent": 10, "undelivered": 20, "delivered": 30}
KEPT = timedelta(days=30)
_PATIENCE = 8
"""Looks at a report whose message is not known by its provider's id yet: 2 s, 4 s … about four minutes."""

_AT_ONCE = 1000
"""Numbers of a provider in one statement"""


def keep(session: Session, account_id: UUID, raw: RawCallback) -> None:
    body = vault_of(session).encrypt_bytes(msgspec.json.encode(raw))
    session.add(Report(account_id=account_id, body=body))


def waiting(session: Session, limit: int) -> Sequence[Report]:
    statement = (
        select(Report)
        .where(Report.state == "new", Report.next_at <= now())
        .order_by(Report.next_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(statement).all()


@dataclass(frozen=True, slots=True)
class Told:
    """A callback, and what its provider says in it. `words` are those that say "no more" with this provider."""

    report: Report
    account: Account
    words: Collection[str]
    items: Sequence[Receipt | Inbound]


def told(session: Session, account: Account, gateway: Gateway, report: Report, words: Collection[str]) -> Told | None:
    """What a callback says. None when it cannot be read: it is set aside."""
    raw = msgspec.json.decode(vault_of(session).decrypt_bytes(report.body), type=RawCallback)
    try:
        return Told(report, account, words, gateway.read(raw))
    except (ValueError, KeyError, TypeError) as error:
        report.state, report.note = "bad", type(error).__name__
        _log.warning("a callback of %s could not be read: %s", account.name, type(error).__name__)
        return None


def apply_all(session: Session, found: Sequence[Told]) -> None:
    """Apply callbacks in the caller's transaction. What has no message yet, or was not taken in, is tried again."""
    messages = _held(session, found)
    for one in found:
        open_ends = 0
        for item in one.items:
            if isinstance(item, Inbound):
                open_ends += not _hear(session, one, item)
            elif (message := messages.get(_name(one.account.id, item))) is not None:
                apply(message, item)
            else:
                open_ends += 1
        report = one.report
        report.tries += 1
        if open_ends and report.tries < _PATIENCE:
            report.next_at = now() + timedelta(seconds=2.0**report.tries)
        else:
            report.state, report.note = "done", f"{open_ends} without a message" if open_ends else ""


def _name(account_id: UUID, receipt: Receipt) -> tuple[UUID, str]:
    """How a receipt calls its message: by our reference, or by its provider's number."""
    return (receipt.ref, "") if receipt.ref is not None else (account_id, receipt.provider_id)


def _held(session: Session, found: Sequence[Told]) -> dict[tuple[UUID, str], Message]:
    """Messages by what receipts call them, held until the transaction ends.

    In the order of their ids, as `claiming.settle` writes them: taken as they came, two transactions that met held
    what the other waited for, and PostgreSQL ended one of them.
    """
    ids = _called(session, ((one.account.id, item) for one in found for item in one.items if isinstance(item, Receipt)))
    if not ids:
        return {}
    held = select(Message).where(among(Message.id, ids)).order_by(Message.id).with_for_update()
    messages: dict[tuple[UUID, str], Message] = {}
    for message in session.scalars(held.execution_options(populate_existing=True)):
        if message.ref is not None:
            messages[message.ref, ""] = message
        if message.account_id is not None and message.provider_id:
            messages[message.account_id, message.provider_id] = message
    return messages


def _called(session: Session, receipts: Iterable[tuple[UUID, Receipt]]) -> set[UUID]:
    """Ids of the messages that receipts are about, by account."""
    refs: set[UUID] = set()
    numbers: dict[UUID, set[str]] = defaultdict(set)
    for account_id, receipt in receipts:
        if receipt.ref is not None:
            refs.add(receipt.ref)
        elif receipt.provider_id:
            numbers[account_id].add(receipt.provider_id)
    ids = set(session.scalars(select(Message.id).where(among(Message.ref, refs)))) if refs else set()
    for account_id, given in numbers.items():
        rest = iter(sorted(given))
        while part := list(islice(rest, _AT_ONCE)):
            statement = select(Message.id).where(Message.account_id == account_id, Message.provider_id.in_(part))
            ids.update(session.scalars(statement))
    return ids


def _hear(session: Session, one: Told, item: Inbound) -> bool:
    """Whether an answer was taken in: one that fails takes nobody else's with it."""
    try:
        with session.begin_nested():
            answer = recipients.hear(session, one.account.channel, item, one.words)
            service_of(session, INBOUND[one.account.channel])(session, one.account.id, answer)
    except Exception as error:  # its text may hold the number
        _log.warning("an answer to %s was not taken in: %s", one.account.name, type(error).__name__)
        return False
    return True


def apply(message: Message, receipt: Receipt) -> None:
    """Its state only ever rises, so repeated and late reports change nothing."""
    rank = RANKS[receipt.state]
    if rank > message.rank:
        message.rank, message.state, message.lease_until = rank, receipt.state, None
        message.reason = receipt.code[:200] if receipt.state == "undelivered" else ""
        if rank > RANKS["sent"]:
            message.settled_at = now()
    if receipt.provider_id and not message.provider_id:
        message.provider_id = receipt.provider_id[:80]
    if receipt.parts:
        message.parts = receipt.parts


def forget(session: Session) -> None:
    """Reports that were applied, once nobody asks about them any more: they hold numbers."""
    session.execute(delete(Report).where(Report.at < now() - KEPT))
