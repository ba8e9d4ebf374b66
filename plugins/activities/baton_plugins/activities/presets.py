"""Kinds of contact and outcomes: two dictionaries that admins keep, with what each entry brings along."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pluggy
from baton_plugins.activities.diary.whose import ROOMS
from baton_plugins.activities.kinds.fields import Field, of_entry

from platform_core.api import (
    ComposerKind,
    Dictionary,
    DictionaryEntry,
    OutcomePreset,
    Session,
    declared,
    dictionaries,
    translator,
)

_ = translator("activities")
hookimpl = pluggy.HookimplMarker("baton")
KINDS = "activities.kind"
OUTCOMES = "activities.outcome"
STATUSES = "customers.status"
SATISFACTION = "activities.satisfaction"
NEXT = re.compile(r"|none|mon|[1-9]\d{0,2}d")
"""What `next_in` may be: nothing said, no further plan, next Monday, or a number of days."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A way of contact. A note is one too, but nobody was spoken to."""

    code: str
    label: str
    icon: str
    is_contact: bool
    fields: tuple[Field, ...] = ()
    """What is asked when it has taken place"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One click after a contact: the status the customer gets ("" keeps it) and when to go on (see NEXT)."""

    code: str
    label: str
    tone: str
    status: str
    next_in: str
    next_kind: str
    active: bool = True


@hookimpl
def baton_dictionaries() -> list[Dictionary]:
    return [
        Dictionary(KINDS, _.lazy("Kinds of contact"), _kinds()),
        Dictionary(OUTCOMES, _.lazy("Outcomes"), _outcomes()),
        Dictionary(SATISFACTION, _.lazy("Satisfaction"), _satisfaction()),
        Dictionary(ROOMS, _.lazy("Meeting rooms"), (DictionaryEntry("room", _.lazy("Meeting room"), order=10),)),
    ]


def _kinds() -> tuple[DictionaryEntry, ...]:
    return (
        DictionaryEntry("call", _.lazy_pgettext("kind", "Call"), order=10, data={"icon": "phone"}),
        DictionaryEntry("visit", _.lazy_pgettext("kind", "Visit"), order=20, data={"icon": "map-pin"}),
        DictionaryEntry("wechat", _.lazy_pgettext("kind", "WeChat"), order=30, data={"icon": "brand-wechat"}),
        DictionaryEntry("sms", _.lazy_pgettext("kind", "Text message"), order=40, data={"icon": "message"}),
        DictionaryEntry("mail", _.lazy_pgettext("kind", "Mail"), order=50, data={"icon": "mail"}),
        DictionaryEntry("note", _.lazy_pgettext("kind", "Note"), order=60, data={"icon": "notes", "contact": False}),
    )


def _outcomes() -> tuple[DictionaryEntry, ...]:
    def entry(code: str, label: str, tone: str, order: int, status: str, next_in: str) -> DictionaryEntry:
        data = {"status": status, "next_in": next_in, "next_kind": "call"}
        return DictionaryEntry(code, label, tone, order, data)

    return (
        entry("agreed", _.lazy_pgettext("outcome", "Agreed"), "jade", 10, "following", "1d"),
        entry("interested", _.lazy_pgettext("outcome", "Interested"), "primary", 20, "interested", "3d"),
        entry("considering", _.lazy_pgettext("outcome", "Considering"), "amber", 30, "considering", "mon"),
        entry("no_answer", _.lazy_pgettext("outcome", "No answer"), "", 40, "", "1d"),
        entry("refused", _.lazy_pgettext("outcome", "Refused"), "red", 50, "dormant", "none"),
    )


def _satisfaction() -> tuple[DictionaryEntry, ...]:
    """`data.score`: what reports reckon with, the highest is best."""

    def entry(code: str, label: str, tone: str, score: int) -> DictionaryEntry:
        return DictionaryEntry(code, label, tone, (6 - score) * 10, {"score": score})

    return (
        entry("very_good", _.lazy_pgettext("satisfaction", "Very satisfied"), "jade", 5),
        entry("good", _.lazy_pgettext("satisfaction", "Satisfied"), "jade", 4),
        entry("fair", _.lazy_pgettext("satisfaction", "Neither nor"), "", 3),
        entry("poor", _.lazy_pgettext("satisfaction", "Dissatisfied"), "amber", 2),
        entry("bad", _.lazy_pgettext("satisfaction", "Very dissatisfied"), "red", 1),
    )


def kinds(session: Session, *, current: str = "") -> list[Kind]:
    """The active kinds in order, and the current one even if it has been switched off."""
    found = dictionaries.entries(session, KINDS).values()
    kept = [_kind(entry) for entry in found if entry.active or entry.code == current]
    return [*kept, *(_kind_of(item) for item in declared(session, ComposerKind))]


def kind(session: Session, code: str) -> Kind:
    """Also for a code that has been removed: old records stay readable."""
    entry = dictionaries.entries(session, KINDS).get(code)
    if entry is not None:
        return _kind(entry)
    others = (_kind_of(item) for item in declared(session, ComposerKind, installed=True) if item.code == code)
    return next(others, Kind(code, code, "notes", is_contact=True))


def _kind_of(item: ComposerKind) -> Kind:
    return Kind(item.code, str(item.label), item.icon, item.is_contact)


def _kind(entry: dictionaries.Entry) -> Kind:
    is_contact = entry.data.get("contact") is not False
    return Kind(entry.code, entry.label, str(entry.data.get("icon", "notes")), is_contact, of_entry(entry.data))


def outcomes(session: Session, *, disabled: bool = False) -> list[Outcome]:
    """Those that admins keep, in order, the ones switched off only when asked for; then those of plugins."""
    return [
        *own_outcomes(session, disabled=disabled),
        *(_outcome_of(item) for item in declared(session, OutcomePreset)),
    ]


def own_outcomes(session: Session, *, disabled: bool = False) -> list[Outcome]:
    """Those that admins keep."""
    found = dictionaries.entries(session, OUTCOMES).values()
    return [_outcome(entry) for entry in found if entry.active or disabled]


def outcome(session: Session, code: str) -> Outcome | None:
    entry = dictionaries.entries(session, OUTCOMES).get(code)
    if entry is not None:
        return _outcome(entry)
    others = (_outcome_of(item) for item in declared(session, OutcomePreset, installed=True) if item.code == code)
    return next(others, None)


def _outcome_of(item: OutcomePreset) -> Outcome:
    next_in = item.next_in if NEXT.fullmatch(item.next_in) else ""
    return Outcome(item.code, str(item.label), item.tone, item.status, next_in, item.next_kind)


def _outcome(entry: dictionaries.Entry) -> Outcome:
    next_in = str(entry.data.get("next_in", ""))
    return Outcome(
        entry.code,
        entry.label,
        entry.tone,
        str(entry.data.get("status", "")),
        next_in if NEXT.fullmatch(next_in) else "",
        str(entry.data.get("next_kind", "")) or "call",
        entry.active,
    )
