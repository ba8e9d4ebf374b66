"""Engines and sessions for PostgreSQL and SQLite."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from platform_core.contracts.identity import Actor
from platform_core.kernel import sqlite
from platform_core.kernel.scope import ScopedSession, install_guard, proven
from platform_core.kernel.secrets import Vault
from platform_core.kernel.single import CompiledStatements

if TYPE_CHECKING:  # loaded by SQLAlchemy, where PostgreSQL is used
    import psycopg

_BEGIN = "baton_sqlite_begin"
_STATEMENTS = 500
"""That are kept compiled; as many as SQLAlchemy keeps by itself."""
_BUSY_SQLITE = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_BUSY_POSTGRESQL = frozenset({"55P03", "40P01", "40001"})
"""lock_not_available, deadlock_detected, serialization_failure."""


class Declared(Protocol):
    def __call__(self, kind: str, *, installed: bool = False) -> list[tuple[str, Any]]:
        """(owner, declaration) pairs of owners that are switched on, or of all that are installed."""


def _nothing(kind: str, *, installed: bool = False) -> list[tuple[str, Any]]:
    return []


def _raise(owner: str, name: str, error: Exception) -> None:
    raise error


class Database:
    """One engine per process. Sessions say at birth for whom they work.

    `patience` is how many seconds a transaction waits for a lock or a connection; then `is_busy` knows the error.
    """

    def __init__(self, url: str, *, pool_size: int = 24, patience: float = 10.0) -> None:
        self.url = url
        self.patience = patience
        self.is_sqlite = url.startswith("sqlite")
        self.vault: Vault | None = None
        """Set once the key file is read; models that encrypt reach it through their session."""
        self.files: Path | None = None
        """Folder of uploaded files; services that keep some reach it through their session."""
        self.base_url = ""
        """Where the house is reached; what leaves it leads back there."""
        self.place: object | None = None
        """Where the deployment keeps data, keys and backups (backups.making.Place)."""
        self.enabled_owners: Callable[[], frozenset[str]] = frozenset
        """Names of the plugins that are switched on, as this process knows them."""
        self.declared: Declared = _nothing
        """What plugins declared, by kind; services reach it through their session."""
        self.on_fault: Callable[[str, str, Exception], None] = _raise
        """(owner, name, error) of a declared function that failed."""
        if self.is_sqlite:
            path = make_url(url).database
            if not path or path == ":memory:":
                message = "SQLite needs a file: several threads share the database"
                raise ValueError(message)
            factory = functools.partial(sqlite.connect, sqlite.turns_of(Path(path).resolve()))
            self.engine = create_engine(
                url,
                pool_size=pool_size,
                max_overflow=8,
                pool_timeout=patience,
                hide_parameters=True,  # they hold customers' data, and errors are logged
                connect_args={"factory": factory},
            )
            self.engine.dialect.statement_compiler = sqlite.Compiler
            event.listen(self.engine, "connect", self._configure_sqlite)
            event.listen(self.engine, "begin", self._begin_sqlite)
        else:
            from platform_core.kernel import postgres  # noqa: PLC0415  a house on SQLite needs none of it

            postgres.register()
            # A generic plan walks the ordered index for searches: 1.2 s instead of 0.3 ms at a million customers.
            self.engine = create_engine(
                url,
                pool_size=pool_size,
                max_overflow=8,
                pool_timeout=patience,
                pool_pre_ping=True,
                hide_parameters=True,
                connect_args={
                    "options": "-c plan_cache_mode=force_custom_plan -c jit=off -c timezone=UTC"
                    f" -c lock_timeout={int(patience * 1000)}"
                },
            )
        install_guard(self.engine)
        self.engine.update_execution_options(compiled_cache=CompiledStatements(_STATEMENTS))
        self._writing = self.engine.execution_options(**{_BEGIN: True})
        self._reading = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    def session_for(self, actor: Actor, *, write: bool = True) -> ScopedSession:
        """A session that reads and writes within the actor's scope. The caller commits and closes it."""
        return self._session({"actor": actor}, write=write)

    @contextmanager
    def actor_session(self, actor: Actor, *, write: bool = True) -> Iterator[ScopedSession]:
        """Commits at the end of the block, rolls back on an exception."""
        with self._session({"actor": actor}, write=write) as session, session.begin():
            yield session

    @contextmanager
    def system_session(self, reason: str, *, write: bool = True) -> Iterator[ScopedSession]:
        """Core work on nobody's behalf (migrations, sign-in, sweeps, bulk loading): sees every row, so say why."""
        with self._session({"system": reason}, write=write) as session, session.begin():
            yield session

    def open_session(self) -> ScopedSession:
        """A session without an actor yet: it reaches no protected table until `info["actor"]` is set."""
        return self._session({}, write=True)

    def _session(self, info: dict[str, Any], *, write: bool) -> ScopedSession:
        bind: Engine = self._writing if write else self._reading
        return ScopedSession(bind, expire_on_commit=False, info={**info, "database": self})

    @contextmanager
    def connection(self, reason: str) -> Iterator[Connection]:
        """A plain connection inside a transaction, for bulk statements and DDL of the core."""
        with self._writing.execution_options(**proven(reason)).begin() as connection:
            yield connection

    def _configure_sqlite(self, connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        assert isinstance(connection, sqlite3.Connection)
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            f"busy_timeout={int(self.patience * 1000)}",
            "foreign_keys=ON",
            "mmap_size=268435456",
            "cache_size=-32768",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")  # nosemgrep: sql-made-of-text  the words above

    def _begin_sqlite(self, connection: Connection) -> None:
        # A read that becomes a write on a stale snapshot fails at once with "database is locked": writers say so first.
        options = connection.get_execution_options()
        if options.get(_BEGIN):
            sqlite.begin_in_turn(connection, self.patience)
        elif options.get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql("BEGIN")

    def ping(self) -> None:
        with self._reading.connect() as connection:
            connection.execute(text("SELECT 1"), execution_options=proven("ping"))

    def dispose(self) -> None:
        self.engine.dispose()


@event.listens_for(ScopedSession, "after_begin")
def _remember_driver(session: Session, transaction: object, connection: Connection) -> None:
    """Who wants to cut a statement short is another thread, and may not ask the session."""
    session.info["driver"] = connection.connection.driver_connection


def interrupt(session: Session) -> None:
    """Cancel the statement that another thread is waiting for in this session, if there is one."""
    driver: sqlite3.Connection | psycopg.Connection | None = session.info.get("driver")
    if isinstance(driver, sqlite3.Connection):
        driver.interrupt()
    elif driver is not None and not driver.closed:
        driver.cancel_safe(timeout=2)


def abandon(session: Session) -> None:
    """Roll back, in the database, the transaction of a session whose thread does not come back.

    On SQLite it may hold the lock that everybody waits for. The session does not know; it must be thrown away.
    """
    driver: sqlite3.Connection | psycopg.Connection | None = session.info.get("driver")
    if isinstance(driver, sqlite3.Connection) or (driver is not None and not driver.closed):
        driver.rollback()


def database_of(session: Session) -> Database:
    database = session.info["database"]
    assert isinstance(database, Database)
    return database


def is_busy(error: BaseException) -> bool:
    """Whether nothing is wrong but the crowd: the same request may succeed a moment later."""
    if isinstance(error, NoConnectionFree):
        return True
    if not isinstance(error, OperationalError):
        return False
    if isinstance(error.orig, sqlite3.OperationalError):
        # The low byte; the rest says why.
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _BUSY_SQLITE
    return getattr(error.orig, "sqlstate", "") in _BUSY_POSTGRESQL


def vault_of(session: Session) -> Vault:
    """The keys of the deployment that a session belongs to."""
    vault = database_of(session).vault
    if vault is None:
        message = "the key file has not been read"
        raise RuntimeError(message)
    return vault


def house_url(session: Session) -> str:
    """Where the deployment that a session belongs to is reached, without a slash at the end."""
    return database_of(session).base_url


def files_of(session: Session) -> Path:
    """Where uploaded files of the deployment that a session belongs to lie."""
    files = database_of(session).files
    if files is None:
        message = "no folder for files has been set"
        raise RuntimeError(message)
    return files
