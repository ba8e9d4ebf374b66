"""Dictionaries: lists of values kept by admins, read from a per-process cache that follows a version counter.

An entry that became part of another stays, so that what names it can be read: old addresses, saved views, files that
are imported. What it means is `current`; what a session writes into a column of type DictionaryCode is that too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import Session

from platform_core.kernel import counters
from platform_core.kernel.models import DictionaryRow
from platform_core.kernel.scope import ScopedSession
from platform_core.kernel.types import DictionaryCode

COUNTER = "dictionaries"


@dataclass(frozen=True, slots=True)
class Entry:
    code: str
    label: str
    tone: str
    active: bool
    data: Mapping[str, Any]
    merged_into: str = ""


def changed(session: Session) -> None:
    """Call after changing entries, in the same transaction: every request that begins later follows."""
    counters.bump(session, COUNTER)


def hold(session: Session) -> None:
    """For who writes many rows at once: no entry is changed or merged before this transaction ends.

    A merge walks the rows that it can see. What was written beside it with the code of before would keep that code.
    """
    counters.hold(session, COUNTER)


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
    known = entries(session, dictionary)
    held = _end(known, current)
    return [(entry.code, entry.label) for entry in known.values() if entry.active or entry.code == held]


def current(session: Session, dictionary: str, code: str) -> str:
    """The code that `code` has become part of, else itself."""
    return _end(entries(session, dictionary), code)


def family(session: Session, dictionary: str, codes: Iterable[str]) -> list[str]:
    """The codes that these mean and all that have become part of them: what a condition looks for."""
    known = entries(session, dictionary)
    meant = dict.fromkeys(_end(known, code) for code in codes)
    return [*meant, *(entry.code for entry in known.values() if entry.merged_into and _end(known, entry.code) in meant)]


def _end(known: Mapping[str, Entry], code: str) -> str:
    while code in known and known[code].merged_into:
        code = known[code].merged_into
    return code


def label(session: Session, dictionary: str, code: str) -> str:
    """The label, or the code itself when an entry has been removed."""
    entry = entries(session, dictionary).get(code)
    return entry.label if entry else code


def tone(session: Session, dictionary: str, code: str) -> str:
    entry = entries(session, dictionary).get(code)
    return entry.tone if entry else ""


def code_for(session: Session, dictionary: str, text: str) -> str | None:
    """The code whose code or label is `text`, as imports write it."""
    wanted, known = text.strip().casefold(), entries(session, dictionary)
    for entry in known.values():
        if wanted in (entry.code.casefold(), entry.label.casefold()):
            return _end(known, entry.code)
    return None


def _load(session: Session) -> dict[str, dict[str, Entry]]:
    loaded: dict[str, dict[str, Entry]] = {}
    for row in session.scalars(select(DictionaryRow).order_by(DictionaryRow.order, DictionaryRow.code)):
        loaded.setdefault(row.dictionary, {})[row.code] = Entry(
            row.code, row.label, row.tone, row.active, row.data, row.merged_into
        )  # fmt: skip
    return loaded


followed = counters.Followed(COUNTER, _load)
"""Dictionary -> code -> entry."""
_columns: dict[type[Any], list[tuple[str, str]]] = {}
"""Mapped class -> (attribute, dictionary) of what holds codes."""


def holding(model: type[Any]) -> list[tuple[str, str]]:
    """Attributes that hold codes, each with its dictionary."""
    if model not in _columns:
        found = inspect(model).column_attrs
        types = [(attribute.key, attribute.columns[0].type) for attribute in found]
        _columns[model] = [(key, kind.dictionary) for key, kind in types if isinstance(kind, DictionaryCode)]
    return _columns[model]


@event.listens_for(ScopedSession, "before_flush")
def _write_what_is_meant(session: Session, _context: Any, _instances: Any) -> None:
    """A form that was open before a merge, a preset that names the old code: neither brings it back."""
    for row in [*session.new, *session.dirty]:
        for name, dictionary in holding(type(row)):
            code = getattr(row, name)
            meant = current(session, dictionary, code) if code else code
            if meant != code:
                setattr(row, name, meant)
