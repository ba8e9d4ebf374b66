"""What a plugin holds in the database, whether or not its package is installed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, MetaData, Select, Table, func, inspect, literal, or_, select, table, union_all
from sqlalchemy.orm import Session
from sqlalchemy.schema import sort_tables

from platform_core.kernel.models import DictionaryRow, JobRow, ScheduleRow, SettingValue
from platform_core.kernel.scope import proven
from platform_core.permissions.models import RoleGrant
from platform_core.plugins import catalogue
from platform_core.plugins.catalogue import Absent, Content
from platform_core.plugins.manager import PluginManager
from platform_core.plugins.migrations import CORE, VERSION_TABLE, owner_of

Rows: TypeAlias = list[tuple[str, int]]
"""(table, how many)."""
_COUNTING = proven("an administrator counts the rows that a plugin left behind")


@dataclass(frozen=True, slots=True)
class Belongings:
    """`tables`: name -> rows, children after their parents. The rest are counts of rows in the core's tables."""

    name: str
    content: Content
    tables: dict[str, int]
    has_version_table: bool
    rows: dict[str, int]

    @property
    def is_empty(self) -> bool:
        return not (self.tables or self.has_version_table or any(self.rows.values()))


def known(session: Session, manager: PluginManager, name: str) -> Absent | None:
    """A plugin as the database knows it; None when it does not."""
    kept = catalogue.everything(session).get(name)
    return kept or catalogue.absent(session, {key: key for key in manager.plugins if key != name}).get(name)


def of(session: Session, manager: PluginManager, name: str) -> Belongings:
    """Counted; the session has to be a system's."""
    kept = catalogue.everything(session)
    content = kept[name].content if name in kept else Content(title={})
    names = set(inspect(session.connection()).get_table_names())
    mine = _owned(names, {*manager.plugins, *kept}).get(name, [])
    counts = {
        key: session.scalar(select(func.count()).select_from(model).where(condition)) or 0
        for key, (model, condition) in core_rows(name, content).items()
    }
    tables = reflected(session, mine)
    return Belongings(name, content, row_counts(session, tables), VERSION_TABLE + name in names, counts)


def capped_rows(session: Session, manager: PluginManager, names: Collection[str], most: int) -> dict[str, Rows]:
    """Owner -> (table, rows) of these owners, counted up to `most` and one more: for a page, in two statements."""
    if not names:
        return {}
    there = set(inspect(session.connection()).get_table_names())
    owned = _owned(there, {*manager.plugins, *manager.remembered, *names})
    tables = {name: owner for owner in names for name in owned.get(owner, ()) if "_fts_" not in name}
    found: dict[str, Rows] = {}
    parts = [_capped(name, most) for name in sorted(tables)]
    statement = union_all(*parts) if parts else None
    rows = [] if statement is None else session.execute(statement, execution_options=_COUNTING).all()
    for name, number in rows:
        found.setdefault(tables[name], []).append((name, number))
    return found


def _capped(name: str, most: int) -> Select[str, int]:
    some = select(literal(1)).select_from(table(name)).limit(most + 1).subquery()
    return select(literal(name), func.count()).select_from(some)


def _owned(tables: Collection[str], known: Collection[str]) -> dict[str, list[str]]:
    """Owner -> its tables, by the longest name that fits; version tables are left out."""
    owners = {CORE, *known, *(item.removeprefix(VERSION_TABLE) for item in tables)}
    found: dict[str, list[str]] = {}
    for name in tables:
        owner = None if name.startswith(VERSION_TABLE) else owner_of(name, owners)
        if owner:
            found.setdefault(owner, []).append(name)
    return found


def core_rows(name: str, content: Content) -> dict[str, tuple[type[Any], ColumnElement[bool]]]:
    """What is a plugin's in the core's tables: kind -> class and condition."""
    own = f"{name}."
    dictionary = DictionaryRow.dictionary
    return {
        "settings": (SettingValue, SettingValue.key.startswith(own, autoescape=True)),
        "grants": (RoleGrant, RoleGrant.permission.startswith(own, autoescape=True)),
        "dictionary_entries": (
            DictionaryRow,
            or_(dictionary.startswith(own, autoescape=True), dictionary.in_(content.dictionaries)),
        ),
        "jobs": (JobRow, JobRow.owner == name),
        "schedules": (ScheduleRow, ScheduleRow.job.startswith(own, autoescape=True)),
    }


def reflected(session: Session, names: Iterable[str]) -> list[Table]:
    """Tables as the database describes them, parents first. Shadow tables of a full-text index go with it."""
    metadata = MetaData()
    connection = session.connection()
    wanted = {name for name in names if "_fts_" not in name}
    for name in sorted(wanted):
        Table(name, metadata, autoload_with=connection)
    return [table for table in sort_tables(metadata.tables.values()) if table.name in wanted]


def row_counts(session: Session, tables: Iterable[Table]) -> dict[str, int]:
    """In one statement."""
    found = list(tables)
    parts = [
        select(literal(str(table.name)).label("name"), func.count().label("rows")).select_from(table) for table in found
    ]
    counted: dict[str, int] = dict(session.execute(union_all(*parts)).all()) if parts else {}
    return {str(table.name): counted[str(table.name)] for table in found}
