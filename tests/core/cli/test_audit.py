"""`baton audit`: what it prints and how it ends."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from sqlalchemy import delete

from platform_core.audit import anchors, retention
from platform_core.audit.models import AuditEntry
from platform_core.cli import baton
from platform_core.kernel.clock import freeze
from tests.core.audit.forging import entries, unguarded, write


@pytest.fixture
def run(runtime, monkeypatch):
    settings = runtime.settings
    monkeypatch.setenv("BATON_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("BATON_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("BATON_SECRET_FILE", str(settings.secret_file))

    def invoke(*arguments):
        return CliRunner().invoke(baton, ["audit", *map(str, arguments)])

    yield invoke
    anchors.path_in(settings.data_dir).unlink(missing_ok=True)
    for path in settings.data_dir.glob(f"{retention.FOLDER}/*"):
        path.unlink()


def test_a_whole_trail_is_verified_with_figures(runtime, run):
    write(runtime, 20)
    sealed = run("seal")
    assert (sealed.exit_code, sealed.stdout) == (0, "sealed 20 lines in 1 seals\n")
    verified = run("verify")
    assert verified.exit_code == 0, verified.output
    assert "20 lines under 1 seals in" in verified.stdout
    assert "lines/s" in verified.stdout
    assert "1 anchors compared, 1 signatures, 0 lines wait" in verified.stdout
    assert verified.stdout.endswith("the audit trail is what it was\n")


def test_tampering_ends_with_1_and_names_the_line(runtime, run, tmp_path):
    write(runtime, 20)
    run("seal")
    line = entries(runtime)[7]
    copy = tmp_path / "elsewhere.log"
    own = anchors.path_in(runtime.settings.data_dir)
    copy.write_text("".join(f"Nov 22 host baton[1]: audit seal {text}\n" for text in own.read_text().splitlines()))
    with unguarded(runtime) as connection:
        connection.execute(delete(AuditEntry).where(AuditEntry.seq == line.seq))
    found = run("verify")
    assert found.exit_code == 1
    assert f"FOUND: line {line.seq} was removed\n" in found.stdout
    assert "is what it was" not in found.stdout
    own.write_text("1 5 " + "0" * 64 + " 2026-01-01T00:00:00.000000Z\n")
    assert "seal 1 is not the one that was anchored" in run("verify").stdout
    assert run("seal").exit_code == 1
    own.unlink()
    assert "1 anchors compared" in run("verify", "--anchor", copy).stdout


def test_old_months_are_shown_then_archived_then_verified(runtime, run):
    with freeze(datetime(2024, 1, 10, tzinfo=UTC)):
        write(runtime, 12)
    run("seal")
    shown = run("archive", "--months", 6)
    assert "2024-01\t12 lines\tseals 1 to 1" in shown.stdout
    assert "nothing was changed" in shown.stdout
    assert len(entries(runtime)) >= 12
    assert run("archive", "--months", 6, "--yes").exit_code == 0
    assert "test.line" not in {entry.action for entry in entries(runtime)}
    (path,) = runtime.settings.data_dir.glob(f"{retention.FOLDER}/*.gz")
    for more in ((), ("--alone",), ("--alone", "--anchor", anchors.path_in(runtime.settings.data_dir))):
        verified = run("verify", "--file", path, *more)
        assert verified.exit_code == 0, verified.output
        assert "12 lines under 1 seals" in verified.stdout
    assert "12 lines lie in archives" in run("verify").stdout
    assert run("archive", "--months", 5).exit_code == 2
    path.write_bytes(path.read_bytes()[:-20])
    assert run("verify", "--file", path).exit_code == 1
