"""pg_dump and psql, started so that they see one moment and write all or nothing.

Passwords go through the environment, never through the command line, which others on the machine can read.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Self

from sqlalchemy.engine import URL, make_url

from platform_core.backups.errors import BackupError
from platform_core.backups.facts import Ask

ASIDE = "before_restore_"
"""Schemas with what a restore put aside; no backup takes them along."""
_CHUNK = 1024 * 1024
_GUARDS = (
    "REVOKE UPDATE, TRUNCATE ON public.audit_entry, public.audit_seal, public.audit_archive FROM CURRENT_USER;"
    "REVOKE DELETE ON public.audit_seal, public.audit_archive FROM CURRENT_USER;"
    "GRANT UPDATE (entity_label, before, after, reason, salt, blanked) ON public.audit_entry TO CURRENT_USER;"
    "GRANT UPDATE (members) ON public.audit_seal TO CURRENT_USER;"
)
"""What the migration of the audit trail takes away from the account that owns it; a restore gives it all back."""


def program(name: str) -> str:
    """From $BATON_PG_BIN, else the newest that Debian has, else from the path. Raises BackupError."""
    named = os.environ.get("BATON_PG_BIN")
    if named:
        return str(Path(named) / name)
    versions = [path for path in Path("/usr/lib/postgresql").glob(f"*/bin/{name}") if path.parts[4].isdigit()]
    newest = max(versions, key=lambda path: int(path.parts[4]), default=None)
    found = str(newest) if newest else shutil.which(name)
    if found is None:
        raise BackupError(f"{name} is not here: install PostgreSQL's client programs, or name them in BATON_PG_BIN")
    return found


def _place(url: str) -> tuple[str, dict[str, str]]:
    """(where, without the password; the environment that has it)."""
    parts = make_url(url).set(drivername="postgresql")
    environment = {**os.environ, "PGOPTIONS": "-c timezone=UTC", "PGCONNECT_TIMEOUT": "10"}
    if parts.password:
        environment["PGPASSWORD"] = str(parts.password)
    return _without_password(parts), environment


def _without_password(parts: URL) -> str:
    query = dict(parts.query)
    query.pop("password", None)
    bare = URL.create(parts.drivername, parts.username, None, parts.host, parts.port, parts.database, query)
    return bare.render_as_string(hide_password=False)


@contextmanager
def snapshot(url: str) -> Iterator[tuple[Ask, str]]:
    """A transaction that sees one moment, and the name under which others see the same."""
    with _connected(url) as connection:
        connection.execute("SET statement_timeout = 0")
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        (name,) = connection.execute("SELECT pg_export_snapshot()").fetchone()
        yield connection.execute, name


@contextmanager
def _connected(url: str) -> Iterator[Any]:
    import psycopg  # noqa: PLC0415  a house on SQLite needs none of it

    where, environment = _place(url)
    try:
        connection = psycopg.connect(where, password=environment.get("PGPASSWORD"), autocommit=True)
    except psycopg.OperationalError as error:
        raise BackupError(f"the database does not answer: {str(error).splitlines()[0]}") from error
    with connection:
        yield connection


@contextmanager
def asking(url: str) -> Iterator[Ask]:
    with _connected(url) as connection:
        yield connection.execute


def tables(ask: Ask) -> list[str]:
    return sorted(row[0] for row in ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))


def size_of(ask: Ask) -> int:
    return int(next(iter(ask("SELECT pg_database_size(current_database())")))[0])


def others(ask: Ask) -> int:
    """Connections of other processes to this database."""
    statement = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    return int(next(iter(ask(statement)))[0])


def accounts(ask: Ask) -> tuple[str, list[str]]:
    """(the owner of the audit trail's table or of this connection, others with rights)."""
    owners = [row[0] for row in ask("SELECT tableowner FROM pg_tables WHERE tablename = 'audit_entry'")]
    owner = str(owners[0] if owners else next(iter(ask("SELECT current_user")))[0])
    granted = ask(
        "SELECT DISTINCT r.rolname FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a"
        " JOIN pg_roles r ON r.oid = a.grantee WHERE c.relnamespace = 'public'::regnamespace"
    )
    return owner, sorted({str(row[0]) for row in granted} - {owner})


def dump(url: str, snapshot_name: str) -> Iterator[bytes]:
    """The custom format of pg_dump, uncompressed: whoever writes it compresses. Raises BackupError when it fails."""
    where, environment = _place(url)
    command = [
        program("pg_dump"), "--format=custom", "--compress=0", f"--snapshot={snapshot_name}", "--no-password",
        f"--exclude-schema={ASIDE}*", f"--dbname={where}",
    ]  # fmt: skip
    with TemporaryFile() as said, _started(command, environment, stdout=subprocess.PIPE, stderr=said) as process:
        assert process.stdout is not None
        while chunk := process.stdout.read(_CHUNK):
            yield chunk
        if process.wait() != 0:
            raise BackupError(f"pg_dump failed: {_words(said)}")


class Load:
    """Reads a dump into a database, all of it in one transaction that begins with the statements `first`.

    The word to commit is sent by `finish`, when the last piece was read without a complaint: killed before, or left by
    an exception, the database is what it was.
    """

    def __init__(self, url: str, *, first: str = "", accounts_too: bool = False) -> None:
        self._url, self._first = url, first
        self._accounts_too = accounts_too
        self._open = ExitStack()

    def __enter__(self) -> Self:
        where, environment = _place(self._url)
        kept = ["--no-owner"] if self._accounts_too else ["--no-owner", "--no-acl"]
        unpack = [program("pg_restore"), "--exit-on-error", "--file=-", *kept]
        run = [program("psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--no-password", f"--dbname={where}"]
        pipe, quiet = subprocess.PIPE, subprocess.DEVNULL
        with ExitStack() as undo:
            self._said = undo.enter_context(TemporaryFile())
            self._told = undo.enter_context(TemporaryFile())
            self._sink = undo.enter_context(_started(run, environment, stdin=pipe, stdout=quiet, stderr=self._told))
            self._source = undo.enter_context(_started(unpack, environment, stdin=pipe, stdout=pipe, stderr=self._said))
            self._open = undo.pop_all()
        self._pump = threading.Thread(target=self._carry, daemon=True)
        self._pump.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._source.kill()
        self._sink.kill()
        self._pump.join()
        self._open.close()

    def _carry(self) -> None:
        """What pg_restore makes of the dump, to psql."""
        assert self._sink.stdin is not None
        assert self._source.stdout is not None
        with suppress(BrokenPipeError):
            self._sink.stdin.write(f"BEGIN;\n{self._first}\n".encode())
            while chunk := self._source.stdout.read(_CHUNK):
                self._sink.stdin.write(chunk)
            self._sink.stdin.flush()
            return
        self._source.kill()  # psql has given up

    def write(self, chunk: bytes) -> None:
        assert self._source.stdin is not None
        try:
            self._source.stdin.write(chunk)
        except BrokenPipeError as error:
            raise self._failure() from error

    def finish(self) -> None:
        """Raises BackupError where the database did not take everything."""
        assert self._source.stdin is not None
        assert self._sink.stdin is not None
        with suppress(BrokenPipeError):
            self._source.stdin.close()
        self._pump.join()
        if self._source.wait() != 0:
            raise self._failure()
        with suppress(BrokenPipeError):
            self._sink.stdin.write(f"\n{'' if self._accounts_too else _GUARDS}\nCOMMIT;\n".encode())
            self._sink.stdin.close()
        if self._sink.wait() != 0:
            raise self._failure()

    def _failure(self) -> BackupError:
        self._pump.join()
        if self._sink.poll() is None and self._source.wait() > 0:
            return BackupError(f"pg_restore failed: {_words(self._said)}")
        self._sink.wait(30)
        return BackupError(f"the database refused the backup: {_words(self._told)}")


@contextmanager
def _started(
    command: Sequence[str], environment: dict[str, str], *, stdin: int | None = None, stdout: int, stderr: IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    """Ends with us, whatever happens in between."""
    process = subprocess.Popen(command, env=environment, stdin=stdin, stdout=stdout, stderr=stderr)  # noqa: S603
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None and not pipe.closed:
                with suppress(BrokenPipeError):
                    pipe.close()


def _words(file: IO[bytes]) -> str:
    """The last lines of what a program said, without the data that it may quote."""
    file.seek(0, os.SEEK_END)
    file.seek(max(0, file.tell() - 4096))
    lines = [line for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()]
    spoken = [line for line in lines if not re.match(r"\s*(DETAIL|CONTEXT|Command was)", line)]
    return "; ".join(spoken[-3:]) or "it said nothing"


@contextmanager
def scratch_database(url: str) -> Iterator[str]:
    """A new, empty database on the same server, dropped at the end. Raises BackupError where that is not allowed."""
    import psycopg  # noqa: PLC0415
    from psycopg import sql  # noqa: PLC0415

    name = f"baton_backup_{os.urandom(6).hex()}"
    with _connected(url) as connection:
        try:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        except psycopg.errors.InsufficientPrivilege as error:
            told = "the account may not make a database to try the backup in; name an empty one with --scratch"
            raise BackupError(f"{told}, or verify with --quick") from error
        try:
            yield make_url(url).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
