"""Real services for tests: PostgreSQL and Redis on sockets in temporary folders, shared by the xdist workers of a run.

A server comes from the system or else from the development dependencies, and ends with its last user, also when the
run is killed (see `supervisor`). What a fixture needs besides, databases to copy and a browser, is named here too.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from platform_core.settings import normalise_url
from platform_core.testing import supervisor
from platform_core.testing.databases import (
    clone_database,
    clone_file,
    drop_databases_of_run,
    run_key,
    template_database,
    template_file,
)
from platform_core.testing.programs import ServiceUnavailable, chromium_path, postgres_binaries, redis_binary
from platform_core.testing.supervisor import Plan

__all__ = [
    "RestartableServer",
    "ServiceUnavailable",
    "chromium_path",
    "clone_database",
    "clone_file",
    "kept_postgres",
    "postgres_server",
    "redis_server",
    "restartable_postgres",
    "restartable_redis",
    "run_key",
    "template_database",
    "template_file",
]

_LONGEST_BASE = 40  # a unix socket's path may have 107 bytes
_WAIT_SECONDS = supervisor.READY_SECONDS + 15


@dataclass(frozen=True, slots=True)
class _Account:
    name: str
    uid: int
    gid: int


@contextmanager
def postgres_server(*, durable: bool = False, shared: bool = True) -> Iterator[str]:
    """A server's URL (database `postgres`, a superuser): $BATON_TEST_DATABASE_URL, else one started here.

    `durable` keeps fsync and synchronous_commit, for tests that kill it. Not `shared`: a server for this caller alone.
    """
    external = os.environ.get("BATON_TEST_DATABASE_URL")
    if external and shared and not durable:
        with _external_server(normalise_url(external)) as url:
            yield url
        return
    with _server(
        "postgres-durable" if durable else "postgres", _postgres_plan(durable=durable), shared=shared
    ) as folder:
        yield _postgres_url(folder)


@contextmanager
def kept_postgres(folder: Path, **settings: str) -> Iterator[str]:
    """A durable server whose data stay in `folder` from one run to the next, as benchmarks want; one user at a time.

    `settings` are PostgreSQL's, such as `shared_buffers="1GB"`. Raises ServiceUnavailable where PostgreSQL's account
    cannot pass through to the folder.
    """
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    account = _unprivileged_account()
    if account and not all(path.stat().st_mode & stat.S_IXOTH for path in (folder, *folder.resolve().parents)):
        raise ServiceUnavailable(f"the account {account.name} cannot reach {folder}")
    with _private_folder("postgres") as private:
        # A socket's path must be short, and the checkout's may be long.
        plan = _postgres_plan(durable=True)(private)
        place = {"unix_socket_directories": str(private / "socket"), **settings}
        serve = [*plan.serve, *(f"--{name}={value}" for name, value in place.items())]
        serve[serve.index("-D") + 1] = str(folder / "data")
        prepare = [] if (folder / "data" / "PG_VERSION").exists() else plan.prepare
        prepare = [str(folder / "data") if part == str(private / "data") else part for part in prepare]
        (folder / "data").mkdir(mode=0o700, exist_ok=True)
        (private / "socket").mkdir()
        if account:
            for path in (folder / "data", private / "socket"):
                os.chown(path, account.uid, account.gid)
        kept = replace(plan, prepare=prepare, serve=serve, owned=[], stop_signal=signal.SIGINT)
        process = supervisor.start(kept, folder)
        try:
            yield _postgres_url(private)
        finally:
            supervisor.stop(kept, process)


@contextmanager
def redis_server(*, shared: bool = True) -> Iterator[str]:
    """URL of a Redis without persistence, with 64 databases (`db=0` and on).

    Pub/sub channels know no databases: where that matters, take one that is not `shared`; it starts in 0.1 s.
    """
    with _server("redis", _redis_plan(), shared=shared) as folder:
        yield _redis_url(folder)


class RestartableServer:
    """A server of one test, which may kill it and start it again on the same data and the same URL."""

    def __init__(self, url: str, plan: Plan, folder: Path) -> None:
        self.url = url
        self._plan = plan
        self._folder = folder
        self._process = supervisor.start(plan, folder)

    def kill(self) -> None:
        """SIGKILL, as in a power cut; returns when the process is gone."""
        self._process.kill()
        self._process.wait()

    def start(self) -> None:
        self._process = supervisor.start(replace(self._plan, prepare=[]), self._folder)

    def stop(self) -> None:
        supervisor.stop(self._plan, self._process)


@contextmanager
def restartable_postgres() -> Iterator[RestartableServer]:
    """A durable PostgreSQL that the test may kill."""
    with _private_folder("postgres") as folder:
        yield from _restartable(_postgres_url(folder), _postgres_plan(durable=True)(folder), folder)


@contextmanager
def restartable_redis() -> Iterator[RestartableServer]:
    """A Redis that the test may kill; it comes back empty."""
    with _private_folder("redis") as folder:
        yield from _restartable(_redis_url(folder), _redis_plan()(folder), folder)


def _restartable(url: str, plan: Plan, folder: Path) -> Iterator[RestartableServer]:
    server = RestartableServer(url, plan, folder)
    try:
        yield server
    finally:
        server.stop()


def _postgres_url(folder: Path) -> str:
    return f"postgresql+psycopg://postgres@/postgres?host={folder / 'socket'}"


def _redis_url(folder: Path) -> str:
    return f"unix://{folder / 'redis.sock'}?db=0"


def _postgres_plan(*, durable: bool) -> Callable[[Path], Plan]:
    def plan(folder: Path) -> Plan:
        binaries = postgres_binaries()
        if binaries is None:
            raise ServiceUnavailable("no PostgreSQL: install the package postgresql or set BATON_TEST_DATABASE_URL")
        account = _unprivileged_account()
        if account and not _may_run(account, binaries / "postgres"):
            binaries = _copied(binaries.parent, folder) / "bin"
        settings = {"listen_addresses": "", "max_connections": "200", "unix_socket_directories": str(folder / "socket")}
        if not durable:
            settings |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
        data = str(folder / "data")
        return Plan(
            kind="postgresql",
            prepare=[
                *(str(binaries / "initdb"), "--pgdata", data, "--username", "postgres", "--auth", "trust"),
                *("--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"),
            ],
            serve=[str(binaries / "postgres"), "-D", data, *(f"--{name}={value}" for name, value in settings.items())],
            ready_file="data/postmaster.pid",
            stop_signal=signal.SIGQUIT,  # nobody needs the data any more: no checkpoint
            uid=account.uid if account else None,
            gid=account.gid if account else None,
            owned=["data", "socket"],
        )

    return plan


def _redis_plan() -> Callable[[Path], Plan]:
    def plan(folder: Path) -> Plan:
        binary = redis_binary()
        if binary is None:
            raise ServiceUnavailable("no Redis: install the package redis-server")
        options = {"port": "0", "unixsocket": str(folder / "redis.sock"), "unixsocketperm": "700"}
        options |= {"save": "", "appendonly": "no", "databases": "64", "dir": str(folder)}
        return Plan(
            kind="redis",
            prepare=[],
            serve=[str(binary), *(part for name, value in options.items() for part in (f"--{name}", value))],
            ready_file="redis.sock",
            stop_signal=signal.SIGTERM,
        )

    return plan


def _unprivileged_account() -> _Account | None:
    """Whom PostgreSQL, which refuses to run as root, runs as; None where we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return _Account(name, entry.pw_uid, entry.pw_gid)
    raise ServiceUnavailable("PostgreSQL does not run as root, and there is no user postgres or nobody")


