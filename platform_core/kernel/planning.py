"""What PostgreSQL expects of a statement, without running it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ClauseElement, Executable, Select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler

_LARGE = 1000.0
"""The planner's cost of reading some ten thousand rows."""


class _Explained(Executable, ClauseElement):
    inherit_cache = False

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement


@compiles(_Explained, "postgresql")
def _explained(element: _Explained, compiler: SQLCompiler, **options: Any) -> str:
    return f"EXPLAIN (FORMAT JSON) {compiler.process(element.statement, **options)}"


@dataclass(frozen=True, slots=True)
class Expected:
    """`scans`: a large table would be read from end to end."""

    rows: int
    scans: bool


def expected(session: Session, statement: Select[Any], execution_options: Mapping[str, Any]) -> Expected:
    """What the planner expects, from the table's statistics; a millisecond. PostgreSQL only."""
    plan = session.scalar(_Explained(statement), execution_options=execution_options)[0]["Plan"]
    return Expected(plan["Plan Rows"], any(_is_scan(node) for node in _nodes(plan)))


def estimated_rows(session: Session, statement: Select[Any], execution_options: Mapping[str, Any]) -> int:
    """How many rows the planner expects."""
    return expected(session, statement, execution_options).rows


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


def _is_scan(node: Mapping[str, Any]) -> bool:
    return bool(node["Node Type"] == "Seq Scan" and node["Total Cost"] > _LARGE)
