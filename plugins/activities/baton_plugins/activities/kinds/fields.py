"""Fields of a kind of interaction: kept with the kind's entry of the dictionary, answered by follow-ups.

A field is known by an id that is never used again. One that was switched off is asked no more; old answers stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from platform_core.api import FieldType, Invalid, Session, declared, translator

_ = translator("activities")
PREFIX = "d-"
"""Of the names that a form gives to them"""
LONGEST = 500


@dataclass(frozen=True, slots=True)
class Field:
    """`type`: key of a FieldType; `choices`: of such a type alone."""

    id: str
    label: str
    type: str
    required: bool = False
    choices: tuple[str, ...] = ()
    active: bool = True

    @property
    def name(self) -> str:
        """In a form."""
        return PREFIX + self.id

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The choices as a form draws them."""
        return [(choice, choice) for choice in self.choices]

    @property
    def stored(self) -> dict[str, Any]:
        return {
            "id": self.id, "label": self.label, "type": self.type, "required": self.required,
            "choices": list(self.choices), "active": self.active,
        }  # fmt: skip


def of_entry(data: Mapping[str, Any]) -> tuple[Field, ...]:
    """What an entry of the dictionary brings along."""
    return tuple(
        Field(
            str(item["id"]), str(item["label"]), str(item["type"]), bool(item.get("required")),
            tuple(item.get("choices") or ()), item.get("active") is not False,
        )
        for item in data.get("fields") or ()
    )  # fmt: skip


def types(session: Session, *, installed: bool = False) -> dict[str, FieldType]:
    """By key, those of plugins that are switched on; or all that are installed, to read what they wrote."""
    return {item.key: item for item in declared(session, FieldType, installed=installed)}


def typed(form: Mapping[str, str]) -> dict[str, str]:
    """The answers among the fields of a form."""
    return {
        name.removeprefix(PREFIX): text
        for name, text in form.items()
        if name.startswith(PREFIX) and isinstance(text, str)
    }


def read(session: Session, fields: Sequence[Field], answers: Mapping[str, str]) -> dict[str, str]:
    """Answers as they are stored, by field id. Raises Invalid with a sentence for each that is wrong or missing."""
    known, wrong = types(session), {}
    stored: dict[str, str] = {}
    asked = [field for field in fields if field.active and field.type in known]
    for field in asked:
        text = answers.get(field.id, "").strip()
        if not text:
            if field.required:
                wrong[field.name] = _("%(field)s: please fill this in.", field=field.label)
            continue
        try:
            stored[field.id] = _checked(known[field.type], field, text)
        except ValueError as error:
            wrong[field.name] = f"{field.label}: {error}"
    unknown = {key for key, text in answers.items() if text.strip()} - {field.id for field in asked}
    wrong |= {PREFIX + key: _("This kind of interaction has no such field.") for key in sorted(unknown)}
    if wrong:
        raise Invalid(_("Please check the marked fields."), fields=wrong)
    return stored


def _checked(kind: FieldType, field: Field, text: str) -> str:
    """In the form that `parse` reads again."""
    if len(text) > LONGEST:
        raise ValueError(_("At most %(limit)s characters.", limit=LONGEST))
    if kind.widget == "choice" and text not in field.choices:
        raise ValueError(_("Please choose from the list."))
    return str(kind.parse(text))


def shown(session: Session, fields: Sequence[Field], answers: Mapping[str, str]) -> list[tuple[str, str]]:
    """(label, answer) as pages show them, in the order of the fields, of those switched off as well."""
    if not answers:
        return []
    known = types(session, installed=True)
    return [(field.label, _text(known, field, answers[field.id])) for field in fields if answers.get(field.id)]


def _text(known: Mapping[str, FieldType], field: Field, stored: str) -> str:
    kind = known.get(field.type)
    if kind is None:
        return stored
    try:
        return kind.format(kind.parse(stored))
    except ValueError:  # its type takes less today than it did then
        return stored
