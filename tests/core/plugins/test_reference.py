"""The reference for plugin writers: every hook has an example, the examples are one plugin, and each of them works."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from platform_core.cli.docs import hook_functions
from platform_core.testing.environments import install, make_environment
from tests.architecture.checks.files import ROOT

REFERENCE = ROOT / "docs" / "plugin-writers" / "reference.md"
CHECKS = Path(__file__).with_name("reference_checks.py")
FENCE = re.compile(r"^```(\w+)[ ]?(.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HOOKS = [name for name, _function in hook_functions()]
DISTRIBUTION = """
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"
[project]
name = "baton-samples"
version = "0.1.0"
dependencies = ["baton-crm>=0.1,<0.2"]
[project.entry-points."baton.plugins"]
samples = "baton_plugins.samples.plugin"
[tool.hatch.build.targets.wheel]
packages = ["baton_plugins"]
[tool.pytest.ini_options]
addopts = ["--import-mode=importlib"]
filterwarnings = ["error"]
"""


def sections() -> dict[str, str]:
    """Heading -> text below it."""
    parts = re.split(r"^###? (.+)$", REFERENCE.read_text("utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_an_example_and_a_check(hook):
    assert re.search(rf"^@hookimpl\ndef {hook}\(", sections().get(hook, ""), re.MULTILINE), f"{REFERENCE}: no example"
    tried = CHECKS.read_text("utf-8") + Path(__file__).read_text("utf-8")
    named = {name for line in re.findall(r"^def test_(\w+)", tried, re.MULTILINE) for name in _hooks_in(line)}
    assert hook in named, f"{CHECKS}: {hook} is not tried"


def _hooks_in(name: str) -> list[str]:
    """Hooks that a test names: `test_baton_x_and_baton_y` names two."""
    return [found.removesuffix("_and").strip("_") for found in re.findall(r"baton_\w+?(?=_baton_|_and_baton_|$)", name)]


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> tuple[Path, Path]:
    """(interpreter, folder) of the plugin that the reference describes, installed, with its migration and checks."""
    folder = tmp_path_factory.mktemp("samples") / "baton-samples"
    package = folder / "baton_plugins" / "samples"
    (package / "templates").mkdir(parents=True)
    (package / "migrations").mkdir()
    (package / "__init__.py").touch()
    (folder / "pyproject.toml").write_text(DISTRIBUTION)
    module = []
    for language, info, text in FENCE.findall(REFERENCE.read_text("utf-8")):
        if info.startswith("file="):
            (package / info.removeprefix("file=")).write_text(text, "utf-8")
        else:
            assert (language, info) == ("python", "")
            module.append(text)
    (package / "plugin.py").write_text("\n\n".join(module), "utf-8")
    (folder / "test_samples.py").write_text(CHECKS.read_text("utf-8"), "utf-8")
    python = make_environment(folder.parent / "venv")
    install(python, "-e", str(folder))
    run(python, folder, "platform_core", "revision", "samples", "first table")
    return python, folder


def run(python: Path, folder: Path, *arguments: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BATON_", "PYTEST_"))}
    kept |= {"BATON_STRICT_PLUGINS": "1", "BATON_DATA_DIR": str(folder / "data")}
    command = [str(python), "-m", *arguments]
    done = subprocess.run(command, cwd=folder, env=kept, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]
    return done.stdout


def test_every_example_works(samples):
    python, folder = samples
    said = run(python, folder, "pytest", "-q", "-x", "--backend", "sqlite", "-p", "no:cacheprovider")
    assert re.search(r"\d\d passed", said)


def test_baton_demo_data(samples):
    python, folder = samples
    run(python, folder, "platform_core", "demo", "--customers", "5", "--processes", "1")
    assert int(run(python, folder, "platform_core", "samples", "number")) >= 5
