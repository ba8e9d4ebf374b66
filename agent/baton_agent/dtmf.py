"""DTMF caller ID as Chinese exchanges send it before the first ring: a letter A to D, the digits, a letter A to D."""

from __future__ import annotations

from baton_agent.signs import Sign

_LETTERS = "ABCD"
_GAP = 1.5
"""Seconds of silence after which half a number is forgotten."""
_MOST = 24


class Caller:
    """Collects the tones of one line while its receiver is down."""

    def __init__(self, line: int = 1) -> None:
        self._line = line
        self._tones = ""
        self._last = 0.0

    def feed(self, tone: str, now: float) -> Sign | None:
        """`tone` is one of 0-9, *, #, A-D; the sign once the closing letter has come."""
        if now - self._last > _GAP or len(self._tones) > _MOST:
            self._tones = ""
        self._last = now
        if not self._tones:
            self._tones = tone if tone in _LETTERS else ""
            return None
        if tone not in _LETTERS:
            self._tones += tone
            return None
        digits, self._tones = self._tones[1:], ""
        if not digits:
            self._tones = tone  # two letters on end: the second one opens
            return None
        withheld = set(digits) == {"0"}
        return Sign("number", self._line, "" if withheld else digits, withheld=withheld)
