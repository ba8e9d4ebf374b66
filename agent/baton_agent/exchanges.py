"""Reading an exchange that the agent can reach: signs in, listens, connects again when it was cut off."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime
from io import BufferedRWPair
from typing import Any, Protocol

from baton_agent.asking import Asked
from baton_agent.asterisk import Asterisk
from baton_agent.calls import BOOT
from baton_agent.freeswitch import EVENTS, FreeSwitch

_log = logging.getLogger(__name__)
_SILENCE = 60.0
"""Seconds without a word after which a connection counts as dead; a ping goes out long before."""
_PING_EVERY = 20.0
_PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0)
_LONGEST = 1_000_000
"""Characters of one message."""


class Reader(Protocol):
    def feed(self, message: Mapping[str, str]) -> Iterator[dict[str, Any]]: ...

    def dial(self, asked: Asked, way: Mapping[str, str]) -> str: ...

    def refused(self, message: Mapping[str, str]) -> tuple[str, str] | None: ...


Refused = Callable[[str, str], None]
"""Told the id of a call that was asked for and why nothing came of it."""


class Exchange:
    """One exchange by its entry in agent.json: {"kind": "asterisk", "host", "port", "user", "secret"}.

    `kind` is asterisk or freeswitch, which has no user; with an entry `dial` ({} will do) people dial through it from
    their screens. Raises KeyError and ValueError for an entry that does not fit.
    """

    def __init__(
        self,
        entry: Mapping[str, Any],
        heard: Callable[[list[dict[str, Any]]], None],
        refused: Refused = lambda _id, _why: None,
    ) -> None:
        self._kind = str(entry["kind"])
        if self._kind not in {"asterisk", "freeswitch"}:
            raise ValueError(f"an exchange is asterisk or freeswitch, not {self._kind}")
        self._user, self._secret = str(entry.get("user", "")), str(entry["secret"])
        if any(char in f"{self._user}{self._secret}" for char in "\r\n"):
            raise ValueError("line breaks in the user or secret of an exchange")
        self._address = (str(entry.get("host", "127.0.0.1")), int(entry.get("port", _PORTS[self._kind])))
        self._heard, self._refused = heard, refused
        self._way: Mapping[str, str] | None = entry.get("dial")
        self._line: tuple[socket.socket, Reader] | None = None
        self._events = 0
        self.key = f"{self._kind}/{self._address[0]}:{self._address[1]}"
        self.state, self.detail = "down", ""
        self.stop = threading.Event()

    def run(self) -> None:
        failures = 0
        while not self.stop.is_set():
            try:
                with closing(socket.create_connection(self._address, 10)) as connection:
                    connection.settimeout(_SILENCE)
                    self._listen(connection)
            except (OSError, ValueError) as error:
                self._say("down", str(error))
            pause = _PAUSES[min(failures, len(_PAUSES) - 1)]
            failures = 0 if self.state == "up" else failures + 1
            self.state, self._line = "down", None
            self.stop.wait(pause)

    def _listen(self, connection: socket.socket) -> None:
        with connection.makefile("rwb") as stream:
            reader = self._sign_in(stream)
            self._line = (connection, reader)
            self._say("up", "")
            threading.Thread(target=self._ping, args=(connection,), daemon=True).start()
            while not self.stop.is_set():
                message = _message(stream)
                if message is None:
                    raise ConnectionError("the exchange has closed the connection")
                if refused := reader.refused(message):
                    self._refused(refused[0].removeprefix("baton-"), refused[1])
                found = [self._event(event) for event in reader.feed(message)]
                if found:
                    self._heard(found)

    def _sign_in(self, stream: BufferedRWPair) -> Reader:
        """Raises ConnectionError when it is refused."""
        if self._kind == "asterisk":
            stream.readline(_LONGEST)  # its greeting
            _write(stream, f"Action: Login\r\nUsername: {self._user}\r\nSecret: {self._secret}\r\nEvents: call\r\n\r\n")
            answer = _message(stream) or {}
            if answer.get("Response") != "Success":
                raise ConnectionError(f"refused: {answer.get('Message', '')}")
            return Asterisk()
        _message(stream)  # it asks for the password
        _write(stream, f"auth {self._secret}\n\n")
        answer = _message(stream) or {}
        if not answer.get("Reply-Text", "").startswith("+OK"):
            raise ConnectionError(f"refused: {answer.get('Reply-Text', '')}")
        _write(stream, f"event plain {EVENTS}\n\n")
        return FreeSwitch()

    def _ping(self, connection: socket.socket) -> None:
        """Makes the exchange say something now and then, so that a line that is dead is told from a quiet one."""
        with suppress(OSError):
            while not self.stop.wait(_PING_EVERY):
                connection.sendall(_PINGS[self._kind])

    @property
    def dials(self) -> bool:
        return self._way is not None and self._line is not None

    def dial(self, asked: Asked) -> None:
        """Have the telephone of `asked.extension` ring and call the number. Raises OSError when it cannot be told."""
        line = self._line
        if self._way is None or line is None:
            raise ConnectionError(f"{self.key} is not connected")
        line[0].sendall(line[1].dial(asked, self._way).encode())

    def _event(self, event: dict[str, Any]) -> dict[str, Any]:
        self._events += 1
        marks = {
            "id": f"{BOOT}:{self.key}:{self._events}",
            "device": self.key[:80],
            "at": datetime.now(UTC).isoformat(),
        }
        return {**event, **marks}

    def _say(self, state: str, detail: str) -> None:
        if (state, detail) != (self.state, self.detail):
            _log.info("%s: %s %s", self.key, state, detail)
        self.state, self.detail = state, detail

    def device(self) -> dict[str, Any]:
        known = {"key": self.key[:80], "driver": self._kind, "state": self.state, "detail": self.detail[:200]}
        return {**known, "dials": self.dials}


_PINGS = {"asterisk": b"Action: Ping\r\n\r\n", "freeswitch": b"api uptime\n\n"}
_PORTS = {"asterisk": 5038, "freeswitch": 8021}


def _write(stream: BufferedRWPair, text: str) -> None:
    stream.write(text.encode())
    stream.flush()


def _message(stream: BufferedRWPair) -> dict[str, str] | None:
    """Lines of `name: value` up to a blank one; a body of Content-Length bytes is read as more of them."""
    found: dict[str, str] = {}
    while line := stream.readline(_LONGEST):
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if text:
            name, _colon, value = text.partition(":")
            found[name.strip()] = value.strip()
        elif found:
            size = int(found.pop("Content-Length", "0") or 0)
            if not 0 <= size <= _LONGEST:
                raise ValueError("a message without end")
            for line_ in stream.read(size).decode("utf-8", "replace").splitlines() if size else ():
                name, _colon, value = line_.partition(":")
                found.setdefault(name.strip(), value.strip())
            return found
    return None
