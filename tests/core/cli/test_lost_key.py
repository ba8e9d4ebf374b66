"""A key file that is gone is not replaced by another one, whichever command is the first to miss it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from platform_core.app import Runtime
from platform_core.cli import baton
from platform_core.kernel import keyfile
from platform_core.testing.factories import Factory

COMMANDS = (("serve",), ("worker",), ("scheduler",), ("migrate",), ("keys", "status"), ("keys", "prepare"),
            ("keys", "rotate"), ("keys", "retire"), ("audit", "verify"), ("user", "list"))  # fmt: skip


@pytest.fixture
def environ(runtime: Runtime, tmp_path: Path) -> dict[str, str]:
    """Of a process beside the test's database, whose key file is elsewhere."""
    return {
        "BATON_DATABASE_URL": runtime.settings.database_url,
        "BATON_DATA_DIR": str(tmp_path),
        "BATON_REDIS_URL": "redis://127.0.0.1:1/0",  # a worker needs to be told one; nobody gets as far as asking it
    }


def real(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BATON_")}
    command = [sys.executable, "-m", "platform_core", *arguments]
    return subprocess.run(command, env=kept | environ, capture_output=True, text=True, timeout=100, check=False)


def test_beside_a_filled_database_nothing_starts_without_its_key_file(
    runtime: Runtime, factory: Factory, environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    factory.user()
    lost = tmp_path / "secret.json"
    told = real(environ, "serve")
    assert told.returncode == 1
    assert f"{lost} is missing, and the database is filled" in told.stderr
    assert "BATON_SECRET_FILE" in told.stderr
    assert "Traceback" not in told.stderr
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    for arguments in COMMANDS:
        refused = CliRunner().invoke(baton, arguments)
        assert (refused.exit_code, f"{lost} is missing" in refused.output) == (1, True), (arguments, refused.output)
    looked = CliRunner().invoke(baton, ["doctor"])
    assert looked.exit_code == 1
    assert f"problem: the platform does not start: {lost} is missing" in looked.output
    assert not lost.exists()


@pytest.mark.any_database
def test_a_new_house_makes_its_own_and_one_that_cannot_be_asked_does_not(
    environ: dict[str, str], tmp_path: Path
) -> None:
    away = environ | {"BATON_DATABASE_URL": "postgresql://baton:green-tea-4711@127.0.0.1:1/baton"}
    told = real(away, "serve")
    assert told.returncode == 1
    assert "is missing, and the database does not answer" in told.stderr
    assert "green-tea" not in told.stderr
    assert not (tmp_path / "secret.json").exists()
    new = tmp_path / "new"
    assert real({"BATON_DATA_DIR": str(new)}, "migrate").returncode == 0
    made = keyfile.read(new / "secret.json")
    assert made.current == "k1"
    (new / "secret.json").unlink()
    assert real({"BATON_DATA_DIR": str(new)}, "migrate").returncode == 0  # migrated, and nothing of anybody in it
    assert keyfile.read(new / "secret.json").lookup != made.lookup
