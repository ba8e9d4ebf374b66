"""Preparing the next slice of an import while the database writes the one before."""

from __future__ import annotations

import contextvars
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from platform_core.kernel.database import Database

T = TypeVar("T")


def ahead(database: Database, slices: Iterator[T]) -> Iterator[T]:
    """The same slices, of which one more is prepared than was asked for; an error comes where its slice would.

    Not on SQLite, which works in this process: row by row the two would only wait for each other.
    """
    if database.is_sqlite:
        yield from slices
        return
    context = contextvars.copy_context()  # the language, and a clock that was set

    def following() -> T | None:
        return context.run(lambda: next(slices, None))

    with ThreadPoolExecutor(1, "import") as thread:
        coming = thread.submit(following)
        while (found := coming.result()) is not None:
            coming = thread.submit(following)
            yield found
