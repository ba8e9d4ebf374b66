"""How long things may be, so that each is read in one go."""

from __future__ import annotations

import ast

from tests.architecture.checks.files import is_test

MODULE = 400
FUNCTION = 60
"""The hard limit; about 40 is the aim."""
PLUGIN = 100
TEMPLATE = 150


def modules(path: str, text: str) -> list[str]:
    """A module, and plugin.py, which is a table of contents. Demo data are lists, not code."""
    """Modules, and plugin.py, which is a table of contents. Demo data are lists and migrations frozen history."""
    if path.startswith("platform_core/demo/data/") or "migrations" in path.split("/"):
        return []
    limit = PLUGIN if path.endswith("/plugin.py") else MODULE
    return _too_long(path, text, limit)


def templates(path: str, text: str) -> list[str]:
    return _too_long(path, text, TEMPLATE)


def functions(path: str, text: str) -> list[str]:
    """From `def` to the last line, docstring included. Tests tell stories, migrations are frozen history."""
    if is_test(path) or "migrations" in path.split("/"):
        return []
    findings = []
    for node in ast.walk(ast.parse(text, path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION:
                findings.append(f"{path}:{node.lineno}: {node.name} has {length} lines, at most {FUNCTION}")
    return findings


def _too_long(path: str, text: str, limit: int) -> list[str]:
    length = len(text.splitlines())
    return [f"{path}:{length}: has {length} lines, at most {limit}"] if length > limit else []
