"""What the repository's text may not contain: Chinese in code, addresses of registries, paths of somebody's machine."""

from __future__ import annotations

import re

from tests.architecture.checks.files import is_test

# The ideographs of the common blocks, by code point: this file obeys its own rule.
HAN = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_MAY_HOLD_CHINESE = ("platform_core/demo/data/", "bench/data/")

# Written so that no pattern matches itself.
_FOREIGN = re.compile(
    r"""
    \b(?:[\w-]+\.)*(?:
        pypi\.org | pythonhosted\.org | npmjs\.(?:org|com) | yarnpkg\.com | unpkg\.com | jsdelivr\.net | cdnjs\.\w+
        | (?:deb|security|snapshot)\.debian\.org | archive\.ubuntu\.com | crates\.io | proxy\.golang\.org
        | registry\.(?:npmmirror|yarnpkg)\.\w+ | mirrors?\.[\w-]+\.(?:com|cn|org|edu) | docker\.io | ghcr\.io
    )\b
    | (?-i:(?<![\w.$}/-])/(?:wor[k]|roo[t]|hom[e]/\w+)(?:/|\b)(?!-))
    """,
    re.VERBOSE | re.IGNORECASE,
)


_UNMERGED = re.compile(r"(?:<{7}|>{7}) |={7}$")


def han(path: str, text: str) -> list[str]:
    """No Chinese characters outside catalogues, demo data and tests: texts go through gettext."""
    if is_test(path) or path.startswith(_MAY_HOLD_CHINESE):
        return []
    return [
        f"{path}:{number}: Chinese in code: {line.strip()[:60]}" for number, line in _lines(text) if HAN.search(line)
    ]


def foreign(path: str, text: str) -> list[str]:
    """No registry's host, so that any mirror serves the lock files, and no path outside the checkout."""
    return [
        f"{path}:{number}: names {match[0]!r}" for number, line in _lines(text) for match in _FOREIGN.finditer(line)
    ]


def unmerged(path: str, text: str) -> list[str]:
    """No marks of a merge that nobody finished."""
    return [f"{path}:{number}: a merge is unfinished" for number, line in _lines(text) if _UNMERGED.match(line)]


def _lines(text: str) -> list[tuple[int, str]]:
    return list(enumerate(text.splitlines(), 1))
