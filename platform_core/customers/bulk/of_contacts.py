"""What may be changed of contacts in a list.

What the people of one firm or one fair have in common of many at once; in a cell the name as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import contacts, rights
from platform_core.customers.fields import GENDERS
from platform_core.customers.forms import ContactPatch
from platform_core.customers.models import Contact
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import among
from platform_core.web.lists.changing import Asked, Changeable, ChangeField, Changes

_ = translator("customers")
_NAMES = ("name", "division", "title", "gender")


def _fields(_session: Session, _actor: Actor) -> list[ChangeField]:
    return [
        ChangeField("name", _("Name"), "text", longest=60, many=False),
        ChangeField("division", _("Department there"), "text", empty=True, longest=60),
        ChangeField("title", _("Position"), "text", empty=True, longest=60),
        ChangeField("gender", _("Gender"), options=[(code, str(label)) for code, label in GENDERS.items()], empty=True),
    ]


def _check(_session: Session, _actor: Actor, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Whatever the fields let through makes sense."""
    return values


def _rows(session: Session, actor: Actor, asked: Asked) -> Mapping[UUID, Changeable]:
    statement = select(Contact).where(among(Contact.id, asked.ids)).order_by(Contact.id)
    if asked.lock:
        statement = statement.with_for_update(of=Contact).execution_options(populate_existing=True)
    present = session.scalars(statement).all()
    allowed = rights.contacts_to_edit(session, actor, present)
    found = {}
    for contact in present:
        why = "" if allowed is None or contact.id in allowed else "right"
        values = {name: getattr(contact, name) for name in _NAMES}
        found[contact.id] = Changeable(values, "restricted" if contact.restricted_at else why, contact.customer_id)
        if not asked.lock:
            session.expunge(contact)
    return found


def _write(session: Session, actor: Actor, contact_id: UUID, values: Mapping[str, Any]) -> None:
    contacts.update(session, actor, contact_id, ContactPatch(**values))


def _counted(number: int) -> str:
    return _.ngettext("%(num)d contact", "%(num)d contacts", number)


CHANGES = Changes(edit="customers.edit", counted=_counted, fields=_fields, check=_check, rows=_rows, write=_write)
