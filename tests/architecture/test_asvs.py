"""docs/security/asvs.md and mlps.md: every requirement once, and every test and page that they name is there."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.architecture.checks import files

FOLDER = files.ROOT / "docs" / "security"
STATES = {"met", "operator", "deviation", "n/a"}
LEVEL_1, LEVEL_2 = 70, 183
# How many requirements of levels 1 and 2 each section of ASVS 5.0.0 has. Numbers run from 1; what is missing is level 3.
SECTIONS = {
    "1.1": "1-2", "1.2": "1-9", "1.3": "1-11", "1.4": "1-3", "1.5": "1-2",
    "2.1": "1-3", "2.2": "1-3", "2.3": "1-4", "2.4": "1",
    "3.2": "1-2", "3.3": "1-4", "3.4": "1-6", "3.5": "1-5", "3.7": "1-2",
    "4.1": "1-3", "4.2": "1", "4.3": "1-2", "4.4": "1-4",
    "5.1": "1", "5.2": "1-3", "5.3": "1-2", "5.4": "1-3",
    "6.1": "1-3", "6.2": "1-12", "6.3": "1-4", "6.4": "1-4", "6.5": "1-5", "6.6": "1-3", "6.8": "1-4",
    "7.1": "1-3", "7.2": "1-4", "7.3": "1-2", "7.4": "1-5", "7.5": "1-2", "7.6": "1-2",
    "8.1": "1-2", "8.2": "1-3", "8.3": "1", "8.4": "1",
    "9.1": "1-3", "9.2": "1-4",
    "10.1": "1-2", "10.2": "1-2", "10.3": "1-4", "10.4": "1-11", "10.5": "1-5", "10.6": "1-2", "10.7": "1-3",
    "11.1": "1-2", "11.2": "1-3", "11.3": "1-3", "11.4": "1-4", "11.5": "1", "11.6": "1",
    "12.1": "1-3", "12.2": "1-2", "12.3": "1-4",
    "13.1": "1", "13.2": "1-5", "13.3": "1-2", "13.4": "1-5",
    "14.1": "1-2", "14.2": "1-4", "14.3": "1-3",
    "15.1": "1-3", "15.2": "1-3", "15.3": "1-7",
    "16.1": "1", "16.2": "1-5", "16.3": "1-4", "16.4": "1-3", "16.5": "1-3",
    "17.1": "1", "17.2": "1-4", "17.3": "1-2",
}  # fmt: skip
_ASVS = re.compile(r"^\| (\d+\.\d+\.\d+) \| (\d) \|(.+?)\|([^|]+)\|((?:[^|]|\\\|)*)\|([^|]+)\|$", re.MULTILINE)
_MLPS = re.compile(r"^\| (8\.1\.4\.\d+ ?[a-g]?) \|([^|]+)\|([^|]+)\|([^|]*)\|([^|]+)\|$", re.MULTILINE)
CLAUSES = {
    "8.1.4.1": "abcd", "8.1.4.2": "abcdefg", "8.1.4.3": "abcd", "8.1.4.4": "abcdef", "8.1.4.5": "", "8.1.4.6": "",
    "8.1.4.7": "ab", "8.1.4.8": "ab", "8.1.4.9": "abc", "8.1.4.10": "ab", "8.1.4.11": "ab",
}  # fmt: skip


def requirements() -> list[str]:
    found = []
    for section, numbers in SECTIONS.items():
        first, _, last = numbers.partition("-")
        found += [f"{section}.{number}" for number in range(int(first), int(last or first) + 1)]
    return found


def missing(proofs: str) -> list[str]:
    """Which of these tests and pages are not there."""
    found = []
    for proof in filter(None, proofs.strip().split(", ")):
        path, _, function = proof.partition("::")
        place = files.ROOT / path
        if not place.is_file() or (function and f"def {function}(" not in place.read_text("utf-8")):
            found.append(proof)
    return found


def test_every_requirement_of_asvs_is_answered_once():
    rows = _ASVS.findall((FOLDER / "asvs.md").read_text("utf-8"))
    assert [row[0] for row in rows] == requirements()
    assert Counter(row[1] for row in rows) == {"1": LEVEL_1, "2": LEVEL_2}


def test_every_answer_of_asvs_is_proved_or_gives_its_reason():
    wrong = []
    for identity, _level, asks, state, how, proofs in _ASVS.findall((FOLDER / "asvs.md").read_text("utf-8")):
        if state.strip() not in STATES or not asks.strip() or (state.strip() != "met" and len(how.strip()) < 5):
            wrong.append(identity)
        wrong += [f"{identity}: {proof}" for proof in missing(proofs)]
        if not proofs.strip() or (state.strip() == "met" and identity not in documents() and "::" not in proofs):
            wrong.append(f"{identity}: no proof")
    assert wrong == []


def documents() -> set[str]:
    """Requirements that ask for something written, and nothing else; or whose proof is a whole file of tests."""
    return {
        "2.1.2", "2.1.3", "5.1.1", "6.1.2", "6.1.3", "7.1.1", "8.1.1", "8.1.2", "11.1.1", "11.1.2", "14.1.1", "14.1.2",
        "15.1.1", "15.1.3", "16.1.1", "16.2.3",
    }  # fmt: skip


def test_the_deviations_are_listed_at_the_top():
    text = (FOLDER / "asvs.md").read_text("utf-8")
    stated = {row[0] for row in _ASVS.findall(text) if row[3].strip() == "deviation"}
    listed = set(re.findall(r"\((\d+\.\d+\.\d+)\)", text.split("\n## V1 ")[0]))
    assert stated == listed


def test_every_clause_of_mlps_is_answered_once():
    rows = _MLPS.findall((FOLDER / "mlps.md").read_text("utf-8"))
    wanted = [f"{clause} {letter}".strip() for clause, letters in CLAUSES.items() for letter in letters or " "]
    assert [row[0].strip() for row in rows] == wanted
    assert [row[0] for row in rows if row[2].strip() not in STATES or missing(row[4])] == []
    assert [row[0] for row in rows if not row[4].strip() or not row[3].strip()] == []


@pytest.mark.parametrize("page", sorted(FOLDER.glob("*.md")), ids=lambda path: path.name)
def test_pages_name_no_test_and_no_page_that_is_gone(page):
    text = page.read_text("utf-8")
    named = re.findall(r"`((?:tests|plugins)/[\w/.]+\.py(?:::\w+)?)`", text)
    assert [proof for proof in named if missing(proof)] == []
    links = re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_index_lists_every_page():
    index = (FOLDER / "README.md").read_text("utf-8")
    assert [
        page.name for page in FOLDER.glob("*.md") if page.name != "README.md" and f"({page.name})" not in index
    ] == []
