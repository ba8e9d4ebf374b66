"""Voice modems (CDC-ACM): AT+VCID=1 or AT#CID=1, then RING and lines such as `NMBR = 01062345678`.

P means private, O out of area. Modems drop messages with a wrong checksum and do not tell of a lifted receiver: ringing
is over when no RING has come for seven seconds. Sources: manuals of Askey 1456VQH, Rockwell RCV336, Airlink AME001.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from baton_agent.drivers.base import Found, Port
from baton_agent.fsk import moment
from baton_agent.signs import Sign

_FIELD = re.compile(r"(DATE|TIME|NMBR|NAME|DDN|DDN_NMBR)\s*=\s*(.{0,60})")
_SILENCE = 7.0
_MOST = 400


class Modem:
    name: ClassVar[str] = "modem"
    port: ClassVar[Port] = Port("acm", 115200)
    sees_receiver: ClassVar[bool] = False

    def __init__(self) -> None:
        self._buffer = ""
        self._fields: dict[str, str] = {}
        self._rang: float | None = None

    @classmethod
    def claims(cls, found: Found) -> bool:
        return found.is_modem

    def begin(self) -> Sequence[bytes]:
        return (b"ATZ\r", b"AT+VCID=1\r", b"AT#CID=1\r")  # a modem knows one of the two and answers ERROR to the other

    def feed(self, data: bytes, now: float) -> Iterable[Sign]:
        self._buffer += data.decode("latin-1")
        *lines, self._buffer = re.split(r"[\r\n]+", self._buffer)
        self._buffer = self._buffer[-_MOST:]
        return [sign for line in lines for sign in self._line(line.strip(), now)]

    def _line(self, line: str, now: float) -> Iterator[Sign]:
        if line == "RING":
            self._rang = now
            yield Sign("ring")
        elif found := _FIELD.fullmatch(line):
            name, value = found.groups()
            self._fields[name] = value.strip()
            if name in {"NMBR", "DDN", "DDN_NMBR"}:
                self._rang = now
                yield self._number(value.strip())

    def _number(self, value: str) -> Sign:
        when = moment(self._fields.get("DATE", "") + self._fields.get("TIME", ""))
        self._fields = {}
        digits = "".join(char for char in value if char in "0123456789+*#")
        return Sign("number", number=digits, withheld=not digits, when=when)

    def tick(self, now: float) -> Iterable[Sign]:
        if self._rang is None or now - self._rang < _SILENCE:
            return ()
        self._rang = None
        return (Sign("stopped"),)

    def replies(self) -> Sequence[bytes]:
        return ()
