"""The garbage collector and what a process loads for good."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Around imports and registrations: nothing of that ever becomes garbage.

    Looking through it again and again takes a tenth of the start. Afterwards it is out of the collector's sight: its
    later looks are shorter, and processes that are forked from this one go on sharing its memory.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
