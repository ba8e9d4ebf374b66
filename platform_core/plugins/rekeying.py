"""Giving every encrypted value of every owner the current key, slice by slice, beside a running server.

Nothing has to be declared: each value says which key it was made with, so every binary column of every owner is looked
through, also of plugins that are off or gone. Each slice is a transaction of its own, and a value is only replaced
while it is what was read; so the run may be killed and started again, and what a server writes meanwhile stays.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from sqlalchemy import ColumnElement, Connection, LargeBinary, TableClause, inspect, or_, select
from sqlalchemy.orm import Session

from platform_core.kernel.database import Database
from platform_core.kernel.model import METADATA
from platform_core.kernel.models import SettingValue
from platform_core.kernel.secrets import Vault
from platform_core.plugins import catalogue

SLICE = 200
_FEW = 20
_LONGEST_DIGEST = 64
_NEVER = ("audit_",)
"""Tables of hashes and salts that the database lets nobody change."""
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Place:
    """A binary column, with the primary key of its table, as the database has them."""

    table: TableClause
    column: Any
    keys: Sequence[Any]

    @property
    def name(self) -> str:
        return f"{self.table.name}.{self.column.name}"

    def made_with(self, names: Sequence[str]) -> ColumnElement[bool]:
        marks = [f"{name}:".encode() for name in names]
        return or_(*(sa.func.substr(self.column, 1, len(mark)) == sa.literal(mark, LargeBinary) for mark in marks))


@dataclass(slots=True)
class Tally:
    """`changed`: values that got the current key; `broken`: place -> values that their own key does not open."""

    changed: int = 0
    broken: dict[str, int] = field(default_factory=dict)


def survey(database: Database, names: Sequence[str]) -> dict[str, dict[str, int]]:
    """Place -> key -> number of its values, without places that hold none."""
    found: dict[str, dict[str, int]] = {}
    with _reading(database) as session:
        for place in _places(session):
            counted = {name: session.scalar(_count(place, name)) or 0 for name in names}
            if any(counted.values()):
                found[place.name] = {name: number for name, number in counted.items() if number}
        for _key, name in _secrets(session, names):
            held = found.setdefault(_SETTINGS, {})
            held[name] = held.get(name, 0) + 1
    return found


def _reading(database: Database) -> AbstractContextManager[Session]:
    """Without a transaction: counting a million rows must not make a server's writes wait."""
    return database.system_session("look for encrypted values of every owner", write=False)


def _count(place: Place, name: str) -> Any:
    return select(sa.func.count()).select_from(place.table).where(place.made_with([name]))


def sample(database: Database, vault: Vault, names: Sequence[str]) -> list[str]:
    """Places with a value that its own key does not open, among the first few of each."""
    wrong = []
    with _reading(database) as session:
        for place in _places(session):
            few = select(place.column).where(place.made_with(names)).limit(_FEW)
            if not all(_opens(vault, bytes(blob)) for blob in session.scalars(few)):
                wrong.append(place.name)
    return wrong


def _opens(vault: Vault, blob: bytes) -> bool:
    try:
        vault.decrypt_bytes(blob)
    except (InvalidTag, ValueError, KeyError):
        return False
    return True


def reseal(
    database: Database, vault: Vault, old: Sequence[str], *, size: int = SLICE, pause: float = 0.0,
    progress: Progress = lambda _number: None,
) -> Tally:  # fmt: skip
    """Every value that was made with one of `old` gets the current key. Returns when a whole round has found none."""
    tally = Tally()
    with _reading(database) as session:
        places = _places(session)
    while True:
        before, tally.broken = tally.changed, {}
        for place in places:
            for number in _place(database, vault, place, old, size, tally):
                progress(number)
                time.sleep(pause)
        _settings(database, vault, old, tally)
        if tally.changed == before:
            return tally


def _places(session: Session) -> list[Place]:
    left = {
        name
        for item in catalogue.everything(session).values()
        for name in (() if item.is_purged else item.content.tables)
    }
    look = inspect(session.connection())
    names = [
        name
        for name in sorted(look.get_table_names())
        if (name in METADATA.tables or name in left) and not name.startswith(_NEVER)
    ]
    # All at once: asking PostgreSQL table by table takes longer than the values.
    columns, keys = look.get_multi_columns(filter_names=names), look.get_multi_pk_constraint(filter_names=names)
    return [
        place
        for name in names
        for place in _of_table(name, columns[None, name], keys[None, name]["constrained_columns"])
    ]


