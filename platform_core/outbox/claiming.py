"""Who may send which message now, decided in one short transaction that is committed before the network is touched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Update, and_, bindparam, case, or_, select, update
from sqlalchemy.orm import Session

from platform_core.contracts.messaging import Driver, Parcel, Taken
from platform_core.kernel.clock import now
from platform_core.kernel.database import vault_of
from platform_core.kernel.idlists import among
from platform_core.kernel.ids import new_id
from platform_core.outbox import services
from platform_core.outbox.checks import objections
from platform_core.outbox.models import Account, Message

_BACKOFF = 5.0
_LONGEST_BACKOFF = 900.0
_ENDED = ("failed", "refused", "cancelled", "expired")
_table: Any = Message.__table__


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this worker holds until its lease ends: `fence` is the number of the claim."""

    id: UUID
    channel: str
    fence: int
    failures: int
    sent_at: datetime
    parcel: Parcel


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a claimed message, as columns. `only_held`: not if somebody else knows better by now."""

    claimed: Claimed
    values: Mapping[str, Any]
    only_held: bool = True


def available(accounts: Sequence[Account], moment: datetime) -> dict[UUID, list[str]]:
    """Account -> the routes it is in charge of: those that no account before it can serve at present."""
    charge: dict[UUID, list[str]] = {}
    taken: set[tuple[str, str]] = set()
    for account in sorted(accounts, key=lambda found: (found.order, found.name)):
        if not account.enabled or (account.down_until is not None and account.down_until > moment):
            continue
        free = [route for route in account.serves if (account.channel, route) not in taken]
        taken |= {(account.channel, route) for route in free}
        charge[account.id] = free
    return charge


def claim(
    session: Session, account_id: UUID, driver: Driver, routes: Sequence[str], lane: str, *, limit: int,
    lease: timedelta,
) -> list[Claimed]:  # fmt: skip
    """At most `limit` messages, as the account's rate allows. Those that something stands against are settled here.

    The caller commits before it sends.
    """
    account = session.scalars(select(Account).where(Account.id == account_id).with_for_update()).one_or_none()
    if account is None or not account.enabled:
        return []
    moment = now()
    limit = min(limit, _fill(account, moment))
    if limit < 1:
        return []
    statement = (
        select(Message)
        .where(
            Message.state == "queued",
            Message.lane == lane,
            Message.next_at <= moment,
            Message.channel == account.channel,
            or_(
                Message.only_account_id == account.id,
                and_(Message.only_account_id.is_(None), Message.route.in_(routes)),
            ),
        )
        .order_by(Message.priority, Message.next_at, Message.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    messages = list(session.scalars(statement))
    against = objections(session, driver, messages)
    vault = vault_of(session)
    held: list[Claimed] = []
    for message in messages:
        objection = against.get(message.id)
        content = services.content_of(vault, message)
        code, variables = content["templates"].get(driver.name, ("", {}))
        if objection is not None and objection.until is not None:
            message.next_at, message.reason = min(objection.until, message.expires_at), objection.reason
        elif objection is not None:
            message.state, message.reason, message.settled_at = objection.state, objection.reason, moment
        elif driver.rules.needs_template and not code:
            message.next_at, message.reason = moment + timedelta(minutes=5), "template"
        else:
            message.state, message.reason, message.account_id = "sending", "", account.id
            message.fence += 1
            message.ref = message.ref or new_id()
            message.lease_until, message.sent_at = moment + lease, moment
            address, letter = vault.decrypt(message.address), services.letter_of(content)
            parcel = Parcel(message.ref, address, content["text"], code, variables, letter=letter)
            held.append(Claimed(message.id, message.channel, message.fence, message.failures, moment, parcel))
    account.tokens -= len(held)
    return held


def _fill(account: Account, moment: datetime) -> int:
    """Whole tokens in the account's bucket, which holds what one second allows."""
    passed = max(0.0, (moment - account.filled_at).total_seconds())
    account.tokens = min(float(account.per_second), account.tokens + passed * account.per_second)
    account.filled_at = moment
    return int(account.tokens)


def taken(claimed: Claimed, answer: Taken) -> Outcome:
    values: dict[str, Any] = {"state": "sent", "rank": 10, "provider_id": answer.provider_id[:80]}
    if answer.parts:
        values["parts"] = answer.parts
    return Outcome(claimed, values, only_held=False)


def not_sent(claimed: Claimed, reason: str, retry_after: float) -> Outcome:
    wait = max(retry_after, min(_LONGEST_BACKOFF, _BACKOFF * 2.0**claimed.failures))
    values = {"state": "queued", "reason": reason[:200], "failures": claimed.failures + 1}
    return Outcome(claimed, {**values, "next_at": now() + timedelta(seconds=wait)})


def untouched(claimed: Claimed) -> Outcome:
    """Given back before anything was tried."""
    return Outcome(claimed, {"state": "queued", "reason": ""})


def rejected(claimed: Claimed, reason: str) -> Outcome:
    return Outcome(claimed, {"state": "failed", "reason": reason[:200], "settled_at": now()})


def settle(connection: Connection, outcomes: Sequence[Outcome]) -> None:
    """Write what became of messages, all that are alike in one round; a late worker overwrites nothing.

    That the gateway has taken a message is true whoever holds it now, as long as nobody has sent it again (same
    number of the claim): it also ends "unknown" and a second attempt that has not begun. A report that was faster
    stands. They are held in the order of their ids, as by whoever reads reports.
    """
    alike: dict[tuple[bool, tuple[str, ...]], list[dict[str, Any]]] = defaultdict(list)
    for outcome in sorted(outcomes, key=lambda one: one.claimed.id):
        held = {"b_id": outcome.claimed.id, "b_fence": outcome.claimed.fence}
        values = {f"b_{name}": value for name, value in outcome.values.items()}
        alike[outcome.only_held, tuple(outcome.values)].append({**held, **values})
    if len(alike) > 1:
        mine = among(_table.c.id, (outcome.claimed.id for outcome in outcomes))
        connection.execute(select(_table.c.id).where(mine).order_by(_table.c.id).with_for_update())
    for (only_held, names), rows in alike.items():
        connection.execute(_settling(only_held, names), rows)


@cache
def _settling(only_held: bool, names: tuple[str, ...]) -> Update:  # noqa: FBT001  a part of the key
    values: dict[str, Any] = {name: bindparam(f"b_{name}", type_=_table.c[name].type) for name in names}
    held = (_table.c.id == bindparam("b_id")) & (_table.c.fence == bindparam("b_fence"))
    if only_held:
        free = _table.c.state == "sending"
    else:
        known = _table.c.rank >= 10
        values |= {name: case((known, _table.c[name]), else_=values[name]) for name in ("state", "rank")}
        free = and_(*(_table.c.state != ended for ended in _ENDED))
    return update(_table).where(held, free).values({**values, "lease_until": None})
