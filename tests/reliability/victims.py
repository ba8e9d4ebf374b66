"""Processes that die at a chosen statement: what a kill at random moments hits only now and then, every time.

Run as a program it forks one for each line of its input (job's id, number of the statement) and prints how that ended.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import event

from platform_core.app import Runtime
from platform_core.settings import Settings
from platform_core.testing.pytest_plugin import make_settings

_ROOT = Path(__file__).resolve().parents[2]


class Victims:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run_job(self, job_id: UUID, statement: int) -> bool:
        """Run a job in a process that is killed before its `statement`th statement or commit.

        Returns whether it was killed; else the job has come to its end.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{job_id} {statement}\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        assert code in {0, -signal.SIGKILL}, code
        return code != 0


@contextmanager
def victims_of(settings: Settings) -> Iterator[Victims]:
    command = [sys.executable, "-m", __name__, settings.database_url, str(settings.data_dir)]
    with subprocess.Popen(command, cwd=_ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield Victims(process)


def _run_job(settings: Settings, job_id: UUID, statement: int) -> None:
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
    runtime.jobs.run(job_id)


def _main() -> None:
    settings = make_settings(sys.argv[1], Path(sys.argv[2]))
    Runtime(settings)  # for what it imports, which takes most of the time
    for line in sys.stdin:
        job_id, statement = line.split()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                _run_job(settings, UUID(job_id), int(statement))
                code = 0
            except Exception:
                traceback.print_exc()
            finally:
                os._exit(code)
        _child, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _main()
