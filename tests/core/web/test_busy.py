"""Where others keep the database to themselves, the answer is 503 and a time to come back, not an error of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from httpx import Response
from litestar.testing import TestClient
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import Connection

from platform_core.app import Runtime, create_app
from platform_core.testing.browser import Browser
from platform_core.testing.factories import Factory
from platform_core.testing.pytest_plugin import make_settings

ENGLISH = {"Accept-Language": "en-GB,en;q=0.9"}


@pytest.fixture
def impatient(runtime: Runtime, factory: Factory) -> Iterator[Browser]:
    """A signed-in browser on a process that waits a twentieth of a second."""
    settings = make_settings(runtime.settings.database_url, runtime.settings.data_dir, lock_seconds=0.05)
    other = Runtime(settings)
    other.follow()
    with TestClient(create_app(other, background=False), raise_server_exceptions=False) as client:
        yield Browser(other, client).sign_in(factory.user())


@contextmanager
def held_up(runtime: Runtime) -> Iterator[None]:
    """Another program writes: to the one file of SQLite, or to the table that every page writes to."""
    engine = create_engine(runtime.settings.database_url)
    if runtime.database.is_sqlite:
        event.listen(engine, "connect", lambda connection, record: setattr(connection, "isolation_level", None))
    with engine.connect() as connection:
        if runtime.database.is_sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("LOCK TABLE audit_entry IN EXCLUSIVE MODE"))
        yield
        connection.rollback()
    engine.dispose()


@contextmanager
def no_connection_free(browser: Browser) -> Iterator[None]:
    """Every connection of the process is in use, without a transaction that would hold anybody up."""
    engine = browser._runtime.database.engine.execution_options(isolation_level="AUTOCOMMIT")
    with ExitStack() as held:
        for _ in range(browser._runtime.settings.web_threads + 8):
            connection: Connection = held.enter_context(engine.connect())
            assert not connection.closed
        yield


def check(answer: Response) -> str:
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    return answer.text


def ways(browser: Browser) -> list[Callable[[], Response]]:
    return [
        lambda: browser.get("/customers", headers=ENGLISH),
        lambda: browser.get("/customers", htmx=True, headers=ENGLISH),
        lambda: browser.post("/customers/new", {"name": "x"}, headers=ENGLISH),
        lambda: browser.get("/api/v1/customers"),
    ]


def test_a_held_up_database_answers_503_and_then_serves_again(runtime: Runtime, impatient: Browser) -> None:
    with held_up(runtime):
        page, fragment, form, problem = (check(ask()) for ask in ways(impatient))
    assert "<html" in page
    assert "Busy just now" in page
    assert "<html" not in fragment
    assert "try again in a few seconds" in fragment
    assert "Nothing was saved" in form
    assert '"urn:baton:problem:busy"' in problem
    assert impatient.get("/customers").status_code == 200


def test_it_says_so_in_chinese(runtime: Runtime, factory: Factory, impatient: Browser) -> None:
    reader = impatient.sign_in(factory.user(language="zh"))
    with held_up(runtime):
        told = check(reader.get("/customers", headers={"Cookie": "baton-language=zh"}))
    assert "同时进行的操作太多" in told


def test_a_process_without_a_free_connection_answers_503(impatient: Browser) -> None:
    with no_connection_free(impatient):
        assert "Busy just now" in check(impatient.get("/customers", headers=ENGLISH))
    assert impatient.get("/customers").status_code == 200
