"""Writers of one SQLite file take turns in order of arrival, and nobody keeps a turn that is over."""

from __future__ import annotations

import gc
import sqlite3
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from platform_core.contracts.identity import Actor
from platform_core.kernel.database import Database, is_busy
from platform_core.kernel.ids import new_id
from platform_core.kernel.sqlite import Turns, turns_of
from platform_core.testing.waiting import wait_until

CLIENTS = 16


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return (tmp_path / "baton.sqlite3").resolve()


@pytest.fixture
def open_database(file: Path) -> Iterator[Callable[[float], Database]]:
    opened: list[Database] = []

    def make(patience: float) -> Database:
        opened.append(Database(f"sqlite:///{file}", patience=patience))
        return opened[-1]

    yield make
    for database in opened:
        database.dispose()


def write(database: Database, statement: str) -> None:
    with database.system_session("test") as session:
        session.execute(text(statement))


def _are_waiting(turns: Turns, number: int) -> bool:
    return turns.waiting == number


def names(database: Database) -> list[str]:
    with database.system_session("test", write=False) as session:
        return list(session.scalars(text("SELECT name FROM note ORDER BY rowid")))


@pytest.fixture
def database(open_database: Callable[[float], Database]) -> Database:
    database = open_database(30)
    write(database, "CREATE TABLE note (name TEXT)")
    return database


def test_writers_come_in_order_of_arrival(database: Database, file: Path) -> None:
    turns = turns_of(file)
    threads = [
        threading.Thread(target=write, args=(database, f"INSERT INTO note VALUES ('{number:02}')"))
        for number in range(CLIENTS)
    ]
    with database.system_session("holds everybody up") as session:
        session.execute(text("SELECT 1"))
        for number, thread in enumerate(threads, 1):
            thread.start()
            wait_until(partial(_are_waiting, turns, number))
    for thread in threads:
        thread.join()
    assert names(database) == [f"{number:02}" for number in range(CLIENTS)]
    assert turns.waiting == 0


def test_nobody_fails_in_a_crowd(database: Database) -> None:
    start = threading.Barrier(CLIENTS)

    def client() -> None:
        start.wait()
        for _ in range(12):
            write(database, "INSERT INTO note VALUES ('x')")

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names(database)) == CLIENTS * 12


def test_whoever_has_just_had_a_turn_stands_behind_those_who_wait() -> None:
    turns, came = Turns(), threading.Event()
    assert turns.take(0)

    def wait() -> None:
        if turns.take(60):
            came.set()

    patient = threading.Thread(target=wait)
    patient.start()
    wait_until(lambda: turns.waiting == 1)
    turns.give_back()
    assert not turns.take(0)
    patient.join()
    assert came.is_set()


def test_two_engines_on_one_file_share_the_queue(
    database: Database, open_database: Callable[[float], Database]
) -> None:
    other = open_database(0.01)
    with database.system_session("holds the turn") as session:
        session.execute(text("SELECT 1"))
        with pytest.raises(OperationalError):
            write(other, "INSERT INTO note VALUES ('impatient')")
    write(other, "INSERT INTO note VALUES ('later')")
    assert names(database) == ["later"]


def test_whoever_waits_too_long_leaves_the_queue(
    database: Database, open_database: Callable[[float], Database], file: Path
) -> None:
    with database.system_session("holds the turn") as session:
        session.execute(text("SELECT 1"))
        with pytest.raises(OperationalError, match="database is locked") as refused:
            write(open_database(0.01), "INSERT INTO note VALUES ('x')")
    assert is_busy(refused.value)
    assert turns_of(file).waiting == 0
    write(database, "INSERT INTO note VALUES ('free again')")
    assert names(database) == ["free again"]


def test_another_process_keeps_us_waiting_and_we_give_the_turn_back(
    database: Database, open_database: Callable[[float], Database], file: Path
) -> None:
    impatient = open_database(0.01)
    other_process = sqlite3.connect(file, isolation_level=None)
    try:
        other_process.execute("BEGIN IMMEDIATE")
        for _ in range(2):
            with pytest.raises(OperationalError) as refused:
                write(impatient, "INSERT INTO note VALUES ('x')")
            assert is_busy(refused.value)
        other_process.execute("COMMIT")
    finally:
        other_process.close()
    write(impatient, "INSERT INTO note VALUES ('now')")
    assert names(database) == ["now"]


def test_a_thread_that_dies_inside_a_transaction_gives_its_turn_back(database: Database) -> None:
    def die() -> None:
        write(database, "INSERT INTO note VALUES ('never')")
        session = database.session_for(Actor(user_id=new_id(), name="nobody"))
        session.connection()  # and nobody ever ends it

    thread = threading.Thread(target=die)
    thread.start()
    thread.join()
    gc.collect()
    write(database, "INSERT INTO note VALUES ('after')")
    assert names(database) == ["never", "after"]


def test_a_failed_statement_gives_the_turn_back(database: Database) -> None:
    with pytest.raises(OperationalError, match="no such table") as failed:
        write(database, "INSERT INTO missing VALUES (1)")
    assert not is_busy(failed.value)
    write(database, "INSERT INTO note VALUES ('after')")
    assert names(database) == ["after"]


def test_a_refused_commit_keeps_the_turn_until_the_rollback(database: Database, file: Path) -> None:
    write(
        database,
        "CREATE TABLE child (id INT PRIMARY KEY, parent INT REFERENCES child (id) DEFERRABLE INITIALLY DEFERRED)",
    )
    with pytest.raises(Exception, match="FOREIGN KEY"):
        write(database, "INSERT INTO child VALUES (5, 6)")
    assert turns_of(file).take(0)
    turns_of(file).give_back()


def test_a_turn_that_comes_at_the_last_moment_is_not_lost() -> None:
    turns = Turns()
    assert turns.take(0)
    results: list[bool] = []
    threads = [threading.Thread(target=lambda: results.append(turns.take(0.001))) for _ in range(50)]
    for thread in threads:
        thread.start()
    turns.give_back()
    for thread in threads:
        thread.join()
    # Whoever got it has not given it back; at most one did.
    assert sum(results) <= 1
    if not any(results):
        assert turns.take(0)
    turns.give_back()
    assert turns.take(0)
