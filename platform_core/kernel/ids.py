"""Row ids: UUID version 7 (RFC 9562): time-ordered for the index, unguessable for the URL."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID

_lock = threading.Lock()
_last = 0


def new_id() -> UUID:
    """A fresh id, larger than every id this process made before.

    The 12 bits behind the millisecond are a counter for ids of the same millisecond, then 62 random bits.
    """
    global _last  # noqa: PLW0603
    stamp = (time.time_ns() * 4096) // 1_000_000
    with _lock:
        _last = stamp = max(stamp, _last + 1)
    return at_stamp(stamp)


def ids_among(texts: Iterable[Any]) -> list[UUID]:
    """The ids among what addresses and forms say, without the rest: what is no id names nothing that there is."""
    found = []
    for text in texts:
        with suppress(ValueError):
            found.append(UUID(str(text)))
    return found


def at_stamp(stamp: int, noise: int | None = None) -> UUID:
    """The id for `stamp` (milliseconds since 1970 times 4096); demo data passes its own `noise` (62 bits)."""
    if noise is None:
        noise = int.from_bytes(os.urandom(8), "big") >> 2
    milliseconds, counter = divmod(stamp, 4096)
    return UUID(int=(milliseconds & 0xFFFFFFFFFFFF) << 80 | 0x7 << 76 | counter << 64 | 0b10 << 62 | noise)
