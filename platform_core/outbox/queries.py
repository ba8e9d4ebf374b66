"""What the pages about the outbox show: numbers, never whom a message was for beyond its mask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from platform_core.kernel.scope import proven
from platform_core.outbox.models import Message

_KEEPER = proven("numbers and masks for whoever keeps the outbox")
_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Doubt:
    """A message of which nobody knows whether it arrived."""

    id: UUID
    mask: str
    purpose: str
    account_id: UUID | None
    at: datetime
    sender: str


def waiting(session: Session) -> list[tuple[str, str, int, datetime]]:
    """(lane, state, number, since) of what has not left yet."""
    statement = (
        select(Message.lane, Message.state, func.count(), func.min(Message.next_at))
        .where(Message.state.in_(["queued", "paused", "sending"]))
        .group_by(Message.lane, Message.state)
        .order_by(Message.lane.desc(), Message.state)
        .execution_options(**_KEEPER)
    )
    return [(lane, state, number, since) for lane, state, number, since in session.execute(statement)]


def doubts(session: Session) -> list[Doubt]:
    statement = (
        select(
            Message.id, Message.mask, Message.purpose, Message.account_id, Message.sent_at, Message.created_at,
            Message.sender_label,
        )
        .where(Message.state == "unknown")
        .order_by(Message.created_at)
        .limit(_SHOWN)
        .execution_options(**_KEEPER)
    )  # fmt: skip
    return [
        Doubt(key, mask, purpose, account, sent or made, sender)
        for key, mask, purpose, account, sent, made, sender in session.execute(statement)
    ]


def tests(session: Session, account_id: UUID) -> list[tuple[str, str, str, datetime]]:
    """(mask, state, reason, when) of an account's last test messages."""
    statement = (
        select(Message.mask, Message.state, Message.reason, Message.created_at)
        .where(Message.only_account_id == account_id, Message.purpose == "test")
        .order_by(Message.created_at.desc())
        .limit(5)
        .execution_options(**_KEEPER)
    )
    return [(mask, state, reason, at) for mask, state, reason, at in session.execute(statement)]
