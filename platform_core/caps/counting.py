"""Counting customers that somebody opens: in the acting transaction, in the database, exact whatever runs at once.

A customer that was opened before on the day costs one read, and none where the page reads it along. The first time of
a customer makes a note that carries the day's next number. No two notes can have the same one, so openings of one
person that are new take their turns at it, and the number is never more than the cap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Date, FromClause, Row, String, Uuid, bindparam, case, func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from platform_core.caps import freezing
from platform_core.caps.limits import DEFAULTS, OPEN, Standing, allowed_beyond, cap_of
from platform_core.caps.models import Opened
from platform_core.contracts.identity import Actor
from platform_core.kernel.clock import now, today
from platform_core.kernel.idlists import among
from platform_core.kernel.types import UtcDateTime

_USER, _TODAY = bindparam("user_id", type_=Uuid()), bindparam("day", type_=Date())
_COUNTER, _CUSTOMER = bindparam("counter", type_=String()), bindparam("customer_id", type_=Uuid())


@dataclass(frozen=True, slots=True)
class Seen:
    """What is counted of a person's day, and whether this customer is among it."""

    day: date
    noted: bool
    used: int
    cap: int
    extra: int

    @classmethod
    def of(cls, row: Row[Any]) -> Seen:
        """From a row that has the columns of `looking`."""
        return cls(row.day, bool(row.noted), row.used, row.cap, row.extra)


def count(
    session: Session, actor: Actor, customer_id: UUID, counter: str = OPEN, *, seen: Seen | None = None
) -> Standing:
    """Count an opening before anything of the customer is shown; `seen` is what this transaction has just read of it.

    Raises Frozen where it would be one more than allowed. The acting transaction must then be rolled back, as every
    refusal is; the account is frozen right after it, in a transaction of its own.
    """
    actor = actor.real  # what somebody opens while they look as another person counts as theirs
    parameters = parameters_of(actor, customer_id, counter)
    note = _note(session.get_bind().dialect.name, DEFAULTS[counter])
    while True:
        seen = seen or Seen.of(session.execute(_LOOK, parameters).one())
        if seen.noted:
            return Standing(counter, seen.day, seen.used, seen.cap + seen.extra)
        noted = session.execute(note, {**parameters, "day": seen.day, "now": now()}).one_or_none()
        if noted is not None:
            break
        seen = None  # another request of the same person was faster: with this customer, or with this number
    standing = Standing(counter, seen.day, noted.number, noted.cap + seen.extra)
    if standing.used > standing.limit:
        raise freezing.refusal(session, actor, standing)
    return standing


def uncounted(session: Session, actor: Actor, ids: Sequence[UUID], counter: str = OPEN) -> set[UUID]:
    """Those of these customers that the person has not opened today."""
    mine = (Opened.user_id == actor.real.user_id, Opened.day == today(), Opened.counter == counter)
    return set(ids) - set(session.scalars(select(Opened.customer_id).where(*mine, among(Opened.customer_id, ids))))


def parameters_of(actor: Actor, customer_id: UUID, counter: str = OPEN) -> dict[str, Any]:
    """What a statement with `looking` in it needs."""
    return {"user_id": actor.real.user_id, "day": today(), "counter": counter, "customer_id": customer_id}


def looking() -> FromClause:
    """One row, for statements to read along: the columns of Seen.

    The day never goes back before the person's latest one: a clock that was set back hands out no second quota.
    """
    latest = func.max(Opened.day)
    days = select(case((latest > _TODAY, latest), else_=_TODAY).label("day")).where(Opened.user_id == _USER).subquery()
    of_day = (Opened.user_id == _USER, Opened.day == days.c.day, Opened.counter == _COUNTER)
    noted = select(Opened.customer_id).where(*of_day, Opened.customer_id == _CUSTOMER).exists()
    last = select(Opened).where(*of_day).order_by(Opened.number.desc()).limit(1)
    numbers = [
        func.coalesce(last.with_only_columns(column).scalar_subquery(), 0).label(name)
        for name, column in (("used", Opened.number), ("cap", Opened.cap))
    ]
    extra = allowed_beyond(_USER, days.c.day, _COUNTER).label("extra")
    return select(days.c.day, noted.label("noted"), *numbers, extra).subquery("counted")


_LOOK = select(looking())


@cache
def _note(dialect: str, default: int) -> Any:
    """Makes the note with the day's next number; returns its number and cap, or nothing where it or its number is."""
    insert: Any = sqlite_insert if dialect == "sqlite" else postgresql_insert
    values: dict[Any, Any] = {
        Opened.user_id: _USER, Opened.day: _TODAY, Opened.counter: _COUNTER, Opened.customer_id: _CUSTOMER,
        Opened.at: bindparam("now", type_=UtcDateTime()), Opened.number: func.coalesce(func.max(Opened.number), 0) + 1,
        Opened.cap: cap_of(default),
    }  # fmt: skip
    row = select(*values.values()).where(Opened.user_id == _USER, Opened.day == _TODAY, Opened.counter == _COUNTER)
    statement = insert(Opened).from_select(list(values), row).on_conflict_do_nothing()
    # Values come as parameters of a SELECT, which are no rows to be inserted in bulk.
    return statement.returning(Opened.number, Opened.cap).execution_options(dml_strategy="raw")
