"""Counting customers that somebody opens: in the acting transaction, in the database, exact whatever runs at once.

A customer that was opened before on the day costs one read. The first time of a customer notes it and adds to the
day's number; that row is held until the transaction ends, so openings of one person that are new take their turns
there and the number is never more than the cap.
"""

from __future__ import annotations

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Date, String, Uuid, and_, bindparam, case, func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from platform_core.caps import freezing
from platform_core.caps.limits import DEFAULTS, OPEN, Standing, cap_of
from platform_core.caps.models import CountedDay, Opened
from platform_core.contracts.identity import Actor
from platform_core.kernel.clock import now, today
from platform_core.kernel.database import database_of
from platform_core.kernel.errors import Frozen
from platform_core.kernel.types import UtcDateTime
from platform_core.kernel.unitofwork import on_commit, on_rollback
from platform_core.permissions import admission

_USER, _TODAY = bindparam("user_id", type_=Uuid()), bindparam("day", type_=Date())
_COUNTER, _CUSTOMER = bindparam("counter", type_=String()), bindparam("customer_id", type_=Uuid())


def count(session: Session, actor: Actor, customer_id: UUID, counter: str = OPEN) -> Standing:
    """Count an opening before anything of the customer is shown.

    Raises Frozen where it would be one more than allowed. The acting transaction must then be rolled back, as every
    refusal is; the account is frozen right after it, in a transaction of its own.
    """
    parameters = {
        "user_id": actor.user_id, "day": today(), "counter": counter, "customer_id": customer_id, "now": now(),
    }  # fmt: skip
    seen = session.execute(_LOOK, parameters).one()
    standing = Standing(counter, seen.day, seen.used, seen.cap + seen.extra)
    if seen.noted:
        return standing
    parameters["day"] = seen.day
    dialect = session.get_bind().dialect.name
    if session.execute(_note(dialect), parameters).one_or_none() is None:
        return standing  # another request of the same person was faster
    counted = session.execute(_add(dialect, DEFAULTS[counter]), parameters).one()
    standing = Standing(counter, seen.day, counted.used, counted.cap + counted.extra)
    if standing.used > standing.limit:
        raise _refusal(session, actor, standing)
    return standing


def _refusal(session: Session, actor: Actor, standing: Standing) -> Frozen:
    database = database_of(session)
    for afterwards in (on_rollback, on_commit):
        afterwards(session, freezing.freeze, database, actor, standing.day, standing.counter)
    return Frozen(admission.with_advice(session, freezing.sentence(standing.counter, standing.limit)))


def _looking() -> Any:
    """Reads day, noted (this customer, on that day), used, cap and extra.

    The day never goes back before the person's latest one: a clock that was set back hands out no second quota.
    """
    latest = func.max(Opened.day)
    days = select(case((latest > _TODAY, latest), else_=_TODAY).label("day")).where(Opened.user_id == _USER).subquery()
    noted = (
        select(Opened.customer_id)
        .where(
            Opened.user_id == _USER, Opened.day == days.c.day, Opened.counter == _COUNTER,
            Opened.customer_id == _CUSTOMER,
        )
        .exists()
    )  # fmt: skip
    numbers = [
        func.coalesce(column, 0).label(column.key) for column in (CountedDay.used, CountedDay.cap, CountedDay.extra)
    ]
    return select(days.c.day, noted.label("noted"), *numbers).outerjoin_from(
        days,
        CountedDay,
        and_(CountedDay.user_id == _USER, CountedDay.day == days.c.day, CountedDay.counter == _COUNTER),
    )


_LOOK = _looking()


def _insert(dialect: str, model: Any) -> Any:
    return (sqlite_insert if dialect == "sqlite" else postgresql_insert)(model)


@cache
def _note(dialect: str) -> Any:
    """Returns a row when this made the note."""
    values = {
        "user_id": _USER, "day": _TODAY, "counter": _COUNTER, "customer_id": _CUSTOMER,
        "at": bindparam("now", type_=UtcDateTime()),
    }  # fmt: skip
    return _insert(dialect, Opened).values(values).on_conflict_do_nothing().returning(Opened.customer_id)


@cache
def _add(dialect: str, default: int) -> Any:
    """One more customer on this day; returns used, cap and extra."""
    values = {"user_id": _USER, "day": _TODAY, "counter": _COUNTER, "used": 1, "cap": cap_of(default), "extra": 0}
    statement = _insert(dialect, CountedDay).values(values)
    return statement.on_conflict_do_update(
        index_elements=[CountedDay.user_id, CountedDay.day, CountedDay.counter],
        set_={"used": CountedDay.used + 1, "cap": statement.excluded.cap},
    ).returning(CountedDay.used, CountedDay.cap, CountedDay.extra)
