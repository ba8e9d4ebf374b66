"""Ids that look as if their rows had been made at a moment of the past, equal for equal seeds."""

from __future__ import annotations

from datetime import datetime
from random import Random
from uuid import UUID

from platform_core.kernel import ids


class Ids:
    def __init__(self, random: Random) -> None:
        self._random = random
        self._count = 0

    def at(self, moment: datetime) -> UUID:
        """A fresh id among those of `moment`'s millisecond; later calls give larger ones, up to 4,096."""
        self._count = (self._count + 1) & 0xFFF
        return ids.at_stamp((int(moment.timestamp() * 1000) << 12) | self._count, self._random.getrandbits(62))
