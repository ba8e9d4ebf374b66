"""Every column of every owner that points to a customer: declared in this process, or kept from when it was."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, MetaData, Table, inspect
from sqlalchemy.orm import Session
from sqlalchemy.schema import sort_tables

from platform_core.kernel.model import METADATA
from platform_core.plugins import catalogue
from platform_core.plugins.catalogue import Content, StoredHolding, StoredReference
from platform_core.plugins.hooks import Hooks

Stored = TypeVar("Stored", StoredReference, StoredHolding)
Found = TypeVar("Found", bound="Located[Any]")


@dataclass(frozen=True, slots=True)
class Located(Generic[Stored]):
    """A declared column with its table: the mapped one, or as the database describes it."""

    owner: str
    title: str
    table: Table
    declared: Stored
    is_builtin: bool = False

    @property
    def column(self) -> Column[Any]:
        return self.table.c[self.declared.column]

    @property
    def label(self) -> str:
        return catalogue.said(self.declared.label) or self.table.name


@dataclass(frozen=True, slots=True)
class Pointer(Located[StoredReference]):
    @property
    def keys(self) -> list[Column[Any]]:
        """The primary key without the pointing column."""
        return [column for column in self.table.primary_key.columns if column is not self.column]


def pointers(session: Session, hooks: Hooks) -> list[Pointer]:
    """All references of all owners, parents before their children; tables that are not there are left out."""
    installed = [
        (item.owner, catalogue.stored(item.value)) for item in hooks.manager.declared.customer_references.installed()
    ]
    return located(session, hooks, installed, lambda content: content.references, Pointer)


def located(
    session: Session,
    hooks: Hooks,
    installed: Iterable[tuple[str, Stored]],
    kept: Callable[[Content], Iterable[Stored]],
    make: Callable[[str, str, Table, Stored, bool], Found],
) -> list[Found]:
    """What owners declare here, and what is kept of those who are not: (owner, title, table, declared, is_builtin).

    Parents before their children; tables that are not there are left out.
    """
    manager = hooks.manager
    known = {(owner, stored.table, stored.column): stored for owner, stored in installed}
    titles = {name: str(plugin.info.title) for name, plugin in manager.plugins.items() if plugin.info}
    for owner, item in catalogue.everything(session).items():
        # Also of plugins that are loaded: another process may have met a newer version.
        for stored in () if item.is_purged else kept(item.content):
            known.setdefault((owner, stored.table, stored.column), stored)
        titles.setdefault(owner, item.title)
    # What waits for a migration is not yet as its models say.
    fits = {name for name, plugin in manager.plugins.items() if plugin.state in {"enabled", "disabled"}}
    names = {table for _owner, table, _column in known}
    tables = tables_named(session, names, {table for owner, table, _column in known if owner in fits})
    core = {name for name, plugin in manager.plugins.items() if plugin.builtin}
    found = [
        make(owner, titles.get(owner, owner), tables[name], stored, owner in core)
        for (owner, name, column), stored in known.items()
        if name in tables and column in tables[name].c
    ]
    place = {table: number for number, table in enumerate(sort_tables(tables.values()))}
    return sorted(found, key=lambda item: place[item.table])


def tables_named(session: Session, names: Iterable[str], mapped: Collection[str] = ()) -> dict[str, Table]:
    """Those of `names` that the database has: as `mapped` here, else as they are there."""
    connection = session.connection()
    there = sorted(set(names) & set(inspect(connection).get_table_names()))
    found = {name: METADATA.tables[name] for name in there if name in mapped and name in METADATA.tables}
    reflected = MetaData()
    for name in there:
        if name not in found:
            found[name] = Table(name, reflected, autoload_with=connection)
    return found


def unique_keys(table: Table) -> Sequence[tuple[str, ...]]:
    """Sets of columns that may not repeat, the primary key included; partial indexes are left out."""
    keys = {tuple(column.name for column in table.primary_key.columns)}
    for constraint in table.constraints:
        if type(constraint).__name__ == "UniqueConstraint":
            keys.add(tuple(column.name for column in constraint.columns))  # type: ignore[attr-defined]
    for index in table.indexes:
        partial: Mapping[str, Any] = index.dialect_options.get("postgresql", {})
        if index.unique and partial.get("where") is None:
            keys.add(tuple(column.name for column in index.columns))
    return sorted(key for key in keys if key)


def children_of(table: Table) -> list[Table]:
    """Mapped tables whose rows refer to rows of this one."""
    return [
        other
        for other in METADATA.sorted_tables
        if other is not table and any(key.target_fullname.startswith(f"{table.name}.") for key in other.foreign_keys)
    ]
