"""What a real server with HTTPS before it answers to requests as attackers write them: headers, cookies, hosts, lengths."""

from __future__ import annotations

import http.client
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from platform_core.app import Runtime
from platform_core.audit.models import AuditEntry
from platform_core.testing import pytest_plugin as kit
from platform_core.testing.browser import Browser
from platform_core.testing.factories import Factory
from platform_core.testing.serving import Served
from platform_core.users.models import LoginThrottle, User

HOST = "crm.example.com"
HELD_OPEN = 200
CSP = {
    "default-src": "'none'", "object-src": "'none'", "base-uri": "'none'", "frame-ancestors": "'none'",
    "form-action": "'self'", "script-src": "'self'", "style-src": "'self'", "connect-src": "'self'", "media-src": "'self'",
}  # fmt: skip


class House:
    """A served house whose people come to https://crm.example.com, through a proxy on this machine."""

    def __init__(self, folder: Path) -> None:
        url = f"sqlite:///{folder / 'baton.sqlite3'}"
        kit.migrate_and_seed(url, folder)
        self.runtime = Runtime(kit.make_settings(url, folder, base_url=f"https://{HOST}"))
        self.runtime.follow()
        self.served = Served(
            folder, {"BATON_BASE_URL": f"https://{HOST}", "BATON_TRUSTED_PROXIES": "127.0.0.1", "BATON_API_DOCS": "0"}
        )
        self.served.start()

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, dict[str, str], str]:
        """Status, headers (names in small letters; of several with one name the last) and text of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.served.port, timeout=30)
        sent = {"host": HOST} | {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body=body or None, headers=sent)
            answer = connection.getresponse()
            self.cookies = [value for name, value in answer.getheaders() if name.lower() == "set-cookie"]
            found = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, found, answer.read().decode("utf-8", "replace")
        finally:
            connection.close()

    def raw(self, request: bytes) -> bytes:
        """All that comes back until the server hangs up or is silent for two seconds."""
        with socket.create_connection(("127.0.0.1", self.served.port), 10) as connection:
            connection.settimeout(2)
            connection.sendall(request)
            told = b""
            try:
                while part := connection.recv(65536):
                    told += part
            except TimeoutError:
                pass
            return told


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    found = House(tmp_path_factory.mktemp("front"))
    yield found
    found.served.stop()
    found.runtime.close()


@pytest.fixture(scope="module")
def user(house: House) -> User:
    return Factory(house.runtime).user("coordinator")


def signed_in(house: House, user: User) -> dict[str, str]:
    browser = Browser(house.runtime, None).sign_in(user)
    return {"cookie": browser.cookie, "x_csrf_token": browser.csrf}


def test_every_kind_of_answer_carries_every_header(house: House, user: User) -> None:
    style = re.search(r'"(/static/[^"]+\.css)[^"]*"', house.ask("GET", "/login")[2])
    assert style is not None
    inside = signed_in(house, user)
    kinds = {
        "/me": 200, "/customers": 200, "/healthz": 200, "/no/such/page": 404, "/api/v1/customers": 200,
        "/api/v1/customers/1": 404, "/logout": 405, "/static/nothing.js": 404, style[1]: 200,
    }  # fmt: skip
    for path, wanted in kinds.items():
        status, headers, _text = house.ask("GET", path, **inside)
        assert status == wanted, path
        directives = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert {name: directives.get(name) for name in CSP} == CSP, path
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["strict-transport-security"] == "max-age=31536000; includeSubDomains", path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "same-origin", path
        assert headers["cross-origin-opener-policy"] == "same-origin", path
        assert headers["cross-origin-resource-policy"] == "same-origin", path
        assert "access-control-allow-origin" not in headers, path
        assert ("no-store" in headers["cache-control"]) is (path != style[1]), path
        kind = headers["content-type"]
        assert kind.endswith("json") or kind.count("charset=utf-8") == 1, path


def test_every_cookie_is_bound_to_this_host(house: House, user: User) -> None:
    inside = signed_in(house, user)
    house.ask("POST", "/me/preferences", "scheme=dark&lang=en&next=/", **inside,
              content_type="application/x-www-form-urlencoded")  # fmt: skip
    chosen = house.cookies
    house.ask("POST", "/logout", **inside)
    assert len(chosen) == 2
    for cookie in chosen + house.cookies:
        assert cookie.startswith("__Host-"), cookie
        assert {"path=/", "secure", "httponly", "samesite=lax"} <= {part.strip().lower() for part in cookie.split(";")}
        assert "domain=" not in cookie.lower()
    assert house.ask("GET", "/customers", **inside)[0] == 303  # signed out at the server, not in the browser alone


def test_only_the_houses_own_name_is_answered(house: House) -> None:
    assert house.ask("GET", "/login")[0] == 200
    assert house.ask("GET", "/login", host=f"{HOST}:443")[0] == 200
    for host in ("evil.example", f"{HOST}.evil.example", f"evil.example#{HOST}", "127.0.0.1", ""):
        status, headers, text = house.ask("GET", "/login", host=host)
        assert status in {400, 421}, host
        assert "evil.example" not in text + str(headers)
    forged = house.ask("GET", "/customers", x_forwarded_host="evil.example", forwarded="host=evil.example")
    assert (forged[0], forged[1]["location"]) == (303, "/login?next=/customers")
    assert house.ask("GET", "/healthz", host="10.0.0.7")[0] == 200


def test_other_sites_read_and_send_nothing(house: House, user: User) -> None:
    inside = signed_in(house, user)
    for headers in (
        {"origin": "https://evil.example"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ):
        assert house.ask("POST", "/logout", **inside, **headers)[0] == 403
    status, headers, _text = house.ask("OPTIONS", "/api/v1/customers", origin="https://evil.example",
                                       access_control_request_method="GET")  # fmt: skip
    assert status in {204, 405}
    assert not [name for name in headers if name.startswith("access-control")]
    assert house.ask("GET", "/customers", **inside)[0] == 200  # still signed in


def test_an_address_that_the_sender_made_up_is_not_believed(house: House, user: User) -> None:
    """The proxy appends the address that it saw; what stands before that is its sender's word."""
    form = "login=nobody-here&password=guess-after-guess"
    kind = "application/x-www-form-urlencoded"
    for number in range(3):
        house.ask("POST", "/login", form, content_type=kind, x_forwarded_for=f"198.51.100.{number}, 203.0.113.9")
    with house.runtime.database.system_session("test", write=False) as session:
        noted = session.scalars(select(AuditEntry.ip).where(AuditEntry.action == "users.login")).all()
        counted = set(session.scalars(select(LoginThrottle.key)))
    assert noted == ["203.0.113.9"] * 3
    assert not [key for key in counted if "198.51.100" in key]
    house.ask("POST", "/login", form, content_type=kind, x_real_ip="198.51.100.7", forwarded="for=198.51.100.8")
    with house.runtime.database.system_session("test", write=False) as session:
        last = session.scalars(select(AuditEntry).where(AuditEntry.action == "users.login")).all()[-1]
    assert last.ip == "127.0.0.1"


