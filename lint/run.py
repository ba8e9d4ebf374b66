"""bandit and semgrep over the sources, for `make lint`: `python -m lint.run`. Ends with 1 when something was found.

A finding of bandit that ruff reports as well is excused by ruff's own comment (`# noqa: S704` excuses B704), so that
an exception is written once, with its reason. One of semgrep is excused by `# nosemgrep: RULE`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / ".venv" / "tools" / "lint" / "bin"
SOURCES = ("platform_core", "plugins", "themes", "hatch_build.py")
UNREADABLE = {"platform_core/kernel/cells.py"}
"""A match statement that semgrep's grammar does not know; ruff and bandit read the file."""
_EXCUSED = re.compile(r"# noqa: ([A-Z0-9, ]+)")


@dataclass(frozen=True, slots=True)
class Finding:
    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


def bandit(root: Path, sources: tuple[str, ...]) -> list[Finding]:
    """Raises RuntimeError when bandit itself failed."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["bandit"]
    told = _run(root, "bandit", "-r", "-q", "-f", "json", "-x", ",".join(config["exclude"]), "-s",
                ",".join(config["skips"]), *sources)  # fmt: skip
    answer = json.loads(told)
    if answer["errors"]:
        raise RuntimeError(str(answer["errors"]))
    found = [
        Finding(item["filename"].removeprefix("./"), item["line_number"], item["test_id"], item["issue_text"])
        for item in answer["results"]
    ]
    return [finding for finding in found if not _excused(root, finding)]


def _excused(root: Path, finding: Finding) -> bool:
    """By ruff's comment on the line, or on the last line of the statement that begins there."""
    lines = (root / finding.path).read_text("utf-8").splitlines()[finding.line - 1 : finding.line + 5]
    for line in lines:
        match = _EXCUSED.search(line)
        if match:
            return f"S{finding.rule[1:]}" in {code.strip() for code in match[1].split(",")}
        if not line.rstrip().endswith((",", "(", "[", "{", '"""', '"', "'")):
            return False
    return False


def semgrep(root: Path, sources: tuple[str, ...]) -> tuple[list[Finding], list[str]]:
    """What the house rules find, and which files could not be read."""
    offline = ("--metrics=off", "--disable-version-check", "--quiet", "--no-git-ignore", "--project-root=.")
    told = _run(root, "semgrep", "scan", *offline, "--config", str(ROOT / "lint" / "house.yml"), "--json", *sources)
    answer: dict[str, Any] = json.loads(told)
    if not answer["paths"]["scanned"]:
        raise RuntimeError(f"semgrep read nothing: {answer['errors']}")
    found = [
        Finding(item["path"], item["start"]["line"], item["check_id"].rpartition(".")[2], item["extra"]["message"])
        for item in answer["results"]
    ]
    return found, sorted({str(error.get("path", error)) for error in answer["errors"]})


def _run(root: Path, name: str, *arguments: str) -> str:
    tool = TOOLS / name
    if not tool.exists():
        raise RuntimeError(f"{tool} is missing; run: make lint")
    environ = os.environ | {"PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}"}  # semgrep starts its own helper
    done = subprocess.run([tool, *arguments], cwd=root, env=environ, capture_output=True, text=True, check=False)
    if done.returncode not in {0, 1}:
        raise RuntimeError(f"{name} failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def main() -> int:
    sources = tuple(name for name in SOURCES if (ROOT / name).exists())
    with ThreadPoolExecutor(2) as pool:
        by_bandit = pool.submit(bandit, ROOT, sources)
        by_rules, unread = semgrep(ROOT, sources)
        found = by_bandit.result() + by_rules
    for finding in sorted(found, key=str):
        sys.stdout.write(f"{finding}\n")
    unknown = [path for path in unread if path not in UNREADABLE]
    for path in unknown:
        sys.stdout.write(f"{path}: semgrep cannot read this file\n")
    return 1 if found or unknown else 0


if __name__ == "__main__":
    sys.exit(main())
