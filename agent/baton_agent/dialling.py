"""Dialling for people: hears from the server that somebody asked for a call, fetches it, has an exchange make it."""

from __future__ import annotations

import http.client
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from baton_agent.asking import Asked
from baton_agent.server import PAUSES, Refused, Server

_log = logging.getLogger(__name__)


class Dials(Protocol):
    @property
    def dials(self) -> bool: ...

    def dial(self, asked: Asked) -> None:
        """Raises OSError with the reason."""
        ...

    def device(self) -> dict[str, Any]: ...


class Dialler:
    """Keeps a stream of signals open, which carry no number; `run` until `stop` is set."""

    def __init__(self, server: Callable[[], Server]) -> None:
        """`server` makes a connection of its own: another thread sends events meanwhile."""
        self._listening, self._asking, self._telling = server(), server(), server()
        self.exchanges: list[Dials] = []
        self._telling_lock = threading.Lock()
        self.stop = threading.Event()

    def run(self) -> None:
        failures = 0
        while not self.stop.is_set():
            try:
                for kind in self._listening.signals(self.stop):
                    failures = 0
                    if kind in {"hello", "again", "dial"}:  # what was asked for while a line was down waits
                        self._dial()
            except (Refused, OSError, http.client.HTTPException, ValueError, KeyError) as error:
                _log.info("no signals from the server: %s", error)
            self.stop.wait(PAUSES[min(failures, len(PAUSES) - 1)])
            failures += 1
        for each in (self._listening, self._asking, self._telling):
            each.close()

    def _dial(self) -> None:
        for one in self._asking.asked():
            try:
                self._through(Asked(**{name: str(one[name]) for name in ("id", "extension", "number", "digits")}))
            except (OSError, ValueError) as error:
                self.failed(str(one["id"]), str(error))

    def _through(self, asked: Asked) -> None:
        exchange = next((each for each in self.exchanges if each.dials), None)
        if exchange is None:
            raise ConnectionError("no exchange is connected")
        exchange.dial(asked)

    def failed(self, asked_id: str, why: str) -> None:
        """Whoever asked is told. Called from the threads of exchanges as well."""
        told: dict[str, Any] = {"id": asked_id, "why": why[:200]}
        with self._telling_lock, suppress(Refused, OSError, http.client.HTTPException, ValueError, KeyError):
            self._telling.report([], None, failed=[told])
