"""Artech AD800, a recorder box for eight lines: C5CB:0002, interrupt reports of 64 bytes both ways.

    in   03 L seq ch VV VV {cmd n data}   L = 4 + bytes of the commands; volts = (BE16 * 3.3 / 65535 - 1.65) * 60
         30 answer, 31 FSK as heard, 32 DTMF (0A is 0, 0B *, 0C #, 0D A, 0E B, 0F C, 00 D)
    out  02 L seq ch 00 00 {cmd n data}   30 01 03 version; 30 01 FF keep-alive, every 0.8 s
What the line does is worked out here from one voltage a report. Facts and thresholds from the maker's Android kit
(Channel.java, Constants.java): mean |V| up to 3 for 3 s no line, 3 to 24 for 0.2 s lifted, above 24 for 0.8 s on the
hook; ringing where two samples of a window are above +24 and two below -24.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from baton_agent.drivers.base import Found, Port
from baton_agent.dtmf import Caller
from baton_agent.fsk import Stream
from baton_agent.signs import Sign

_LINES = 8
_WINDOW = 0.1
_LONGEST_WINDOW = 0.4
_ENOUGH = 10
"""Samples that show the waves of a ring; a busy computer gets them late."""
_KEEP_ALIVE = 0.8
_RING_OVER = 4.5
"""Seconds without ringing after which nobody will answer any more."""
_NEXT_RING = 1.5
"""Ringing that has paused for less is the same ring, whose samples came late."""
_DIALLED = 4.0
"""Seconds without a tone after which a number has been dialled to its end."""
_RINGING_VOLTS = 24.0
_LIFTED_VOLTS = 3.0
_HOLD = {"down": 0.8, "lifted": 0.2, "gone": 3.0}
_TONES = "D1234567890*#ABC"
_VERSION, _ALIVE = bytes([0x30, 1, 0x03]), bytes([0x30, 1, 0xFF])
_MOST_DIGITS = 40
_MOST_SAMPLES = 1000


class _Line:
    """One line: the voltage of the running window and what has come of it."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.volts: list[float] = []
        self.began = 0.0
        self.state = "down"
        self.candidate, self.since = "", 0.0
        self.rang_at: float | None = None
        self.stream = Stream(number)
        self.caller = Caller(number)
        self.dialled, self.tone_at = "", 0.0

    def tone(self, tone: str, now: float) -> Iterator[Sign]:
        self.tone_at = now
        if self.state == "lifted" and self.rang_at is None:
            self.dialled = (self.dialled + tone)[:_MOST_DIGITS]
        elif self.state != "lifted" and (sign := self.caller.feed(tone, now)):
            yield sign

    def look(self, now: float) -> Iterator[Sign]:
        """Close the window when it is over. Silence of the device counts as a window without samples."""
        if now - self.began < (_WINDOW if len(self.volts) >= _ENOUGH or not self.volts else _LONGEST_WINDOW):
            return
        volts, self.volts, self.began = self.volts, [], now
        if self.dialled and now - self.tone_at > _DIALLED:
            yield Sign("dialled", self.number, self.dialled)
            self.dialled = ""
        if sum(v >= _RINGING_VOLTS for v in volts) >= 2 and sum(v <= -_RINGING_VOLTS for v in volts) >= 2:
            if self.rang_at is None or now - self.rang_at > _NEXT_RING:
                yield Sign("ring", self.number)
            self.rang_at, self.candidate = now, ""
            return
        if volts:
            yield from self._settle(sum(map(abs, volts)) / len(volts), now)
        if self.rang_at is not None and self.state != "lifted" and now - self.rang_at > _RING_OVER:
            self.rang_at = None
            yield Sign("stopped", self.number)

    def _settle(self, mean: float, now: float) -> Iterator[Sign]:
        seen = "gone" if mean <= _LIFTED_VOLTS else "lifted" if mean < _RINGING_VOLTS else "down"
        if seen == self.state:
            self.candidate = ""
        elif seen != self.candidate:
            self.candidate, self.since = seen, now
        elif now - self.since >= _HOLD[seen] - _WINDOW:
            yield from self._become(seen)

    def _become(self, seen: str) -> Iterator[Sign]:
        was, self.state, self.candidate = self.state, seen, ""
        if seen == "lifted":
            yield Sign("lifted", self.number)
        elif was == "lifted":
            if self.dialled:
                yield Sign("dialled", self.number, self.dialled)
            self.dialled, self.rang_at = "", None
            yield Sign("hung_up", self.number)


class Ad800:
    name: ClassVar[str] = "ad800"
    port: ClassVar[Port] = Port("hid")
    sees_receiver: ClassVar[bool] = True

    def __init__(self) -> None:
        self._lines = [_Line(number + 1) for number in range(_LINES)]
        self._sequence = 0
        self._alive_at = 0.0
        self._replies: list[bytes] = []

    @classmethod
    def claims(cls, found: Found) -> bool:
        return (found.vendor, found.product) == (0xC5CB, 0x0002)

    def begin(self) -> Sequence[bytes]:
        return (self._report(_VERSION),)

    def feed(self, data: bytes, now: float) -> Iterable[Sign]:
        if len(data) < 6 or data[0] != 0x03 or data[1] < 4 or (data[3] & 0x7F) >= _LINES:
            return self.tick(now)
        line = self._lines[data[3] & 0x7F]
        volts = (struct.unpack_from(">H", data, 4)[0] * 3.3 / 65535 - 1.65) * 60
        if len(line.volts) < _MOST_SAMPLES:
            line.volts.append(volts)
        found = [sign for command, value in _commands(data) for sign in self._command(line, command, value, now)]
        return [*found, *self.tick(now)]

    def _command(self, line: _Line, command: int, value: bytes, now: float) -> Iterator[Sign]:
        if command == 0x31:
            yield from line.stream.feed(value)
        elif command == 0x32:
            for code in value:
                if code < len(_TONES):
                    yield from line.tone(_TONES[code], now)

    def tick(self, now: float) -> Iterable[Sign]:
        if now - self._alive_at >= _KEEP_ALIVE:
            self._alive_at = now
            self._replies.append(self._report(_ALIVE))
        return [sign for line in self._lines for sign in line.look(now)]

    def replies(self) -> Sequence[bytes]:
        said, self._replies = self._replies, []
        return said

    def _report(self, command: bytes) -> bytes:
        self._sequence = (self._sequence + 1) & 0xFF
        return (bytes([2, 4 + len(command), self._sequence, 0, 0, 0]) + command).ljust(64, b"\0")


def _commands(data: bytes) -> Iterator[tuple[int, bytes]]:
    at, end = 6, min(len(data), 2 + data[1])
    while at + 2 <= end:
        size = data[at + 1]
        yield data[at], data[at + 2 : min(at + 2 + size, end)]
        at += 2 + size
