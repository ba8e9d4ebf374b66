"""What PostgreSQL expects of a statement, without running it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ClauseElement, Executable, Select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler


class _Explained(Executable, ClauseElement):
    inherit_cache = False

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement


@compiles(_Explained, "postgresql")
def _explained(element: _Explained, compiler: SQLCompiler, **options: Any) -> str:
    return f"EXPLAIN (FORMAT JSON) {compiler.process(element.statement, **options)}"


def estimated_rows(session: Session, statement: Select[Any], execution_options: Mapping[str, Any]) -> int:
    """How many rows the planner expects, from the table's statistics; a millisecond. PostgreSQL only."""
    plan = session.scalar(_Explained(statement), execution_options=execution_options)
    rows: int = plan[0]["Plan"]["Plan Rows"]
    return rows
