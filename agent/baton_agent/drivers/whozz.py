"""Whozz Calling? boxes of CallerID.com: lines of ASCII at 9600 baud 8N1, all events with date and time.

    LL I S 0000 G A0 11/22 02:05 PM 138-0013-8000  NAME     I in, O out; S start, E end; G or B for the checksum
    LL R           11/22 14:05:03                           R ring, F off-hook, N on-hook, H flash
Source: callerid.com/Manuals.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import ClassVar, Final

from baton_agent.drivers.base import Found, Port
from baton_agent.drivers.fskserial import FTDI
from baton_agent.fsk import moment
from baton_agent.signs import Kind, Sign

_HOOK = re.compile(r"\$?(\d\d) ([RFN])\s+\d\d/\d\d \d\d:\d\d")
_CALL = re.compile(
    r"\$?(\d\d) ([IO]) ([SE]) \d{4} ([GB]) \S\S (\d\d)/(\d\d) (\d\d):(\d\d) ([AP])M (.{1,14}) ?(.{0,15})"
)
_KINDS: Final[dict[str, Kind]] = {"R": "ring", "F": "lifted", "N": "hung_up"}
_MOST = 400


class Whozz:
    name: ClassVar[str] = "whozz"
    port: ClassVar[Port] = Port("ftdi", 9600)
    sees_receiver: ClassVar[bool] = True

    def __init__(self) -> None:
        self._buffer = ""

    @classmethod
    def claims(cls, found: Found) -> bool:
        return (found.vendor, found.product) in FTDI and "whozz" in found.title.lower()

    def begin(self) -> Sequence[bytes]:
        return (b"@",)  # the unit answers '#'

    def feed(self, data: bytes, now: float) -> Iterable[Sign]:
        self._buffer += data.decode("latin-1")
        *lines, self._buffer = re.split(r"[\r\n]+", self._buffer)
        self._buffer = self._buffer[-_MOST:]
        return [sign for line in lines for sign in _signs(line.lstrip("#"))]

    def tick(self, now: float) -> Iterable[Sign]:
        return ()

    def replies(self) -> Sequence[bytes]:
        return ()


def _signs(line: str) -> Iterator[Sign]:
    if found := _HOOK.match(line):
        yield Sign(_KINDS[found[2]], int(found[1]))
    elif found := _CALL.match(line):
        yield from _record(found)


def _record(found: re.Match[str]) -> Iterator[Sign]:
    line, way, phase, good, month, day, hour, minute, half, number, name = found.groups()
    if phase == "E":
        return  # the receiver tells it, too
    digits = "".join(char for char in number if char in "0123456789")
    if way == "O":
        yield Sign("dialled", int(line), digits)
        return
    when = _when(month, day, hour, minute, half)
    yield Sign("number", int(line), digits, name.strip(), not digits, good == "G", when)


def _when(month: str, day: str, hour: str, minute: str, half: str) -> datetime | None:
    return moment(f"{month}{day}{int(hour) % 12 + 12 * (half == 'P'):02}{minute}")
