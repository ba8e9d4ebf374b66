"""What providers tell: kept as it came, read afterwards, applied by rank, since reports arrive in any order."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from platform_core.contracts.messaging import INBOUND, Gateway, Inbound, RawCallback, Receipt
from platform_core.kernel.clock import now
from platform_core.kernel.database import vault_of
from platform_core.kernel.declared import service_of
from platform_core.outbox import recipients
from platform_core.outbox.models import Account, Message, Report

_log = logging.getLogger(__name__)
RANKS = {"sent": 10, "undelivered": 20, "delivered": 30}
KEPT = timedelta(days=30)
_PATIENCE = 8
"""Looks at a report whose message is not known by its provider's id yet: 2 s, 4 s … about four minutes."""


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


def read(session: Session, account: Account, gateway: Gateway, report: Report, words: Collection[str]) -> None:
    """Apply one report in the caller's transaction. `words` are those that say "no more" with this provider."""
    raw = msgspec.json.decode(vault_of(session).decrypt_bytes(report.body), type=RawCallback)
    try:
        found = gateway.read(raw)
    except (ValueError, KeyError, TypeError) as error:
        report.state, report.note = "bad", type(error).__name__
        _log.warning("a callback of %s could not be read: %s", account.name, type(error).__name__)
        return
    open_ends = 0
    for item in found:
        if isinstance(item, Inbound):
            answer = recipients.hear(session, account.channel, item, words)
            service_of(session, INBOUND[account.channel])(session, account.id, answer)
        elif not apply(session, account.id, item):
            open_ends += 1
    report.tries += 1
    if open_ends and report.tries < _PATIENCE:
        report.next_at = now() + timedelta(seconds=2.0**report.tries)
        return
    report.state, report.note = "done", f"{open_ends} without a message" if open_ends else ""


def apply(session: Session, account_id: UUID, receipt: Receipt) -> bool:
    """Whether there is such a message. Its state only ever rises, so repeated and late reports change nothing."""
    statement = select(Message).with_for_update()
    if receipt.ref is not None:
        statement = statement.where(Message.ref == receipt.ref)
    elif receipt.provider_id:
        statement = statement.where(Message.account_id == account_id, Message.provider_id == receipt.provider_id)
    else:
        return False
    message = session.scalars(statement.limit(1)).one_or_none()
    if message is None:
        return False
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
    return True


def forget(session: Session) -> None:
    """Reports that were applied, once nobody asks about them any more: they hold numbers."""
    session.execute(delete(Report).where(Report.at < now() - KEPT))
