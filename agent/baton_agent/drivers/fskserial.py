"""Serial boxes that pass on what their demodulator hears: CTI Comet, GaneData I-DEM, modules with an HT9032.

1200 baud 8N1 behind an FTDI chip; the bytes are the FSK message itself (fsk.py). They see neither rings nor receiver.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from baton_agent.drivers.base import Found, Port, Quiet
from baton_agent.fsk import Stream
from baton_agent.signs import Sign

FTDI = frozenset({(0x0403, 0x6001), (0x0403, 0x6015)})


class FskSerial(Quiet):
    name: ClassVar[str] = "fsk-serial"
    port: ClassVar[Port] = Port("ftdi", 1200)
    sees_receiver: ClassVar[bool] = False

    def __init__(self) -> None:
        self._stream = Stream()

    @classmethod
    def claims(cls, found: Found) -> bool:
        return (found.vendor, found.product) in FTDI

    def feed(self, data: bytes, now: float) -> Iterable[Sign]:
        return list(self._stream.feed(data))
