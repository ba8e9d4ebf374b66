"""Asking a server, over connections that are kept."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle, islice
from urllib.parse import urlencode

from bench.people import Person

_WARM_UP = 12


@dataclass(frozen=True, slots=True)
class Call:
    """A request. `form` makes it a POST, as htmx sends it."""

    path: str
    person: Person | None = None
    form: dict[str, str] = field(default_factory=dict)
    is_partial: bool = False

    @property
    def method(self) -> str:
        return "POST" if self.form else "GET"

    @property
    def headers(self) -> dict[str, str]:
        found = {"Accept-Encoding": "gzip", "Accept": "text/html"}
        if self.person:
            found |= {"Cookie": self.person.cookie, "X-CSRF-Token": self.person.csrf}
        if self.is_partial:
            found |= {"HX-Request": "true", "HX-Request-Type": "partial"}
        if self.form:
            found["Content-Type"] = "application/x-www-form-urlencoded"
        return found

    @property
    def body(self) -> str | None:
        return urlencode(self.form) if self.form else None


class Client:
    """One kept connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, call: Call) -> tuple[float, bytes]:
        """Seconds from the first byte sent to the last one read, and the body as it came. Raises unless 200."""
        began = time.perf_counter()
        self._connection.request(call.method, call.path, call.body, call.headers)
        answer = self._connection.getresponse()
        body = answer.read()
        seconds = time.perf_counter() - began
        if answer.status != 200:
            raise RuntimeError(f"{call.method} {call.path}: {answer.status} {body[:300]!r}")
        return seconds, body

    def close(self) -> None:
        self._connection.close()


def alone(port: int, calls: Iterable[Call], count: int) -> list[float]:
    """Durations of `count` requests, one after the other, the calls taken in turn, after a warm-up."""
    client = Client(port)
    turns = cycle(list(calls))
    for call in islice(turns, _WARM_UP):
        client.ask(call)
    found = [client.ask(call)[0] for call in islice(turns, count)]
    client.close()
    return found


def together(port: int, calls: Iterable[Call], count: int, clients: int) -> tuple[list[float], float]:
    """Durations of `count` requests by so many clients at once, and requests per second."""
    wanted = list(calls)

    def work(number: int) -> list[float]:
        client = Client(port)
        turns = islice(cycle(wanted), number, None, clients)
        found = [client.ask(call)[0] for call in islice(turns, count // clients)]
        client.close()
        return found

    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        found = [seconds for part in pool.map(work, range(clients)) for seconds in part]
    return found, len(found) / (time.perf_counter() - began)


def repeated(work: Callable[[], object], count: int) -> list[float]:
    """Durations of calls within this process."""
    found = []
    for _number in range(count):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return found
