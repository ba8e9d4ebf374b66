"""How much speaks for two records being one customer. Weights add up; what differs counts against it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from platform_core.kernel.i18n import translator
from platform_core.kernel.searchtokens import without_legal_form

_ = translator("customers")

THRESHOLD: Final = 50
"""Pairs below are not shown to anybody."""
MOST_SHARING: Final = 20
"""A number or name that more records have is a switchboard's or a common one: it finds no pairs."""
_ALIKE: Final = 0.5
_UNLIKE: Final = 0.2

WEIGHTS: Final = {
    "tax_no": 70, "mobile": 60, "email": 50, "account": 50, "phone": 40, "company": 50, "born": 60,
    "name": 20, "alike": 10, "legal_person": 10, "website": 15, "city": 5,
    "other_tax_no": -40, "other_birth": -30, "other_gender": -15, "other_kind": -15, "other_name": -10,
}  # fmt: skip
"""`company`: an organisation's whole name; `born`: a person's name and date of birth."""
WORDS: Final = {
    "tax_no": _.lazy("same tax number"),
    "mobile": _.lazy("same mobile number"),
    "email": _.lazy("same mail address"),
    "account": _.lazy("same account"),
    "phone": _.lazy("same telephone number"),
    "company": _.lazy("same company name"),
    "born": _.lazy("same name and date of birth"),
    "name": _.lazy("same name"),
    "alike": _.lazy("similar name"),
    "legal_person": _.lazy("same legal representative"),
    "website": _.lazy("same website"),
    "city": _.lazy("same city"),
    "other_tax_no": _.lazy("different tax numbers"),
    "other_birth": _.lazy("different dates of birth"),
    "other_gender": _.lazy("different genders"),
    "other_kind": _.lazy("a person and an organisation"),
    "other_name": _.lazy("very different names"),
}
COLUMNS: Final = (
    "id", "kind", "name_norm", "tax_no", "legal_person", "website", "city", "gender", "birth_year", "birth_month",
    "birth_day", "birth_lunar",
)  # fmt: skip
"""What `score` reads of each of the two."""


def score(first: Any, second: Any, shared: Collection[str]) -> tuple[int, list[str]]:
    """Points (at most 100) and their reasons, the weightiest first. `shared`: what a scan found the two by."""
    found = {*shared, *_names(first, second, shared), *_same(first, second), *_different(first, second)}
    reasons = sorted(found, key=lambda code: (-WEIGHTS[code], code))
    return min(100, sum(WEIGHTS[code] for code in reasons)), reasons


def _names(first: Any, second: Any, shared: Collection[str]) -> Sequence[str]:
    if {"company", "born"} & set(shared):
        return ()
    if first.name_norm == second.name_norm:
        return ("name",)
    likeness = similarity(*(without_legal_form(row.name_norm) for row in (first, second)))
    return ("alike",) if likeness >= _ALIKE else ("other_name",) if likeness < _UNLIKE else ()


def _same(first: Any, second: Any) -> list[str]:
    alike = ("legal_person", "website", "city")
    return [name for name in alike if getattr(first, name) and getattr(first, name) == getattr(second, name)]


def _different(first: Any, second: Any) -> list[str]:
    births = [_birth(row) for row in (first, second)]
    checks = {
        "other_tax_no": first.tax_no and second.tax_no and first.tax_no != second.tax_no,
        "other_birth": all(births) and births[0] != births[1],
        "other_gender": first.gender and second.gender and first.gender != second.gender,
        "other_kind": first.kind != second.kind,
    }
    return [code for code, differs in checks.items() if differs]


def _birth(row: Any) -> tuple[Any, ...]:
    """Empty unless the whole date is known."""
    parts = (row.birth_year, row.birth_month, row.birth_day)
    return (*parts, row.birth_lunar) if all(parts) else ()


def similarity(first: str, second: str) -> float:
    """Share of pairs of neighbouring characters that two normalised names have in common (Dice), 0 to 1."""
    pairs = [{name[at : at + 2] for at in range(max(1, len(name) - 1))} for name in (first, second)]
    return 2 * len(pairs[0] & pairs[1]) / (len(pairs[0]) + len(pairs[1]))
