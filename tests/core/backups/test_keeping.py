"""Which backups are kept, what the schedule does by night, and what the doctor says."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.backups import health, jobs, passphrase, places
from platform_core.backups.errors import BackupError
from platform_core.backups.making import Place
from platform_core.backups.places import Backup
from platform_core.kernel import jobs as work
from platform_core.kernel import settingvalues
from platform_core.kernel.models import JobRow

_NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)


def nightly(days: int, **verified: int) -> list[Backup]:
    """One a day, the newest of today."""
    found = [Backup(Path(f"{number}"), _NOW - timedelta(days=number), 1) for number in range(days)]
    for number in verified.values():
        found[number] = replace(found[number], verified_at=_NOW)
    return found


def test_every_one_of_two_weeks_then_one_a_week_then_one_a_month():
    known = nightly(500)
    kept = [item for item in known if item not in places.superfluous(known, 14, _NOW)]
    ages = [(_NOW - item.made_at).days for item in kept]
    assert ages[:14] == list(range(14))
    weekly = [age for age in ages[14:] if age < 56]
    assert {earlier - later for later, earlier in itertools.pairwise(weekly)} <= {7, 1, 2, 3, 4, 5, 6}
    assert 6 <= len(weekly) <= 9
    assert 12 <= len({f"{item.made_at:%Y-%m}" for item in kept}) <= 13
    assert max(ages) < 12 * 31
    assert len(kept) < 36


def test_the_newest_and_the_newest_proven_one_are_always_kept():
    known = [replace(item, made_at=item.made_at - timedelta(days=1000)) for item in nightly(40, proven=33)]
    kept = {item.path.name for item in known if item not in places.superfluous(known, 1, _NOW)}
    assert kept == {"0", "33"}
    assert places.superfluous([], 14, _NOW) == []


@pytest.fixture
def place(runtime, tmp_path):
    found = replace(Place.of(runtime.settings), folder=tmp_path / "backups", passphrase_file=tmp_path / "backup.key")
    before, runtime.database.place = runtime.database.place, found
    yield found
    runtime.database.place = before


def run_job(runtime, name):
    with runtime.database.system_session("test") as session:
        key = work.enqueue(session, name)
    runtime.jobs.run(key)
    with runtime.database.system_session("test") as session:
        row = session.get(JobRow, key)
        return row.state, row.message


def actions(runtime):
    with runtime.database.system_session("test") as session:
        statement = select(AuditEntry).where(AuditEntry.action.startswith("backups.")).order_by(AuditEntry.seq)
        return [(row.action, row.result) for row in session.scalars(statement)]


def test_the_schedule_backs_up_tries_out_and_removes(runtime, place):
    assert run_job(runtime, "backups.nightly") == ("done", "")
    assert run_job(runtime, "backups.weekly") == ("done", "")
    assert not place.folder.exists()  # nobody has asked for backups
    assert list(health.troubles(runtime.database, place)) == []
    passphrase.create(place.passphrase_file)
    assert list(health.troubles(runtime.database, place)) == []
    os.utime(place.passphrase_file, (_NOW.timestamp() - 10**6, _NOW.timestamp() - 10**6))
    assert "there is no backup yet" in next(iter(health.troubles(runtime.database, place)))
    place.folder.mkdir()
    old = [place.folder / places.name_for(datetime(2020, 1, day, tzinfo=UTC)) for day in (1, 2)]
    for path in old:
        path.write_bytes(b"old")
    (told, untried) = health.troubles(runtime.database, place)
    assert "the newest backup is of 2020-01-02" in told
    assert "no backup was tried out at all" in untried
    assert run_job(runtime, "backups.nightly")[0] == "done"
    (made,) = places.known(place.folder)
    assert made.path not in old
    assert made.verified_at is None
    assert run_job(runtime, "backups.weekly")[0] == "done"
    (proven,) = places.known(place.folder)
    assert (proven.how, proven.path) == ("restored", made.path)
    assert list(health.troubles(runtime.database, place)) == []
    assert actions(runtime) == [("backups.make", "ok"), ("backups.prune", "ok"), ("backups.verify", "ok")]
    changed = bytearray(made.path.read_bytes())
    changed[len(changed) // 2] ^= 1
    made.path.write_bytes(changed)
    assert places.known(place.folder)[0].verified_at is None  # it is another file now
    state, message = run_job(runtime, "backups.weekly")
    assert state == "failed"
    assert "was changed" in message
    assert actions(runtime)[-1] == ("backups.verify", "failed")
    with runtime.database.system_session("test") as session:
        settingvalues.write(session, jobs.NIGHTLY, False)
    assert run_job(runtime, "backups.nightly") == ("done", "")
    assert len(places.known(place.folder)) == 1


def test_two_at_once_are_refused(tmp_path):
    with places.alone(tmp_path):
        (tmp_path / "half.part").write_bytes(b"x")
        with pytest.raises(BackupError, match="another backup"), places.alone(tmp_path):
            pass
        assert (tmp_path / "half.part").exists()
    with places.alone(tmp_path):
        assert not (tmp_path / "half.part").exists()
