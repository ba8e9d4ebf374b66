"""Counting rows that lists and searches show: different ones, with the statement that writes the page down.

A page that shows rows is a line of the audit trail anyway. On PostgreSQL the same statement adds its rows to the
person's day; on SQLite, where no statement writes two tables, another one does. Which rows somebody has been shown
before is remembered in memory: a page of nothing new costs nothing. What a process does not know, because another one
showed it or the memory was full, is counted again: the number may be too high, never too low.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Integer, Uuid, bindparam, case, func, inspect, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.caps import freezing
from platform_core.caps.limits import DEFAULTS, LIST, Standing, allowed_beyond, cap_of
from platform_core.caps.models import Listed
from platform_core.contracts.identity import Actor
from platform_core.kernel.clock import now, today
from platform_core.kernel.database import Database, database_of
from platform_core.kernel.errors import Frozen
from platform_core.kernel.unitofwork import on_commit, on_refusal

_MOST_ROWS = 400_000
"""Kept in memory for all people together: about 40 MB."""
_MOST_CAPS = 5_000
_listed = inspect(Listed).local_table
"""Statements of tables spare a third of the time that those of models take."""


@dataclass(slots=True)
class _Day:
    day: date
    rows: set[int] = field(default_factory=set)
    """Hashes of the ids, which take a third of the room."""


class Memory:
    """What this process has shown to whom today."""

    def __init__(self, most: int = _MOST_ROWS) -> None:
        self._most = most
        self._days: OrderedDict[tuple[str, UUID], _Day] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def unknown(self, key: tuple[str, UUID], day: date, ids: Sequence[str]) -> set[int]:
        rows = {hash(item) for item in ids}
        with self._lock:
            known = self._days.get(key)
            return rows if known is None or known.day < day else rows - known.rows

    def learn(self, key: tuple[str, UUID], day: date, rows: set[int]) -> None:
        with self._lock:
            known = self._days.get(key)
            if known is None or known.day < day:
                self._size -= len(known.rows) if known else 0
                known = self._days[key] = _Day(day)
            self._days.move_to_end(key)
            self._size -= len(known.rows)
            known.rows |= rows
            self._size += len(known.rows)
            while self._size > self._most:
                self._size -= len(self._days.popitem(last=False)[1].rows)


_memory = Memory()
_caps: dict[tuple[str, int], tuple[Mapping[str, Any], int]] = {}
"""Caps, by the rights in memory that they belong to: whatever changes roles, their times or caps makes new rights."""


def write(session: Session, actor: Actor, line: Mapping[str, Any]) -> None:
    """Write an audit line that shows the actor, who is really there, `line["ids"]`, and count them.

    Raises Frozen where they would be more than allowed; the acting transaction must then be rolled back.
    """
    database, day = database_of(session), today()
    key = (database.url, actor.user_id)
    fresh = _memory.unknown(key, day, line["ids"])
    if not fresh:
        session.execute(_LINE, audit.named(line))
        return
    cap = _known_cap(database.url, actor)
    counting = {"user_id": actor.user_id, "day": day, "fresh": len(fresh)}
    day, number, *read = _send(session, line, counting, with_cap=cap is None)
    limit = cap = _keep_cap(database.url, actor, read[0]) if cap is None else cap
    if number > cap:
        limit += session.scalar(select(allowed_beyond(actor.user_id, day, LIST))) or 0
    before, after = (Standing(LIST, day, used, limit) for used in (number - len(fresh), number))
    if after.used > limit:
        raise freezing.refusal(session, actor, before, asked=len(fresh))
    on_commit(session, _memory.learn, key, day, fresh)
    on_refusal(session, _write_all_the_same, database, actor, line)
    if after.is_near and not before.is_near:
        on_commit(session, freezing.warn, database, actor, after)


def _write_all_the_same(database: Database, actor: Actor, line: Mapping[str, Any]) -> None:
    """A refused form showed rows, and its transaction is gone."""
    with suppress(Frozen), database.system_session("rows on a form that was refused") as session:
        write(session, actor, line)


def _send(session: Session, line: Mapping[str, Any], counting: dict[str, Any], *, with_cap: bool) -> Sequence[Any]:
    """Day and number that were reached, and the cap if wished."""
    if with_cap:
        counting |= {"counter": LIST, "now": now()}
    if database_of(session).is_sqlite:
        session.execute(_LINE, audit.named(line))
        reached = session.execute(_COUNT, counting).one()
        return [*reached, session.scalar(_CAP, counting)] if with_cap else reached
    return session.execute(_written_and_counted(with_cap=with_cap), {**audit.named(line), **counting}).one()


def _adding(dialect: str) -> Any:
    """Adds rows to the person's day, which never goes back; returns day and number."""
    made: Any = sqlite_insert if dialect == "sqlite" else postgresql_insert
    later = func.max if dialect == "sqlite" else func.greatest
    new = made(_listed).values(
        user_id=bindparam("user_id", type_=Uuid()), day=bindparam("day", type_=Date()),
        number=bindparam("fresh", type_=Integer()),
    )  # fmt: skip
    before = case((_listed.c.day >= new.excluded.day, _listed.c.number), else_=0)
    changed = {"day": later(_listed.c.day, new.excluded.day), "number": before + new.excluded.number}
    added = new.on_conflict_do_update(index_elements=[_listed.c.user_id], set_=changed)
    return added.returning(_listed.c.day, _listed.c.number)


@cache
def _written_and_counted(*, with_cap: bool) -> Any:
    counted = _adding("postgresql").cte("counted")
    told = [select(column).scalar_subquery().label(column.name) for column in counted.c]
    if with_cap:
        told.append(cap_of(DEFAULTS[LIST]).label("cap"))
    return audit.line().add_cte(counted).returning(*told)


_LINE = audit.line()
_COUNT = _adding("sqlite")
_CAP = select(cap_of(DEFAULTS[LIST]))


def _known_cap(url: str, actor: Actor) -> int | None:
    grants, cap = _caps.get((url, id(actor.grants)), (None, None))
    return cap if grants is actor.grants else None


def _keep_cap(url: str, actor: Actor, cap: int) -> int:
    if len(_caps) >= _MOST_CAPS:
        _caps.clear()
    _caps[url, id(actor.grants)] = (actor.grants, cap)
    return cap
