"""The contract passes a plugin that holds to it, and each of its checks fails one that does not."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from platform_core.testing.contract import PluginContract
from tests.specimens import contract_specimen as specimen


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """`Class::test` -> passed, failed or error: of the good specimen all, of each flawed one the check meant for it."""
    folder = tmp_path_factory.mktemp("contract")
    site = folder / "site"
    specimen.write(site, "upright")
    for flaw, (_check, change) in specimen.FLAWS.items():
        specimen.write(site, f"flaw_{flaw}", change)
    classes = {f"Test_{flaw}": f"flaw_{flaw}" for flaw in specimen.FLAWS}
    module = folder / "test_specimens.py"
    module.write_text(specimen.suite({"Test_upright": "upright", **classes}))
    wanted = [f"{module}::Test_upright"]
    wanted += [f"{module}::Test_{flaw}::{check}" for flaw, (check, _change) in specimen.FLAWS.items()]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("BATON", "PYTEST"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "--tb=short", "--backend", "sqlite", "-p", "no:cacheprovider",
         "-W", "error", "--import-mode=importlib", f"--rootdir={folder}", *wanted],
        env={**environment, "PYTHONPATH": str(site)}, cwd=folder, capture_output=True, text=True, check=False,
        timeout=500,
    )  # fmt: skip
    lines = re.findall(r"^(PASSED|FAILED|ERROR) \S*?::(\w+)::(\w+)", done.stdout, re.MULTILINE)
    assert lines, done.stdout + done.stderr
    return {f"{cls}::{test}": result.lower() for result, cls, test in lines}


def test_the_upright_one_passes_everything(outcome: dict[str, str]) -> None:
    mine = {name: result for name, result in outcome.items() if name.startswith("Test_upright::")}
    checks = {name for name in vars(PluginContract) if name.startswith("test_")}
    assert mine == {f"Test_upright::{name}": "passed" for name in checks}


@pytest.mark.parametrize("flaw", specimen.FLAWS)
def test_each_check_can_fail(outcome: dict[str, str], flaw: str) -> None:
    check, _change = specimen.FLAWS[flaw]
    assert outcome[f"Test_{flaw}::{check}"] == "failed"


def test_every_check_is_seen_to_fail() -> None:
    checks = {name for name in vars(PluginContract) if name.startswith("test_")}
    assert {check for check, _change in specimen.FLAWS.values()} == checks
