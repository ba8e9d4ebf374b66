"""Dictionaries: lists of values kept by admins, read from a per-process cache that follows a version counter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.kernel import counters
from platform_core.kernel.models import DictionaryRow

COUNTER = "dictionaries"


@dataclass(frozen=True, slots=True)
class Entry:
    code: str
    label: str
    tone: str
    active: bool
    data: Mapping[str, Any]


def changed(session: Session) -> None:
    """Call after changing entries, in the same transaction: every request that begins later follows."""
    counters.bump(session, COUNTER)


def set_data(session: Session, dictionary: str, code: str, data: Mapping[str, Any]) -> None:
    """Replace what an entry brings along; its owner's pages do this. Raises KeyError for an unknown code."""
    row = session.scalars(
        select(DictionaryRow).where(DictionaryRow.dictionary == dictionary, DictionaryRow.code == code)
    ).one_or_none()
    if row is None:
        raise KeyError(code)
    row.data = dict(data)
    changed(session)


def entries(session: Session, dictionary: str) -> dict[str, Entry]:
    """Code -> entry in display order, disabled ones included (they stay readable)."""
    return followed.get(session).get(dictionary, {})


def choices(session: Session, dictionary: str, *, current: str = "") -> list[tuple[str, str]]:
    """(code, label) pairs for a form: the active ones, and the current one even if it is disabled."""
    found = entries(session, dictionary).values()
    return [(entry.code, entry.label) for entry in found if entry.active or entry.code == current]


def label(session: Session, dictionary: str, code: str) -> str:
    """The label, or the code itself when an entry has been removed."""
    entry = entries(session, dictionary).get(code)
    return entry.label if entry else code


def tone(session: Session, dictionary: str, code: str) -> str:
    entry = entries(session, dictionary).get(code)
    return entry.tone if entry else ""


def code_for(session: Session, dictionary: str, text: str) -> str | None:
    """The code whose code or label is `text`, as imports write it."""
    wanted = text.strip().casefold()
    for entry in entries(session, dictionary).values():
        if wanted in (entry.code.casefold(), entry.label.casefold()):
            return entry.code
    return None


def _load(session: Session) -> dict[str, dict[str, Entry]]:
    loaded: dict[str, dict[str, Entry]] = {}
    for row in session.scalars(select(DictionaryRow).order_by(DictionaryRow.order, DictionaryRow.code)):
        loaded.setdefault(row.dictionary, {})[row.code] = Entry(row.code, row.label, row.tone, row.active, row.data)
    return loaded


followed = counters.Followed(COUNTER, _load)
"""Dictionary -> code -> entry."""
