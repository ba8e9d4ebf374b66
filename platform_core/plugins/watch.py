"""Calls into plugins under watch: timed, stopped when they run past their limit, left out when that keeps happening.

A plugin is code in our process, on the thread of whoever asked for a page. What can be done about a call that does not
come back: cancel the statement it waits for, raise in its thread, roll back its transaction so that nobody waits for
its locks, and send nobody else after it. A call that blocks outside Python (a socket without a time limit,
`time.sleep`) ends when it ends; it costs its own thread until then.

A customer page makes a hundred and more such calls, nearly all of them to say nothing. So nothing is locked for a call
that runs alone and ends in time: it puts itself down in one step, takes itself off in one, and its count is at worst
one short where the interpreter changes threads in the middle of a line (CPython does so only at calls and loops).
Whatever decides about leaving out and stopping is locked.
"""

from __future__ import annotations

import ctypes
import logging
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from platform_core.kernel.database import abandon, interrupt
from platform_core.plugins.faults import StoppedError

_log = logging.getLogger(__name__)
T = TypeVar("T")
STRIKES = 3
"""So many calls in a row past the limit, and the next ones are left out for a while."""
_FIRST_REST = 60.0
_LONGEST_REST = 600.0
_LOOK_EVERY = 0.25
_CROWDED = 1.0
"""Seconds after which the first of a crowd that waits for the same piece is enough."""


class RestingError(Exception):
    """This piece of a plugin is left out for now."""


@dataclass(slots=True, eq=False)
class Timing:
    """What a piece of an owner's code has cost in this process: its implementation of a hook, a listener, a slot."""

    owner: str
    name: str
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
    running: dict[_Call, float] = field(default_factory=dict)
    """Calls under way -> when they began."""
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    """Held while strikes and rests change, and while it is decided whether to leave a call out."""

    @property
    def resting(self) -> bool:
        return self.resting_until > time.monotonic()


class _Call:
    """One call under way. Written out, since it is made a hundred times for a page."""

    __slots__ = (
        "abandoned",
        "budget",
        "interrupted",
        "limit",
        "over",
        "raised",
        "session",
        "started",
        "stopping",
        "thread",
    )

    def __init__(self, session: Session | None, limit: float, budget: float) -> None:
        self.started = time.monotonic()
        self.thread = threading.get_ident()
        self.session = session
        self.limit = limit
        self.budget = budget
        self.over = self.raised = self.interrupted = self.abandoned = False
        self.stopping: threading.Lock | None = None
        """Held by the watcher while it stops this call; None as long as it has not begun to."""


