"""Calls into plugins under watch: timed, stopped when they run past their limit, left out when that keeps happening.

A plugin is code in our process, on the thread of whoever asked for a page. What can be done about a call that does not
come back: cancel the statement it waits for, raise in its thread, roll back its transaction so that nobody waits for
its locks, and send nobody else after it. A call that blocks outside Python (a socket without a time limit,
`time.sleep`) ends when it ends; it costs its own thread until then.
"""

from __future__ import annotations

import ctypes
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from platform_core.kernel.database import abandon, interrupt
from platform_core.plugins.faults import StoppedError

_log = logging.getLogger(__name__)
STRIKES = 3
"""So many calls in a row past the limit, and the next ones are left out for a while."""
_FIRST_REST = 60.0
_LONGEST_REST = 600.0
_LOOK_EVERY = 0.25
_CROWDED = 1.0
"""Seconds after which the first of a crowd that waits for the same piece is enough."""


class RestingError(Exception):
    """This piece of a plugin is left out for now."""


@dataclass(slots=True)
class Timing:
    """What a plugin's implementation of one hook has cost in this process."""

    calls: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    over_budget: int = 0
    faults: int = 0
    strikes: int = 0
    """Calls in a row that ran past the limit."""
    left_out: int = 0
    resting_until: float = 0.0
    """On the monotonic clock; 0 while it is called."""
    running: dict[int, float] = field(default_factory=dict)
    """Number of a call under way -> when it began."""

    @property
    def resting(self) -> bool:
        return self.resting_until > time.monotonic()


@dataclass(slots=True)
class _Call:
    owner: str
    name: str
    started: float
    thread: int
    session: Session | None
    limit: float
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held while this call is being stopped, and to say that it is over: never both."""
    over: bool = False
    raised: bool = False
    interrupted: bool = False
    abandoned: bool = False


class Watch:
    """The watch of one process. `budget` and `limit` in seconds; `crowd`: how many may wait for the same slow piece."""

    def __init__(self, budget: float, limit: float, crowd: int) -> None:
        self.timings: dict[tuple[str, str], Timing] = {}
        self._budget = budget
        self._limit = limit
        self._crowd = max(2, crowd)
        self._calls: dict[int, _Call] = {}
        self._lock = threading.Lock()
        self._numbers = iter(range(1, 2**62))
        self._watcher: threading.Thread | None = None

    @contextmanager
    def call(
        self, owner: str, name: str, session: Session | None = None, *, must: bool = False, limit: float | None = None
    ) -> Iterator[Timing]:
        """Around a piece of an owner's code. Raises RestingError before it, StoppedError out of it.

        `must` is never left out, since leaving it out would let something pass. `limit` in seconds replaces the usual.
        """
        call = _Call(owner, name, time.monotonic(), threading.get_ident(), session, limit or self._limit)
        timing, number = self._enter(call, must=must)
        try:
            try:
                yield timing
            finally:
                self._leave_once(timing, number, call)
        except Exception as error:
            timing.faults += 1
            if call.abandoned:
                raise StoppedError from error
            raise
        if call.abandoned:  # its transaction is gone, whatever it answers
            raise StoppedError

    def _leave_once(self, timing: Timing, number: int, call: _Call) -> None:
        try:
            self._leave(timing, number, call)
        except StoppedError:  # it arrived only now, and comes once
            self._leave(timing, number, call)
            raise

    def _enter(self, call: _Call, *, must: bool) -> tuple[Timing, int]:
        with self._lock:
            timing = self.timings.setdefault((call.owner, call.name), Timing())
            if not must and self._leave_out(timing, call):
                timing.left_out += 1
                raise RestingError(call.owner, call.name)
            number = next(self._numbers)
            timing.running[number] = call.started
            self._calls[number] = call
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._look, name="plugin watch", daemon=True)
                self._watcher.start()
        return timing, number

    def _leave_out(self, timing: Timing, call: _Call) -> bool:
        if timing.resting_until > call.started:
            return True
        if not timing.running:
            return False
        if timing.resting_until or timing.strikes >= STRIKES:
            return True  # after a rest one call at a time tries
        oldest = call.started - min(timing.running.values())
        return oldest > call.limit or (len(timing.running) >= self._crowd and oldest > _CROWDED)

    def _leave(self, timing: Timing, number: int, call: _Call) -> None:
        with call.lock:
            call.over = True
            if call.raised:  # it may still be on its way to this thread
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(call.thread), None)
        took = time.monotonic() - call.started
        with self._lock:
            self._calls.pop(number, None)
            timing.running.pop(number, None)
            timing.calls += 1
            timing.seconds += took
            timing.slowest = max(timing.slowest, took)
            timing.over_budget += took > self._budget
            if took <= call.limit:
                timing.strikes, timing.resting_until = 0, 0.0
            else:
                timing.strikes += 1
                over = timing.strikes - STRIKES
                if over >= 0:
                    timing.resting_until = time.monotonic() + min(_FIRST_REST * 2**over, _LONGEST_REST)
        if took > self._budget:
            _log.warning("%s of %s took %.0f ms; make it lazy", call.name, call.owner, took * 1000)
        if timing.resting_until:
            _log.error("%s of %s is left out for a while: it keeps taking too long", call.name, call.owner)

    def _look(self) -> None:
        while True:
            time.sleep(_LOOK_EVERY)
            moment = time.monotonic()
            with self._lock:
                late = [call for call in self._calls.values() if moment - call.started > call.limit]
            for call in late:
                with suppress(Exception):
                    _stop(call)


def _stop(call: _Call) -> None:
    """First its statement, which ends cleanly; at the next look the thread itself; then its hold on the database."""
    with call.lock:
        if call.over:
            return
        if not call.interrupted:
            call.interrupted = True
            _log.error("%s of %s runs past its limit and is stopped", call.name, call.owner)
            if call.session is not None:
                interrupt(call.session)
                return
        if call.raised:
            if call.session is not None and not call.abandoned:
                call.abandoned = True
                abandon(call.session)
        else:
            call.raised = True
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(call.thread), ctypes.py_object(StoppedError))
