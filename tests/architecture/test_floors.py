"""Versions below which a known hole lies open. No advisory service is asked: the list is kept by hand."""

from __future__ import annotations

import re
from importlib.metadata import version

import pytest
from packaging.version import Version

from tests.architecture.checks.files import ROOT

FLOORS = {
    "litestar": ("2.22", "CVE-2026-48061 X-Forwarded-Host; CVE-2026-25478..25480, CVE-2024-52581, CVE-2024-32982"),
    "multipart": ("1.3.1", "CVE-2026-28356 regular expression that backtracks"),
    "granian": ("2.7.4", "CVE-2026-42544 panic in WebSockets"),
    "jinja2": ("3.1.6", "CVE-2025-27516 way out of the sandbox"),
    "cryptography": ("44.0.1", "CVE-2024-12797 in the OpenSSL that its wheels bring"),
    "redis": ("4.5.4", "CVE-2023-28859 answers of one client read by another"),
    "sqlalchemy": ("2.1", "the scope guard is written for it"),
}


def locked() -> dict[str, Version]:
    text = (ROOT / "requirements.lock").read_text("utf-8")
    return {name.lower(): Version(number) for name, number in re.findall(r"^([\w.-]+)==([\w.]+)", text, re.MULTILINE)}


@pytest.mark.parametrize("name", FLOORS)
def test_nothing_older_is_locked_or_installed(name):
    floor, why = FLOORS[name]
    assert locked()[name] >= Version(floor), why
    assert Version(version(name)) >= Version(floor), why


def test_what_was_replaced_for_its_holes_is_not_there():
    assert not {"python-multipart", "pycrypto", "dill"} & locked().keys()


def test_every_package_of_every_lock_has_a_hash():
    for lock in ROOT.glob("requirements*.lock"):
        entries = re.split(r"^(?=[\w.-]+==)", lock.read_text("utf-8"), flags=re.MULTILINE)[1:]
        assert entries, lock.name
        assert [entry.split("==")[0] for entry in entries if "--hash=sha256:" not in entry] == [], lock.name
