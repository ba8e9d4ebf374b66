"""Sealing that is killed before each of its statements leaves a chain that fits, and the next run completes it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import func, select

from platform_core.app import Runtime
from platform_core.audit import anchors, sealing, verifying
from platform_core.audit.models import AuditSeal
from platform_core.testing.pytest_plugin import make_settings, migrate_and_seed
from platform_core.testing.waiting import wait_until
from tests.core.audit.forging import entries, found, write
from tests.reliability.places import Place
from tests.reliability.victims import serve, victims_of

_LINES = 25
_BATCH = 10


def _seal(runtime: Runtime) -> None:
    sealing.seal(runtime.database, batch=_BATCH)
    runtime.keeper.keep()


def _kill_everywhere(url: str, folder: Path) -> None:
    migrate_and_seed(url, folder)
    runtime = Runtime(make_settings(url, folder))
    own = anchors.path_in(folder)
    killed = 0
    write(runtime, _LINES)
    with victims_of(url, folder, __name__) as sealers:
        while sealers.run(killed + 1):
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
    serve(_seal)
