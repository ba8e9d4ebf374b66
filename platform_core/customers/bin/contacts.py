"""The list of removed contacts, and the way back for what was ticked there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import contact_keeping, rights, selecting
from platform_core.customers.bin import rule
from platform_core.customers.contact_listing import customer_name
from platform_core.customers.models import Contact, Customer
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.users import labels
from platform_core.users.lists import list_handlers
from platform_core.web.forms import FormData
from platform_core.web.lists.declaration import BulkAction, Column, Filter, Invitation, ListView, Preset, Sort
from platform_core.web.lists.reach import Reach
from platform_core.web.notices import Notice
from platform_core.web.pages import redirect
from platform_core.web.routing import post

_ = translator("customers")
PERMISSION = "customers.edit"
_MOST = 200


def _reach(_session: Session, actor: Actor) -> Reach:
    kept = and_(Contact.deleted_at.is_not(None), Contact.sealed.is_not(None))
    return Reach(kept, predicate=rights.contact_editable(actor))


def _prepare(session: Session, actor: Actor, rows: Sequence[Any]) -> Mapping[str, Any]:
    names = labels.of_rows(session, rows)
    ids = {row.customer_id for row in rows if row.customer_id}
    found = session.execute(select(Customer.id, Customer.name, Customer.code).where(Customer.id.in_(ids)))
    goes = rule.current(session)
    return {
        "customers": {row.id: row for row in found},
        "people": {row.owner_id: names.person(row.owner_id) for row in rows},
        "going": {row.id: goes.day_of(row.deleted_at) if goes else None for row in rows},
    }


BIN = ListView(
    key="contact_bin",
    owner="customers",
    path="/contacts/bin",
    model=Contact,
    permission=PERMISSION,
    title=_.lazy("Removed contacts"),
    cells="customers/bin/_contact_cells.html",
    columns=(
        Column("removed_contact", _.lazy("Contact"), (Contact.name,), fixed=True),
        Column("customer", _.lazy("Customer"), (Contact.customer_id,), text=customer_name),
        Column("owner", _.lazy("Owner"), (Contact.owner_id,), text=lambda row, look: look["people"][row.owner_id]),
        Column("deleted", _.lazy("Removed"), (Contact.deleted_at,), sort="deleted"),
        Column("going", _.lazy("Erased for good"), (Contact.deleted_at,), text=lambda row, look: look["going"][row.id]),
    ),
    fields=(Contact.department_id,),
    sorts=(Sort("deleted", _.lazy("Removed"), Contact.deleted_at, descending=True),),
    filters=(
        Filter("name", _.lazy("Name"), "text", Contact.name),
        Filter("deleted", _.lazy("Removed"), "date", Contact.deleted_at),
    ),
    presets=(Preset("all", _.lazy("All")),),
    export="customers.export",
    reach=_reach,
    prepare=_prepare,
    bulk=(BulkAction("restore", _.lazy("Take out of the bin"), "arrow-back-up", "/contacts/bin/restore", PERMISSION),),
    invitation=Invitation(_.lazy("No contact was removed."), _.lazy("To the contacts"), "/contacts", "customers.view"),
)  # fmt: skip


@post("/contacts/bin/restore", permission=PERMISSION, name="customers:restore_contacts")
def restore_many(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """Those that were ticked; all of them, or none where one is no longer there or not the actor's."""
    ids = selecting.chosen(session, actor, BIN, form, _MOST).ids
    if len(ids) > _MOST:
        raise Invalid(_("At most %(number)s at once.", number=_MOST))
    for contact_id in ids:
        contact_keeping.restore(session, actor, contact_id)
    told = _.ngettext("%(num)d contact is back.", "%(num)d contacts are back.", len(ids))
    return redirect(request, "/contacts", Notice(told))


@post("/contacts/{contact_id:uuid}/restore", permission=PERMISSION, name="customers:restore_contact")
def restore(request: Request[Any, Any, Any], session: Session, actor: Actor, contact_id: UUID) -> Response[str]:
    contact = contact_keeping.restore(session, actor, contact_id)
    place = f"/customers/{contact.customer_id}?tab=contacts" if contact.customer_id else f"/contacts/{contact.id}"
    return redirect(request, place, Notice(_("The contact is back.")))


HANDLERS: list[Any] = [*list_handlers(BIN), restore_many, restore]
