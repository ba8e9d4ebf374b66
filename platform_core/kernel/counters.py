"""Version counters that every process follows, so that it may cache what seldom changes, and code sequences."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from platform_core.kernel.database import database_of
from platform_core.kernel.models import Counter
from platform_core.kernel.single import OneAtATime
from platform_core.kernel.unitofwork import on_commit, on_rollback

T = TypeVar("T")
_RECHECK_SECONDS = 2.0
_KNOWN, _BUMPED = "counters", "counters_bumped"


def bump(session: Session, name: str, by: int = 1) -> int:
    """Add to it within the caller's transaction and return the new value; concurrent callers wait for each other."""
    _set_apart(session, name)
    changed = session.execute(
        update(Counter).where(Counter.name == name).values(value=Counter.value + by).returning(Counter.value)
    ).scalar_one_or_none()
    if changed is None:
        made: int = session.execute(_first(session.connection(), name, by)).scalar_one()
        return made
    return changed


def _first(connection: Connection, name: str, by: int) -> Any:
    """Several may come first at the same moment: whoever was slower adds to the other's."""
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = make(Counter).values(name=name, value=by)
    return statement.on_conflict_do_update(index_elements=[Counter.name], set_={"value": Counter.value + by}).returning(
        Counter.value
    )


def bump_in_flush(session: Session, connection: Connection, name: str) -> None:
    """The same for events of mappers, which may use the connection only."""
    _set_apart(session, name)
    changed = connection.execute(update(Counter).where(Counter.name == name).values(value=Counter.value + 1))
    if not changed.rowcount:
        connection.execute(_first(connection, name, 1))


def _set_apart(session: Session, name: str) -> None:
    bumped = session.info.setdefault(_BUMPED, {})
    if name not in bumped:
        for afterwards in (on_commit, on_rollback):
            afterwards(session, _settle, bumped, database_of(session).url, name)
    bumped[name] = None


def _settle(bumped: dict[str, Any], url: str, name: str) -> None:
    """The transaction is over: it sees what all see, and this process asks anew, also outside of requests."""
    bumped.pop(name, None)
    for followed in _followed.get(name, ()):
        followed.forget(url)


def is_bumped(session: Session, name: str) -> bool:
    """Whether this transaction has, and so sees what is nobody else's yet: not to be kept."""
    return name in session.info.get(_BUMPED, {})


def read(session: Session, name: str) -> int:
    return session.scalar(select(Counter.value).where(Counter.name == name)) or 0


def hold(session: Session, name: str) -> None:
    """Nobody moves it before this transaction ends, and what follows it is read as of now, not of two seconds ago.

    Holders do not wait for each other. On SQLite whoever writes is alone.
    """
    found = select(Counter.value).where(Counter.name == name).with_for_update(read=True)
    value = session.scalar(found)
    if value is None:  # nobody has moved it yet, and there is no row to hold
        make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        session.execute(make(Counter).values(name=name, value=0).on_conflict_do_nothing())
        value = session.scalar(found)
    session.info[_KNOWN] = {**session.info.get(_KNOWN, {}), name: value}


def current(name: str) -> ColumnElement[int]:
    """A column with the counter's value, for the first statement of a request, which others follow by `keep`."""
    return func.coalesce(select(Counter.value).where(Counter.name == name).scalar_subquery(), 0)


def keep(session: Session, values: Mapping[str, int]) -> None:
    """What the first statement of a request has read along of the counters."""
    session.info[_KNOWN] = values


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    version: int
    checked: float
    value: T


class Followed(Generic[T]):
    """A value per database that is loaded anew when its counter has moved.

    Requests know the counter from their first statement; others ask it, at most every two seconds.
    """

    def __init__(self, counter: str, load: Callable[[Session], T]) -> None:
        self._counter = counter
        self._load = load
        self._kept: dict[str, _Kept[T]] = {}
        self._loading = OneAtATime()
        _followed.setdefault(counter, []).append(self)

    def get(self, session: Session, is_enough: Callable[[T], bool] | None = None) -> T:
        """`is_enough` says whether a kept value will do; none: always."""
        own: dict[str, T | None] = session.info.get(_BUMPED, {})
        if self._counter in own:  # what this transaction has changed is nobody else's yet
            return self._own(session, own, is_enough)
        url, moment = database_of(session).url, time.monotonic()
        kept = self._kept.get(url)
        version: int | None = session.info.get(_KNOWN, {}).get(self._counter)
        if kept is not None and (is_enough is None or is_enough(kept.value)):
            if version is None and moment - kept.checked < _RECHECK_SECONDS:
                return kept.value
            if version is None:
                version = read(session, self._counter)
            if version == kept.version:
                self._kept[url] = _Kept(version, moment, kept.value)
                return kept.value
        if version is None:
            version = read(session, self._counter)
        return self._loaded(session, url, version, is_enough)

    def _loaded(self, session: Session, url: str, version: int, is_enough: Callable[[T], bool] | None) -> T:
        with self._loading.working_on(url):
            kept = self._kept.get(url)  # by somebody who came first
            if kept is not None and kept.version == version and (is_enough is None or is_enough(kept.value)):
                return kept.value
            value = self._load(session)
            self._kept[url] = _Kept(version, time.monotonic(), value)
            return value

    def _own(self, session: Session, own: dict[str, T | None], is_enough: Callable[[T], bool] | None) -> T:
        value = own[self._counter]
        if value is None or not (is_enough is None or is_enough(value)):
            value = own[self._counter] = self._load(session)
        return value

    def forget(self, url: str) -> None:
        """Load that database's anew when it is next asked for."""
        self._kept.pop(url, None)


_followed: dict[str, list[Followed[Any]]] = {}
