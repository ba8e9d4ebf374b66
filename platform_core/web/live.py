"""Server push: one stream per browser, signals only. A signal says "look again", never what there is to see.

A signal has the moment of its arrival as its id. Who connects says which was the last they heard and gets those that
came since; who was away for longer than is remembered is told to look at everything again. So nothing is missed between
two pages, when a tab hands over to another, and when a proxy or Redis drops a connection.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Collection
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    import redis

_log = logging.getLogger(__name__)
_CHANNEL = "baton:live"
_PING_SECONDS = 20
_STREAMS_PER_USER = 8
"""Browsers and agents of one person; the one that has been there longest makes room."""
_BACKLOG = 50
_REMEMBERED_MS = 120_000
_REMEMBERED = 10_000
_SLACK_MS = 300
"""What was committed while a page was being drawn, and clocks of several machines that differ a little."""
_REDIS_SECONDS = 2.0
_ENDED = "ended"
"""Sign-in sessions have ended, and so do their streams; a browser that connects again is refused."""
PING = "ping"
"""So that no proxy takes the line for dead, and whoever holds it can be checked without keeping signals waiting."""
_AGAIN = "again"
"""Nobody knows what was missed: look at everything."""
Item = tuple[int, str, str]
"""(id, kind, value)"""


def moment() -> int:
    """Milliseconds, as ids of signals count them."""
    return time.time_ns() // 1_000_000


class Hub:
    """Delivers signals to the streams of this process, and over Redis to those of the others."""

    def __init__(self, redis_url: str | None) -> None:
        self._streams: dict[UUID, dict[asyncio.Queue[Item], UUID | None]] = {}
        """Who -> their streams, oldest first, each with its sign-in session. Touched on the event loop only."""
        self._recent: deque[tuple[int, frozenset[UUID], str, str]] = deque()
        self._complete_since = moment()
        """Everything that was signalled since then is in `_recent`."""
        self._deaf = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._redis: redis.Redis | None = None
        self._failures: type[Exception] = ConnectionError
        if redis_url:
            import redis  # noqa: PLC0415  the embedded default starts without it

            # Whoever signals has just committed and wants to answer: a Redis that hangs must not keep them.
            self._redis = redis.Redis.from_url(
                redis_url, socket_timeout=_REDIS_SECONDS, socket_connect_timeout=_REDIS_SECONDS,
                health_check_interval=10,
            )  # fmt: skip
            self._failures = redis.RedisError
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        if self._redis is not None:
            self._thread = threading.Thread(target=self._listen, name="live signals", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._redis is not None:
            self._redis.close()

    def send(self, user_ids: Collection[UUID], kind: str, value: str = "") -> None:
        """Signal people's browsers; callable from any thread. Without Redis only those of this process hear it now."""
        if self._redis is not None:
            try:
                self._redis.publish(_CHANNEL, json.dumps([[key.hex for key in user_ids], kind, value]))
            except self._failures:
                _log.warning("a live signal was not announced: no Redis")
            else:
                return
        self._on_loop(self._put, frozenset(user_ids), kind, value)

    def _on_loop(self, call: Any, *arguments: Any) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *arguments)

    def _put(self, user_ids: frozenset[UUID], kind: str, value: str) -> None:
        at = self._remember(user_ids, kind, value)
        for user_id in user_ids & self._streams.keys():
            for queue in self._streams[user_id]:
                _offer(queue, (at, kind, value))

    def _remember(self, user_ids: frozenset[UUID], kind: str, value: str) -> int:
        at = moment()
        while self._recent and (self._recent[0][0] < at - _REMEMBERED_MS or len(self._recent) >= _REMEMBERED):
            self._complete_since = self._recent.popleft()[0] + 1
        self._recent.append((at, user_ids, kind, value))
        return at

    def _listen(self) -> None:
        assert self._redis is not None
        while not self._stopping.is_set():
            try:
                with self._redis.pubsub(ignore_subscribe_messages=True) as subscription:  # type: ignore[no-untyped-call]
                    subscription.subscribe(_CHANNEL)
                    subscription.ping()  # answered: from here on nothing is missed
                    self._on_loop(self._hears)
                    while not self._stopping.is_set():
                        message = subscription.get_message(timeout=1.0)
                        if message and message["type"] == "message":
                            users, kind, value = json.loads(message["data"])
                            self._on_loop(self._put, frozenset(map(UUID, users)), kind, value)
            except (self._failures, OSError, ValueError):
                self._deaf = True
                self._stopping.wait(1)

    def _hears(self) -> None:
        """Redis is there. After it was away nobody knows what was said meanwhile."""
        self._complete_since = at = moment()
        self._recent.clear()
        if self._deaf:
            self._deaf = False
            for queues in self._streams.values():
                for queue in queues:
                    _offer(queue, (at, _AGAIN, ""))

    async def stream(self, user_id: UUID, session_id: UUID | None, since: int) -> AsyncIterator[dict[str, Any]]:
        """Server-sent events for one browser: a signal as it comes, and a ping every 20 seconds, whatever comes.

        `since`: id of the last that it heard, or when its page was drawn; 0 for neither.
        """
        queue: asyncio.Queue[Item] = asyncio.Queue(_BACKLOG)
        mine = self._streams.setdefault(user_id, {})
        while len(mine) >= _STREAMS_PER_USER:
            _offer(first := next(iter(mine)), (moment(), _ENDED, ""))
            del mine[first]
        mine[queue] = session_id
        for item in self._missed(user_id, since):
            _offer(queue, item)
        clock = asyncio.get_running_loop().time
        ping_at = clock() + _PING_SECONDS
        try:
            while not self._stopping.is_set():
                try:
                    async with asyncio.timeout_at(ping_at):  # wait_for would make a task for every signal
                        at, kind, value = await queue.get()
                except TimeoutError:
                    ping_at = clock() + _PING_SECONDS
                    # While Redis is away signals of other processes are lost: better look in vain than not at all.
                    if self._deaf:
                        _offer(queue, (moment(), _AGAIN, ""))
                    at, kind, value = moment(), PING, ""
                if kind != _ENDED:
                    yield {"event": kind, "data": value or "1", "id": at}
                elif not value or session_id is None or value == session_id.hex:
                    return
        finally:
            mine.pop(queue, None)
            if not mine and self._streams.get(user_id) is mine:
                del self._streams[user_id]

    def _missed(self, user_id: UUID, since: int) -> list[Item]:
        if not since:
            return []
        if not self._complete_since - _SLACK_MS <= since <= moment() + _SLACK_MS:  # or the clock was put back
            return [(moment(), _AGAIN, "")]
        found = [
            (at, kind, value)
            for at, users, kind, value in self._recent
            if at > since - _SLACK_MS and user_id in users and kind != _ENDED
        ]
        return found[-_BACKLOG:]


def _offer(queue: asyncio.Queue[Item], item: Item) -> None:
    """A browser that takes nothing for so long looks at everything once it does."""
    if queue.full():
        waiting = [queue.get_nowait() for _number in range(queue.qsize())]
        queue.put_nowait((item[0], _AGAIN, ""))
        for other in waiting:
            if other[1] == _ENDED:
                queue.put_nowait(other)
    if item[1] == _ENDED or not queue.full():
        queue.put_nowait(item)
