"""Migrations per owner: one env.py, each owner its own version files and its own version table."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, column, create_engine, event, inspect, select, table, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from platform_core.kernel.model import METADATA
from platform_core.plugins import places
from platform_core.plugins.manager import PluginManager

CORE = "core"
VERSION_TABLE = "alembic_version_"
_LOCK = 7238401
ENV_FOLDER = Path(__file__).resolve().parent.parent / "migrations"
if not ENV_FOLDER.exists():
    ENV_FOLDER = Path(__file__).resolve().parents[2] / "migrations"


def owners(manager: PluginManager) -> dict[str, Path]:
    """Owner -> folder of its version files, in the order in which they migrate. The core's packages share one owner."""
    found = {CORE: ENV_FOLDER / "versions"}
    for name, plugin in manager.plugins.items():
        if not plugin.builtin and plugin.module and (plugin.folder / "migrations").is_dir():
            found[name] = plugin.folder / "migrations"
    return found


def config_for(
    owner: str, versions: Path, connection: Connection | None, owns: Callable[[str], bool] | None = None
) -> Config:
    """`owns` says which tables are the owner's, where they are compared with the models."""
    config = Config()
    config.set_main_option("script_location", str(ENV_FOLDER).replace("%", "%%"))
    config.set_main_option("version_locations", str(versions).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes.update(
        connection=connection,
        owner=owner,
        owns=owns or (lambda name: name.startswith(f"{owner}_")),
        version_table=VERSION_TABLE + owner,
        metadata=METADATA,
    )
    return config


def owner_of(name_of_table: str, names: Iterable[str]) -> str | None:
    """The owner with the longest name that a table's begins with: `foo_bar_x` is never the plugin foo's."""
    return max((name for name in names if name_of_table.startswith(f"{name}_")), key=len, default=None)


def owns(manager: PluginManager, owner: str) -> Callable[[str], bool]:
    names = {CORE, *manager.plugins}
    mine = {CORE, *(name for name, plugin in manager.plugins.items() if plugin.builtin)} if owner == CORE else {owner}
    return lambda name: owner_of(name, names) in mine


@contextmanager
def migration_connection(url: str) -> Iterator[Connection]:
    """A connection of its own: exclusive over all processes, foreign keys off on SQLite, impatient on PostgreSQL."""
    if not url.startswith("sqlite"):
        engine = create_engine(url, connect_args={"options": "-c lock_timeout=4s -c timezone=UTC"})
        try:
            with engine.connect() as connection:
                connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
                connection.commit()
                try:
                    yield connection
                finally:
                    connection.rollback()
                    connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
                    connection.commit()
        finally:
            engine.dispose()
        return
    path = Path(make_url(url).database or "")
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url)
    # Rebuilding a parent table with foreign keys on would delete the children of ON DELETE CASCADE.
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    lock = os.open(f"{path}.migrate.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with engine.connect() as connection:
            yield connection
    finally:
        os.close(lock)
        engine.dispose()


def _prepare_sqlite(connection: Any, record: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("PRAGMA busy_timeout=30000")


def migrate(manager: PluginManager, url: str, only: str | None = None) -> list[str]:
    """Bring every owner, or one, to its newest revision. A plugin that fails becomes `broken`; the others go on.

    The revisions of one owner are one transaction: one that fails leaves its tables as they were. Returns the owners
    that changed.
    """
    changed: list[str] = []
    with migration_connection(url) as connection:
        for owner, versions in owners(manager).items():
            if only not in (None, owner):
                continue
            config = config_for(owner, versions, connection, owns(manager, owner))
            before = current(connection, owner)
            try:
                command.upgrade(config, "head")
            except (Exception, SystemExit) as error:
                connection.rollback()
                if owner == CORE:
                    raise
                _failed(manager, owner, "migration failed", error)
                continue
            if current(connection, owner) != before:
                changed.append(owner)
    return changed


def _failed(manager: PluginManager, owner: str, what: str, error: BaseException) -> None:
    """Noted as well: the process that serves sees only that the tables are old."""
    plugin = manager.plugins[owner]
    place = places.of_error(error, plugin.package)
    manager.faults.note(owner, "migration", what, error)
    manager.fail(
        plugin, "broken", f"{what}: {type(error).__name__}: {(str(error).splitlines() or [''])[0]}", place, error
    )


def current(connection: Connection, owner: str) -> str | None:
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE + owner})
    revision = context.get_current_revision()
    connection.commit()
    return revision


def pending(manager: PluginManager, url: str) -> dict[str, str]:
    """Owner -> its newest revision, for owners whose database is older."""
    waiting: dict[str, str] = {}
    with migration_connection(url) as connection:
        for owner, versions in owners(manager).items():
            try:
                head = ScriptDirectory.from_config(config_for(owner, versions, connection)).get_current_head()
            except (Exception, SystemExit) as error:
                if owner == CORE:
                    raise
                _failed(manager, owner, "its migrations cannot be read", error)
                continue
            if head and current(connection, owner) != head:
                waiting[owner] = head
    return waiting


@dataclass(frozen=True, slots=True)
class Known:
    """The revisions of an owner that came with the code of this process."""

    head: str
    all: frozenset[str]


def known(manager: PluginManager) -> dict[str, Known]:
    """Owner -> its revisions, read from the files: ask once, when the code is loaded, since files may be replaced."""
    found = {}
    for owner, versions in owners(manager).items():
        try:
            scripts = ScriptDirectory.from_config(config_for(owner, versions, None))
            head = scripts.get_current_head()
            revisions = frozenset(item.revision for item in scripts.walk_revisions())
        except (Exception, SystemExit) as error:
            if owner == CORE:
                raise
            _failed(manager, owner, "its migrations cannot be read", error)
            continue
        if head:
            found[owner] = Known(head, revisions)
    return found


def behind(session: Session, revisions: Mapping[str, Known]) -> dict[str, tuple[str, str]]:
    """Owner -> (state, reason), for owners whose tables do not fit the code of this process."""
    there = set(inspect(session.connection()).get_table_names())
    found = {}
    for owner, mine in revisions.items():
        name = VERSION_TABLE + owner
        present = session.scalar(select(column("version_num")).select_from(table(name))) if name in there else None
        if present == mine.head:
            continue
        if present is None or present in mine.all:
            found[owner] = ("unmigrated", f"its tables wait for {mine.head}; run: baton migrate")
        else:
            reason = f"its tables are at {present}, newer than the code of this process: restart, or update the plugin"
            found[owner] = ("incompatible", reason)
    return found
