"""The proxy of the manual, word for word, in front of two web processes with a Redis: pages, refusals, live signals."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from platform_core.testing import pytest_plugin as kit
from platform_core.testing import services
from platform_core.testing.browser import Browser
from platform_core.testing.mailserver import certify
from platform_core.testing.programs import nginx
from platform_core.testing.serving import Served
from platform_core.testing.waiting import wait_until
from platform_core.users.models import User
from tests.reliability.conftest import place_at
from tests.reliability.places import Place

PROXY = nginx() or ""
pytestmark = pytest.mark.skipif(not PROXY, reason="needs nginx (scripts/test-tools)")
MANUAL = Path(__file__).parents[2] / "docs" / "security" / "deployment.md"
NAME = "crm.example.com"
AROUND = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
{manual}
}}
"""


@dataclass
class House:
    place: Place
    folder: Path
    plain: int
    secure: int

    @contextmanager
    def client(self, name: str = NAME) -> Iterator[httpx.Client]:
        """Over TLS, as a browser that has typed `name`."""
        trusted = ssl.create_default_context(cafile=str(self.folder / "authority.pem"))
        url = f"https://127.0.0.1:{self.secure}"
        with httpx.Client(base_url=url, headers={"Host": name}, verify=trusted, timeout=60) as client:
            yield client

    def cookie(self, user: User) -> dict[str, str]:
        value = Browser(self.place.runtime, httpx.Client()).sign_in(user).cookie.partition("=")[2]
        return {"Cookie": f"__Host-baton={value}"}


@dataclass
class Listener:
    """What one browser hears."""

    kinds: list[str] = field(default_factory=list)
    is_open: threading.Event = field(default_factory=threading.Event)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def configuration(folder: Path, plain: int, secure: int, webs: list[int]) -> str:
    """The manual's text; only ports and files are this test's own."""
    found = re.search(r"```nginx\n(.*?)```", MANUAL.read_text("utf-8"), re.DOTALL)
    assert found is not None
    own = {
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{secure} ssl http2;",
        "server 127.0.0.1:8000;": " ".join(f"server 127.0.0.1:{port};" for port in webs),
        "/etc/ssl/crm.pem": f"{folder}/server.pem",
        "/etc/ssl/crm.key": f"{folder}/server.pem",
    }
    text = found[1]
    for theirs, ours in own.items():
        assert text.count(theirs) == 1, theirs
        text = text.replace(theirs, ours)
    return AROUND.format(folder=folder, manual=text)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    certify(tmp_path)
    plain, secure = free_port(), free_port()
    with services.restartable_postgres() as postgres, services.restartable_redis() as redis:
        kit.migrate_and_seed(postgres.url, tmp_path)
        with place_at(postgres.url, tmp_path) as place:
            place.served.environ |= {
                "BATON_REDIS_URL": redis.url, "BATON_BASE_URL": f"https://{NAME}", "BATON_TRUSTED_PROXIES": "127.0.0.1",
            }  # fmt: skip
            other = Served(tmp_path, dict(place.served.environ))
            place.served.start()
            other.start()
            config = tmp_path / "nginx.conf"
            config.write_text(configuration(tmp_path, plain, secure, [place.served.port, other.port]), "utf-8")
            with running(PROXY, "-p", str(tmp_path), "-c", str(config), log=tmp_path / "start.log"):
                wait_until(lambda: answers(plain), 20)
                try:
                    yield House(place, tmp_path, plain, secure)
                finally:
                    other.kill()


@contextmanager
def running(*command: str, log: Path) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def listen(client: httpx.Client, cookie: dict[str, str], heard: Listener, until: str) -> None:
    with client.stream("GET", "/live", headers=cookie) as answer:
        assert answer.status_code == 200
        heard.is_open.set()
        for line in answer.iter_lines():
            if line.startswith("event: "):
                heard.kinds.append(line.removeprefix("event: "))
            if until in heard.kinds:
                return


def test_pages_pass_and_what_must_not_is_refused(house: House) -> None:
    mine = house.cookie(house.place.receiver)
    with house.client() as client:
        assert client.get("/login").status_code == 200
        assert [client.get("/", headers=mine).status_code for _process in range(4)] == [200] * 4
        assert client.get("/", headers=mine).headers["strict-transport-security"]
        assert client.get("/healthz").status_code == 403, "only the monitoring asks that"
    with house.client("other.example.com") as client:
        assert client.get("/", headers=mine).status_code >= 400
    plain = httpx.Client(base_url=f"http://127.0.0.1:{house.plain}", headers={"Host": NAME})
    with plain as client:
        moved = client.get("/customers?q=1")
        assert (moved.status_code, moved.headers["location"]) == (308, f"https://{NAME}/customers?q=1")
        assert client.get("/api/v1/customers").status_code == 403


def test_signals_are_held_back_by_nobody(house: House) -> None:
    """On four lines, two for each process: what one process does is told at once, not when a buffer is full."""
    cookie, heard = house.cookie(house.place.receiver), [Listener() for _line in range(4)]
    with house.client() as client:
        lines = [
            threading.Thread(target=listen, args=(client, cookie, one, "notify"), daemon=True) for one in heard
        ]  # fmt: skip
        for line in lines:
            line.start()
        wait_until(lambda: all(one.is_open.is_set() for one in heard), 30)
        assert house.place.act(client, house.place.baton(), "offer").status_code == 200
        wait_until(lambda: all("notify" in one.kinds for one in heard), 5)
        for line in lines:
            line.join(10)
