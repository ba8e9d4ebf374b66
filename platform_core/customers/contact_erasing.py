"""Erasing a person who is a contact of no customer. No contract or count hangs on such a contact, so its row goes.

What other tables hold of it goes by its key: rows that refer to it are deleted or let go by the database, rows that
only note its id (`contact_id`, of nobody's customer) are deleted here. The audit trail keeps who did what when.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import Table, delete, select
from sqlalchemy.orm import Session

from platform_core.audit import blanking
from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.customers import contact_history, queries, rights
from platform_core.customers.bulk.models import BulkLine
from platform_core.customers.erasing import LONGEST_REASON, PERMISSION
from platform_core.customers.models import Contact
from platform_core.kernel.errors import Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.model import METADATA
from platform_core.kernel.scope import proven
from platform_core.users import notifications
from platform_core.web import answers

_ = translator("customers")
Before = Callable[[Session, Actor | None, UUID], None]
_before: list[Before] = []
_OPTIONS: dict[str, Any] = {
    "execution_options": {
        **proven("erasing walks everything of a contact that the actor may erase"), "synchronize_session": False,
    }
}  # fmt: skip


def before_erasing(act: Before) -> None:
    """For core packages above: `act(session, actor, contact_id)` is called in the erasing transaction, before it."""
    _before.append(act)


def erasable(session: Session, actor: Actor, contact_id: UUID) -> Contact:
    """Raises NotFound for a contact of a customer too: it is erased with its customer. Raises Forbidden."""
    contact = queries.contact(session, contact_id)
    if contact.customer_id is not None:
        raise NotFound(_("There is no such contact, or not for you."))
    rights.require_contact(session, actor, PERMISSION, contact)
    return contact


def erase(session: Session, actor: Actor, contact_id: UUID, name: str, reason: str) -> None:
    """Erase the person for good. `name` is the contact's, to confirm. Raises NotFound, Forbidden, Invalid."""
    contact = erasable(session, actor, contact_id)
    wrong = {}
    if name.strip() != contact.name:
        wrong["name"] = _("This is not the name of this contact: %(name)s.", name=contact.name)
    if not reason.strip() or len(reason.strip()) > LONGEST_REASON:
        wrong["reason"] = _("Say why, in at most %(limit)d characters.", limit=LONGEST_REASON)
    if wrong:
        raise Invalid(_("Please check the marked fields."), fields=wrong)
    forget(session, actor, contact, reason.strip())


def forget(session: Session, actor: Actor | None, contact: Contact, reason: str) -> None:
    """What `erase` does once it may; without an actor by the house's own rule."""
    contact_id = contact.id
    session.flush()  # what follows goes past the session
    label = _("Erased contact")
    for act in _before:
        act(session, actor, contact_id)
    answers.forget_about(session, [str(contact_id), contact.name])
    contact_history.forget(session, contact_id)
    for table in _noting():
        unowned = table.c.customer_id.is_(None) if "customer_id" in table.c else table.c.contact_id.is_not(None)
        session.execute(delete(table).where(table.c.contact_id == contact_id, unowned), **_OPTIONS)
    session.execute(delete(BulkLine).where(BulkLine.row_id == contact_id), **_OPTIONS)
    notifications.forget(session, f"/contacts/{contact_id}")
    session.expunge(contact)
    session.execute(delete(Contact).where(Contact.id == contact_id), **_OPTIONS)
    blanking.blank_contact(session, actor, contact_id, label)
    ref = EntityRef("customers", "contact", contact_id, label)
    audit.record(session, actor, "customers.contact_erase", ref, reason=reason)


def held_elsewhere(session: Session, contact_id: UUID) -> Iterator[tuple[Table, list[Any]]]:
    """Rows of each table that notes the contact, for the copy that a person is given."""
    for table in METADATA.sorted_tables:
        if "contact_id" in table.c:
            rows = (
                session.execute(select(*table.c).where(table.c.contact_id == contact_id), **_OPTIONS).mappings().all()
            )
            if rows:
                yield table, list(rows)


def _noting() -> list[Table]:
    """Tables that hold ids of contacts which the database does not look after."""
    return [
        table
        for table in reversed(METADATA.sorted_tables)
        if "contact_id" in table.c and not table.c.contact_id.foreign_keys
    ]
