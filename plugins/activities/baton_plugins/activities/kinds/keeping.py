"""What administrators do to a kind of interaction: its icon, and the fields that are asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import msgspec
from baton_plugins.activities import presets
from baton_plugins.activities.kinds import fields
from baton_plugins.activities.kinds.fields import Field
from msgspec import Meta

from platform_core.api import (
    Actor,
    EntityRef,
    Invalid,
    NotFound,
    Session,
    dictionaries,
    new_id,
    record,
    translator,
)

_ = translator("activities")
ICONS = (
    "phone", "phone-call", "map-pin", "users", "message", "brand-wechat", "mail", "video", "school", "certificate",
    "clipboard-check", "cash", "receipt", "gift", "calendar-event", "headset", "notes",
)  # fmt: skip
MOST_FIELDS = 30
Label = Annotated[str, Meta(min_length=1, max_length=60)]


class KindInput(msgspec.Struct, kw_only=True):
    """How a kind looks, and whether somebody was spoken to."""

    icon: str = "notes"
    contact: bool = False


class FieldInput(msgspec.Struct, kw_only=True):
    """One thing that is asked. `choices`: one in a line, for the type that has them."""

    label: Label
    type: Annotated[str, Meta(max_length=80)] = "web.text"
    choices: Annotated[str, Meta(max_length=4000)] = ""
    required: bool = False
    active: bool = True


def change_kind(session: Session, actor: Actor, code: str, data: KindInput) -> None:
    """Raises NotFound, Invalid for an icon that there is none of."""
    entry = _entry(session, code)
    if data.icon not in ICONS and data.icon != entry.data.get("icon"):
        message = _("Please choose from the list.")
        raise Invalid(message, fields={"icon": message})
    _write(session, actor, entry, {**entry.data, "icon": data.icon, "contact": data.contact}, {"icon": data.icon})


def add_field(session: Session, actor: Actor, code: str, data: FieldInput) -> Field:
    """Ask one thing more. Raises NotFound, Invalid."""
    entry = _entry(session, code)
    known = fields.of_entry(entry.data)
    if len(known) >= MOST_FIELDS:
        message = _("A kind of interaction has at most %(limit)s fields.", limit=MOST_FIELDS)
        raise Invalid(message, fields={"label": message})
    made = Field(
        new_id().hex, data.label, data.type, required=data.required, choices=_choices(session, data), active=True
    )
    _check_label(known, made)
    _write_fields(session, actor, entry, (*known, made), {"label": made.label})
    return made


def change_field(session: Session, actor: Actor, code: str, field_id: str, data: FieldInput) -> Field:
    """Another label, other choices, no longer asked or asked again. Its type stays: there are answers of it."""
    entry = _entry(session, code)
    known = fields.of_entry(entry.data)
    old = next((field for field in known if field.id == field_id), None)
    if old is None:
        raise NotFound(_("There is no such field."))
    data.type = old.type
    made = replace(old, label=data.label, required=data.required, choices=_choices(session, data), active=data.active)
    _check_label([field for field in known if field.id != field_id], made)
    changed = tuple(made if field.id == field_id else field for field in known)
    _write_fields(session, actor, entry, changed, {"label": made.label, "active": made.active})
    return made


def _entry(session: Session, code: str) -> dictionaries.Entry:
    entry = dictionaries.entries(session, presets.KINDS).get(code)
    if entry is None:
        raise NotFound(_("There is no such kind of interaction."))
    return entry


def _choices(session: Session, data: FieldInput) -> tuple[str, ...]:
    kind = fields.types(session, installed=True).get(data.type)
    if kind is None:
        message = _("Please choose from the list.")
        raise Invalid(message, fields={"type": message})
    if kind.widget != "choice":
        return ()
    found = tuple(dict.fromkeys(line.strip() for line in data.choices.splitlines() if line.strip()))
    message = ""
    if not found:
        message = _("Write at least one choice, each in a line of its own.")
    elif max(map(len, found)) > 60:
        message = _("At most %(limit)s characters.", limit=60)
    if message:
        raise Invalid(message, fields={"choices": message})
    return found


def _check_label(others: Any, field: Field) -> None:
    if any(other.label.casefold() == field.label.casefold() for other in others):
        message = _("There is a field of this name.")
        raise Invalid(message, fields={"label": message})


def _write_fields(
    session: Session, actor: Actor, entry: dictionaries.Entry, changed: tuple[Field, ...], after: dict[str, Any]
) -> None:
    _write(session, actor, entry, {**entry.data, "fields": [field.stored for field in changed]}, after)


def _write(
    session: Session, actor: Actor, entry: dictionaries.Entry, data: dict[str, Any], after: dict[str, Any]
) -> None:
    dictionaries.set_data(session, presets.KINDS, entry.code, data)
    record(session, actor, "activities.kind", EntityRef("activities", "kind", new_id(), entry.label), after=after)
