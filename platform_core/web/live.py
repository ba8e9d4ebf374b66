"""Server push: one stream per browser, signals only. A signal says "look again", never what there is to see."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    import redis

_log = logging.getLogger(__name__)
_CHANNEL = "baton:live"
_PING_SECONDS = 20
_STREAMS_PER_USER = 4
_BACKLOG = 50
_ENDED = "ended"
"""The account's sessions have ended, and so do its streams; a browser that connects again is refused."""


class Hub:
    """Delivers signals to the streams of this process, and over Redis to those of the others."""

    def __init__(self, redis_url: str | None) -> None:
        self._streams: dict[UUID, set[asyncio.Queue[tuple[str, str]]]] = defaultdict(set)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._redis: redis.Redis | None = None
        self._failures: type[Exception] = ConnectionError
        if redis_url:
            import redis  # noqa: PLC0415  the embedded default starts without it

            self._redis, self._failures = redis.Redis.from_url(redis_url), redis.RedisError
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

    def send(self, user_id: UUID, kind: str, value: str = "") -> None:
        """Signal a user's browsers; callable from any thread. A lost signal costs a refresh, so failures are logged."""
        if self._redis is not None:
            try:
                self._redis.publish(_CHANNEL, json.dumps([user_id.hex, kind, value]))
            except self._failures:
                _log.warning("a live signal was not announced: no Redis")
            return
        self._deliver(user_id, kind, value)

    def _deliver(self, user_id: UUID, kind: str, value: str) -> None:
        if self._loop is not None and user_id in self._streams and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._put, user_id, kind, value)

    def _put(self, user_id: UUID, kind: str, value: str) -> None:
        for queue in self._streams.get(user_id, ()):
            if queue.full():
                queue.get_nowait()
            queue.put_nowait((kind, value))

    def _listen(self) -> None:
        assert self._redis is not None
        while not self._stopping.is_set():
            try:
                with self._redis.pubsub(ignore_subscribe_messages=True) as subscription:  # type: ignore[no-untyped-call]
                    subscription.subscribe(_CHANNEL)
                    while not self._stopping.is_set():
                        message = subscription.get_message(timeout=1.0)
                        if message:
                            user, kind, value = json.loads(message["data"])
                            self._deliver(UUID(user), kind, value)
            except (self._failures, OSError, ValueError):
                self._stopping.wait(1)

    async def stream(self, user_id: UUID) -> AsyncIterator[dict[str, Any]]:
        """Server-sent events for one browser: a signal as it comes, a ping in between."""
        queue: asyncio.Queue[tuple[str, str]] = asyncio.Queue(_BACKLOG)
        mine = self._streams[user_id]
        while len(mine) >= _STREAMS_PER_USER:
            mine.pop()
        mine.add(queue)
        try:
            while queue in mine and not self._stopping.is_set():
                try:
                    kind, value = await asyncio.wait_for(queue.get(), _PING_SECONDS)
                    if kind == _ENDED:
                        return
                    yield {"event": kind, "data": value or "1"}
                except TimeoutError:
                    yield {"comment": "ping"}
        finally:
            mine.discard(queue)
            if not mine:
                self._streams.pop(user_id, None)
