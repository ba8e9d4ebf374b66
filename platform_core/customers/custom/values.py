"""Values of own fields: read from forms, tables and programs, kept as JSON, shown to people.

All scalars are kept as text (`"1280.5"`, `"2026-11-22"`, `"yes"`, a code, a person's id), several choices as a list of
codes; what is empty is not kept at all. So one expression serves conditions, orders and indexes on both databases.
Of a sensitive field the mask is kept in place of the value, and the value encrypted in `Customer.sealed`: whatever
prints a record can only print the mask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from platform_core.customers.custom.definitions import PREFIX, Field, known, named, usable
from platform_core.customers.models import Customer
from platform_core.kernel import dictionaries
from platform_core.kernel.database import vault_of
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.users import labels

_ = translator("customers")
MOST_CHOICES = 50


@dataclass(slots=True)
class Change:
    """`before` and `after`: `custom.<key>` of what differs -> as kept, None where empty. `secrets`: key -> clear."""

    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str | None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.after)


def read(session: Session, item: Field, given: Any, current: Any = None) -> Any:
    """The value as it is kept, None for an empty one; of a sensitive field in the clear.

    `current` may stay even where it could not be chosen any more. Raises ValueError with a sentence for the reader.
    """
    if item.type is None:
        raise ValueError(_("The plugin that brings this kind of field is not installed."))
    if item.widget == "choices":
        return _several(session, item, given, current)
    text = _text(given)
    if not text:
        return None
    if item.widget == "choice":
        return _one(session, item, text, current)
    if item.widget == "person":
        return _person(session, text, current)
    return plain(item.type.parse(text))


def plain(parsed: Any) -> str | None:
    """What a type has parsed, as it is kept."""
    if isinstance(parsed, bool):
        return "yes" if parsed else "no"
    if isinstance(parsed, Decimal):
        return format(parsed.normalize(), "f")
    return (parsed.isoformat() if isinstance(parsed, date) else str(parsed)) or None


def _text(given: Any) -> str:
    if given is None:
        return ""
    if isinstance(given, bool):
        return "yes" if given else "no"
    if isinstance(given, str | int | float | Decimal):
        return str(given).strip()
    raise ValueError(_("This value cannot be used."))


def _one(session: Session, item: Field, text: str, current: Any) -> str:
    if text == current:
        return text
    known_codes = dictionaries.entries(session, item.data.dictionary)
    code = text if text in known_codes else dictionaries.code_for(session, item.data.dictionary, text)
    code = dictionaries.current(session, item.data.dictionary, code) if code else code
    if code is None or not known_codes[code].active:
        raise ValueError(_("Please choose from the list."))
    return code


def _several(session: Session, item: Field, given: Any, current: Any) -> list[str] | None:
    if given is None:
        return None
    parts = given if isinstance(given, list | tuple) else str(given).replace("\uff0c", ",").replace(";", ",").split(",")
    wanted = [text for part in parts if (text := _text(part))]
    if len(wanted) > MOST_CHOICES:
        raise ValueError(_("At most %(limit)s values.", limit=MOST_CHOICES))
    held = current if isinstance(current, list) else []
    found = {_one(session, item, text, text if text in held else None) for text in wanted}
    # In the order of the dictionary, so that the same choice is the same value.
    order = [code for code in dictionaries.entries(session, item.data.dictionary) if code in found]
    return [*order, *sorted(found.difference(order))] or None


def _person(session: Session, text: str, current: Any) -> str:
    if text == current:
        return text
    people = labels.labels(session).people
    try:
        person = people.get(UUID(text))
    except ValueError:
        found = [key for key, somebody in people.items() if somebody.active and somebody.name == text]
        if len(found) == 1:
            return str(found[0])
        person = None
    if person is None or not person.active:
        raise ValueError(_("Please choose from the list."))
    return str(UUID(text))


def mask(text: str) -> str:
    return f"****{text[-4:]}" if len(text) > 6 else "****"


def fill(session: Session, customer: Customer, given: Mapping[str, Any] | None) -> Change:
    """Give a new customer its own fields: what is given, and the defaults of others. Raises Invalid at the field.

    `given` is none where whoever adds the customer knows nothing of own fields: then none is required.
    """
    told = dict(given or {})
    for item in usable(session, customer.classification or ""):
        if item.key not in told and item.data.default:
            told[item.key] = item.data.default
    made = changes(session, customer, told, is_new=given is not None)
    apply(session, customer, made)
    return made


def changes(
    session: Session, customer: Customer, given: Mapping[str, Any], *, is_new: bool = False, may_lack: bool = False
) -> Change:
    """What `given` (key -> value) would change, checked. Raises Invalid with `custom.<key>` for what cannot be.

    `may_lack`: a required field may be emptied, as it was before somebody filled it.
    """
    made, wrong = Change(), {}
    fields, classification = known(session).by_key, customer.classification or ""
    for key, value in given.items():
        try:
            _change(session, fields.get(key), value, customer, made, may_lack=may_lack)
        except ValueError as error:
            wrong[PREFIX + key] = str(error)
    for item in usable(session, classification) if is_new else ():
        if item.data.required and item.key not in given:
            wrong[item.name] = _("Please fill this in.")
    if wrong:
        raise Invalid(_("Please check the marked fields."), fields=wrong)
    return made


def _change(
    session: Session, item: Field | None, value: Any, customer: Customer, made: Change, *, may_lack: bool
) -> None:
    """Add one field to `made`. Raises ValueError with a sentence for the reader."""
    if item is None or not item.is_usable:
        raise ValueError(_("There is no such field."))
    current, is_secret = (customer.custom or {}).get(item.key), item.data.sensitive
    if is_secret and value == current:
        return  # the mask came back
    new = read(session, item, value, current)
    if new is None and not may_lack and item.data.required and item.fits(customer.classification or ""):
        raise ValueError(_("Please fill this in."))
    if new == current:
        return
    if is_secret:
        made.secrets[item.key] = new
    made.before[item.name] = current
    made.after[item.name] = mask(new) if is_secret and new is not None else new


def apply(session: Session, customer: Customer, made: Change) -> None:
    """Write a change onto the customer."""
    if not made:
        return
    values = dict(customer.custom or {})
    for name, value in made.after.items():
        put(values, name.removeprefix(PREFIX), value)
    customer.custom = values
    if made.secrets:
        secrets = opened(session, customer)
        for key, clear in made.secrets.items():
            put(secrets, key, clear)
        seal(session, customer, secrets)


def put(values: dict[str, Any], key: str, value: Any) -> None:
    """Set, or take out what is empty."""
    if value is None:
        values.pop(key, None)
    else:
        values[key] = value


def opened(session: Session, customer: Customer) -> dict[str, Any]:
    """Key -> clear value of sensitive fields. Callers show none of it without writing that down."""
    blob = customer.sealed
    if not blob:
        return {}
    found: dict[str, Any] = msgspec.json.decode(vault_of(session).decrypt(blob))
    return found


def seal(session: Session, customer: Customer, secrets: Mapping[str, Any]) -> None:
    customer.sealed = sealed(session, secrets)


def sealed(session: Session, secrets: Mapping[str, Any]) -> bytes | None:
    return vault_of(session).encrypt(msgspec.json.encode(secrets).decode()) if secrets else None


def thawed(item: Field, kept: Any) -> Any:
    """A kept value as its type's `format` takes it: Decimal, date, bool, int or text."""
    if item.type is None:
        return kept
    wanted = item.type.column.python_type
    if wanted is bool:
        return kept == "yes"
    if wanted is date:
        return date.fromisoformat(kept)
    return wanted(kept) if wanted in {int, Decimal, float} else kept


