"""The files of the repository that are written by hand, and how a finding is worded."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
OWNERS = ("platform_core", "plugins")
_GENERATED = {".git", ".venv", "node_modules", "var", "build", "dist", "__pycache__", "htmlcov"}
_LEFT_OUT = {"platform_core/web/static", "plugin_template"}  # a template is checked when it is rendered

Check = Callable[[str, str], list[str]]
"""Takes a path relative to the root, with slashes, and the text; returns findings, each `path:line: what to do`."""


def paths(*suffixes: str, under: tuple[str, ...] = (".",), root: Path = ROOT) -> Iterator[Path]:
    """Files by suffix (all where none is given), without what tools make."""
    for start in under:
        for folder, folders, names in os.walk(root / start):
            here = Path(folder)
            folders[:] = sorted(
                name
                for name in folders
                if name not in _GENERATED
                and not name.endswith(("_cache", ".egg-info"))
                and (here / name).relative_to(root).as_posix() not in _LEFT_OUT
                and not (start == "." and name.startswith(".") and name != ".ci")
            )
            for name in sorted(names):
                if not suffixes or name.endswith(suffixes):
                    yield here / name


def run(check: Check, *suffixes: str, under: tuple[str, ...] = (".",), root: Path = ROOT) -> list[str]:
    """All findings of a check over the repository's text files."""
    findings = []
    for path in paths(*suffixes, under=under, root=root):
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue  # pictures and spreadsheets
        findings += check(path.relative_to(root).as_posix(), text)
    return findings


def is_test(path: str) -> bool:
    """Whether a file belongs to a test suite."""
    return "tests" in path.split("/")
