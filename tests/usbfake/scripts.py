"""Calls as boxes tell of them, in order; a real line takes longer where nothing hangs on it."""

from __future__ import annotations

import math
import struct
import time
from collections.abc import Callable

from baton_agent.fsk import built

from tests.usbfake.box import Box

CALLER = "13800138000"


def _padded(report: bytes) -> bytes:
    return report.ljust(64, b"\0")


def cideasy(box: Box) -> None:
    """A call on port A; one on port B that comes with a wrong sum first and is asked for again; one withheld."""
    box.say(_padded(b"ENQv121045\r\n"))
    box.say(_padded(b"A" + built(CALLER, "LI LEI")))
    wrong = bytearray(built("02161234567"))
    wrong[-1] ^= 1
    box.say(_padded(b"B" + bytes(wrong)))
    box.say(_padded(b"B" + built("02161234567")))
    box.say(_padded(b"C" + built(no_number="P")))
    box.say(_padded(b"ETB\r\n"))


class Ad800:
    """The reports of line 1 by its voltage."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._sequence = 0

    def report(self, volts: float, command: bytes = b"") -> None:
        raw = max(0, min(65535, round((volts / 60 + 1.65) / 3.3 * 65535)))
        head = bytes([3, 4 + len(command), self._sequence & 0xFF, 0]) + struct.pack(">H", raw)
        self._sequence += 1
        self._box.say(_padded(head + command))

    def hold(self, volts: float | Callable[[float], float], seconds: float) -> None:
        """A sample each 4 ms of the line's time, which goes on evenly however late they are sent."""
        for tick in range(int(seconds / 0.004)):
            self.report(volts(tick * 0.004) if callable(volts) else volts)
            if tick % 2:
                time.sleep(0.008)

    def ring(self, seconds: float = 0.8) -> None:
        """25 Hz on top of the 48 V of an idle line."""
        self.hold(lambda at: 48 + 110 * math.sin(2 * math.pi * 25 * at), seconds)

    def caller_id(self, number: str) -> None:
        message = b"\x55" * 30 + built(number)
        for at in range(0, len(message), 20):
            part = message[at : at + 20]
            self.report(48, bytes([0x31, len(part)]) + part)

    def answered(self) -> None:
        """Rings, brings its number, is lifted and hung up."""
        self.hold(48, 0.3)
        self.ring()
        self.caller_id(CALLER)
        self.hold(9, 0.7)
        self.hold(48, 1.3)


def serial(box: Box, text: bytes) -> None:
    """As FTDI chips pass bytes on: two of state before each packet."""
    for at in range(0, len(text), 62):
        box.say(b"\x01\x60" + text[at : at + 62])


def whozz(box: Box) -> None:
    for line in (
        "01 R           11/22 14:05:03",
        "01 I S 0000 G A0 {when} 138-0013-8000  LI LEI         ",
        "01 F           11/22 14:05:09",
        "01 N           11/22 14:06:09",
        "01 I E 0066 G A2 {when} 138-0013-8000  LI LEI         ",
        "02 I S 0000 B A0 {when} 139-0013-8000                 ",
        "03 I S 0000 G A0 {when} Private                       ",
        "04 O S 0000 G A0 {when} 10086                         ",
    ):
        serial(box, line.format(when=time.strftime("%m/%d %I:%M %p")).encode() + b"\r\n")


def fsk_serial(box: Box) -> None:
    serial(box, b"\xff" * 3 + b"\x55" * 32 + b"\xff" * 8 + built(CALLER, "ACME"))


def modem(box: Box) -> None:
    box.say(b"\r\nRING\r\n")
    now = time.strftime("DATE = %m%d\r\nTIME = %H%M")
    box.say(f"\r\n{now}\r\nNMBR = 138001".encode())
    box.say(b"38000\r\nNAME = WANG\r\n")
    box.say(b"\r\nRING\r\n")
