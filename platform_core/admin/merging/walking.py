"""Slices of a merge: rows that hold one code come to hold the other, and back."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, cast

import msgspec
from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from platform_core.admin.merging import places
from platform_core.admin.merging.places import PROOF, Place
from platform_core.customers.moving import untouched
from platform_core.kernel.models import DictionaryMerge, DictionaryMergeLine

SLICE = 500


class Cursor(msgspec.Struct, kw_only=True):
    """`place`: its name; `after`: key of the last row; `found`: whether this round has changed anything."""

    place: str = ""
    after: list[Any] | None = None
    found: bool = False


def forth(session: Session, merge: DictionaryMerge) -> tuple[str, int]:
    """Change the next rows: (place, how many); none when every row has been looked at and none was left.

    A process that has not heard of the merge may write the old code for two seconds more: hence another round after
    each that has found any.
    """
    at = msgspec.convert(merge.cursor, Cursor)
    while True:
        for place in places.of(session, merge.dictionary):
            if place.name < at.place:
                continue
            after = at.after if place.name == at.place else None
            rows = _next(session, place, merge.code, merge.into, after)
            if rows:
                _change(session, merge, place, rows)
                keys = [_key(row[: len(place.key)]) for row in rows]
                merge.cursor = msgspec.to_builtins(Cursor(place=place.name, after=keys[-1], found=True))
                return place.name, len(rows)
        if not at.found:
            return "", 0
        at = Cursor()


def _next(session: Session, place: Place, code: str, into: str, after: Sequence[Any] | None) -> Sequence[Any]:
    chosen = [*place.key, place.column] if place.field else place.key
    statement = select(*chosen).where(place.holds(code)).order_by(*place.key).limit(SLICE).with_for_update()
    free = place.free(code, into)
    if free is not None:
        statement = statement.where(free)
    if after is not None:
        statement = statement.where(place.after(after))
    return session.execute(statement, execution_options=PROOF).all()


def _change(session: Session, merge: DictionaryMerge, place: Place, rows: Sequence[Any]) -> None:
    kept = [_key(row[: len(place.key)]) for row in rows]
    if place.field:
        before = [row[-1][place.field] for row in rows]
        after = [_replaced(value, merge.code, merge.into) for value in before]
        _own(session, place, [(row[0], {**row[-1], place.field: new}) for row, new in zip(rows, after, strict=True)])
        kept = [[*key, value] for key, value in zip(kept, before, strict=True)]
    else:
        _set(session, place, kept, merge.code, merge.into)
        # Where the code is a part of the key, the row is found by the new one afterwards.
        own = [column is place.column for column in place.key]
        kept = [[merge.into if is_code else part for part, is_code in zip(key, own, strict=True)] for key in kept]
    session.execute(
        insert(DictionaryMergeLine),
        [
            {"merge_id": merge.id, "number": merge.moved + number, "place": place.name, "key": key}
            for number, key in enumerate(kept, 1)
        ],
    )
    merge.moved += len(rows)


def back(session: Session, merge: DictionaryMerge) -> int:
    """Give the next rows their entry back, as far as nobody has changed them since; how many were looked at."""
    statement = (
        select(DictionaryMergeLine.number, DictionaryMergeLine.place, DictionaryMergeLine.key)
        .where(DictionaryMergeLine.merge_id == merge.id, DictionaryMergeLine.number > merge.undone + merge.kept)
        .order_by(DictionaryMergeLine.number)
        .limit(SLICE)
    )
    lines = session.execute(statement).all()
    known = {place.name: place for place in places.of(session, merge.dictionary)}
    for name, some in groupby(lines, key=lambda line: cast("str", line.place)):
        keys, place = [line.key for line in some], known.get(name)
        done = 0
        if place is not None and place.field:
            done = _own_back(session, place, keys, merge.code, merge.into)
        elif place is not None:
            done = _set(session, place, keys, merge.into, merge.code)
        merge.undone += done
        merge.kept += len(keys) - done
    return len(lines)


def _set(session: Session, place: Place, keys: Sequence[Sequence[Any]], old: str, new: str) -> int:
    statement = (
        update(place.table)
        .where(place.among(keys), place.column == old)
        .values({**untouched(place.table), place.column.name: new})
    )
    return cast("CursorResult[Any]", session.execute(statement, execution_options=PROOF)).rowcount


def _own_back(session: Session, place: Place, keys: Sequence[Sequence[Any]], code: str, into: str) -> int:
    before = {place.thawed(key[:-1])[0]: key[-1] for key in keys}
    statement = select(place.key[0], place.column).where(place.among([key[:-1] for key in keys])).with_for_update()
    rows = session.execute(statement, execution_options=PROOF).all()
    same = [
        (key, {**custom, place.field: before[key]})
        for key, custom in rows
        if (custom or {}).get(place.field) == _replaced(before[key], code, into)
    ]
    _own(session, place, same)
    return len(same)


def _own(session: Session, place: Place, rows: Sequence[tuple[Any, dict[str, Any]]]) -> None:
    table: Table = place.table
    if rows:
        session.execute(
            update(table)
            .where(place.key[0] == bindparam("row_key"))
            .values({**untouched(table), place.column.name: bindparam("new")}),
            [{"row_key": key, "new": custom} for key, custom in rows],
            execution_options=PROOF,
        )


def _replaced(value: Any, code: str, into: str) -> Any:
    if isinstance(value, list):
        return list(dict.fromkeys(into if item == code else item for item in value))
    return into if value == code else value


def _key(row: Sequence[Any]) -> list[Any]:
    return [msgspec.to_builtins(part, enc_hook=str) for part in row]
