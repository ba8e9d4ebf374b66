"""Sealing that is killed before each of its statements leaves a chain that fits, and the next run completes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import event, func, select

from platform_core.app import Runtime
from platform_core.audit import anchors, sealing, verifying
from platform_core.audit.models import AuditSeal
from platform_core.settings import Settings
from platform_core.testing.pytest_plugin import make_settings, migrate_and_seed
from platform_core.testing.waiting import wait_until
from tests.core.audit.forging import entries, found, write
from tests.reliability.places import Place

_ROOT = Path(__file__).resolve().parents[2]
_LINES = 25
_BATCH = 10


@contextmanager
def _sealers(url: str, folder: Path) -> Iterator[Callable[[int], bool]]:
    """Seals and anchors in a process that is killed before its nth statement or commit; tells whether it was."""
    command = [sys.executable, "-m", __name__, url, str(folder)]
    with subprocess.Popen(command, cwd=_ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:

        def seal(statement: int) -> bool:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{statement}\n")
            process.stdin.flush()
            code = int(process.stdout.readline())
            assert code in {0, -signal.SIGKILL}, code
            return code != 0

        yield seal


def _main() -> None:
    settings = make_settings(sys.argv[1], Path(sys.argv[2]))
    Runtime(settings)  # for what it imports, which takes most of the time
    for statement in sys.stdin:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                _seal_until(settings, int(statement))
                code = 0
            finally:
                os._exit(code)
        _child, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _seal_until(settings: Settings, left: int) -> None:
    runtime = Runtime(settings)

    def count(*_given: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    for moment in ("before_cursor_execute", "commit"):
        event.listen(runtime.database.engine, moment, count)
    sealing.seal(runtime.database, batch=_BATCH)
    runtime.keeper.keep()


def _kill_everywhere(url: str, folder: Path) -> None:
    migrate_and_seed(url, folder)
    runtime = Runtime(make_settings(url, folder))
    own = anchors.path_in(folder)
    killed = 0
    write(runtime, _LINES)
    with _sealers(url, folder) as seal:
        while seal(killed + 1):
            killed += 1
            assert found(runtime) == [], killed
            write(runtime, _LINES)  # so that there is always something to seal and to anchor
    assert killed > 10
    runtime.keeper.keep()
    with runtime.database.system_session("test", write=False) as session:
        report = verifying.verify(session, runtime.vault, anchored=list(anchors.read(own)))
        seals = session.scalar(select(func.count()).select_from(AuditSeal))
    assert report.ok
    assert (report.lines, report.waiting) == (len(entries(runtime)), 0)
    assert report.anchored == seals
    runtime.database.dispose()


def test_on_sqlite(tmp_path):
    _kill_everywhere(f"sqlite:///{tmp_path / 'baton.sqlite3'}", tmp_path)


def test_on_postgresql(durable):
    place, _postgres = durable
    _kill_everywhere(place.runtime.settings.database_url, place.runtime.settings.data_dir)


def test_a_server_seals_by_itself(embedded: Place) -> None:
    """Without Redis, without a worker, without anybody asking."""
    write(embedded.runtime, 3)
    embedded.served.start()
    path = anchors.path_in(embedded.runtime.settings.data_dir)
    wait_until(lambda: path.exists() and path.read_text("utf-8").endswith("Z\n"))
    embedded.served.kill()
    assert found(embedded.runtime) == []
    assert next(anchors.read(path)).number == 1


if __name__ == "__main__":
    _main()
