"""A plugin is switched off and on while everything runs: every process follows within two seconds, without a restart."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from platform_core.app import Runtime
from platform_core.contracts.identity import Scope
from platform_core.customers.models import Customer
from platform_core.kernel.clock import now
from platform_core.kernel.jobs import enqueue
from platform_core.kernel.models import JobRow, ScheduleRow
from platform_core.permissions.models import Role, RoleGrant
from platform_core.testing import pytest_plugin as kit
from platform_core.testing import services
from platform_core.testing.browser import Browser
from platform_core.testing.factories import Factory
from platform_core.testing.serving import Served
from platform_core.users.models import User

SPECIMENS = Path(__file__).resolve().parents[1] / "specimens"
FOLLOWS = 2.0
PLACES = ("turnable page", "API", "Turnable line", "Turnable fact", "Turnable panel", "Turnable action", "Turnable hit")


@dataclass
class Town:
    """Running processes on one database, and one in this process to look at it."""

    runtime: Runtime
    factory: Factory
    webs: list[Served]
    reader: User
    admin: User
    customer: Customer

    @contextmanager
    def browser(self, web: Served, user: User) -> Iterator[Browser]:
        with httpx.Client(base_url=web.url, timeout=30) as client:
            yield Browser(self.runtime, client).sign_in(user)

    def shows(self, browser: Browser, program: Browser) -> set[str]:
        """What of the plugin can be reached or seen."""
        texts = [
            browser.get("/turnable").text,
            browser.get(f"/customers/{self.customer.id}").text,
            browser.post("/search", {"q": "anything"}).text,
        ]
        found = {place for place in PLACES if any(place in text for text in texts)}
        return found | ({"API"} if program.get("/api/v1/turnable").status_code == 200 else set())

    def all_show(self, expected: set[str]) -> float:
        """Seconds until every web process shows just that."""

        def wait(web: Served) -> float:
            with self.browser(web, self.reader) as browser:
                program = Browser(self.runtime, browser._client).token(self.reader)
                while (found := self.shows(browser, program)) != expected:
                    assert time.monotonic() - started < 20, found ^ expected
            return time.monotonic() - started

        started = time.monotonic()
        with ThreadPoolExecutor(len(self.webs)) as pool:
            return max(pool.map(wait, self.webs))

    def add_job(self) -> JobRow:
        with self.runtime.database.system_session("test") as session:
            return session.get_one(JobRow, enqueue(session, "turnable.work"))

    def states(self, *jobs: JobRow) -> set[str]:
        with self.runtime.database.system_session("look", write=False) as session:
            return set(session.scalars(select(JobRow.state).where(JobRow.id.in_([job.id for job in jobs]))))

    def ticks(self, name: str = "turnable.tick") -> int:
        with self.runtime.database.system_session("look", write=False) as session:
            return session.scalar(select(func.count()).select_from(JobRow).where(JobRow.name == name)) or 0

    def planned(self, name: str) -> datetime:
        with self.runtime.database.system_session("look", write=False) as session:
            return session.get_one(ScheduleRow, name).next_run

    def command(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "platform_core", *arguments]
        return subprocess.run(
            command, env=self.webs[0].environment, check=True, capture_output=True, text=True, timeout=60
        ).stdout


def until(met: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="module")
def sites() -> str:
    """The import path of the processes, the specimen first."""
    return os.pathsep.join([str(SPECIMENS / "turnable"), *(path for path in sys.path if path)])


@contextmanager
def town_at(url: str, folder: Path, environ: dict[str, str], *, webs: int, workers: int) -> Iterator[Town]:
    with ExitStack() as stack:
        served = [Served(folder / f"web{number}", {**environ, "BATON_DATABASE_URL": url}) for number in range(webs)]
        for web in served:
            web.folder.mkdir(parents=True)
            web.environ["BATON_SECRET_FILE"] = str(folder / "secret.json")
            stack.callback(web.kill)
        served[0].command("migrate")
        others = [("worker",)] * workers + [("scheduler",)] * bool(workers)
        for command in others:
            stack.enter_context(_process(served[0].environment, *command))
        for web in served:
            web.start()  # from this thread: its processes end with the one that started them
        settings = kit.make_settings(
            url, folder, secret_file=folder / "secret.json", strict_plugins=False, redis_url=environ.get("BATON_REDIS_URL")
        )  # fmt: skip
        runtime = Runtime(settings)
        stack.callback(runtime.close)
        runtime.follow()
        factory = Factory(runtime)
        reader = factory.user("management", factory.department())
        with runtime.database.system_session("test") as session:
            role_id = session.scalars(select(Role.id).where(Role.code == "management")).one()
            session.add(RoleGrant(role_id=role_id, permission="turnable.view", scope=Scope.ALL))
        yield Town(runtime, factory, served, reader, factory.user("system_admin"), factory.customer(reader))


@contextmanager
def _process(environment: dict[str, str], *command: str) -> Iterator[None]:
    with subprocess.Popen(
        [sys.executable, "-m", "platform_core", *command], env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            assert "ready" in process.stdout.readline()
            yield
        finally:
            process.kill()


@pytest.fixture(scope="module", params=["embedded", "production"])
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sites: str) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    environ = {"PYTHONPATH": sites}
    if request.param == "embedded":
        with town_at(f"sqlite:///{folder / 'baton.sqlite3'}", folder, environ, webs=1, workers=0) as found:
            yield found
        return
    server = request.getfixturevalue("postgres_url")
    with services.redis_server(shared=False) as redis, services.clone_database(server) as url:
        environ["BATON_REDIS_URL"] = redis
        with town_at(url, folder, environ, webs=2, workers=2) as found:
            yield found


def by_page(town: Town, *, enabled: bool) -> None:
    with town.browser(town.webs[-1], town.admin) as browser:
        assert browser.post("/settings/plugins/turnable", {"enabled": "1" if enabled else "0"}).status_code == 303


def by_command(town: Town, *, enabled: bool) -> None:
    word = "enable" if enabled else "disable"
    assert "switched" in town.command("plugin", word, "turnable")


@pytest.mark.parametrize("switch", [by_page, by_command])
def test_every_process_follows_a_switch(town: Town, switch: Callable[..., None]) -> None:
    everything = set(PLACES)
    town.all_show(everything)
    done = town.add_job()
    until(lambda: town.states(done) == {"done"})
    until(town.ticks)

    switch(town, enabled=False)
    off = time.monotonic()
    assert town.all_show(set()) < FOLLOWS
    until(lambda: time.monotonic() - off > FOLLOWS)  # workers and scheduler have followed as well
    waiting, ticks = [town.add_job() for _ in range(3)], town.ticks()
    until(lambda: time.monotonic() - off > FOLLOWS + 3)
    assert town.states(*waiting) == {"pending"}
    assert town.ticks() == ticks
    assert {row.created_at > now() - timedelta(minutes=5) for row in waiting} == {True}

    switch(town, enabled=True)
    assert town.all_show(everything) < FOLLOWS
    until(lambda: town.states(*waiting) == {"done"})
    until(lambda: town.ticks() > ticks)


def test_what_was_missed_while_nobody_kept_the_schedule_is_made_up_for_where_that_is_wanted(town: Town) -> None:
    names = ("turnable.evening", "turnable.morning")
    until(lambda: all(town.planned(name) > now() for name in names))
    with town.runtime.database.system_session("two days without a scheduler") as session:
        for name in names:
            session.get_one(ScheduleRow, name).next_run = now() - timedelta(days=2)
    until(lambda: all(town.planned(name) > now() for name in names))
    assert [town.ticks(name) for name in names] == [0, 1]
    with town.browser(town.webs[0], town.admin) as browser:
        page = browser.get("/settings/plugins/turnable").text
    assert "every day at 18:00" in page
    assert "Mon Thu at 08:30, made up for when missed" in page


def test_the_page_says_what_a_switch_touches(town: Town) -> None:
    with town.browser(town.webs[0], town.admin) as browser:
        page = browser.get("/settings/plugins/turnable").text
    assert "2 addresses answer" in page
    assert "Turnable line" in page
    assert "<code>turnable.tick</code>" in page
