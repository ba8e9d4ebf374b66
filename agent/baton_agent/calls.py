"""From signs on lines to the events of calls that the server takes in.

A call is known by its device and a number of its own, never by the caller's number: that may come before the first ring
or after it, or not at all.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from baton_agent.signs import Sign

_QUIET = 8.0
"""Seconds without a ring after which a call is over at a box that does not see the receiver."""
_NEVER_RANG = 40.0
"""The same where the box sees no rings either."""
_OLD = timedelta(minutes=3)
"""A number whose own time is longer ago was kept by the box while the computer was off."""
BOOT = uuid.uuid4().hex[:12]


@dataclass
class _Open:
    key: str
    direction: str
    heard: float
    rang: bool = False
    answered: bool = False


@dataclass
class Calls:
    """The lines of one device. `take` and `tick` return events ready for the spool."""

    device: str
    sees_receiver: bool
    boot: str = BOOT
    _open: dict[int, _Open] = field(default_factory=dict)
    _calls: int = 0
    _events: int = 0

    def take(self, sign: Sign, now: float) -> Iterator[dict[str, Any]]:
        call = self._open.get(sign.line)
        if sign.kind == "number" and sign.when is not None and datetime.now() - sign.when > _OLD:  # noqa: DTZ005
            yield from self._kept(sign)
        elif sign.kind in {"ring", "number"}:
            yield from self._rings(sign, call, now)
        elif sign.kind == "lifted":
            yield from self._lift(sign, call)
        elif sign.kind == "dialled" and call is None:
            call = self._begin(sign.line, "out", now)
            yield self._event("ringing", call.key, sign.line, direction="out", number=sign.number)
        elif sign.kind == "hung_up" or (sign.kind == "stopped" and call is not None and not call.answered):
            yield from self._end(sign.line)

    def tick(self, now: float) -> Iterator[dict[str, Any]]:
        """Ends what a box without a view of the receiver leaves open."""
        if self.sees_receiver:
            return
        for line, call in list(self._open.items()):
            if now - call.heard > (_QUIET if call.rang else _NEVER_RANG):
                yield from self._end(line)

    def _rings(self, sign: Sign, call: _Open | None, now: float) -> Iterator[dict[str, Any]]:
        if call is not None and call.answered:
            return  # somebody knocks while the line is busy: boxes tell of it in too many ways
        fresh = call is None
        call = call or self._begin(sign.line, "in", now)
        call.heard, call.rang = now, call.rang or sign.kind == "ring"
        if sign.kind == "number":
            yield self._event("ringing", call.key, sign.line, **_number(sign))
        elif fresh:
            yield self._event("ringing", call.key, sign.line)

    def _lift(self, sign: Sign, call: _Open | None) -> Iterator[dict[str, Any]]:
        if call is not None and call.direction == "in" and not call.answered:
            call.answered = True
            yield self._event("answered", call.key, sign.line)

    def _end(self, line: int) -> Iterator[dict[str, Any]]:
        call = self._open.pop(line, None)
        if call is not None:
            untold = call.direction == "out" or not (self.sees_receiver or call.answered)
            yield self._event("ended", call.key, line, cause="untold" if untold else "")

    def _kept(self, sign: Sign) -> Iterator[dict[str, Any]]:
        """A call of another time: begun and over then, without touching what rings now."""
        assert sign.when is not None
        call = self._named()
        at = sign.when.astimezone(UTC)
        for kind, more in (("ringing", _number(sign)), ("ended", {"cause": "untold"})):
            yield {**self._event(kind, call, sign.line, **more), "at": at.isoformat()}

    def _begin(self, line: int, direction: str, now: float) -> _Open:
        call = self._open[line] = _Open(self._named(), direction, now)
        return call

    def _named(self) -> str:
        self._calls += 1
        return f"{self.device}:{self.boot}:{self._calls}"

    def _event(self, kind: str, call: str, line: int, **more: Any) -> dict[str, Any]:
        self._events += 1
        return {
            "id": f"{self.boot}:{self.device}:{self._events}", "kind": kind, "call": call, "line": str(line),
            "device": self.device, "at": datetime.now(UTC).isoformat(), **more,
        }  # fmt: skip


def _number(sign: Sign) -> dict[str, Any]:
    return {"number": sign.number, "withheld": sign.withheld, "verified": sign.verified}
