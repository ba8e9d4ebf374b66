"""Preparing the next slice of an import while the database writes the one before."""

from __future__ import annotations

import contextlib
import contextvars
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import Pipe
from pathlib import Path
from typing import TypeVar

from platform_core.customers.importing import apart, drafting
from platform_core.customers.importing.drafting import Asked, Draft, Drafter, Frame
from platform_core.customers.importing.models import ImportRow
from platform_core.kernel.database import Database
from platform_core.kernel.secrets import Vault

T = TypeVar("T")
MANY = 2_000
"""Rows from which on a second process is worth its start."""


@dataclass(frozen=True, slots=True)
class Part:
    """A slice of rows, and drafts of those that become customers."""

    rows: Sequence[ImportRow]
    drafts: list[Draft]


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


def drafted(database: Database, frame: Frame, slices: Iterator[Sequence[ImportRow]], count: int) -> Iterator[Part]:
    """The slices with their drafts. Those of very many rows (`count`) are made by a process of their own."""
    assert database.vault is not None
    if database.is_sqlite or count < MANY or processors() < 2:
        drafter = Drafter(database.vault, frame)
        yield from ahead(database, (Part(rows, drafter.drafts(drafting.asked_of(rows))) for rows in slices))
        return
    slices = ahead(database, slices)
    with contextlib.closing(Helper(database.vault, frame)) as helper:
        rows = next(slices, None)
        if rows:
            helper.ask(drafting.asked_of(rows))
        while rows:
            drafts = helper.answer()
            following = next(slices, None)
            if following:
                helper.ask(drafting.asked_of(following))
            yield Part(rows, drafts)
            rows = following


def processors() -> int:
    """That this process may use, which is less than the machine has in many containers."""
    known = getattr(os, "sched_getaffinity", None)
    return len(known(0)) if known else 1


class Helper:
    """The process that drafts, one slice at a time. Where it dies this process does its work: no row hangs on it."""

    def __init__(self, vault: Vault, frame: Frame) -> None:
        self._vault, self._frame = vault, frame
        self._asked: Asked | None = None
        self._alone: Drafter | None = None
        self.connection, theirs = Pipe()
        command = [sys.executable, "-m", apart.__name__, str(theirs.fileno())]
        self.process = subprocess.Popen(  # noqa: S603  our own module
            command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
        )
        theirs.close()
        self._send((vault.path, frame))

    def ask(self, asked: Asked) -> None:
        self._asked = asked
        self._send(asked)

    def answer(self) -> list[Draft]:
        """What was asked for last."""
        assert self._asked is not None
        if self._alone is None:
            try:
                found: list[Draft] = self.connection.recv()
            except (OSError, EOFError):
                self._go_on_alone()
            else:
                return found
        assert self._alone is not None
        return self._alone.drafts(self._asked)

    def _send(self, message: Asked | tuple[Path, Frame]) -> None:
        if self._alone is None:
            try:
                self.connection.send(message)
            except OSError:
                self._go_on_alone()

    def _go_on_alone(self) -> None:
        self._alone = Drafter(self._vault, self._frame)

    def close(self) -> None:
        """It ends by itself when nobody can ask any more, also when this process was killed."""
        self.connection.close()
        self.process.kill()
        self.process.wait()