def _may_run(account: _Account, binary: Path) -> bool:
    """Whether the account reaches the program: not so where the checkout lies in root's home."""
    command = [str(binary), "--version"]
    try:
        done = subprocess.run(
            command, user=account.uid, group=account.gid, extra_groups=[], cwd="/", capture_output=True, check=False
        )
    except PermissionError:
        return False
    return done.returncode == 0


def _copied(installation: Path, folder: Path) -> Path:
    """Copy a packaged PostgreSQL beside the libraries that it looks for by relative path (a wheel's `.libs` folder)."""
    package = installation.parent
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    target = folder / package.name / installation.name
    shutil.copytree(installation, target, symlinks=True, ignore=shutil.ignore_patterns("include"))
    return target


def _base() -> Path:
    """The temporary folder, if a socket's path fits and PostgreSQL's account may pass through it; else /tmp."""
    base = Path(tempfile.gettempdir()).resolve()
    passable = os.geteuid() != 0 or all(path.stat().st_mode & stat.S_IXOTH for path in (base, *base.parents))
    return base if len(str(base)) <= _LONGEST_BASE and passable else Path("/tmp")  # noqa: S108 - see the docstring


@contextmanager
def _private_folder(name: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=f"baton-{name}-", dir=_base()))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def _external_server(url: str) -> Iterator[str]:
    """Somebody else's server outlives us: the last user of the run drops the run's databases."""
    folder = _base() / f"baton-external-{run_key()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "users").open("ab") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield url
        finally:
            with suppress(BlockingIOError):
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                drop_databases_of_run(url)
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _server(name: str, make_plan: Callable[[Path], Plan], *, shared: bool) -> Iterator[Path]:
    """Hold a lock on a running server's folder; the first one starts it, its supervisor notices the last one go."""
    key = run_key() if shared else secrets.token_hex(6)
    folder = _base() / f"baton-{name}-{key}"
    users = _join(folder, make_plan)
    try:
        yield folder
    finally:
        users.close()
        _wait_if_last(folder)


