"""docs/coverage.md: every feature once, and the tests it names exist."""

from __future__ import annotations

import re

from tests.architecture.checks import files

PAGE = files.ROOT / "docs" / "coverage.md"
_ROW = re.compile(r"^\| (S\d-\d\d) \|([^|]+)\|([^|]+)\|([^|]*)\|([^|]+)\|$", re.MULTILINE)
FEATURES = 159


def rows() -> list[tuple[str, str, str]]:
    """(id, tests, state)"""
    return [(row[0], row[3].strip(), row[4].strip()) for row in _ROW.findall(PAGE.read_text("utf-8"))]


def test_every_feature_has_one_row():
    ids = [identity for identity, _tests, _state in rows()]
    assert len(ids) == len(set(ids)) == FEATURES


def test_states_are_proved_and_say_what_is_missing():
    wrong = [
        identity
        for identity, tests, state in rows()
        if not (state == "not yet" or (state == "yes" and tests) or re.fullmatch(r"part: .+", state))
    ]
    assert not wrong


def test_the_tests_that_are_named_exist():
    missing = []
    for identity, tests, _state in rows():
        path = ""
        for name in filter(None, tests.split(", ")):
            # A bare name is of the file before it.
            path = name.partition("::")[0] if "/" in name else path
            function = name.partition("::")[2] if "/" in name else name
            place = files.ROOT / path
            if not place.exists() or (function and f"def {function}(" not in place.read_text("utf-8")):
                missing.append(f"{identity}: {name}")
    assert not missing