class Watch:
    """The watch of one process. `budget` and `limit` in seconds; `crowd`: how many may wait for the same slow piece."""

    def __init__(self, budget: float, limit: float, crowd: int) -> None:
        self.timings: dict[tuple[str, str], Timing] = {}
        self._budget = budget
        self._limit = limit
        self._crowd = max(2, crowd)
        self._lock = threading.Lock()
        self._watcher: threading.Thread | None = None

    def timing(self, owner: str, name: str) -> Timing:
        """What is kept of this piece: the same object as long as the process lives."""
        return self.timings.get((owner, name)) or self.timings.setdefault((owner, name), Timing(owner, name))

    def call(
        self,
        timing: Timing,
        function: Callable[..., T],
        *arguments: Any,
        session: Session | None = None,
        must: bool = False,
        limit: float | None = None,
    ) -> T:
        """Call a piece of an owner's code. Raises RestingError instead of calling it, StoppedError out of it.

        `must` is never left out, since leaving it out would let something pass. `limit` in seconds replaces the usual
        one and the budget.
        """
        call = _Call(session, limit or self._limit, limit or self._budget)
        try:
            try:
                if timing.running or timing.strikes or self._watcher is None:
                    self._enter(timing, call, must=must)
                else:
                    timing.running[call] = call.started
                answer = function(*arguments)
            finally:
                self._leave(timing, call)
        except RestingError:
            raise
        except Exception as error:
            with timing.lock:
                timing.faults += 1
            if call.abandoned:
                raise StoppedError from error
            raise
        except StoppedError:
            self._leave(timing, call)  # it may have arrived in the middle of leaving
            raise
        if call.abandoned:  # its transaction is gone, whatever it answers
            raise StoppedError
        return answer

    def _enter(self, timing: Timing, call: _Call, *, must: bool) -> None:
        with timing.lock:
            if not must and self._leave_out(timing, call):
                timing.left_out += 1
                raise RestingError(timing.owner, timing.name)
            timing.running[call] = call.started
        if self._watcher is None:
            with self._lock:
                if self._watcher is None:
                    self._watcher = threading.Thread(target=self._look, name="plugin watch", daemon=True)
                    self._watcher.start()

    def _leave_out(self, timing: Timing, call: _Call) -> bool:
        if timing.resting_until > call.started:
            return True
        if not timing.running:
            return False
        if timing.resting_until or timing.strikes >= STRIKES:
            return True  # after a rest one call at a time tries
        oldest = call.started - min(timing.running.values())
        return oldest > call.limit or (len(timing.running) >= self._crowd and oldest > _CROWDED)

    def _leave(self, timing: Timing, call: _Call) -> None:
        """Nothing for a call that was left out, and nothing the second time."""
        call.over = True  # before looking whether it is being stopped: the watcher looks the other way round
        if call.stopping is not None:
            with call.stopping:
                if call.raised:  # it may still be on its way to this thread
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(call.thread), None)
        took = time.monotonic() - call.started
        if timing.running.pop(call, None) is None:
            return
        timing.calls += 1
        timing.seconds += took
        if took > timing.slowest:  # noqa: PLR1730  max() costs twice as much
            timing.slowest = took
        if took > call.budget or took > call.limit or timing.strikes:
            self._judge(timing, call, took)

    def _judge(self, timing: Timing, call: _Call, took: float) -> None:
        with timing.lock:
            timing.over_budget += took > call.budget
            if took <= call.limit:
                timing.strikes, timing.resting_until = 0, 0.0
            else:
                timing.strikes += 1
                over = timing.strikes - STRIKES
                if over >= 0:
                    timing.resting_until = time.monotonic() + min(_FIRST_REST * 2**over, _LONGEST_REST)
        if took > call.budget:
            _log.warning("%s of %s took %.0f ms; make it lazy", timing.name, timing.owner, took * 1000)
        if timing.resting_until:
            _log.error("%s of %s is left out for a while: it keeps taking too long", timing.name, timing.owner)

    def _look(self) -> None:
        while True:
            time.sleep(_LOOK_EVERY)
            moment = time.monotonic()
            for timing in self.timings.copy().values():
                for call in timing.running.copy():
                    if moment - call.started > call.limit:
                        with suppress(Exception):
                            _stop(timing, call)


def _stop(timing: Timing, call: _Call) -> None:
    """First its statement, which ends cleanly; at the next look the thread itself; then its hold on the database."""
    stopping = call.stopping or threading.Lock()
    with stopping:
        call.stopping = stopping
        if call.over:  # one of the two sees what the other has written
            return
        if not call.interrupted:
            call.interrupted = True
            _log.error("%s of %s runs past its limit and is stopped", timing.name, timing.owner)
            if call.session is not None:
                interrupt(call.session)
                return
        if call.raised:
            if call.session is not None and not call.abandoned:
                call.abandoned = True
                abandon(call.session)
        elif not _is_logging(call.thread):
            call.raised = True
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(call.thread), ctypes.py_object(StoppedError))


def _is_logging(thread: int) -> bool:
    """Raised between `acquire` and `try` of a handler, the exception would leave its lock to nobody: all would stop."""
    frame = sys._current_frames().get(thread)  # noqa: SLF001  its documented name
    while frame is not None:
        if frame.f_globals.get("__name__") == logging.__name__:
            return True
        frame = frame.f_back
    return False