def _join(folder: Path, make_plan: Callable[[Path], Plan]) -> IO[bytes]:
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        users = _create(folder, make_plan) or _enter(folder)
        if users is not None:
            with ExitStack() as held:
                held.enter_context(users)
                if _became_ready(folder, deadline):
                    held.pop_all()
                    return users
        time.sleep(0.01)
    raise ServiceUnavailable(f"{folder.name} was not ready within {_WAIT_SECONDS} s")


def _became_ready(folder: Path, deadline: float) -> bool:
    """Wait for the supervisor's word: False where the folder went away, ServiceUnavailable with the server's log."""
    while folder.exists() and time.monotonic() < deadline:
        if (folder / "ready").exists():
            return True
        try:
            reason = (folder / "failed").read_text("utf-8")
        except FileNotFoundError:
            time.sleep(0.01)
            continue
        shutil.rmtree(folder, ignore_errors=True)
        raise ServiceUnavailable(f"{folder.name} did not start:\n{reason}")
    return False


def _create(folder: Path, make_plan: Callable[[Path], Plan]) -> IO[bytes] | None:
    """Make the folder and start its supervisor; None where another process was first."""
    try:
        folder.mkdir(mode=0o711)
    except FileExistsError:
        return None
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        plan = make_plan(folder)
        plan.save(folder)
        users = (folder / "users").open("w+b")
        undo.callback(users.close)
        fcntl.flock(users, fcntl.LOCK_SH)
        # Without our output: whoever reads it through a pipe would wait for the server's end.
        quiet = subprocess.DEVNULL
        command = [sys.executable, "-I", supervisor.__file__, str(folder)]
        subprocess.run(command, check=True, stdin=quiet, stdout=quiet, stderr=quiet)
        undo.pop_all()
    return users


def _enter(folder: Path) -> IO[bytes] | None:
    """Join another process's server; None while it is not there yet or where it is just going away."""
    with ExitStack() as undo:
        try:
            users = undo.enter_context((folder / "users").open("rb"))
            fcntl.flock(users, fcntl.LOCK_SH)
            current = (folder / "users").stat()
        except FileNotFoundError:
            return None
        if current.st_uid != os.geteuid():
            raise ServiceUnavailable(f"{folder} belongs to somebody else")
        if not os.path.samestat(os.fstat(users.fileno()), current):
            return None
        undo.pop_all()
    return users


def _wait_if_last(folder: Path) -> None:
    """Return when the server is gone, or at once where somebody else still uses it."""
    deadline = time.monotonic() + supervisor.STOP_SECONDS + 5
    while folder.exists() and time.monotonic() < deadline:
        try:
            with (folder / "users").open("rb") as users:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            pass  # the folder is just being removed
        except BlockingIOError:
            if _has_users(folder):
                return
        time.sleep(0.005)


def _has_users(folder: Path) -> bool:
    """Others hold the shared lock; the supervisor, when it ends the server, the exclusive one."""
    try:
        with (folder / "users").open("rb") as users:
            fcntl.flock(users, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (BlockingIOError, FileNotFoundError):
        return False
    return True
