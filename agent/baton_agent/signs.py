"""What happens on a telephone line, as every driver tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["ring", "number", "lifted", "hung_up", "dialled", "stopped"]


@dataclass(frozen=True, slots=True)
class Sign:
    """One observation on `line` (counted from 1).

    `ring` once per ringing, `number` the caller's (or that it is withheld), `lifted` and `hung_up` the receiver,
    `dialled` from here, `stopped` when it no longer rings and nobody has lifted.
    """

    kind: Kind
    line: int = 1
    number: str = ""
    name: str = ""
    withheld: bool = False
    verified: bool = True
    """False: the number's checksum was wrong."""
    when: datetime | None = None
    """As the exchange sent it, without year or zone in mind: boxes keep calls while the computer is off."""
