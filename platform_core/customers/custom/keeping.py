"""Defining own fields. What records hold stays readable whatever becomes of a definition."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.fields import FieldType
from platform_core.contracts.identity import Actor
from platform_core.customers.custom import definitions, indexes, values
from platform_core.customers.custom.definitions import CHOOSING, DICTIONARY, OWN_LIST, UNINDEXED, Data, Field
from platform_core.customers.models import Customer
from platform_core.kernel import dictionaries
from platform_core.kernel.declared import declared
from platform_core.kernel.errors import Forbidden, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.models import DictionaryRow
from platform_core.kernel.scope import proven

_ = translator("customers")
PERMISSION = "customers.fields"
MOST = 100
MOST_INDEXED = 12
"""Each index costs every writing of a customer."""
COUNTED = 1000
_KEY = re.compile(r"[a-z][a-z0-9_]{0,29}")
_SECRET_WIDGETS = frozenset({"text"})
_PROOF = proven("how many records a change of a definition touches, without showing any")


class FieldInput(msgspec.Struct, kw_only=True):
    """A definition as a form or a program says it. `key`, `type`, `dictionary` and `sensitive` stay for ever."""

    label: Annotated[str, Meta(min_length=1, max_length=60)]
    key: Annotated[str, Meta(max_length=30)] = ""
    type: str = "web.text"
    group: Annotated[str, Meta(max_length=40)] = ""
    help: Annotated[str, Meta(max_length=200)] = ""
    required: bool = False
    default: Annotated[str, Meta(max_length=500)] = ""
    dictionary: Annotated[str, Meta(max_length=60)] = ""
    """Of a choice: an existing dictionary, or "" for a list of the field's own."""
    entries: Annotated[str, Meta(max_length=5_000)] = ""
    """Labels of the own list, one per line."""
    classifications: list[str] = []
    sensitive: bool = False
    filterable: bool = False


@dataclass(frozen=True, slots=True)
class Touched:
    """How many records hold a value; `more`: nobody counted further."""

    number: int
    more: bool


def types(session: Session) -> list[FieldType]:
    return declared(session, FieldType)


def get(session: Session, key: str) -> Field:
    found = definitions.known(session).by_key.get(key)
    if found is None:
        raise NotFound(_("There is no such field."))
    return found


def touched(session: Session, key: str) -> Touched:
    """Also records in the bin: what is there comes back with them."""
    held = select(Customer.id).where(indexes.text_of(Customer.custom, key).is_not(None)).limit(COUNTED + 1)
    number = session.scalar(select(func.count()).select_from(held.subquery()), execution_options=_PROOF) or 0
    return Touched(min(number, COUNTED), number > COUNTED)


def add(session: Session, actor: Actor, data: FieldInput) -> Field:
    """Append a field. Raises Invalid with a message for each thing that does not go together, Forbidden."""
    _require(actor)
    known = definitions.known(session)
    key = data.key or _free_key(known.by_key)
    wrong = _checked(session, data, None)
    if not _KEY.fullmatch(key):
        wrong["key"] = _("A small letter first, then small letters, digits and underscores.")
    elif key in known.by_key:
        wrong["key"] = _("This code is taken.")
    if len(known.fields) >= MOST:
        wrong[""] = _("At most %(limit)s fields.", limit=MOST)
    if wrong:
        raise Invalid(_("Please check the marked fields."), fields=wrong)
    chosen = _type(session, data.type)
    if chosen.widget in CHOOSING and not data.dictionary:
        data = msgspec.structs.replace(data, dictionary=OWN_LIST + key)
        _fill_list(session, data)
    order = session.scalar(select(func.max(DictionaryRow.order)).where(DictionaryRow.dictionary == DICTIONARY)) or 0
    row = DictionaryRow(
        dictionary=DICTIONARY, code=key, label=data.label, order=order + 10, data=msgspec.to_builtins(_data(data))
    )
    session.add(row)
    session.flush()  # the audit line names its id
    _check_default(session, data, key)
    _settle(session, actor, "customers.field_add", row, {}, {"label": row.label, **row.data})
    return get(session, key)


def change(session: Session, actor: Actor, key: str, data: FieldInput) -> Field:
    """Change what may change. Raises Invalid, NotFound, Forbidden."""
    _require(actor)
    item = get(session, key)
    data = msgspec.structs.replace(
        data, type=item.data.type, sensitive=item.data.sensitive, dictionary=item.data.dictionary
    )
    wrong = _checked(session, data, item)
    if wrong:
        raise Invalid(_("Please check the marked fields."), fields=wrong)
    _check_default(session, data, key)
    row = _row(session, key)
    new = {"label": data.label, **msgspec.to_builtins(_data(data))}
    old = {"label": row.label, **row.data}
    names = {*old, *new}
    before, after = audit.changes({name: old.get(name) for name in names}, {name: new.get(name) for name in names})
    if after:
        row.label, row.data = data.label, msgspec.to_builtins(_data(data))
        _settle(session, actor, "customers.field_change", row, before, after)
    return get(session, key)


