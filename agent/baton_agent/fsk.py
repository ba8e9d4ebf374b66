"""The FSK caller-ID message (Bellcore GR-30, ETSI EN 300 659): type, length, payload, two's complement checksum.

On the wire a channel seizure of 0x55 and marks of 0xFF come first. Type 0x04 (SDMF) holds date, time and number; 0x80
(MDMF) holds parameters of type, length, value. Some exchanges send even parity, so the top bit of texts is cleared.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from baton_agent.signs import Sign

SDMF, MDMF = 0x04, 0x80
_TYPES = frozenset({SDMF, MDMF, 0x06, 0x82})
"""The last two: messages that wait, which are read past."""
_NUMBER, _DIALLABLE, _NO_NUMBER, _NAME, _WHEN = 0x02, 0x03, 0x04, 0x07, 0x01
_SEIZURE, _MARK = 0x55, 0xFF
_LEAST_SEIZURE = 8
_WITHHELD = frozenset({"P", "O"})
"""Private; out of area."""


def checksum(message: bytes) -> int:
    """The byte that makes the sum of the whole message 0 modulo 256."""
    return -sum(message) & 0xFF


def built(number: str = "", name: str = "", when: str = "", no_number: str = "") -> bytes:
    """An MDMF message; `when` is MMDDhhmm."""
    given = [(_WHEN, when), (_NUMBER, number), (_NO_NUMBER, no_number), (_NAME, name)]
    body = b"".join(bytes([kind, len(text)]) + text.encode("latin-1") for kind, text in given if text)
    message = bytes([MDMF, len(body)]) + body
    return message + bytes([checksum(message)])


def read(message: bytes, line: int = 1) -> Sign | None:
    """The sign in a whole message, checksum included; None when it speaks of no call or is cut off."""
    if len(message) < 3 or len(message) < message[1] + 3 or message[0] not in {SDMF, MDMF}:
        return None
    size = message[1]
    payload, verified = message[2 : 2 + size], sum(message[: size + 3]) & 0xFF == 0
    fields = _sdmf(payload) if message[0] == SDMF else _mdmf(payload)
    number = fields.get(_NUMBER) or fields.get(_DIALLABLE) or ""
    withheld = number in _WITHHELD or (not number and _NO_NUMBER in fields)
    if not number and not withheld:
        return None
    return Sign(
        "number", line, "" if withheld else _digits(number), fields.get(_NAME, ""), withheld, verified,
        moment(fields.get(_WHEN, "")),
    )  # fmt: skip


def _sdmf(payload: bytes) -> dict[int, str]:
    text = _text(payload)
    return {_WHEN: text[:8], _NUMBER: text[8:]}


def _mdmf(payload: bytes) -> dict[int, str]:
    found: dict[int, str] = {}
    at = 0
    while at + 2 <= len(payload):
        kind, size = payload[at], payload[at + 1]
        value = payload[at + 2 : at + 2 + size]
        found[kind] = value.decode("gb18030", "replace") if kind == _NAME else _text(value)
        at += 2 + size
    return found


def _text(value: bytes) -> str:
    return bytes(byte & 0x7F for byte in value).decode("ascii", "replace").strip()


def _digits(text: str) -> str:
    return "".join(char for char in text if char in "0123456789+*#")[:40]


def moment(text: str) -> datetime | None:
    """MMDDhhmm of this year, or of the last one where that has not come yet; naive, in the box's own zone."""
    now = datetime.now()  # noqa: DTZ005 - the exchange sends local time
    if len(text) != 8 or not text.isascii() or not text.isdigit():
        return None
    for year in (now.year, now.year - 1):
        try:
            found = datetime(year, int(text[:2]), int(text[2:4]), int(text[4:6]), int(text[6:]))  # noqa: DTZ001
        except ValueError:
            continue
        if (found - now).days < 1:
            return found
    return None


class Stream:
    """Finds messages in the bytes of a demodulator (HT9032 chips, CTI Comet, an AD800's packets)."""

    def __init__(self, line: int = 1) -> None:
        self._line = line
        self._seizure = 0
        self._message: bytearray | None = None

    def feed(self, data: bytes) -> Iterator[Sign]:
        for byte in data:
            if self._message is None:
                self._look(byte)
                continue
            self._message.append(byte)
            if len(self._message) > 2 and len(self._message) == self._message[1] + 3:
                whole, self._message, self._seizure = bytes(self._message), None, 0
                sign = read(whole, self._line)
                if sign is not None:
                    yield sign

    def _look(self, byte: int) -> None:
        if byte == _SEIZURE:
            self._seizure += 1
        elif self._seizure >= _LEAST_SEIZURE and byte in _TYPES:
            self._message = bytearray([byte])
        elif byte != _MARK:
            self._seizure = 0
