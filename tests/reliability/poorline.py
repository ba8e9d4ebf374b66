"""A bad line between a browser and the server: slow, and again and again it swallows a request or its answer."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from enum import Enum

_CHUNK = 4096


class Mood(Enum):
    GOOD = "good"
    AWAY = "away"
    """Nobody gets through."""
    HOLDS = "holds"
    """A POST gets stuck, until the mood changes; then it is gone."""
    SWALLOWS_REQUESTS = "swallows requests"
    """The server never hears of a POST."""
    SWALLOWS_ANSWERS = "swallows answers"
    """The server acts on a POST, and nobody hears that it did."""


class PoorLine:
    """Listens on `port` and passes on to the server, `delay` seconds for each piece of 4 kB, as its mood is."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.mood = Mood.GOOD
        self.delay = 0.0
        self.swallowed = 0
        """POSTs that were begun and never answered."""
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def become(self, mood: Mood) -> None:
        """Whoever is connected is cut off: a mood begins with a line that breaks."""
        self.mood = mood
        for one in list(self._open):
            _break(one)

    def stop(self) -> None:
        self._listener.close()
        self.become(Mood.AWAY)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        if self.mood is Mood.AWAY:
            _break(client)
            return
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._server_port)) as server:
            self._open |= {client, server}
            threading.Thread(target=self._pass, args=(server, client), daemon=True).start()
            while piece := client.recv(_CHUNK):
                posts = piece.startswith(b"POST ")
                if posts and self.mood is not Mood.GOOD:
                    self.swallowed += 1
                    if self.mood is Mood.SWALLOWS_ANSWERS:
                        self._act(server, client, piece)
                    while self.mood is Mood.HOLDS:
                        time.sleep(0.02)
                    break
                time.sleep(self.delay)
                server.sendall(piece)
        _break(client)
        self._open.discard(client)

    def _act(self, server: socket.socket, client: socket.socket, piece: bytes) -> None:
        """The whole of the request goes through on a line of its own; the answer is read and thrown away."""
        head, _blank, body = piece.partition(b"\r\n\r\n")
        length = next(
            int(line.partition(b":")[2]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
        )
        while len(body) < length:
            body += client.recv(_CHUNK)
        with socket.create_connection(("127.0.0.1", self._server_port)) as alone:
            alone.sendall(head + b"\r\n\r\n" + body)
            alone.recv(_CHUNK)

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(_CHUNK):
                time.sleep(self.delay)
                target.sendall(piece)
        _break(target)


def _break(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
