"""Everything that holds codes of a dictionary: columns of every owner, and own fields of customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Table,
    and_,
    exists,
    func,
    inspect,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session

from platform_core.customers.custom.definitions import known
from platform_core.customers.custom.indexes import text_of
from platform_core.customers.models import Customer
from platform_core.kernel.model import METADATA
from platform_core.kernel.scope import proven
from platform_core.kernel.types import DictionaryCode
from platform_core.plugins.asking import hooks_of
from platform_core.plugins.manager import PluginManager
from platform_core.plugins.migrations import owner_of
from platform_core.plugins.references import unique_keys

PROOF = proven("where two entries of a dictionary are made one, every row is walked, whoever may see it")


@dataclass(frozen=True, slots=True)
class Place:
    """One column; `field` is the own field of customers whose values it holds, `several` whether these are lists."""

    table: Table
    column: Column[Any]
    owner: str
    label: str
    field: str = ""
    several: bool = False

    @property
    def name(self) -> str:
        return f"{self.table.name}.{self.column.name}" + (f":{self.field}" if self.field else "")

    @property
    def key(self) -> Sequence[Column[Any]]:
        return list(self.table.primary_key.columns)

    def holds(self, code: str) -> ColumnElement[bool]:
        if not self.field:
            met: ColumnElement[bool] = self.column == code
            return met
        text = text_of(self.column, self.field)
        return text.contains(f'"{code}"', autoescape=True) if self.several else text == code

    def free(self, code: str, into: str) -> ColumnElement[bool] | None:
        """Rows whose place no row of the other entry has taken: where a row is the only one of its entry."""
        if self.field:
            return None
        found = []
        for names in unique_keys(self.table):
            if self.column.name in names:
                twin = self.table.alias("twin")
                same = [twin.c[name] == self.table.c[name] for name in names if name != self.column.name]
                found.append(~exists().where(twin.c[self.column.name] == into, *same))
        return and_(self.column == code, *found) if found else None

    def after(self, key: Sequence[Any]) -> ColumnElement[bool]:
        """Rows behind the one of this key, as JSON has it."""
        values = self.thawed(key)
        if len(values) == 1:
            met: ColumnElement[bool] = self.key[0] > values[0]
            return met
        return tuple_(*self.key) > tuple_(*values)

    def among(self, keys: Sequence[Sequence[Any]]) -> ColumnElement[bool]:
        values = [self.thawed(key) for key in keys]
        if len(self.key) == 1:
            return self.key[0].in_([value[0] for value in values])
        return or_(*(and_(*(column == part for column, part in zip(self.key, value, strict=True))) for value in values))

    def thawed(self, key: Sequence[Any]) -> list[Any]:
        pairs = zip(self.key, key, strict=True)
        return [msgspec.convert(part, column.type.python_type, strict=False) for column, part in pairs]


def of(session: Session, dictionary: str) -> list[Place]:
    """In the order of their names. Tables of plugins that are not installed are left as they are."""
    manager = hooks_of(session).manager
    there = set(inspect(session.connection()).get_table_names())
    labels = _labels(manager)
    found = [
        Place(table, column, _title(manager, table), labels.get(table.name, ""))
        for table in METADATA.tables.values()
        if table.name in there
        for column in table.columns
        if isinstance(column.type, DictionaryCode) and column.type.dictionary == dictionary
    ]
    customers = Customer.__table__
    assert isinstance(customers, Table)
    found += [
        Place(
            customers, customers.c.custom, _title(manager, customers), item.label, item.key, item.widget == "choices"
        )
        for item in known(session).fields
        if item.data.dictionary == dictionary
    ]  # fmt: skip
    return sorted(found, key=lambda place: place.name)


def counts(session: Session, found: Sequence[Place], code: str) -> Mapping[str, int]:
    """Name of the place -> rows that hold the code, in one statement."""
    parts = [
        select(literal(place.name).label("name"), func.count().label("count"))
        .select_from(place.table)
        .where(place.holds(code))
        for place in found
    ]
    return dict(session.execute(union_all(*parts), execution_options=PROOF).all()) if parts else {}


def _labels(manager: PluginManager) -> dict[str, str]:
    """Table -> what its rows are called."""
    declared = manager.declared.customer_references.installed()
    return {item.value.model.__table__.name: str(item.value.label) for item in declared if item.value.label}


def _title(manager: PluginManager, table: Table) -> str:
    owner = owner_of(table.name, manager.plugins)
    info = manager.plugins[owner].info if owner else None
    return str(info.title) if info else ""
