"""The servers that tests run against: they start, are shared, are copied from, and leave nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import psycopg
import pytest
import redis
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from platform_core.testing import programs, services

SHARED_USER = """
import sys
from platform_core.testing import services
with services.{kind}_server() as url:
    print(url, flush=True)
    sys.stdin.read()
"""


def fill(url: str) -> None:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("create table word (id integer primary key, spelling text)"))
        connection.execute(text("insert into word values (1, '接力')"))


def spelling(url: str) -> str | None:
    with create_engine(url, poolclass=NullPool).connect() as connection:
        return connection.scalar(text("select spelling from word"))


def folder_of(url: str) -> Path:
    query = make_url(url).query
    return (
        Path(str(query["host"])).parent if "host" in query else Path(url.removeprefix("unix://").split("?")[0]).parent
    )


def processes_of(folder: Path) -> dict[int, str]:
    """Command lines, by process id, of what runs and names the folder."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(folder) in line:
                found[int(entry.parent.name)] = line
    return found


def assert_ends(folder: Path, *, with_files: bool = True) -> None:
    """The supervisor removes the folder first and ends a moment later; a killed user's server takes its time to stop."""
    deadline = time.monotonic() + 30
    while processes_of(folder) or (with_files and folder.exists()):
        assert time.monotonic() < deadline, f"still there: {folder} {processes_of(folder)}"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def server():
    with services.postgres_server(shared=False) as url:
        yield url


def test_postgres_is_utf8_and_takes_many_connections(server):
    with create_engine(server, poolclass=NullPool).connect() as connection:
        shown = {
            name: connection.scalar(text(f"show {name}")) for name in ("server_encoding", "max_connections", "fsync")
        }
        sorts = connection.scalar(text("select datctype from pg_database where datname = 'postgres'"))
    assert shown == {"server_encoding": "UTF8", "max_connections": "200", "fsync": "off"}
    assert sorts == "C.UTF-8"


def test_postgres_leaves_no_process_and_no_file():
    with services.postgres_server(shared=False) as url:
        folder = folder_of(url)
        assert processes_of(folder)
    assert not folder.exists()
    assert_ends(folder)


def test_redis_answers_and_leaves_nothing():
    with services.redis_server(shared=False) as url:
        folder = folder_of(url)
        with redis.Redis.from_url(url) as client:
            client.set("baton", "passed")
            assert client.get("baton") == b"passed"
            assert client.config_get("save") == {"save": ""}
    assert not folder.exists()
    assert_ends(folder)


def test_template_is_migrated_once_and_copies_do_not_touch_each_other(server):
    calls = []

    def migrate(url: str) -> None:
        calls.append(url)
        fill(url)

    templates = {services.template_database(server, migrate, name="words") for _ in range(2)}
    assert len(calls) == 1
    template = templates.pop()
    with services.clone_database(server, template) as one, services.clone_database(server, template) as two:
        with create_engine(one, poolclass=NullPool).begin() as connection:
            connection.execute(text("delete from word"))
        assert spelling(one) is None
        assert spelling(two) == "接力"
    with pytest.raises(Exception, match="does not exist"):
        spelling(one)


def test_template_can_be_copied_although_the_migration_left_a_connection_open(server):
    engines = []

    def migrate(url: str) -> None:
        engines.append(create_engine(url))
        with engines[0].begin() as connection:
            connection.execute(text("create table word (id integer primary key, spelling text)"))

    template = services.template_database(server, migrate, name="left_open")
    with services.clone_database(server, template) as url:
        assert spelling(url) is None
    engines[0].dispose()


def test_failed_migration_comes_through_and_can_be_repeated(server):
    def fail(url: str) -> None:
        raise LookupError(url)

    with pytest.raises(LookupError):
        services.template_database(server, fail, name="second_try")
    template = services.template_database(server, fill, name="second_try")
    with services.clone_database(server, template) as url:
        assert spelling(url) == "接力"


def test_copy_is_dropped_although_somebody_is_connected(server):
    with services.clone_database(server) as url:
        stays = create_engine(url).connect()
    names = {"names": make_url(url).database}
    with create_engine(server, poolclass=NullPool).connect() as connection:
        assert connection.scalar(text("select count(*) from pg_database where datname = :names"), names) == 0
    stays.invalidate()
    stays.close()


def test_sqlite_template_is_migrated_once_and_copied(tmp_path):
    calls = []

    def migrate(url: str) -> None:
        calls.append(url)
        with closing(sqlite3.connect(make_url(url).database or "")) as connection:
            connection.execute("pragma journal_mode=wal")
        fill(url)

    templates = {services.template_file(tmp_path, migrate) for _ in range(2)}
    assert len(calls) == 1
    copy = services.clone_file(templates.pop(), tmp_path / "copy.sqlite3")
    assert spelling(copy) == "接力"


