"""`baton plugin new`: what it makes is clean, passes its own tests on both databases, and serves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from platform_core.cli import baton
from platform_core.testing.checks import templates
from platform_core.testing.environments import install, make_environment
from platform_core.testing.serving import Served
from tests.architecture.checks import catalogues, sizes
from tests.architecture.checks.files import ROOT


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "plugins"
    result = CliRunner().invoke(baton, ["plugin", "new", "loyalty", "--dir", str(folder)])
    assert result.exit_code == 0, result.output
    return folder / "baton-loyalty"


@pytest.fixture(scope="module")
def python(made) -> Path:
    """An environment in which it is installed."""
    python = make_environment(made.parent / "venv")
    install(python, "-e", str(made))
    return python


def run(python: Path, folder: Path, *arguments: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BATON_", "PYTEST_"))}
    kept |= {"BATON_TEST_DATABASE_URL": url} if (url := os.environ.get("BATON_TEST_DATABASE_URL")) else {}
    command = [str(python), "-m", *arguments]
    done = subprocess.run(command, cwd=folder, env=kept, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_no_placeholder_is_left_and_every_text_has_its_chinese(made):
    for path in made.rglob("*"):
        assert "@name@" not in str(path)
        assert path.is_dir() or not set(path.read_text("utf-8").split("@")) & {"name", "dist", "title", "core", "next"}
    root = made.parents[1]
    (root / "platform_core").mkdir()
    (owner,) = catalogues.owners(root)
    assert len(owner.used) >= 40
    assert catalogues.check([owner]) == []


def test_it_keeps_the_rules_of_the_house(made):
    assert [name for path in made.rglob("*.html") for name in templates.check(str(path), path.read_text("utf-8"))] == []
    modules = [path for path in made.rglob("*.py") if "tests" not in path.parts]
    assert len(modules) > 12
    found = [
        fault
        for path in modules
        for check in (sizes.modules, sizes.functions)
        for fault in check(str(path.relative_to(made)), path.read_text("utf-8"))
    ]
    assert found == []


def test_it_is_clean(made, python):
    here = Path(sys.executable)
    run(here, made, "ruff", "check", ".")
    run(here, made, "ruff", "format", "--check", ".")
    cache = ROOT / ".mypy_cache" / "made"
    run(here, made, "mypy", "--python-executable", str(python), "--cache-dir", str(cache), "baton_plugins")


def test_its_own_tests_pass_on_both_databases(made, python):
    said = run(python, made, "pytest", "-q", "-p", "no:cacheprovider")
    assert "passed" in said
    assert "skipped" not in said


def test_it_serves(made, python, tmp_path):
    server = Served(tmp_path, python=str(python))
    server.command("migrate")
    server.start()
    try:
        with httpx.Client(base_url=server.url) as browser:
            assert browser.get("/healthz").json()["plugins"]["loyalty"] == "enabled"
            answer = browser.get("/loyalty")
        assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/loyalty")
    finally:
        server.stop()


@pytest.mark.parametrize("name", ["Loyalty", "2fast", "class", "customers", "core", "a-b", "serve", "activities"])
def test_names_that_cannot_be(name, tmp_path):
    result = CliRunner().invoke(baton, ["plugin", "new", name, "--dir", str(tmp_path)])
    assert result.exit_code != 0
    assert not list(tmp_path.iterdir())


def test_an_existing_folder_is_left_alone(made):
    result = CliRunner().invoke(baton, ["plugin", "new", "loyalty", "--dir", str(made.parent)])
    assert result.exit_code != 0
    assert "is there already" in result.output