@pytest.mark.parametrize(
    "request_lines",
    [
        ["POST /login HTTP/1.1", f"Host: {HOST}", "Content-Length: 5", "Transfer-Encoding: chunked", "", "0", "", "GET /x"],
        ["POST /login HTTP/1.1", f"Host: {HOST}", "Content-Length: 5", "Content-Length: 50", "", "a=b&c"],
        ["POST /login HTTP/1.1", f"Host: {HOST}", "Transfer-Encoding: xchunked", "", "0", "", ""],
        ["GET /login HTTP/1.1", f"Host: {HOST}", "Content-Length: -1", "", ""],
        ["GET /login HTTP/1.1", f"Host: {HOST}", "X: a\nb: c\x00", "", ""],
        ["GET /login HTTP/1.1", f"Host: {HOST}", " folded: line", "", ""],
        ["GET /log\x00in HTTP/1.1", f"Host: {HOST}", "", ""],
        ["GET /login HTTP/1.1", f"Host: {HOST}", f"Cookie: {'a' * 600_000}", "", ""],
    ],
)  # fmt: skip
def test_what_is_no_single_request_gets_no_second_answer(house: House, request_lines: list[str]) -> None:
    told = house.raw("\r\n".join(request_lines).encode("latin-1"))
    answers = re.findall(rb"HTTP/1\.1 (\d{3})", told)
    assert len(answers) <= 1
    assert not [status for status in answers if status >= b"500"], told[:200]
    assert house.ask("GET", "/healthz")[0] == 200


def test_methods_that_nobody_needs_are_refused(house: House, user: User) -> None:
    inside = signed_in(house, user)
    for method in ("TRACE", "TRACK", "CONNECT", "PROPFIND", "DEBUG"):
        told = house.raw(
            f"{method} /customers HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\nCookie: {inside['cookie']}\r\n\r\n".encode()
        )
        status = int(told[9:12]) if told else 400
        assert 400 <= status < 500, method
        assert b"__Host-" not in told


def test_nothing_of_the_house_lies_open(house: House) -> None:
    for path in ("/schema", "/schema/openapi.json", "/api/v1/openapi.json", "/.git/config", "/.env", "/secret.json",
                 "/static/", "/static/../secret.json", "/static/%2e%2e/secret.json", "/static/..%2fsecret.json",
                 "/baton.sqlite3", "/debug", "/metrics", "/server-status"):  # fmt: skip
        status, headers, text = house.ask("GET", path)
        assert status in {400, 404}, path
        assert "Traceback" not in text
        assert "python" not in str(headers).lower()


def test_who_never_finishes_a_request_holds_up_nobody(house: House) -> None:
    """Two hundred connections that say a header now and then: others are served, and they are cut off."""
    held = []
    for _number in range(HELD_OPEN):
        connection = socket.create_connection(("127.0.0.1", house.served.port), 10)
        connection.sendall(f"GET /login HTTP/1.1\r\nHost: {HOST}\r\nX-A: ".encode())
        held.append(connection)
    began = time.monotonic()
    waits = []
    for _number in range(20):
        asked = time.monotonic()
        assert house.ask("GET", "/login")[0] == 200
        waits.append(time.monotonic() - asked)
    assert max(waits) < 5
    for connection in held:
        connection.settimeout(max(0.1, 25 - (time.monotonic() - began)))
        told = connection.recv(1024)
        assert b" 200 " not in told  # hung up, or told that it took too long
        connection.close()


def test_a_body_that_is_too_large_is_not_taken(house: House, user: User) -> None:
    announced = house.raw(
        f"POST /login HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: 99999999999\r\n\r\nlogin=a".encode()
    )
    assert re.match(rb"HTTP/1\.1 4\d\d", announced)
    crowd = "&".join(f"f{number}=1" for number in range(5000))
    kind = "application/x-www-form-urlencoded"
    assert house.ask("POST", "/login", crowd, content_type=kind)[0] in {400, 413, 422}


def test_every_page_leads_out_again_and_nothing_is_upgraded(house: House, user: User) -> None:
    inside = signed_in(house, user)
    for path in ("/", "/customers", "/me", "/notifications"):
        assert 'action="/logout"' in house.ask("GET", path, **inside)[2], path
    told = house.raw(
        f"GET /live HTTP/1.1\r\nHost: {HOST}\r\nCookie: {inside['cookie']}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    assert b"101" not in told.split(b"\r\n")[0]
