"""The configuration knows every plugin, and the import contracts really refuse what they should."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.checks.files import ROOT

README_HEADINGS = ["What it adds", "Configuration", "Permissions", "Data"]
PLUGINS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def read(path: Path) -> dict:
    return tomllib.loads(path.read_text("utf-8"))


def test_there_are_plugins():
    assert {path.name for path in PLUGINS} >= {"activities", "opportunities", "sms"}


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_plugin_is_a_distribution_of_its_own_in_the_shared_namespace(plugin):
    name = plugin.name
    project = read(plugin / "pyproject.toml")["project"]
    assert project["name"] == f"baton-{name.replace('_', '-')}"
    assert project["entry-points"]["baton.plugins"] == {name: f"baton_plugins.{name}.plugin"}
    assert any(requirement.startswith("baton-crm>=") and "<" in requirement for requirement in project["dependencies"])
    assert [author["name"] for author in project["authors"]], "the plugins page names an owner"
    assert (plugin / "baton_plugins" / name / "__init__.py").exists()
    assert not (plugin / "baton_plugins" / "__init__.py").exists()


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_plugin_holds_to_the_contract(plugin):
    text = (plugin / "tests" / "test_contract.py").read_text("utf-8")
    assert f'(PluginContract):\n    plugin = "{plugin.name}"' in text


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_plugin_readme_answers_the_four_questions(plugin):
    headings = re.findall(r"^## (.+)$", (plugin / "README.md").read_text("utf-8"), re.MULTILINE)
    assert [heading for heading in headings if heading in README_HEADINGS] == README_HEADINGS


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_types_and_imports_of_the_plugin_are_checked(plugin):
    assert f"$MYPY_CONFIG_FILE_DIR/plugins/{plugin.name}" in CONFIG["tool"]["mypy"]["mypy_path"].split(":")
    assert f"baton_plugins.{plugin.name}" in CONFIG["tool"]["importlinter"]["root_packages"]


def test_every_exception_from_the_rules_gives_its_reason():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    block = text.split("\nignore = [\n")[1].split("\n]\n")[0].splitlines()
    assert len(block) > 5
    assert [line for line in block if not re.search(r'",\s+# \w', line)] == []


def lint_imports(folder: Path, sources: dict[str, str]) -> str:
    """What import-linter says of a small copy of our packages, under our own contracts."""
    packages = ["platform_core", *(f"baton_plugins.{plugin.name}" for plugin in PLUGINS)]
    skeleton = {f"{package.replace('.', '/')}/__init__.py": "" for package in packages}
    skeleton |= {
        "platform_core/kernel/clock.py": "",
        "platform_core/web/__init__.py": "",
        "platform_core/api/__init__.py": "",
    }
    skeleton |= {"platform_core/kernel/__init__.py": "", "platform_core/testing/__init__.py": ""}
    for name, text in {**skeleton, **sources}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--config", ROOT / "pyproject.toml"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (0 if "0 broken" in done.stdout else 1), done.stdout + done.stderr
    return done.stdout


GOOD = {
    "platform_core/web/pages.py": "from platform_core.kernel import clock\n",
    "baton_plugins/activities/plugin.py": "from platform_core.api import messages\nfrom platform_core.testing import x\n",
    "platform_core/api/messages.py": "",
    "platform_core/api/__init__.py": "from platform_core.web import pages\n",
}


def test_contracts_hold_for_a_good_tree(tmp_path):
    assert "3 kept, 0 broken" in lint_imports(tmp_path, GOOD)


@pytest.mark.parametrize(
    ("path", "source", "broken"),
    [
        ("platform_core/kernel/clock.py", "import platform_core.web\n", "Imports in the core go down only BROKEN"),
        ("platform_core/newcomer.py", "", "Imports in the core go down only BROKEN"),
        (
            "baton_plugins/activities/models.py",
            "from platform_core.kernel import clock\n",
            "Plugins import the façade and the testing kit only BROKEN",
        ),
        (
            "baton_plugins/activities/models.py",
            "import baton_plugins.opportunities\n",
            "Plugins do not know each other BROKEN",
        ),
    ],
    ids=["upwards", "no place", "past the façade", "each other"],
)
def test_contracts_refuse_a_bad_tree(tmp_path, path, source, broken):
    assert broken in lint_imports(tmp_path, {**GOOD, path: source})