def shown(session: Session, item: Field, kept: Any) -> str:
    """As people read it, also where its type or its entry is gone."""
    if kept is None or kept == "":
        return ""
    if isinstance(kept, list):
        return _.pgettext("between the items of a list", ", ").join(_word(session, item, part) for part in kept)
    if item.data.sensitive or item.type is None:
        return str(kept)
    if item.widget == "choice":
        return _word(session, item, kept)
    if item.widget == "person":
        return labels.labels(session).person(_uuid(kept)) or _("somebody unknown")
    return item.type.format(thawed(item, kept))


def _word(session: Session, item: Field, code: str) -> str:
    return dictionaries.label(session, item.data.dictionary, str(code))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def shown_by_name(session: Session, name: str, kept: Any) -> str:
    item = named(session, name)
    return shown(session, item, kept) if item is not None else str(kept or "")


def told(session: Session, values: Mapping[str, Any]) -> dict[str, Any]:
    """For programs: yes and no as true and false, all else as it is kept; of sensitive fields the masks."""
    fields = known(session).by_key
    return {
        key: value == "yes" if fields[key].is_bool else value for key, value in values.items() if key in fields
    }  # fmt: skip


def rows(session: Session, customer: Customer) -> Sequence[tuple[str, list[tuple[Field, str]]]]:
    """(group, (field, value as people read it)) of all that is filled in, fields that are switched off included."""
    found: dict[str, list[tuple[Field, str]]] = {}
    for item in known(session).fields:
        text = shown(session, item, (customer.custom or {}).get(item.key))
        if text:
            found.setdefault(item.data.group, []).append((item, text))
    return list(found.items())
