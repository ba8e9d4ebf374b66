"""The house rules for semgrep: each finds what it should in the specimens, and nothing else."""

from __future__ import annotations

import re
import shutil

import pytest

from lint import run
from tests.architecture.checks import files
from tests.architecture.checks.files import ROOT

SPECIMENS = ROOT / "lint" / "specimens"
_WANTED = re.compile(r"(?:#|//|\{#) found: ([\w-]+)")
_RULE = re.compile(r"^  - id: ([\w-]+)$", re.MULTILINE)


def wanted() -> set[tuple[str, int, str]]:
    found = set()
    for path in SPECIMENS.rglob("*.*"):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if path.suffix != ".md" and (match := _WANTED.search(line)):
                found.add((str(path.relative_to(SPECIMENS)), number, match[1]))
    return found


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, int, str]]:
    """In a place of their own, so that their folders are the top ones, as those of the checkout are."""
    place = tmp_path_factory.mktemp("rules") / "specimens"
    shutil.copytree(SPECIMENS, place)
    findings, unread = run.semgrep(place, ("platform_core", "plugins"))
    assert unread == []
    return {(finding.path, finding.line, finding.rule) for finding in findings}


def test_each_rule_has_lines_that_it_finds_and_lines_that_pass():
    rules = set(_RULE.findall((ROOT / "lint" / "house.yml").read_text("utf-8")))
    assert len(rules) > 15
    assert {rule for _path, _line, rule in wanted()} == rules


def test_the_rules_find_what_is_marked_and_nothing_else(found):
    assert sorted(wanted() - found) == []
    assert sorted(found - wanted()) == []


def test_every_exception_names_its_rule_and_gives_a_reason():
    unexplained = [
        f"{path}: {line.strip()}"
        for path in files.paths(".py", ".js", ".html", under=files.OWNERS)
        for line in path.read_text("utf-8").splitlines()
        if "nosemgrep" in line and not re.search(r"nosemgrep: [a-z-]+  \w+", line)
    ]
    assert unexplained == []


def test_bandit_reports_what_no_reason_excuses(tmp_path):
    (tmp_path / "platform_core").mkdir()
    (tmp_path / "platform_core" / "a.py").write_text(
        "import hashlib\nfrom markupsafe import Markup\n\n\n"
        "def f(text):\n    hashlib.md5(text)\n    Markup(text)\n    Markup(text)  # noqa: S704  a reason\n"
    )
    findings = run.bandit(tmp_path, ("platform_core",))
    assert [(finding.line, finding.rule) for finding in findings] == [(6, "B324"), (7, "B704")]
