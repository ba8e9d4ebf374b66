"""Taking a plugin's data away for good: only what is its own, after an export, written down."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal
from uuid import NAMESPACE_URL, uuid5

import msgspec
from sqlalchemy import Table, Uuid, delete, insert, literal, null, select, text, type_coerce, update
from sqlalchemy.orm import Session

from platform_core.admin import belongings
from platform_core.admin.belongings import Belongings
from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.customers.mergemodels import KeptLine
from platform_core.customers.models import Attachment
from platform_core.kernel import counters, dictionaries
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Conflict, NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.ids import new_id
from platform_core.kernel.models import JobRow, OwnerRecord, PluginState
from platform_core.kernel.scope import ScopedSession
from platform_core.kernel.types import UtcDateTime
from platform_core.permissions.actors import COUNTER as RIGHTS
from platform_core.plugins.catalogue import StoredReference, said
from platform_core.plugins.manager import VERSION_COUNTER
from platform_core.plugins.migrations import VERSION_TABLE, migration_connection
from platform_core.web.requests import Platform

_ = translator("admin")
Format = Literal["jsonl", "csv"]
_SLICE = 1000


def purge(
    platform: Platform, actor: Actor | None, name: str, *, export: Path | None = None, form: Format = "jsonl"
) -> Belongings:
    """Drop a plugin's tables and what is its own in the core's, in one transaction under the migration lock.

    The timeline keeps who did what when, the audit trail everything. With `export`, all rows of its tables are written
    there first. Returns what there was. Raises NotFound, and Conflict while the plugin is on or one of its jobs runs.
    """
    with _alone(platform) as session:
        found = look(session, platform, name)
        _refuse_while_in_use(session, platform, name)
        tables = belongings.reflected(session, found.tables)
        if export is not None:
            _export(session, tables, export, form)
        kept = sum(_keep_lines(session, name, item, tables) for item in found.content.references)
        _drop(session, tables, VERSION_TABLE + name if found.has_version_table else "")
        _clear_core(session, platform, found)
        ref = EntityRef(
            "admin", "plugin", uuid5(NAMESPACE_URL, f"baton:plugin:{name}"), said(found.content.title) or name
        )
        before = {"tables": found.tables, **{key: count for key, count in found.rows.items() if count}}
        audit.record(session, actor, "admin.purge_plugin", ref, before=before, after={"lines": kept})
    return found


def look(session: Session, platform: Platform, name: str) -> Belongings:
    """What a purge would take away. Raises NotFound for the core and for what nobody has heard of."""
    plugin = platform.manager.plugins.get(name)
    if (plugin is None and belongings.known(session, platform.manager, name) is None) or (plugin and plugin.builtin):
        raise NotFound(_("There is no plugin %(name)s.", name=name))
    return belongings.of(session, platform.manager, name)


@contextmanager
def _alone(platform: Platform) -> Iterator[Session]:
    """A system's session on the connection that migrations use, with nobody else migrating."""
    info = {"system": "purge a plugin", "database": platform.database}
    with (
        migration_connection(platform.settings.database_url) as connection,
        ScopedSession(connection, expire_on_commit=False, info=info) as session,
        session.begin(),
    ):
        yield session


def _refuse_while_in_use(session: Session, platform: Platform, name: str) -> None:
    row = session.get(PluginState, name)
    plugin = platform.manager.plugins.get(name)
    if plugin is not None and plugin.state == "enabled" and (row is None or row.enabled):
        raise Conflict(_("It is switched on. Switch it off first: baton plugin disable %(name)s", name=name))
    running = select(JobRow.id).where(JobRow.owner == name, JobRow.state == "running", JobRow.lease_until > now())
    if session.scalars(running.limit(1)).first() is not None:
        raise Conflict(_("One of its jobs is still running. Wait until it has ended."))


def _export(session: Session, tables: list[Table], folder: Path, form: Format) -> None:
    """One file per table, readable by this user only; in place before anything is dropped."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for table in tables:
        path = folder / f"{table.name}.{form}"
        with path.open("x", encoding="utf-8", newline="") as file:
            path.chmod(0o600)
            _write(file, session, table, form)
            file.flush()
            os.fsync(file.fileno())


def _write(file: IO[str], session: Session, table: Table, form: Format) -> None:
    names = [str(column.name) for column in table.columns]
    rows = session.execute(select(table), execution_options={"yield_per": _SLICE})
    if form == "jsonl":
        for row in rows:
            file.write(msgspec.json.encode(dict(zip(names, _plain(row), strict=True))).decode() + "\n")
        return
    writer = csv.writer(file)
    writer.writerow(names)
    for row in rows:
        writer.writerow("" if value is None else _cell(value) for value in _plain(row))


def _plain(row: Any) -> list[Any]:
    return [msgspec.to_builtins(value, enc_hook=str) for value in row]


def _cell(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else value


def _keep_lines(session: Session, name: str, reference: StoredReference, tables: list[Table]) -> int:
    """Copy what the timeline goes on to say of the rows of a table: who did what when, not the text."""
    line = reference.line
    table = next((table for table in tables if table.name == reference.table), None)
    if line is None or table is None or line.at not in table.c or reference.column not in table.c:
        return 0
    texts = [table.c[item] if item in table.c else literal("") for item in (line.who, line.department)]
    engagement = type_coerce(table.c.engagement_id, Uuid()) if "engagement_id" in table.c else null()
    customer = type_coerce(table.c[reference.column], Uuid())
    statement = select(customer, engagement, type_coerce(table.c[line.at], UtcDateTime()), *texts)
    count = 0
    for rows in session.execute(statement.where(customer.is_not(None))).partitions(_SLICE):
        values = [
            {
                "id": new_id(), "customer_id": customer_id, "engagement_id": engagement_id, "at": at, "owner": name,
                "source": reference.table, "who": (who or "")[:120], "department": (department or "")[:80],
            }
            for customer_id, engagement_id, at, who, department in rows
        ]  # fmt: skip
        session.execute(insert(KeptLine), values)
        count += len(values)
    return count


def _drop(session: Session, tables: list[Table], version_table: str) -> None:
    """Children first; without CASCADE, so that nothing of others goes with them."""
    quote = session.connection().dialect.identifier_preparer.quote
    names = [quote(str(table.name)) for table in reversed(tables)] + ([quote(version_table)] if version_table else [])
    if session.connection().dialect.name == "postgresql":
        if names:
            session.execute(text(f"DROP TABLE {', '.join(names)}"))  # nosemgrep: sql-made-of-text  quoted above
        return
    for name in names:
        session.execute(text(f"DROP TABLE {name}"))  # nosemgrep: sql-made-of-text  the same


def _clear_core(session: Session, platform: Platform, found: Belongings) -> None:
    plain = {"synchronize_session": False}
    for model, condition in belongings.core_rows(found.name, found.content).values():
        session.execute(delete(model).where(condition), execution_options=plain)
    # Files of its records are the customers': from now on they can be removed there.
    mine = update(Attachment).where(Attachment.owner == found.name).values(owner="customers")
    session.execute(mine, execution_options=plain)
    row = session.get(PluginState, found.name)
    if found.name not in platform.manager.plugins:
        if row is not None:
            session.delete(row)
    else:  # as long as its package is there, it must not come back by itself
        state = row or PluginState(name=found.name)
        state.enabled, state.changed_at = False, now()
        session.add(state)
    kept = session.get(OwnerRecord, found.name)
    if kept is not None:
        kept.purged_at = now()
    dictionaries.changed(session)
    for counter in (VERSION_COUNTER, RIGHTS):
        counters.bump(session, counter)
