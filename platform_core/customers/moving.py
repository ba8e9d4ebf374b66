"""Re-pointing the rows of one customer to another, so that the way back knows each of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    LargeBinary,
    Numeric,
    String,
    Table,
    Uuid,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    union_all,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from platform_core.kernel.errors import Conflict
from platform_core.kernel.i18n import translator
from platform_core.kernel.scope import proven
from platform_core.kernel.searchcolumn import SearchTokens
from platform_core.kernel.types import Money, UtcDateTime
from platform_core.plugins import references
from platform_core.plugins.references import Pointer

_ = translator("customers")
_PROOF = {"execution_options": proven("merge and erase walk every declared reference, whoever may see its rows")}


class Moved(msgspec.Struct):
    """Rows of one reference.

    `keys`: primary keys, without the pointing column, of rows that were re-pointed. `out`: rows that were taken out
    since the kept customer has the same.
    """

    owner: str
    table: str
    column: str
    keys: list[dict[str, Any]]
    out: list[dict[str, Any]]


def counts(session: Session, found: Sequence[Pointer], ids: Iterable[UUID]) -> list[int]:
    """How many rows each reference has to any of `ids`, in one statement."""
    wanted = list(ids)
    parts = [
        select(literal(number).label("number"), func.count().label("count"))
        .select_from(pointer.table)
        .where(pointer.column.in_(_as_stored(pointer, wanted)))
        for number, pointer in enumerate(found)
    ]
    if not parts:
        return []
    rows: dict[int, int] = dict(session.execute(union_all(*parts), **_PROOF).all())
    return [rows.get(number, 0) for number in range(len(found))]


def move(session: Session, pointer: Pointer, source: UUID, target: UUID) -> Moved:
    """Re-point all rows from `source` to `target`. Raises Conflict where both have what only one may have."""
    table, column = pointer.table, pointer.column
    here, there = _as_stored(pointer, [source, target])
    out = _take_out_doubles(session, pointer, here, there)
    rows = session.execute(select(*(pointer.keys or [column])).where(column == here), **_PROOF).mappings().all()
    keys = [{str(name): _plain(value) for name, value in row.items()} for row in rows]
    if rows:
        try:
            with session.begin_nested():
                session.execute(update(table).where(column == here).values(_moved(table, column.name, there)), **_PROOF)
        except IntegrityError as error:
            raise _refused(pointer) from error
    return Moved(pointer.owner, str(table.name), str(column.name), keys, out)


def move_back(session: Session, pointer: Pointer, moved: Moved, source: UUID, target: UUID) -> None:
    """Undo `move(source, target)`: rows that still point to `target` return, those that were taken out come back."""
    table, column = pointer.table, pointer.column
    here, there = _as_stored(pointer, [source, target])
    for key in moved.keys:
        known = [_convert(table, name, value) == table.c[name] for name, value in key.items() if name != column.name]
        session.execute(update(table).where(column == there, *known).values(_moved(table, column.name, here)), **_PROOF)
    for row in moved.out:
        session.execute(insert(table).values({name: _convert(table, name, row[name]) for name in row}), **_PROOF)


def drop(session: Session, pointer: Pointer, ids: Iterable[UUID]) -> None:
    session.execute(delete(pointer.table).where(pointer.column.in_(_as_stored(pointer, list(ids)))), **_PROOF)


def clear(session: Session, pointer: Pointer, ids: Iterable[UUID]) -> None:
    column = pointer.column
    values = _moved(pointer.table, column.name, None)
    session.execute(update(pointer.table).where(column.in_(_as_stored(pointer, list(ids)))).values(values), **_PROOF)


def blank(session: Session, pointer: Pointer, ids: Iterable[UUID], name: str) -> None:
    """Empty the columns that speak of the person, and give those that name the row `name` instead."""
    declared, table = pointer.declared, pointer.table
    values = {item: name[: getattr(table.c[item].type, "length", None)] for item in declared.rename if item in table.c}
    values |= {item: value for item, value in declared.blank.items() if item in table.c}
    if values:
        values |= untouched(table)
        session.execute(
            update(table).where(pointer.column.in_(_as_stored(pointer, list(ids)))).values(values), **_PROOF
        )


def _take_out_doubles(session: Session, pointer: Pointer, here: Any, there: Any) -> list[dict[str, Any]]:
    """Rows of the source that would clash with one of the target. Refused where others refer to such rows."""
    table, column = pointer.table, pointer.column
    out: list[dict[str, Any]] = []
    for key in references.unique_keys(table):
        if column.name not in key:
            continue
        twin = table.alias("twin")
        same = [twin.c[name] == table.c[name] for name in key if name != column.name]
        double: ColumnElement[bool] = and_(column == here, exists().where(twin.c[column.name] == there, *same))
        rows = session.execute(select(table).where(double), **_PROOF).mappings().all()
        if not rows:
            continue
        if references.children_of(table):
            raise _refused(pointer)
        out += [{str(name): _plain(value) for name, value in row.items()} for row in rows]
        session.execute(delete(table).where(double), **_PROOF)
    return out


def _refused(pointer: Pointer) -> Conflict:
    return Conflict(
        _(
            "%(title)s: both customers have a row in %(label)s, and there can be only one. Remove one of them first.",
            title=pointer.title, label=pointer.label,
        )
    )  # fmt: skip


def _moved(table: Table, column: str, value: Any) -> dict[str, Any]:
    return {**untouched(table), column: value}


def untouched(table: Table) -> dict[str, Any]:
    """Columns that every update would set, set to what they are: nobody has worked on these rows."""
    return {column.name: column for column in table.c if column.onupdate is not None}


def _as_stored(pointer: Pointer, ids: Sequence[UUID]) -> list[Any]:
    """Ids as values of the column. SQLite has no type for them, so a reflected column holds text."""
    is_text = isinstance(pointer.column.type, String)
    return [item.hex if is_text else item for item in ids]


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value, enc_hook=str)


def _convert(table: Table, name: str, value: Any) -> Any:
    """A value of `_plain` as the column takes it."""
    kind = table.c[name].type
    if isinstance(kind, SearchTokens):
        return value.replace("'", " ").split()
    for types, wanted in _KINDS:
        if value is not None and isinstance(kind, types):
            return msgspec.convert(value, wanted, strict=False)
    return value


_KINDS: tuple[tuple[tuple[type[Any], ...], type[Any]], ...] = (
    ((Uuid,), UUID),
    ((UtcDateTime, DateTime), datetime),
    ((Date,), date),
    ((Money, Numeric), Decimal),
    ((LargeBinary,), bytes),
)
