"""SQLite has one writer at a time: within a process, writers wait in a queue and take their turns in order of arrival.

SQLite's own waiting is a lottery: whoever waits sleeps ever longer and asks again, so with a dozen busy clients some
never get the lock within ten seconds and fail. It remains for what only it can do, keeping other processes apart.
"""

from __future__ import annotations

import functools
import sqlite3
import threading
from collections import deque
from pathlib import Path
from typing import Any

from sqlalchemy import BinaryExpression, Connection, FromClause
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.exc import OperationalError

_BEGIN = "BEGIN IMMEDIATE"


class Compiler(SQLiteCompiler):
    """Writes which index a statement is told to use (`with_hint`): SQLite, which keeps no statistics, cannot know."""

    def get_from_hint_text(self, table: FromClause, text: str | None) -> str | None:
        return text

    def visit_ilike_op_binary(self, binary: BinaryExpression[Any], operator: Any, **keywords: Any) -> str:
        """LIKE and lower() are blind to the same letters here, those of ASCII, and lower() of 100,000 takes 10 ms."""
        written: str = self.visit_like_op_binary(binary, operator, **keywords)  # type: ignore[no-untyped-call]
        return written


class Turns:
    """A lock that is handed over first come, first served. Any thread may give it back."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Event] = deque()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def take(self, seconds: float) -> bool:
        """Wait for the turn, `seconds` at most. Returns whether it came."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            called = threading.Event()
            self._waiting.append(called)
        try:
            if called.wait(seconds):
                return True
        except BaseException:  # Ctrl-C in a command: nobody would give back a turn that came just then
            if not self._leave(called):
                self.give_back()
            raise
        return not self._leave(called)

    def give_back(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()  # still taken, by the one who was called
            else:
                self._taken = False

    def _leave(self, called: threading.Event) -> bool:
        """Step out of the queue; False where the turn came at the last moment."""
        with self._guard:
            if called.is_set():
                return False
            self._waiting.remove(called)
            return True


class QueuedConnection(sqlite3.Connection):
    """Holds its turn until the transaction has really ended, whatever ended it."""

    turns: Turns
    _holds = False

    def begin_in_turn(self, seconds: float) -> None:
        """Raises sqlite3.OperationalError as SQLite itself does, with SQLITE_BUSY, when the turn does not come."""
        if not self.turns.take(seconds):
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error
        self._holds = True
        try:
            self.execute(_BEGIN)
        finally:
            self._give_back_after_the_end()

    def commit(self) -> None:
        try:
            super().commit()
        finally:
            self._give_back_after_the_end()

    def rollback(self) -> None:
        try:
            super().rollback()
        finally:
            self._give_back_after_the_end()

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._give_back()

    def _give_back_after_the_end(self) -> None:
        # A refused COMMIT leaves the transaction open; its rollback follows.
        if not self.in_transaction:
            self._give_back()

    def _give_back(self) -> None:
        if self._holds:
            self._holds = False
            self.turns.give_back()


@functools.cache
def turns_of(file: Path) -> Turns:
    """One queue per database file, however many engines this process has on it."""
    return Turns()


def connect(turns: Turns, *arguments: Any, **options: Any) -> QueuedConnection:
    """The `factory` of `sqlite3.connect`."""
    connection = QueuedConnection(*arguments, **options)
    connection.turns = turns
    return connection


def begin_in_turn(connection: Connection, seconds: float) -> None:
    """Begin a writing transaction. Raises SQLAlchemy's OperationalError when others take too long."""
    queued = connection.connection.dbapi_connection
    assert isinstance(queued, QueuedConnection)
    try:
        queued.begin_in_turn(seconds)
    except sqlite3.OperationalError as error:
        raise OperationalError(_BEGIN, None, error) from error
