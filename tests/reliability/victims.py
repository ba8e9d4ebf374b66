"""Processes that die at a chosen statement: what a kill at random moments hits only now and then, every time.

A module that calls `serve` when it is run as a program forks one for each line of its input (number of the statement,
and what the act needs) and prints how that ended.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import event

from platform_core.app import Runtime
from platform_core.kernel.bulkrows import Form, Row, Writer
from platform_core.settings import Settings
from platform_core.testing.pytest_plugin import make_settings

_ROOT = Path(__file__).resolve().parents[2]


class Victims:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, statement: int, *words: str) -> bool:
        """Act in a process that is killed before its `statement`th statement or commit.

        Returns whether it was killed; else the act has come to its end.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(" ".join((str(statement), *words)) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        assert code in {0, -signal.SIGKILL}, code
        return code != 0


@contextmanager
def victims_of(database_url: str, folder: Path, program: str = __name__) -> Iterator[Victims]:
    """Without a program of their own they run jobs: `run(statement, job_id)`."""
    command = [sys.executable, "-m", program, database_url, str(folder)]
    with subprocess.Popen(command, cwd=_ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield Victims(process)


def serve(act: Callable[..., None]) -> None:
    """`act(runtime, *words)` runs in a process of its own for each line."""
    settings = make_settings(sys.argv[1], Path(sys.argv[2]))
    Runtime(settings)  # for what it imports, which takes most of the time
    for line in sys.stdin:
        statement, *words = line.split()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                act(_dying_at(settings, int(statement)), *words)
                code = 0
            except Exception:
                traceback.print_exc()
            finally:
                os._exit(code)
        _child, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _dying_at(settings: Settings, statement: int) -> Runtime:
    runtime = Runtime(settings)
    runtime.manager.follow(runtime.database)
    left = statement

    def count(*_: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    for moment in ("before_cursor_execute", "commit"):
        event.listen(runtime.database.engine, moment, count)
    put = Writer.put

    def counted(writer: Writer, form: Form, rows: Sequence[Row]) -> None:
        count()  # rows in bulk pass the engine's events by
        put(writer, form, rows)

    setattr(Writer, "put", counted)  # noqa: B010  in a process of its own
    return runtime


def _run_job(runtime: Runtime, job_id: str) -> None:
    runtime.jobs.run(UUID(job_id))


if __name__ == "__main__":
    serve(_run_job)