@pytest.mark.parametrize("kind", ["postgres", "redis"])
def test_workers_of_one_run_share_a_server_that_ends_with_the_last_even_when_killed(kind):
    environment = {**os.environ, "PYTEST_XDIST_TESTRUNUID": f"shared-{kind}-{os.getpid()}"}
    environment.pop("BATON_TEST_DATABASE_URL", None)
    command = [sys.executable, "-c", SHARED_USER.format(kind=kind)]
    users = [
        subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    urls = [user.stdout.readline().strip() for user in users]
    assert urls[0]
    assert len(set(urls)) == 1
    folder = folder_of(urls[0])

    users[0].communicate("")
    assert users[0].returncode == 0
    assert folder.exists()
    users[1].kill()
    users[1].communicate()
    assert folder.exists()
    users[2].send_signal(signal.SIGKILL)
    users[2].communicate()
    assert_ends(folder)


def test_a_server_whose_supervisor_is_killed_ends_too():
    with services.redis_server(shared=False) as url:
        folder = folder_of(url)
        supervisors = [pid for pid, line in processes_of(folder).items() if "supervisor.py" in line]
        assert len(supervisors) == 1
        os.kill(supervisors[0], signal.SIGKILL)
        assert_ends(folder, with_files=False)
        shutil.rmtree(folder)


def test_external_server_is_used_as_it_is_and_left_clean(server, monkeypatch):
    monkeypatch.setenv("BATON_TEST_DATABASE_URL", server)
    monkeypatch.setenv("PYTEST_XDIST_TESTRUNUID", f"external-{os.getpid()}")
    with services.postgres_server() as url:
        assert url == server
        services.template_database(url, fill)
        mine = f"baton_{services.run_key()}_%"
    with create_engine(server, poolclass=NullPool).connect() as connection:
        left = connection.scalar(text("select count(*) from pg_database where datname like :mine"), {"mine": mine})
    assert left == 0


def test_killed_postgres_comes_back_with_what_was_committed():
    with services.restartable_postgres() as server:
        fill(server.url)
        server.kill()
        with pytest.raises(Exception, match="connection"):
            spelling(server.url)
        server.start()
        assert spelling(server.url) == "接力"


def test_killed_redis_comes_back_empty():
    with services.restartable_redis() as server, redis.Redis.from_url(server.url) as client:
        client.set("baton", "passed")
        server.kill()
        with pytest.raises(redis.ConnectionError):
            client.get("baton")
        server.start()
        assert client.get("baton") is None


def test_reason_is_shown_when_a_server_cannot_start(monkeypatch, tmp_path):
    broken = tmp_path / "redis-server"
    broken.write_text("#!/bin/sh\necho no memory today >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(services, "redis_binary", lambda: broken)
    with pytest.raises(services.ServiceUnavailable, match="no memory today"), services.redis_server(shared=False):
        pass


@pytest.mark.parametrize("source", ["_system_postgres", "_packaged_postgres"])
def test_every_kind_of_postgres_starts(source, monkeypatch):
    binaries = getattr(programs, source)()
    if binaries is None:
        pytest.skip("this machine has no such PostgreSQL")
    monkeypatch.setattr(services, "postgres_binaries", lambda: binaries)
    with services.postgres_server(shared=False) as url:
        with psycopg.connect(url.replace("postgresql+psycopg", "postgresql")) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        with services.clone_database(url, services.template_database(url, fill)) as copy:
            assert spelling(copy) == "接力"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")
def test_packaged_postgres_starts_although_its_user_cannot_reach_the_package(monkeypatch):
    binaries = programs._packaged_postgres()
    if binaries is None:
        pytest.skip("this machine has no packaged PostgreSQL")
    monkeypatch.setattr(services, "postgres_binaries", lambda: binaries)
    monkeypatch.setattr(services, "_may_run", lambda account, binary: False)
    with services.postgres_server(shared=False) as url, services.clone_database(url) as copy:
        fill(copy)
        assert spelling(copy) == "接力"


@pytest.mark.parametrize("source", ["_system_redis", "_packaged_redis"])
def test_every_kind_of_redis_starts(source, monkeypatch):
    binary = getattr(programs, source)()
    if binary is None:
        pytest.skip("this machine has no such Redis")
    monkeypatch.setattr(services, "redis_binary", lambda: binary)
    with services.redis_server(shared=False) as url, redis.Redis.from_url(url) as client:
        assert client.ping()


def test_chromium_starts():
    done = subprocess.run(
        [services.chromium_path(), "--version"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0
    assert "Chrom" in done.stdout


def test_named_chromium_comes_first(monkeypatch):
    monkeypatch.setenv("BATON_TEST_CHROMIUM", "/opt/chrome/chrome")
    assert services.chromium_path() == Path("/opt/chrome/chrome")


def test_missing_chromium_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.delenv("BATON_TEST_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    with pytest.raises(services.ServiceUnavailable, match="install the package chromium"):
        services.chromium_path()
