"""Everything that the house holds about a customer, from every owner that has declared where, for the person itself.

What only binds rows together (ids, hashes, marks of versions) is left out; numbers and addresses are in the clear.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from sqlalchemy import ColumnElement, Uuid, select
from sqlalchemy.orm import Session

from platform_core.customers import contact_erasing, fields
from platform_core.customers.models import Attachment, Contact, ContactPoint, Customer
from platform_core.kernel.database import vault_of
from platform_core.kernel.i18n import translator
from platform_core.kernel.scope import proven
from platform_core.plugins.asking import hooks_of
from platform_core.plugins.references import Pointer, pointers
from platform_core.privacy.models import Consent

_ = translator("privacy")
_PROOF: dict[str, Any] = {
    "execution_options": proven("a copy for the person, asked for and approved by two people who see the customer")
}
_BOOKKEEPING = frozenset({"version", "name_key", "name_norm", "stored_as", "digest"})
_OWN = {Contact.__tablename__, ContactPoint.__tablename__}
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """One kind of rows of one owner."""

    owner: str
    label: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Copy:
    """`files`: what was uploaded, (name, where it lies in the data folder, bytes)."""

    name: str
    code: str
    held: Sequence[Held]
    files: Sequence[tuple[str, str, int]] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(len(part.rows) for part in self.held)


def collect(session: Session, customer_id: UUID) -> Copy | None:
    """None when there is no such customer any more. Reads beyond the scope of whoever asks: see `_PROOF`."""
    row = session.execute(select(*Customer.__table__.c).where(Customer.id == customer_id), **_PROOF).mappings().first()
    if row is None:
        return None
    ours = _("The record")
    named = {fields.label(name): value for name, value in _plain(session, row).items() if value not in ("", None, {})}
    people = _people(session, ours, Contact.customer_id == customer_id, ContactPoint.customer_id == customer_id)
    held = [Held(ours, _("Fields"), [named]), *people]
    for pointer in pointers(session, hooks_of(session)):
        worth = bool(pointer.declared.label) or not pointer.is_builtin
        if worth and pointer.table.name not in _OWN:
            rows = _rows(session, pointer, customer_id)
            if rows:
                held.append(Held(pointer.title, pointer.label, rows))
    return Copy(row["name"], row["code"], held, _files(session, customer_id))


def collect_contact(session: Session, contact_id: UUID) -> Copy | None:
    """The same of a contact that stands alone: its row, its numbers, and whatever notes its id."""
    held = _people(session, _("The record"), Contact.id == contact_id, ContactPoint.contact_id == contact_id)
    if not held:
        return None
    for table, rows in contact_erasing.held_elsewhere(session, contact_id):
        if table.name not in _OWN | {Consent.__tablename__}:
            owner, _underscore, kind = table.name.partition("_")
            held.append(Held(owner, kind, [_plain(session, row) for row in rows]))
    return Copy(str(held[0].rows[0]["name"]), "", held)


def _people(session: Session, ours: str, who: ColumnElement[bool], theirs: ColumnElement[bool]) -> list[Held]:
    """Contacts and numbers, each number with its person; what contacts said, which hangs on them alone."""
    contacts = session.execute(select(*Contact.__table__.c).where(who), **_PROOF).mappings().all()
    names = {row["id"]: row["name"] for row in contacts}
    statement = select(*ContactPoint.__table__.c).where(theirs)
    numbers = [
        {"kind": row["kind"], "of": names.get(row["contact_id"], ""), "value": _clear(session, row)}
        for row in session.execute(statement, **_PROOF).mappings()
    ]
    words = select(*Consent.__table__.c).where(Consent.contact_id.in_(list(names)))
    said = [
        {"of": names[row["contact_id"]], **_plain(session, row)} for row in session.execute(words, **_PROOF).mappings()
    ]
    found = [
        Held(ours, _("Contacts"), [_plain(session, row) for row in contacts]),
        Held(ours, _("Numbers and addresses"), numbers),
        Held(ours, _("Consent of contacts"), said),
    ]
    return [part for part in found if part.rows]


def _rows(session: Session, pointer: Pointer, customer_id: UUID) -> list[Row]:
    is_text = not isinstance(pointer.column.type, Uuid)  # reflected on SQLite, of a plugin that is gone
    known = pointer.column == (customer_id.hex if is_text else customer_id)
    found = session.execute(select(*pointer.table.c).where(known), **_PROOF).mappings()
    return [_plain(session, row) for row in found]


def _plain(session: Session, row: Mapping[Any, Any]) -> Row:
    """Column -> value that JSON can hold, without bookkeeping."""
    found = {}
    for column, value in row.items():
        name = str(column)
        if value is None or isinstance(value, UUID) or name in _BOOKKEEPING or name.endswith(("_id", "_hash")):
            continue
        if isinstance(value, bytes | memoryview):
            continue
        if name != "id":
            found[name] = msgspec.to_builtins(value, enc_hook=str)
    return found


def _clear(session: Session, row: Mapping[Any, Any]) -> str:
    try:
        return vault_of(session).decrypt(row["cipher"])
    except (InvalidTag, ValueError, KeyError):
        return str(row["mask"])  # its key is gone: the person learns as much as the house knows


def _files(session: Session, customer_id: UUID) -> list[tuple[str, str, int]]:
    statement = select(Attachment.filename, Attachment.stored_as, Attachment.size)
    found = statement.where(Attachment.customer_id == customer_id).order_by(Attachment.uploaded_at)
    return [(name, where, size) for name, where, size in session.execute(found, **_PROOF)]
