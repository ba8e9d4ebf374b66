"""Counting the statements a request sends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event


class QueryCounter:
    """Counts statements on an engine; transaction control is not counted."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.statements: list[str] = []
        event.listen(engine, "before_cursor_execute", self._note)

    def _note(self, connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: Any) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "PRAGMA")):
            self.statements.append(statement)

    @contextmanager
    def __call__(self, *, at_most: int) -> Iterator[list[str]]:
        before = len(self.statements)
        sent: list[str] = []
        yield sent
        sent.extend(self.statements[before:])
        listing = "\n".join(f"{number}. {statement[:300]}" for number, statement in enumerate(sent, 1))
        assert len(sent) <= at_most, f"{len(sent)} statements, at most {at_most} allowed:\n{listing}"

    def remove(self) -> None:
        event.remove(self._engine, "before_cursor_execute", self._note)
