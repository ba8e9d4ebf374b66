"""CID Easy boxes: HID reports of 64 bytes with a handshake in words; calls are kept while the computer is off.

    device  ENQv…            here I am        host  ACK
    device  [port A-D or S][type][length][payload][sum]   host  DCK (delete it) or NAK (say it again)
    device  ETB              queue empty      host  ACK
    device  STA…             line status, never answered
Type to sum is the FSK message (fsk.py); the port byte is outside of the sum. Source: cideasy.com, device protocol.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from baton_agent import fsk
from baton_agent.drivers.base import Found, Port
from baton_agent.signs import Sign

_PORTS = b"ABCD"
_TRIES = 3
"""A message that is wrong so often is taken as it is: unverified."""


class CidEasy:
    name: ClassVar[str] = "cideasy"
    port: ClassVar[Port] = Port("hid")
    sees_receiver: ClassVar[bool] = False

    def __init__(self) -> None:
        self._replies: list[bytes] = []
        self._wrong = 0

    @classmethod
    def claims(cls, found: Found) -> bool:
        """Its ids are not published: the name, or `use` in the agent's settings."""
        return "cideasy" in f"{found.maker}{found.title}".lower().replace(" ", "")

    def begin(self) -> Sequence[bytes]:
        return ()

    def feed(self, data: bytes, now: float) -> Iterable[Sign]:
        if data[:3] in {b"ENQ", b"ETB"}:
            self._say(b"ACK")
        elif len(data) > 4 and data[0] in _PORTS + b"S" and data[1] in {fsk.SDMF, fsk.MDMF}:
            return self._call(data)
        return ()

    def _call(self, data: bytes) -> Iterable[Sign]:
        place = _PORTS.find(data[:1])
        sign = fsk.read(data[1:], line=place + 1 if place >= 0 else 1)
        if sign is None or not sign.verified:
            self._wrong += 1
            if self._wrong < _TRIES:
                self._say(b"NAK")
                return ()
        self._wrong = 0
        self._say(b"DCK")
        return () if sign is None else (sign,)

    def _say(self, word: bytes) -> None:
        self._replies.append((word + b"\r\n").ljust(64, b"\0"))

    def tick(self, now: float) -> Iterable[Sign]:
        return ()

    def replies(self) -> Sequence[bytes]:
        said, self._replies = self._replies, []
        return said