def set_active(session: Session, actor: Actor, key: str, *, active: bool) -> None:
    """A field that is switched off is asked nowhere any more; what records hold stays readable."""
    _require(actor)
    row = _row(session, key)
    if row.active != active:
        row.active = active
        _settle(session, actor, "customers.field_change", row, {"active": not active}, {"active": active})


def shift(session: Session, actor: Actor, key: str, by: int) -> None:
    """Move a field `by` places down (negative: up)."""
    _require(actor)
    row = _row(session, key)
    statement = select(DictionaryRow).where(DictionaryRow.dictionary == DICTIONARY)
    rows = list(session.scalars(statement.order_by(DictionaryRow.order, DictionaryRow.code)))
    here = rows.index(row)
    there = min(max(here + by, 0), len(rows) - 1)
    if here != there:
        rows.insert(there, rows.pop(here))
        for place, other in enumerate(rows, 1):
            other.order = place * 10
        _settle(session, actor, "customers.field_change", row, {"place": here + 1}, {"place": there + 1})


def draft(session: Session, data: FieldInput) -> Field:
    """What a form describes, unsaved, for its preview."""
    found = {item.key: item for item in types(session)}
    return Field("preview", data.label, active=True, data=_data(data), type=found.get(data.type))


def _require(actor: Actor) -> None:
    if not actor.can(PERMISSION):
        raise Forbidden(lacks=PERMISSION)


def _type(session: Session, key: str) -> FieldType:
    return next(item for item in types(session) if item.key == key)


def _checked(session: Session, data: FieldInput, own: Field | None) -> dict[str, str]:
    wrong: dict[str, str] = {}
    kind = next((item for item in declared(session, FieldType, installed=True) if item.key == data.type), None)
    if kind is None or (own is None and kind not in types(session)):
        return {"type": _("Please choose from the list.")}
    others = [item for item in definitions.known(session).fields if own is None or item.key != own.key]
    if any(item.label.casefold() == data.label.casefold() for item in others):
        wrong["label"] = _("There is a field of this name.")
    if data.dictionary and own is None and (
        kind.widget not in CHOOSING or not dictionaries.entries(session, data.dictionary)
        or data.dictionary == DICTIONARY
    ):  # fmt: skip
        wrong["dictionary"] = _("Please choose from the list.")
    if data.sensitive and kind.widget not in _SECRET_WIDGETS:
        wrong["sensitive"] = _("Only a short text can be hidden behind a mask.")
    if data.sensitive and data.default:
        wrong["default"] = _("What is the same for everybody is no secret.")
    if data.filterable and (data.sensitive or kind.widget in UNINDEXED):
        wrong["filterable"] = _("Lists cannot look for values of this kind.")
    elif data.filterable and sum(item.data.filterable for item in others) >= MOST_INDEXED:
        wrong["filterable"] = _(
            "At most %(limit)s fields can be looked for: each slows every change.", limit=MOST_INDEXED
        )
    classes = dictionaries.entries(session, "customers.classification")
    if any(code not in classes for code in data.classifications):
        wrong["classifications"] = _("Please choose from the list.")
    return wrong


def _check_default(session: Session, data: FieldInput, key: str) -> None:
    """After the field's own list is there. Raises Invalid."""
    if not data.default:
        return
    try:
        values.read(session, draft(session, data), data.default)
    except ValueError as error:
        raise Invalid(_("Please check the marked fields."), fields={"default": str(error)}) from error


def _data(data: FieldInput) -> Data:
    return Data(**{name: getattr(data, name) for name in Data.__struct_fields__ if name != "classifications"},
                classifications=tuple(data.classifications))  # fmt: skip


def _fill_list(session: Session, data: FieldInput) -> None:
    labels = list(dict.fromkeys(line.strip()[:120] for line in data.entries.splitlines() if line.strip()))
    session.add_all(
        DictionaryRow(dictionary=data.dictionary, code=f"x{place}", label=label, order=place * 10)
        for place, label in enumerate(labels, 1)
    )
    dictionaries.changed(session)


def _free_key(taken: Any) -> str:
    number = len(taken) + 1
    while f"f{number}" in taken:
        number += 1
    return f"f{number}"


def _row(session: Session, key: str) -> DictionaryRow:
    found = session.scalars(
        select(DictionaryRow).where(DictionaryRow.dictionary == DICTIONARY, DictionaryRow.code == key)
    ).one_or_none()
    if found is None:
        raise NotFound(_("There is no such field."))
    return found


def _settle(
    session: Session, actor: Actor, action: str, row: DictionaryRow, before: dict[str, Any], after: dict[str, Any]
) -> None:
    dictionaries.changed(session)
    session.flush()  # what follows reads the definitions anew
    ref = EntityRef("customers", "field", row.id, row.label)
    audit.record(session, actor, action, ref, before=before, after=after)
    if {"filterable", "active"} & {*before, *after}:
        indexes.settle_soon(session, actor)


def own_lists(session: Session) -> list[tuple[str, str]]:
    """(dictionary, label of its field) of the lists that belong to one field."""
    fields = definitions.known(session).fields
    return [(item.data.dictionary, item.label) for item in fields if item.data.dictionary == OWN_LIST + item.key]
