"""Keyset order: by a column and the key, rows without a value last, both ways, on both databases.

PostgreSQL and SQLite disagree on where NULLs sort, so an order over a nullable column is read as two segments: the rows
that have a value, then the others by key alone. Each is one range of an index.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import TypeDecorator, Uuid, bindparam, tuple_

from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.kernel.types import Money
from platform_core.web import cursors
from platform_core.web.lists.declaration import Sort

_ = translator("web")
Segment = Literal["all", "valued", "blank"]
VALUE = "sort_value"
BOUND_VALUE = "bound_value"
BOUND_ID = "bound_id"
FLOOR_VALUE = "floor_value"
FLOOR_ID = "floor_id"


@dataclass(frozen=True, slots=True)
class Cursor:
    """A row's place: its sort value, its key, and its number in the list as it was when the page was made."""

    value: Any
    id: Any
    number: int

    @property
    def text(self) -> str:
        return cursors.encode([self.value, self.id, self.number])

    @classmethod
    def read(cls, text: str, sort: Sort) -> Cursor:
        value, key, number = cursors.decode(text, 3)
        blank = value is None and nullable(sort)
        fits = blank or (isinstance(value, _python_type(sort.column.type)) and not _is_naive(value))
        if not (fits and isinstance(key, UUID) and isinstance(number, int)):
            raise Invalid(_("This page mark is not valid. Start from the first page."))
        return cls(value, key, number)


def _python_type(declared: Any) -> type[Any]:
    if isinstance(declared, Money):
        return Decimal
    inner: Any = declared.impl if isinstance(declared, TypeDecorator) else declared
    found: type[Any] = inner.python_type
    return found


def _is_naive(value: Any) -> bool:
    return isinstance(value, datetime) and value.tzinfo is None


def nullable(sort: Sort) -> bool:
    return bool(getattr(sort.column, "nullable", True))  # an expression may always be without a value


@dataclass(frozen=True, slots=True)
class Order:
    sort: Sort
    descending: bool
    key: Any
    """The entity's key column."""

    def segments(self) -> tuple[Segment, ...]:
        return ("valued", "blank") if nullable(self.sort) else ("all",)

    def segment_of(self, cursor: Cursor) -> Segment:
        if not nullable(self.sort):
            return "all"
        return "blank" if cursor.value is None else "valued"

    def conditions(self, segment: Segment, *, bounded: bool, forward: bool) -> list[Any]:
        """Which rows are in the segment and, if bounded, beyond the cursor (parameters BOUND_VALUE, BOUND_ID)."""
        column = self.sort.column
        found: list[Any] = []
        if segment != "all":
            found.append(column.is_not(None) if segment == "valued" else column.is_(None))
        if bounded:
            row, bound = self._compared(segment, BOUND_VALUE, BOUND_ID)
            found.append(row < bound if self.descending == forward else row > bound)
        return found

    def above_floor(self, segment: Segment, *, forward: bool) -> Any:
        """Which rows come no later than the floor (parameters FLOOR_VALUE, FLOOR_ID)."""
        row, floor = self._compared(segment, FLOOR_VALUE, FLOOR_ID)
        return row >= floor if self.descending == forward else row <= floor

    def _compared(self, segment: Segment, value: str, key: str) -> tuple[Any, Any]:
        bound = bindparam(key, type_=Uuid())
        if segment == "blank":
            return self.key, bound
        column = self.sort.column
        return tuple_(column, self.key), tuple_(bindparam(value, type_=column.type), bound)

    def by(self, value: Any, key: Any, *, forward: bool) -> list[Any]:
        """ORDER BY over these columns, reversed when reading backward.

        Also of rows without a value: PostgreSQL does not see that the index behind NULLs is ordered by the key alone.
        """
        return [column.desc() if self.descending == forward else column.asc() for column in (value, key)]


@dataclass(frozen=True, slots=True)
class Page:
    """`first` is the number of the first row, counted from 1, as far as nobody has changed the rows before it."""

    rows: Sequence[Any]
    first: int = 1
    before: str = ""
    """Cursor of the page before; empty on the first."""
    after: str = ""
    """Cursor of the page after; empty on the last."""


Fetch = Callable[[Segment, Cursor | None, bool, int], Sequence[Any]]
"""(segment, cursor, forward, limit) -> rows with `id` and `sort_value`, in reading direction."""


def read_page(order: Order, fetch: Fetch, size: int, *, after: str = "", before: str = "") -> Page:
    """One page. Raises Invalid for a cursor that does not fit the order."""
    forward = not before
    mark = after or before
    cursor = Cursor.read(mark, order.sort) if mark else None
    rows = _collect(order, fetch, size + 1, cursor, forward=forward)
    more = len(rows) > size
    rows = rows[:size]
    if not forward:
        rows.reverse()
    first = _first_number(cursor, len(rows), forward=forward)
    if not rows:
        return Page((), 1)
    has_before = bool(after) if forward else more
    has_after = more if forward else True
    if not forward and not more:
        first = 1
    return Page(
        rows,
        first,
        _mark(rows[0], first) if has_before else "",
        _mark(rows[-1], first + len(rows) - 1) if has_after else "",
    )


def _collect(order: Order, fetch: Fetch, wanted: int, cursor: Cursor | None, *, forward: bool) -> list[Any]:
    segments = list(order.segments())
    if not forward:
        segments.reverse()
    start = order.segment_of(cursor) if cursor else segments[0]
    rows: list[Any] = []
    for segment in segments[segments.index(start) :]:
        bound = cursor if cursor is not None and segment == start else None
        rows.extend(fetch(segment, bound, forward, wanted - len(rows)))
        if len(rows) >= wanted:
            break
    return rows


def _first_number(cursor: Cursor | None, count: int, *, forward: bool) -> int:
    if cursor is None:
        return 1
    return cursor.number + 1 if forward else max(cursor.number - count, 1)


def _mark(row: Any, number: int) -> str:
    return Cursor(getattr(row, VALUE), row.id, number).text
