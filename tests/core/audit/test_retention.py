"""Old months go into files and leave the table; the chain of what remains is never broken."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, func, insert, select, update

from platform_core.audit import archives, jobs, retention
from platform_core.audit.models import AuditArchive, AuditEntry, AuditSeal
from platform_core.kernel.clock import freeze
from platform_core.kernel.errors import Conflict
from platform_core.kernel.i18n import speaking
from platform_core.kernel.ids import new_id
from platform_core.kernel.jobs import enqueue
from platform_core.kernel.models import JobRow
from tests.core.audit.forging import entries, found, seal, unguarded, verify, write

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


@pytest.fixture
def house(runtime):
    """Twelve lines a month from January to April 2024, and some of this month, under seals of five."""
    folder = runtime.database.files.with_name(retention.FOLDER)
    for month in range(1, 5):
        with freeze(datetime(2024, month, 10, tzinfo=UTC)):
            write(runtime, 12, f"test.month{month}")
    with freeze(NOW):
        write(runtime, 12, "test.now")
    seal(runtime, 5)
    yield runtime
    for path in folder.glob("*"):
        path.unlink()


def old(runtime, months, **options):
    with freeze(NOW), runtime.database.system_session("test", write=False) as session:
        return retention.old(session, months, **options)


def archive(runtime, months=6, until="9999-12"):
    with freeze(NOW):
        return retention.archive(runtime.database, None, months, until)


def files(runtime):
    return sorted(runtime.database.files.with_name(retention.FOLDER).glob("*.gz"))


def actions(runtime):
    return {entry.action for entry in entries(runtime)}


def test_what_would_go_are_whole_months_before_those_that_are_kept(house):
    assert [(item.month, item.lines) for item in old(house, 6)] == [(f"2024-0{month}", 12) for month in range(1, 5)]
    assert [item.month for item in old(house, 33)] == ["2024-01"]  # February 2024 to November 2026, and the running one
    assert old(house, 34) == []
    assert [item.month for item in old(house, 1)] == [f"2024-0{month}" for month in range(1, 5)]  # never below six
    assert [item.month for item in old(house, 6, until="2024-02")] == ["2024-01", "2024-02"]
    with freeze(NOW):
        assert str(retention.cut(6)) == "2026-05-01"
        assert str(retention.cut(36)) == "2023-11-01"


def test_an_archived_month_is_a_file_that_proves_itself(house):
    archive(house, until="2024-02")
    assert actions(house) == {"test.month3", "test.month4", "test.now", "audit.archive"}
    report = verify(house)
    assert report.ok
    assert report.archived == 24
    first, second = files(house)
    assert first.stat().st_mode & 0o777 == 0o600
    alone, heads = archives.verify(first, house.vault)
    assert alone.ok
    assert (alone.lines, alone.seals, alone.signed, heads[0].number) == (12, 3, 3, 1)
    assert archives.verify(second)[0].ok  # without the key file
    (line, _other) = [entry for entry in entries(house) if entry.action == "audit.archive"]
    assert line.after["file"] == first.name
    assert line.after["sha256"] == archives.sha256(first)
    archive(house)
    assert actions(house) == {"test.now", "audit.archive"}
    seal(house, 5)
    assert verify(house).ok


def test_a_file_that_was_touched_is_found(house, tmp_path):
    archive(house, until="2024-01")
    (path,) = files(house)
    content = gzip.decompress(path.read_bytes()).decode().splitlines(keepends=True)
    assert len(content) == 1 + 3 + 12 + 1

    def said(lines):
        other = tmp_path / "other.gz"
        other.write_bytes(gzip.compress("".join(lines).encode()))
        return [item.text for item in archives.verify(other, house.vault)[0].findings]

    assert said(content) == []
    assert "was changed" in said([*content[:3], content[3].replace("Customer", "Kunde"), *content[4:]])[0]
    assert "was removed" in said([*content[:3], *content[4:]])[0]
    assert "was added" in said([*content[:7], content[3], *content[7:]])[0]
    assert "seal 2 is missing" in said([line for number, line in enumerate(content) if not 7 <= number <= 12])[0]
    assert said([*content[:-1]])[-1].endswith("ends too early")
    assert "is no archive" in said(["{}\n"])[0]
    broken = tmp_path / "broken.gz"
    broken.write_bytes(path.read_bytes()[:-200])
    assert "damaged" in archives.verify(broken)[0].findings[-1].text


def test_a_trail_that_was_tampered_with_is_not_archived(house):
    with unguarded(house) as connection:
        connection.execute(update(AuditEntry).where(AuditEntry.action == "test.month2").values(reason="x"))
    with pytest.raises(Conflict, match="tampered"), speaking("en"):
        archive(house)
    assert {"test.month2", "test.month3"} <= actions(house)
    assert len(files(house)) == 1


def test_lines_in_archived_months_are_found(house):
    with house.database.connection("look") as connection:
        row = dict(connection.execute(select(AuditEntry.__table__).order_by(AuditEntry.seq)).mappings().first())
    archive(house, until="2024-01")
    with unguarded(house) as connection:
        connection.execute(insert(AuditEntry.__table__), {**row, "id": new_id(), "at": row["at"]})
    (only,) = found(house)
    assert "was added" in only
    assert "archived and removed" in only


def test_removed_lists_without_an_archive_are_found(house):
    archive(house, until="2024-02")
    with unguarded(house) as connection:
        connection.execute(delete(AuditArchive).where(AuditArchive.first_number == 1))
        connection.execute(update(AuditSeal).where(AuditSeal.number == 9).values(members=None))
    texts = found(house)
    assert any("removed without archive" in item for item in texts)
    assert any("begins with seal" in item for item in texts)


@pytest.mark.parametrize("moment", ["file", "row", "lines"])
def test_it_goes_on_where_it_was_broken_off(house, monkeypatch, moment):
    """After the file was written, after it was noted, and in the middle of removing."""

    class Killed(BaseException):
        pass

    def kill(*_given, **_named):
        raise Killed

    if moment == "file":
        monkeypatch.setattr(retention, "_remember", kill)
    elif moment == "row":
        real, calls = retention._finish, []
        monkeypatch.setattr(
            retention, "_finish", lambda *given: calls.append(1) or (len(calls) == 2 and kill()) or real(*given)
        )
    removed = []
    told = (
        (lambda lines: removed.append(lines) or (len(removed) == 5 and kill())) if moment == "lines" else lambda _: None
    )
    with pytest.raises(Killed), freeze(NOW):
        retention.archive(house.database, None, 6, "2024-01", told)
    assert verify(house).ok
    monkeypatch.undo()
    archive(house, until="2024-01")
    assert verify(house).ok
    assert verify(house).archived == 12
    assert "test.month1" not in actions(house)
    with house.database.system_session("test", write=False) as session:
        assert session.scalar(select(func.count()).select_from(AuditArchive)) == 1


def test_the_job_reports_and_may_run_twice(house, factory):
    keeper = factory.user("audit_admin")
    arguments = {"months": 6, "until": "2024-04", "lines": 48}
    for _time in range(2):
        with house.database.system_session("test") as session:
            key = enqueue(session, jobs.ARCHIVE, arguments, user_id=keeper.id)
        assert house.jobs.run(key)
        row = factory.read(JobRow, key)
        assert (row.state, row.done, row.total) == ("done", 96, 96)
    assert len(files(house)) == 4
    with house.database.system_session("test", write=False) as session:
        assert {row.by_id for row in session.scalars(select(AuditArchive))} == {keeper.id}
    assert verify(house).ok


def test_files_are_read_where_they_are(house):
    with pytest.raises(FileNotFoundError):
        archives.verify(Path("/nowhere"))
