"""Talking to Baton: pairing, and sending events until each is confirmed. One connection, kept open."""

from __future__ import annotations

import http.client
import json
import logging
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from baton_agent import __version__
from baton_agent.keys import PULLED
from baton_agent.spool import Spool

_log = logging.getLogger(__name__)
_TIMEOUT = 10.0
_HEARTBEAT = 30.0
PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between attempts while the server cannot be reached."""
_REFUSED = 60.0
_BATCH = 100
_UNREADABLE = frozenset({400, 422})
EVENTS, PAIR, DIALS = "/api/v1/telephony/events", "/api/v1/telephony/pair", "/api/v1/telephony/dials"
LIVE = "/live"
_SILENCE = 60.0
"""Seconds without a word after which the stream of signals counts as dead: the server says something every 20."""


class Refused(Exception):
    """The server understood and said no; `status` as in HTTP."""

    def __init__(self, status: int, told: str) -> None:
        super().__init__(f"{status}: {told}")
        self.status = status


class Server:
    """Raises OSError where it cannot be reached, Refused where it answers 4xx, and http.client.HTTPException."""

    def __init__(self, url: str, token: str = "", ca_file: str = "") -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"{url} is no address of a server")
        self._parts = parts
        self._token = token
        self._context = ssl.create_default_context(cafile=ca_file or None) if parts.scheme == "https" else None
        self._connection: http.client.HTTPConnection | None = None

    def pair(self, code: str) -> dict[str, Any]:
        return self._post(PAIR, {"code": code, "version": __version__})

    def asked(self) -> list[dict[str, Any]]:
        """Calls that people asked for and nobody has fetched yet: {"id", "extension", "number"}."""
        found: list[dict[str, Any]] = self._post(DIALS, {})["items"]
        return found

    def signals(self, stop: threading.Event) -> Iterator[str]:
        """Kinds of signals as they come, `hello` first, until the server ends the stream."""
        self.close()
        connection = self._connected(_SILENCE)
        connection.request("GET", f"{self._parts.path.rstrip('/')}{LIVE}", headers=self._headers())
        with connection.getresponse() as answer:
            if answer.status != 200:
                raise Refused(answer.status, "no signals")
            yield "hello"
            while not stop.is_set() and (line := answer.readline()):
                name, _colon, value = line.decode("utf-8", "replace").partition(":")
                if name == "event":
                    yield value.strip()

    def report(
        self,
        events: list[dict[str, Any]],
        devices: Sequence[Mapping[str, Any]] | None,
        failed: Sequence[Mapping[str, str]] = (),
    ) -> list[str]:
        """Ids of the events that the server has now. `failed`: calls asked for that came to nothing, {"id", "why"}."""
        pulled = [
            {name: value for name, value in one.items() if name != "kind"} for one in events if one["kind"] == PULLED
        ]
        body: dict[str, Any] = {"version": __version__, "events": [one for one in events if one["kind"] != PULLED]}
        if pulled:
            body["pulled"] = pulled
        if failed:
            body["failed"] = failed
        if devices is not None:
            body["devices"] = devices
        answer = self._post(EVENTS, {"sent_at": datetime.now(UTC).isoformat(), **body})
        return [str(one) for one in answer["taken"]]

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        was_open = self._connection is not None
        try:
            answer, content = self._answer(path, body)
        except ConnectionError:
            if not was_open:
                raise
            answer, content = self._answer(path, body)  # the server closes what was not used for a while
        if answer.status >= 500:
            raise ConnectionError(f"the server answers {answer.status}")
        if answer.status >= 300:
            raise Refused(answer.status, content.decode("utf-8", "replace")[:300])
        found: dict[str, Any] = json.loads(content)
        return found

    def _answer(self, path: str, body: dict[str, Any]) -> tuple[http.client.HTTPResponse, bytes]:
        try:
            connection = self._connected()
            connection.request("POST", f"{self._parts.path.rstrip('/')}{path}", json.dumps(body), self._headers())
            answer = connection.getresponse()
            return answer, answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def _headers(self) -> dict[str, str]:
        known = {"Content-Type": "application/json", "User-Agent": f"baton-agent/{__version__}"}
        return {**known, "Authorization": f"Agent {self._token}"} if self._token else known

    def _connected(self, timeout: float = _TIMEOUT) -> http.client.HTTPConnection:
        if self._connection is None:
            host, port = self._parts.hostname or "", self._parts.port
            self._connection = (
                http.client.HTTPSConnection(host, port, timeout=timeout, context=self._context)
                if self._context
                else http.client.HTTPConnection(host, port, timeout=timeout)
            )
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Sender:
    """Empties the spool, in order, until `stop` is set. An event goes on being sent until the server confirms it."""

    def __init__(self, server: Server, spool: Spool, devices: Callable[[], Sequence[Mapping[str, Any]]]) -> None:
        self._server = server
        self._spool = spool
        self._devices = devices
        self.stop = threading.Event()
        self.trouble = ""
        """Why nothing gets through at the moment."""

    def run(self) -> None:
        failures = 0
        while not self.stop.is_set():
            pause = 0.0
            try:
                self._send()
            except Refused as error:
                failures, pause = 0, self._refused(error)
            except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
                pause = PAUSES[min(failures, len(PAUSES) - 1)]
                failures += 1
                self._tell(f"{type(error).__name__}: {error}")
            else:
                failures, self.trouble = 0, ""
                if self._spool.arrived.wait(_HEARTBEAT):
                    continue
            if pause:
                self.stop.wait(pause)
        self._server.close()

    def _send(self) -> None:
        self._spool.arrived.clear()
        while not self.stop.is_set():
            events = self._spool.oldest(_BATCH)
            try:
                self._spool.drop(self._server.report(events, self._devices()))
            except Refused as error:
                if error.status not in _UNREADABLE or not events:
                    raise
                self._one_by_one(events)
            if len(events) < _BATCH:
                return

    def _one_by_one(self, events: list[dict[str, Any]]) -> None:
        """One event that the server cannot read must not hold up the others: it is given up."""
        for event in events:
            try:
                self._server.report([event], None)
            except Refused as error:
                if error.status not in _UNREADABLE:
                    raise
                _log.warning("the server cannot read an event, which is given up: %s", error)
            self._spool.drop([event["id"]])

    def _refused(self, error: Refused) -> float:
        known = error.status not in {401, 403}
        self._tell(str(error) if known else "the server does not know this workstation any more: pair it again")
        return PAUSES[3] if known else _REFUSED

    def _tell(self, trouble: str) -> None:
        if trouble != self.trouble:
            _log.warning("nothing gets through: %s", trouble)
        self.trouble = trouble
