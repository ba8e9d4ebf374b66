"""Own fields in forms: what is asked, and what came back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from platform_core.customers.custom import definitions
from platform_core.customers.custom.definitions import Field
from platform_core.kernel import dictionaries
from platform_core.kernel.i18n import translator
from platform_core.users import labels
from platform_core.web.forms import Bound, FormData

_ = translator("customers")


@dataclass(frozen=True, slots=True)
class Input:
    """One field as a template draws it. `value`: text, or a list of codes."""

    field: Field
    value: Any
    choices: list[tuple[str, str]]


def asked_at_first(session: Session) -> list[Field]:
    """What the short form for a new customer has to ask besides the built-in fields."""
    return [item for item in definitions.usable(session, "") if item.data.required]


def shown(
    session: Session, bound: Bound[Any], fields: Iterable[Field], held: Mapping[str, Any] | None = None
) -> list[tuple[str, list[Input]]]:
    """(group, inputs). A form that came back shows what was typed, a fresh one `held`, or else the default."""
    found = []
    for title, items in definitions.grouped(list(fields)):
        found.append((title or _("More"), [_input(session, bound, item, held) for item in items]))
    return found


def _input(session: Session, bound: Bound[Any], item: Field, held: Mapping[str, Any] | None) -> Input:
    if item.name in bound.values:
        value = bound.values[item.name]
    elif held is None:
        value = item.data.default
    else:
        value = held.get(item.key, "")
    if item.widget == "choices" and isinstance(value, str):
        value = [part for part in value.split(",") if part]
    return Input(item, value, choices(session, item, value))


def choices(session: Session, item: Field, value: Any) -> list[tuple[str, str]]:
    """What can be chosen; what is chosen already stays among it."""
    if item.widget == "choice":
        return dictionaries.choices(session, item.data.dictionary, current=str(value))
    if item.widget == "choices":
        entries = dictionaries.entries(session, item.data.dictionary).values()
        return [(entry.code, entry.label) for entry in entries if entry.active or entry.code in value]
    if item.widget == "person":
        people = labels.labels(session).people
        return [(str(key), person.name) for key, person in people.items() if person.active or str(key) == value]
    return [("yes", _("Yes")), ("no", _("No"))] if item.widget == "yesno" else []


def posted(bound: Bound[Any], form: FormData, fields: Iterable[Field]) -> dict[str, Any]:
    """Key -> what a form says of each field that it has shown; `bound` remembers it for a form that comes back."""
    found: dict[str, Any] = {}
    for item in fields:
        if item.name not in form:
            continue
        several = [text for text in form.getlist(item.name) if text]
        found[item.key] = several if item.widget == "choices" else form.get(item.name)
        bound.values[item.name] = found[item.key]
    return found