def _of_table(name: str, described: Sequence[Any], keys: Sequence[str]) -> Iterator[Place]:
    columns = {item["name"]: sa.column(item["name"], item["type"]) for item in described}
    table = sa.table(name, *columns.values())
    for column in columns.values():
        if isinstance(column.type, LargeBinary) and keys and column.name not in keys and not _is_digest(name, column):
            yield Place(table, column, [columns[key] for key in keys])


def _is_digest(table: str, column: Any) -> bool:
    mapped = METADATA.tables.get(table)
    known = mapped.c.get(column.name) if mapped is not None else None
    length = getattr(known.type if known is not None else column.type, "length", None)
    return length is not None and length <= _LONGEST_DIGEST


def _place(
    database: Database, vault: Vault, place: Place, old: Sequence[str], size: int, tally: Tally
) -> Iterator[int]:
    """Once along the primary key. Yields how many values each slice has changed."""
    last: tuple[Any, ...] | None = None
    while True:
        wanted = select(*place.keys, place.column).where(place.made_with(old)).order_by(*place.keys).limit(size)
        if last is not None:
            here = sa.tuple_(*place.keys)
            wanted = wanted.where(here > sa.tuple_(*map(_as, last, place.keys)))
        with _reading(database) as session:
            rows = session.execute(wanted).all()
        # On SQLite a server's writes wait for this transaction, so it holds nothing but the slice.
        with database.connection("give values the current key") as connection:
            done = sum(_value(connection, vault, place, tuple(row), tally) for row in rows)
        tally.changed += done
        if rows:
            last = tuple(rows[-1])[:-1]
            yield done
        if len(rows) < size:
            return


def _as(value: Any, column: Any) -> Any:
    return sa.literal(value, column.type)


def _value(connection: Connection, vault: Vault, place: Place, row: tuple[Any, ...], tally: Tally) -> int:
    blob = bytes(row[-1])
    try:
        fresh = vault.encrypt_bytes(vault.decrypt_bytes(blob))
    except (InvalidTag, ValueError, KeyError):
        tally.broken[place.name] = tally.broken.get(place.name, 0) + 1
        return 0
    same = [key == _as(value, key) for key, value in zip(place.keys, row, strict=False)]
    statement = sa.update(place.table).where(*same, place.column == sa.literal(blob, LargeBinary))
    return connection.execute(statement.values({place.column.name: fresh})).rowcount


_SETTINGS = "core_setting.value"


def _secrets(reader: Session | Connection, names: Sequence[str]) -> list[tuple[str, str]]:
    """(setting, key) of those that are encrypted with one of these: text within JSON, of whatever owner."""
    rows = reader.execute(select(SettingValue.key, SettingValue.value)).all()
    found = [(key, _name_in(value)) for key, value in rows]
    return [(key, name) for key, name in found if name in names]


def _name_in(value: object) -> str:
    if not isinstance(value, str):
        return ""
    try:
        mark, colon, _rest = base64.b64decode(value, validate=True).partition(b":")
    except (ValueError, binascii.Error):
        return ""
    return mark.decode("ascii", "replace") if colon else ""


def _settings(database: Database, vault: Vault, old: Sequence[str], tally: Tally) -> None:
    """Few enough for one transaction."""
    with database.connection("give secret settings the current key") as connection:
        for key, _name in _secrets(connection, old):
            value: Any = connection.scalar(select(SettingValue.value).where(SettingValue.key == key).with_for_update())
            try:
                fresh = vault.encrypt_bytes(vault.decrypt_bytes(base64.b64decode(value)))
            except (InvalidTag, ValueError, KeyError):
                tally.broken[_SETTINGS] = tally.broken.get(_SETTINGS, 0) + 1
                continue
            text = base64.b64encode(fresh).decode()
            connection.execute(sa.update(SettingValue).where(SettingValue.key == key).values(value=text))
            tally.changed += 1
