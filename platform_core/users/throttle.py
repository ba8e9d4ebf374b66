"""Slowing down guesses, per account and per address.

An attempt is counted before its password is checked, so that a thousand at once are no better than one after another.
Accounts are counted whether they exist or not, under a digest: people type passwords into the name field.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from platform_core.kernel.clock import now
from platform_core.users.models import LoginThrottle

ACCOUNT_LIMIT = 5
ADDRESS_LIMIT = 20
"""Higher than an account's: a whole office may share one address."""
_WINDOW = timedelta(hours=1)
_FIRST_WAIT_SECONDS = 30
_LONGEST_WAIT_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Keys:
    account: str
    address: str

    @classmethod
    def of(cls, login: str, ip: str) -> Keys:
        digest = hashlib.sha256(login.strip().casefold().encode()).hexdigest()
        return cls(f"account:{digest}", f"address:{ip}")


def wait_seconds(failures: int, limit: int) -> int:
    """30 s after the last free failure, then double, at most 15 minutes."""
    if failures < limit:
        return 0
    return min(_FIRST_WAIT_SECONDS << min(failures - limit, 10), _LONGEST_WAIT_SECONDS)


def take(session: Session, keys: Keys) -> int:
    """Count an attempt. Returns the seconds to wait; 0 lets it through. A refused attempt is not counted."""
    limits = {keys.account: ACCOUNT_LIMIT, keys.address: ADDRESS_LIMIT}
    insert: Any = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    for key in sorted(limits):
        session.execute(insert(LoginThrottle).values(key=key, failures=0, window_start=now()).on_conflict_do_nothing())
    rows = session.scalars(
        select(LoginThrottle).where(LoginThrottle.key.in_(limits)).order_by(LoginThrottle.key).with_for_update()
    ).all()
    moment = now()
    waits = [(row.blocked_until - moment).total_seconds() for row in rows if row.blocked_until]
    if waits and max(waits) > 0:
        return int(max(waits)) + 1
    for row in rows:
        if row.window_start + _WINDOW < moment:
            row.failures, row.window_start = 0, moment
        row.failures += 1
        wait = wait_seconds(row.failures, limits[row.key])
        row.blocked_until = moment + timedelta(seconds=wait) if wait else None
    return 0


def forgive(session: Session, keys: Keys) -> None:
    """The attempt succeeded: the account starts afresh, the address gets this one back."""
    session.execute(delete(LoginThrottle).where(LoginThrottle.key == keys.account))
    session.execute(
        update(LoginThrottle)
        .where(LoginThrottle.key == keys.address, LoginThrottle.failures > 0)
        .values(failures=LoginThrottle.failures - 1, blocked_until=None)
    )


def forget_old(session: Session) -> None:
    session.execute(delete(LoginThrottle).where(LoginThrottle.window_start < now() - 24 * _WINDOW))
