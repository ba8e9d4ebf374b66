"""Every column of every owner that points to a person: declared in this process, or kept from when it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.orm import Session
from sqlalchemy.schema import sort_tables

from platform_core.contracts.entities import UserReference
from platform_core.plugins import catalogue
from platform_core.plugins.catalogue import StoredHolding
from platform_core.plugins.hooks import Hooks
from platform_core.plugins.references import tables_named


@dataclass(frozen=True, slots=True)
class Holding:
    """A declared reference with its table; `code` is the declaration itself, where its owner is loaded."""

    owner: str
    title: str
    table: Table
    declared: StoredHolding
    code: UserReference | None = None

    @property
    def column(self) -> Column[Any]:
        return self.table.c[self.declared.column]

    @property
    def label(self) -> str:
        return catalogue.said(self.declared.label) or self.table.name

    @property
    def key(self) -> str:
        return f"{self.table.name}.{self.declared.column}"


def holdings(session: Session, hooks: Hooks) -> list[Holding]:
    """All references of all owners, the core's first, parents before children; absent tables are left out."""
    manager = hooks.manager
    codes = {
        (item.owner, str(item.value.model.__table__.name), item.value.column): item.value
        for item in manager.declared.user_references.installed()
    }
    known = {key: catalogue.stored_holding(code) for key, code in codes.items()}
    titles = {name: str(plugin.info.title) for name, plugin in manager.plugins.items() if plugin.info}
    for owner, item in catalogue.everything(session).items():
        for stored in () if item.is_purged else item.content.holdings:
            known.setdefault((owner, stored.table, stored.column), stored)
        titles.setdefault(owner, item.title)
    fits = {name for name, plugin in manager.plugins.items() if plugin.state in {"enabled", "disabled"}}
    names = {table for _owner, table, _column in known}
    tables = tables_named(session, names, {table for owner, table, _column in known if owner in fits})
    found = [
        Holding(owner, titles.get(owner, owner), tables[name], stored, codes.get((owner, name, column)))
        for (owner, name, column), stored in known.items()
        if name in tables and column in tables[name].c
    ]
    core = {name for name, plugin in manager.plugins.items() if plugin.builtin}
    place = {table: number for number, table in enumerate(sort_tables(tables.values()))}
    return sorted(found, key=lambda item: (item.owner not in core, place[item.table], item.declared.column))
