"""What can be seen of a plugin in a database: names, references to customers, migrations both ways."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Inspector, inspect
from sqlalchemy.orm import Session

from platform_core.app import Runtime
from platform_core.plugins import migrations
from platform_core.plugins.manager import PluginManager
from platform_core.plugins.migrations import VERSION_TABLE

_REMOVED_BY_THOUSANDS = frozenset({"customers_customer", "customers_contact"})
"""By imports that are taken back and by retention."""


def own_names(manager: PluginManager, name: str) -> list[str]:
    """Everything that others could meet carries the plugin's name."""
    declared, own = manager.declared, f"{name}."
    named = {
        "permission": [item.value.name for item in declared.permissions.installed() if item.owner == name],
        "job": [item.value.name for item in declared.jobs.installed() if item.owner == name],
        "setting": [item.value.key for item in declared.settings.installed() if item.owner == name],
        "dictionary": [item.value.name for item in declared.dictionaries.installed() if item.owner == name],
        "audited action": [
            code for item in declared.audit_words.installed() if item.owner == name for code in item.value.actions
        ],
    }
    found = [
        f"{kind} {key!r} must start with {own!r}"
        for kind, keys in named.items()
        for key in keys
        if not key.startswith(own)
    ]
    found += [
        f"table {table.name!r} must start with {name + '_'!r}"
        for table in declared.tables.get(name, ())
        if migrations.owner_of(table.name, {name, *manager.plugins}) != name
    ]
    return found


def references(session: Session, manager: PluginManager, name: str) -> list[str]:
    """The real foreign keys against the declarations, and columns that look like one."""
    look = inspect(session.connection())
    mine = [table for table in look.get_table_names() if migrations.owns(manager, name)(table)]
    declared = {
        (item.value.model.__table__.name, item.value.column): item.value
        for item in manager.declared.customer_references.installed()
        if item.owner == name
    }
    found = []
    for table in mine:
        keys = {
            key["constrained_columns"][0]: key
            for key in look.get_foreign_keys(table)
            if key["referred_table"] == "customers_customer"
        }
        columns = {column["name"]: column for column in look.get_columns(table)}
        for column in sorted({*keys, *({"customer_id"} & columns.keys())}):
            if (table, column) not in declared:
                found.append(f"{table}.{column} points to customers and is not in baton_customer_references")
            if column in keys and not keys[column].get("options", {}).get("ondelete"):
                found.append(f"{table}.{column}: its foreign key says nothing of ON DELETE")
        found += [
            f"{table}.{key['constrained_columns'][0]} points to {key['referred_table']} and begins no index: "
            "each of those that is removed would have the whole table read"
            for key in look.get_foreign_keys(table)
            if key["referred_table"] in _REMOVED_BY_THOUSANDS
            and key["constrained_columns"][0] not in _beginnings(look, table)
        ]
    for (table, column), reference in declared.items():
        if reference.on_erase == "clear" and table in mine and not _nullable(look.get_columns(table), column):
            found.append(f"{table}.{column} is to be cleared and cannot be null")
    return found


def _beginnings(look: Inspector, table: str) -> set[str | None]:
    """First columns of whatever finds rows of the table."""
    keys = [list[str | None](look.get_pk_constraint(table)["constrained_columns"])]
    keys += [list(unique["column_names"]) for unique in look.get_unique_constraints(table)]
    keys += [list(index["column_names"]) for index in look.get_indexes(table)]
    return {names[0] for names in keys if names}


def people(session: Session, manager: PluginManager, name: str) -> list[str]:
    """The real foreign keys to people against the declarations."""
    look = inspect(session.connection())
    declared = {
        (item.value.model.__table__.name, item.value.column)
        for item in manager.declared.user_references.installed()
        if item.owner == name
    }
    keys = [
        (table, key["constrained_columns"][0])
        for table in look.get_table_names()
        if migrations.owns(manager, name)(table)
        for key in look.get_foreign_keys(table)
        if key["referred_table"] == "users_user"
    ]
    return [
        f"{table}.{column} points to people and is not in baton_user_references"
        for table, column in keys
        if (table, column) not in declared
    ]


def _nullable(columns: list[Any], name: str) -> bool:
    return any(column["name"] == name and column["nullable"] for column in columns)


def both_ways(runtime: Runtime, url: str, name: str) -> list[str]:
    """Up, no difference from the models, down to nothing, up again, on an empty database of its own."""
    manager = runtime.manager
    versions: Mapping[str, Any] = migrations.owners(manager)
    own = migrations.owns(manager, name)
    if name not in versions:
        return [f"it has tables and no migrations: {table.name}" for table in manager.declared.tables.get(name, ())]
    migrations.migrate(manager, url)
    with migrations.migration_connection(url) as connection:
        config = migrations.config_for(name, versions[name], connection, own)
        found = _differences(config)
        for direction, target in ((command.downgrade, "base"), (command.upgrade, "head")):
            try:
                direction(config, target)
            except Exception as error:
                connection.rollback()
                told = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
                return [*found, f"{direction.__name__} to {target} fails: {told}"]
            if target == "base":
                left = [table for table in _tables(connection) if own(table) and not table.startswith(VERSION_TABLE)]
                found += [f"downgrade to base leaves the table {table}" for table in left]
        return found + [item for item in _differences(config) if item not in found]


def _tables(connection: Connection) -> list[str]:
    names = inspect(connection).get_table_names()
    connection.commit()
    return names


def _differences(config: Config) -> list[str]:
    config.stdout = io.StringIO()
    try:
        command.check(config)
    except Exception as error:
        return [f"models and migrations differ: {error}"]
    return []
