"""Event streams as browsers hold them, over real sockets, any number of them on one thread."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass, field

from platform_core.testing.waiting import wait_until


@dataclass(slots=True)
class Heard:
    """One signal; `at` as time.monotonic() tells it."""

    kind: str
    value: str
    id: str
    at: float


@dataclass(slots=True)
class Stream:
    """`status` is 0 until the server has answered."""

    status: int = 0
    head: dict[str, str] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    ended: bool = False
    close: asyncio.Event = field(default_factory=asyncio.Event)

    def kinds(self) -> list[str]:
        """Without the pings, which come with time alone."""
        return [one.kind for one in self.heard if one.kind != "ping"]


class Streams:
    """Opens streams of one server and keeps what they say."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="event streams", daemon=True)
        self._thread.start()
        self._made: list[Stream] = []

    def open(self, cookie: str, *, path: str = "/live", last: str = "") -> Stream:
        """Returns when the server has answered. `last`: the id of the signal that was heard last."""
        stream = self.opening(cookie, path=path, last=last)
        wait_until(lambda: stream.status)
        return stream

    def opening(self, cookie: str, *, path: str = "/live", last: str = "") -> Stream:
        """Without waiting for the answer."""
        stream = Stream()
        self._made.append(stream)
        head = {"Host": f"127.0.0.1:{self._port}", "Cookie": cookie, "Accept-Encoding": "gzip, br"}
        if last:
            head["Last-Event-ID"] = last
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
        asyncio.run_coroutine_threadsafe(self._read(stream, "\r\n".join(lines).encode()), self._loop)
        return stream

    def shut(self, stream: Stream) -> None:
        """Hang up, as a browser does that goes away."""
        self._loop.call_soon_threadsafe(stream.close.set)
        wait_until(lambda: stream.ended)

    def stop(self) -> None:
        for stream in self._made:
            self.shut(stream)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _read(self, stream: Stream, request: bytes) -> None:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=4096)
        except OSError:
            stream.status, stream.ended = -1, True
            return
        reading = asyncio.ensure_future(_follow(stream, reader))
        closing = asyncio.ensure_future(stream.close.wait())
        writer.write(request)
        await asyncio.wait({reading, closing}, return_when=asyncio.FIRST_COMPLETED)
        for task in (reading, closing):
            task.cancel()
        await asyncio.gather(reading, closing, return_exceptions=True)
        writer.close()
        stream.ended = True
        stream.status = stream.status or -1


async def _follow(stream: Stream, reader: asyncio.StreamReader) -> None:
    status = 0
    fields: dict[str, str] = {}
    while line := await reader.readline():
        text = line.decode().rstrip("\r\n")
        if not status:
            status = int(text.split()[1])
        elif not stream.status:
            name, _colon, value = text.partition(":")
            stream.head[name.lower()] = value.strip()
            if not text:
                stream.status = status
        elif text:
            name, _colon, value = text.partition(":")
            fields[name] = value.strip()
        elif "event" in fields:
            stream.heard.append(Heard(fields["event"], fields.get("data", ""), fields.get("id", ""), time.monotonic()))
            fields = {}
