"""Work that many threads need at the same moment is done by one of them while the others wait for it.

What a process prepares once (a compiled statement, a loaded template, a list that is kept) costs milliseconds. In a
crowd after a start each of 24 threads did it for itself, in turns on one core: a second instead of 0.1.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.util import LRUCache

_PATIENCE = 1.0
"""Seconds after which whoever waits does the work again: the other may have failed, or wait for this thread."""


class OneAtATime:
    """A lock for each key. Who had to wait looks again whether the work is done."""

    def __init__(self) -> None:
        self._locks: dict[Hashable, threading.RLock] = {}

    @contextmanager
    def working_on(self, key: Hashable) -> Iterator[None]:
        lock = self._locks.setdefault(key, threading.RLock())
        is_mine = lock.acquire(timeout=_PATIENCE)
        if not is_mine and self._locks.get(key) is lock:
            self._locks.pop(key, None)  # a thread that was stopped may have left it to nobody
        try:
            yield
        finally:
            if is_mine:
                lock.release()


@dataclass(frozen=True, slots=True)
class _Making:
    thread: int
    done: threading.Event = field(default_factory=threading.Event)


class CompiledStatements(LRUCache[Any, Any]):
    """An engine's cache of compiled statements.

    SQLAlchemy asks for one and, where there is none, compiles and puts it: asking is what makes the others wait, and
    putting lets them go on.
    """

    __slots__ = ("_lock", "_making")

    def __init__(self, capacity: int) -> None:
        super().__init__(capacity)
        self._lock = threading.Lock()
        self._making: dict[Any, _Making] = {}

    def get(self, key: Any, default: Any = None) -> Any:
        found = super().get(key)
        if found is not None:
            return found
        mine = threading.get_ident()
        with self._lock:
            found = super().get(key)
            if found is not None:
                return found
            making = self._making.setdefault(key, _Making(mine))
        if making.thread == mine:
            return default
        if not making.done.wait(_PATIENCE):
            self._end(key)  # compiling failed, or takes for ever: nobody else is to wait for it
        return super().get(key, default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        self._end(key)

    def _end(self, key: Any) -> None:
        with self._lock:
            making = self._making.pop(key, None)
        if making is not None:
            making.done.set()
