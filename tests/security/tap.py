"""A proxy between a scanner and a server: it signs in for the scanner, and writes down what it was answered.

Scanners send a form again and again with the idempotency key they found in it; the server would refuse all but the
first. So the key is taken out on the way.
"""

from __future__ import annotations

import http.client
import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

_KEY = re.compile(rb"(?:^|(?<=&))_key=[^&]*&?")
_KEY_PART = re.compile(
    rb'--[^\r\n]+\r\nContent-Disposition: form-data; name="_key"\r\n(?:[^\r\n]+\r\n)*\r\n[^\r\n]*\r\n'
)
_ID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}|\b\d+\b")
_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host", "accept-encoding"} | {
    "origin", "referer", "cookie",  # they name this proxy, or somebody who is signed out
}  # fmt: skip
MOBILE = re.compile(rb"(?<![\w/+.-])1[3-9]\d{9}(?!\w)")
"""A whole Chinese mobile number; digits in the middle of a random key are none."""
TIMEOUT = 30
MOST_SIGN_INS = 200
BARRED = r"^/(logout|live)\b"


def _shape(path: str) -> str:
    return _ID.sub("{id}", path)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    content: bytes


@dataclass
class Tap:
    """`headers` are added to each request; what matches `barred` is answered with 404 and goes no further."""

    port: int
    sign_in: Callable[[], dict[str, str]]
    """Headers of somebody who is signed in: `cookie`, and `x-csrf-token`, which counts before the form's own."""
    barred: str = BARRED
    alike: int = 0
    """Of pages that differ in ids alone only so many are let through, or a crawl never ends; 0: all of them."""
    visited: Counter[str] = field(default_factory=Counter)
    """Method and path without ids, and how often the server was asked for it."""
    faults: list[str] = field(default_factory=list)
    """Requests that were answered with 500 or not at all."""
    clear: list[str] = field(default_factory=list)
    """Requests whose answer held a whole mobile number that was not in the request."""
    statuses: Counter[int] = field(default_factory=Counter)
    signed_in: int = 0
    """How often: scanners end sessions by pressing every button."""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: dict[str, set[str]] = {}
        self._renew()

    def _renew(self, outdated: int = 0) -> None:
        with self._lock:
            if self.signed_in == outdated and self.signed_in < MOST_SIGN_INS:
                self._headers = self.sign_in()
                self.signed_in += 1

    def __enter__(self) -> Self:
        tap = self

        class Handler(_Handler):
            owner = tap

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def requests(self) -> int:
        return sum(self.visited.values())

    def lets_through(self, method: str, path: str) -> bool:
        if re.search(self.barred, path):
            return False
        if not self.alike or method != "GET":
            return True
        with self._lock:
            known = self._pages.setdefault(_shape(path), set())
            if len(known) < self.alike:
                known.add(path)
            return path in known

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def forward(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        body = _KEY_PART.sub(b"", _KEY.sub(b"", body))
        self.visited[f"{method} {_shape(urlsplit(target).path)}"] += 1
        answer = self._ask(method, target, headers, body)
        if answer.status in {303, 401} and dict(answer.headers).get("location", "/login").startswith("/login"):
            self._renew(self._used)
            answer = self._ask(method, target, headers, body)
        self.statuses[answer.status] += 1
        if answer.status >= 500 and answer.status != http.HTTPStatus.SERVICE_UNAVAILABLE:
            self.faults.append(f"{method} {target[:200]} {body[:300]!r}: {answer.status} {answer.content[:100]!r}")
        asked = target.encode() + body
        shown = {found.decode() for found in MOBILE.findall(answer.content) if found not in asked}
        if shown:
            self.clear.append(f"{method} {target[:200]}: {shown}")
        return answer

    def _ask(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        sent = {name.lower(): value for name, value in headers.items()}
        sent = {name: value for name, value in sent.items() if name not in _HOP}
        self._used = self.signed_in
        sent |= {"host": f"127.0.0.1:{self.port}"} | self._headers
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        try:
            connection.request(method, target, body=body or None, headers=sent)
            got = connection.getresponse()
            return Answer(got.status, got.getheaders(), got.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Answer(502, [], repr(error).encode())
        finally:
            connection.close()


class _Handler(BaseHTTPRequestHandler):
    owner: Tap
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.owner.lets_through(self.command, urlsplit(self.path).path):
            answer = self.owner.forward(self.command, self.path, dict(self.headers), body)
        else:
            answer = Answer(404, [], b"")
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            if name.lower() not in _HOP:
                self.send_header(name, value.replace(f"http://127.0.0.1:{self.owner.port}", self.owner.url))
        self.send_header("content-length", str(len(answer.content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.content)

    def __getattr__(self, name: str) -> object:
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def handle(self) -> None:
        try:
            super().handle()
        except (TimeoutError, ConnectionError):
            self.close_connection = True

    def log_message(self, *_arguments: object) -> None:
        """Nothing on the terminal."""
