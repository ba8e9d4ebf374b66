"""What stands against sending a message now: asked in the claim itself, since much may have changed by then.

An objection either ends the message or puts it off.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from platform_core.contracts.messaging import Driver
from platform_core.kernel import clock
from platform_core.outbox import recipients, services
from platform_core.outbox.models import Message
from platform_core.privacy.allowed import Recipient, allowed_among

_DAY = timedelta(days=1)
_AGAIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Objection:
    """`until` None: for good; `state` is what the message then is."""

    reason: str
    until: datetime | None = None
    state: str = "refused"


def objections(session: Session, driver: Driver, messages: Sequence[Message]) -> dict[UUID, Objection]:
    """Message -> what stands against it; those that are not named may go."""
    moment = clock.now()
    found: dict[UUID, Objection] = {}
    closed = _not_allowed(session, messages)
    many = [message for message in messages if _is_to_many(message)]
    excluded = recipients.excluded(session, (key for message in many for key in _people(message)))
    often = _often(session, driver, messages, moment)
    for message in messages:
        if message.expires_at <= moment:
            found[message.id] = Objection("late", state="expired")
        elif message.id in closed:
            found[message.id] = Objection(closed[message.id])
        elif _is_to_many(message):
            named = {(key, occasion) for key in _people(message) for occasion in ("", message.occasion)}
            opens = opening(driver.rules.window, message.zone, moment)
            if named & excluded:
                found[message.id] = Objection("excluded")
            elif opens > moment:
                found[message.id] = Objection("window", opens)
            elif message.address_hash in often:
                found[message.id] = Objection("often", moment + _AGAIN)
    return found


def opening(window: tuple[int, int], zone: str, moment: datetime) -> datetime:
    """The first moment from `moment` on within the hours of the recipient's day."""
    begins, ends = window
    local = moment.astimezone(ZoneInfo(zone) if zone else clock.zone())
    if begins <= local.hour < ends:
        return moment
    day = local.date() if local.hour < begins else local.date() + _DAY
    return datetime.combine(day, time(begins), local.tzinfo).astimezone(moment.tzinfo)


def _is_to_many(message: Message) -> bool:
    """Advertising, greetings, and what goes to many at once: nobody waits for it at night."""
    return message.batch_id is not None or services.kind_of(message.purpose) == "marketing"


def _not_allowed(session: Session, messages: Sequence[Message]) -> dict[UUID, str]:
    """Whom the register of consent and opt-outs keeps from being contacted, and those who are gone: message -> code."""
    found: dict[UUID, str] = {}
    asked: dict[tuple[str, str], list[Message]] = defaultdict(list)
    for message in messages:
        if message.customer_id is not None or message.contact_id is not None:
            asked[message.channel, message.purpose].append(message)
    for (channel, purpose), group in asked.items():
        people = [Recipient(message.customer_id, message.contact_id, message.address_hash) for message in group]
        verdicts = allowed_among(session, people, channel, purpose)
        found.update(
            {message.id: verdict.code for message, verdict in zip(group, verdicts, strict=True) if not verdict}
        )
    return found


def _people(message: Message) -> set[UUID | None]:
    return {message.customer_id, message.contact_id}


def _often(session: Session, driver: Driver, messages: Sequence[Message], moment: datetime) -> set[int]:
    """Numbers that have had as many messages within a day as the provider allows."""
    hashes = {message.address_hash for message in messages if _is_to_many(message)}
    if not hashes:
        return set()
    statement = (
        select(Message.address_hash)
        .where(Message.address_hash.in_(hashes), Message.sent_at > moment - _DAY)
        .group_by(Message.address_hash)
        .having(func.count() >= driver.rules.per_day)
    )
    return set(session.scalars(statement))
