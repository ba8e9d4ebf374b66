"""wapiti and sqlmap against a served demo house, signed in: nothing found, no fault, no number in the clear.

Here for some seconds each, on a few doors; with BATON_ATTACK=long (`make attack`) over every page and form, on both
databases, each tool for BATON_ATTACK_SECONDS at most. A page that is open on purpose shows that the tools find what is
there to be found.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx import Client
from litestar.testing import TestClient
from sqlalchemy import select

from platform_core.app import Runtime, create_app
from platform_core.caps.models import UserCap
from platform_core.demo import load, spec
from platform_core.testing import pytest_plugin as kit
from platform_core.testing import services
from platform_core.testing.browser import Browser
from platform_core.testing.serving import PASSWORD, Served
from platform_core.users import passwords
from platform_core.users.models import User
from tests.architecture.checks.files import ROOT
from tests.security.houses import House
from tests.security.tap import BARRED, Tap

TOOLS = ROOT / ".venv" / "tools" / "attack" / "bin"
LONG = os.environ.get("BATON_ATTACK") == "long"
SECONDS = int(os.environ.get("BATON_ATTACK_SECONDS", "40"))
"""For a crawl, for a door of sqlmap, and a third of it for each kind of attack of wapiti."""
CRAWL_SECONDS, KIND_SECONDS = (SECONDS, SECONDS // 3) if LONG else (6, 3)
MODULES = "sql,xss,permanentxss,exec,file,ssrf,crlf,redirect,upload,xxe" if LONG else "sql,xss"
ALIKE = 2
"""Pages of two customers have the same forms as those of two hundred."""


@dataclass
class Target:
    runtime: Runtime
    served: Served
    engine: str

    def sign_in(self, login: str) -> dict[str, str]:
        """Past the sign-in page, which slows down whoever guesses there; an account that a scanner closed is opened."""
        with self.runtime.database.system_session("sign a scanner in") as session:
            user = session.scalars(select(User).where(User.login == login)).one()
            user.status = "active"
        browser = Browser(self.runtime, Client()).sign_in(user)
        return {"cookie": browser.cookie, "x-csrf-token": browser.csrf}

    def tap(self, login: str) -> Tap:
        return Tap(self.served.port, lambda: self.sign_in(login), alike=ALIKE if LONG else 0)

    def pages(self) -> list[str]:
        """Whatever is asked for by GET without naming a record: a crawl begins everywhere at once."""
        doors = House(self.runtime, TestClient(create_app(self.runtime, background=False))).doors()
        asked = (door.path for door in doors if door.method == "GET" and not door.parameters)
        return sorted(path for path in asked if not re.search(BARRED, path))


@pytest.fixture(scope="module")
def target(backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    if not LONG and backend == "sqlite":
        pytest.skip("the short form is for PostgreSQL; make attack tries both")
    folder = tmp_path_factory.mktemp("attacked")
    with ExitStack() as held:
        url = f"sqlite:///{folder / 'baton.sqlite3'}"
        if backend == "postgresql":
            url = held.enter_context(services.clone_database(request.getfixturevalue("postgres_url")))
        kit.migrate_and_seed(url, folder)
        runtime = Runtime(kit.make_settings(url, folder))
        held.callback(runtime.close)
        runtime.follow()
        load.load(runtime, spec.make(200 if LONG else 12, 5), passwords.hash_password(PASSWORD), processes=1)
        with runtime.database.system_session("a scanner opens more than a person may") as session:
            everybody = session.scalars(select(User.id)).all()
            session.add_all(
                UserCap(user_id=one, counter=what, cap=10**6) for one in everybody for what in ("open", "print")
            )
        served = Served(folder, {"BATON_DATABASE_URL": url, "BATON_DEMO": "1"})
        served.start()
        held.callback(served.stop)
        yield Target(runtime, served, backend)


def run(tool: str, *arguments: str, seconds: float) -> str:
    """What it printed. It is ended with all that it started when its time is over."""
    process = subprocess.Popen(
        [TOOLS / tool, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
    )  # fmt: skip
    try:
        return process.communicate(timeout=seconds)[0]
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def wapiti(url: str, folder: Path, *more: str) -> tuple[dict[str, list[dict[str, str]]], int]:
    """Category -> findings, and how many pages it saw."""
    report = folder / "report.json"
    run("wapiti", "-u", url, "--scope", "folder", "-m", MODULES, "-f", "json", "-o", str(report), "-v", "0",
        "--flush-session", "--store-session", str(folder), "--no-bugreport", "--max-scan-time", str(CRAWL_SECONDS),
        "--max-attack-time", str(KIND_SECONDS), "--max-files-per-dir", "20", "-d", "6" if LONG else "1",
        *more, seconds=(CRAWL_SECONDS + KIND_SECONDS * (MODULES.count(",") + 1)) * 2 + 60)  # fmt: skip
    told = json.loads(report.read_text())
    found = {name: each for kind in ("vulnerabilities", "anomalies") for name, each in told[kind].items() if each}
    return found, told["infos"]["crawled_pages_nbr"]


def sqlmap(folder: Path, *arguments: str) -> bool | None:
    """Whether it could inject; None when its time was over before it knew."""
    effort = ("--level=2", "--risk=2", f"--time-limit={SECONDS}") if LONG else ("--level=1", "--technique=BEU")
    began = time.monotonic()
    told = run("sqlmap", *arguments, *effort, "--batch", "--flush-session", "--disable-coloring", "--threads=4",
               "--ignore-code=*", f"--output-dir={folder}", seconds=SECONDS + 240)  # fmt: skip
    if "identified the following injection point" in told:
        return True
    if LONG and "all tested parameters" not in told and time.monotonic() - began > SECONDS:
        return None
    assert "all tested parameters do not appear to be injectable" in told, told[-1500:]
    return False


class _Open(BaseHTTPRequestHandler):
    """What Baton must never be: words of the address in the statement and in the page."""

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        words, status, rows = asked.get("q", ["1"])[0], 200, []
        database = sqlite3.connect(":memory:")
        try:
            database.executescript("CREATE TABLE a (id, name); INSERT INTO a VALUES (1, 'x'), (2, 'y')")
            rows = database.execute(f"SELECT name FROM a WHERE id = {words}").fetchall()
        except sqlite3.Error as error:
            status, rows = 500, [f"sqlite3.OperationalError: {error}"]
        finally:
            database.close()
        page = f"<html><body><form action='/'><input name='q'></form>{words}{rows}<a href='/?q=1'>a</a></body></html>"
        self.send_response(status)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, *_arguments: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture(scope="module")
def open_page() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Open)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/?q=1"
    server.shutdown()
    server.server_close()


def test_the_tools_find_what_is_there(open_page: str, tmp_path: Path) -> None:
    found, _pages = wapiti(open_page, tmp_path)
    assert {"SQL Injection", "Reflected Cross Site Scripting"} <= found.keys()
    assert sqlmap(tmp_path, f"--url={open_page}")


def held(tap: Tap) -> None:
    assert tap.faults == []
    assert tap.clear == []


VERDICTS = {True: "injected", False: "no injection", None: "none in its time"}
DOORS: dict[str, Callable[[str], list[str]]] = {
    "list": lambda url: [f"--url={url}/customers?q=abc", "-p", "q"],
    "order": lambda url: [f"--url={url}/customers?q=abc&sort=name&view=all", "-p", "sort,view"],
    "search": lambda url: [f"--url={url}/api/v1/customers/search", '--data={"q": "abc"}', "-p", "q"],
    "sign-in": lambda url: [f"--url={url}/login", "--data=login=abc&password=x", "-p", "login"],
    "cursor": lambda url: [f"--url={url}/api/v1/customers?limit=5&cursor=abc", "-p", "cursor"],
    "limit": lambda url: [f"--url={url}/api/v1/customers?limit=5", "-p", "limit"],
    "condition": lambda url: [f"--url={url}/customers?f=status:is:new", "-p", "f"],
    "contacts": lambda url: [f"--url={url}/contacts?q=abc&sort=name", "-p", "q,sort"],
    "opportunities": lambda url: [f"--url={url}/opportunities?q=abc&sort=value", "-p", "q,sort"],
    "everywhere": lambda url: [f"--url={url}/search", "--data=q=abc", "-p", "q"],
    "people": lambda url: [f"--url={url}/settings/users?q=abc&status=active", "-p", "q,status"],
    "audit": lambda url: [f"--url={url}/audit?thing=abc&action=customers.view", "-p", "thing,action"],
    "new customer": lambda url: [f"--url={url}/customers/new", "--data=name=abc&kind=organisation", "-p", "name,kind"],
}


def test_sqlmap_injects_nothing(target: Target, tmp_path: Path) -> None:
    doors = DOORS if LONG else {name: DOORS[name] for name in ("search", "list")}
    for name, arguments in doors.items():
        with target.tap("manager") as tap:
            dbms = "PostgreSQL" if target.engine == "postgresql" else "SQLite"
            found = sqlmap(tmp_path, *arguments(tap.url), f"--dbms={dbms}")
            say(f"sqlmap, {name}, {dbms}: {tap.requests} requests, {VERDICTS[found]}; {dict(tap.statuses)}")
            assert not found, name
            held(tap)
            assert tap.requests > 20, name
            assert not tap.statuses[404], f"{name}: there is no such door"


@pytest.mark.parametrize("login", ["collector", "manager", "admin"] if LONG else ["manager"])
def test_wapiti_finds_nothing(target: Target, login: str, tmp_path: Path) -> None:
    """The administrator comes last: a scanner that presses every button closes the others' accounts."""
    with target.tap(login) as tap:
        starts = [word for path in target.pages() for word in ("-s", tap.url + path)] if LONG else []
        found, pages = wapiti(tap.url + ("/" if LONG else "/customers"), tmp_path, *starts)
        say(f"wapiti as {login}, {target.engine}: {pages} pages and forms, {tap.requests} requests to "
            f"{len(tap.visited)} addresses, signed in {tap.signed_in} times; {dict(tap.statuses)}; "
            f"found {levels(found)}")  # fmt: skip
        assert {name: each[:3] for name, each in found.items()} == {}
        held(tap)
        least = 60 if LONG else 5
        assert pages >= least
        assert tap.statuses[200] >= least


def levels(found: dict[str, list[dict[str, str]]]) -> dict[str, int]:
    """Category and level -> how many; "nothing" is {}."""
    return dict(Counter(f"{name}, level {each['level']}" for name, some in found.items() for each in some))


def say(line: str) -> None:
    """For whoever runs `make attack`: what was looked at."""
    if LONG:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
