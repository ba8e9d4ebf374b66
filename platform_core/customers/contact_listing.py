"""The list of contacts: people of all customers that the actor sees, and those who stand alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import (
    contact_finding,
    contact_reach,
    contact_searching,
    fields,
    points,
    queries,
    reach,
    rights,
    searching,
)
from platform_core.customers.bulk import of_contacts as bulk
from platform_core.customers.fields import GENDERS
from platform_core.customers.groups import elsewhere as groups
from platform_core.customers.models import Contact, Customer
from platform_core.kernel.i18n import translator
from platform_core.web.lists.declaration import (
    Button,
    Column,
    Filter,
    Invitation,
    ListView,
    Preset,
    RowAction,
    Search,
    Sort,
)

_ = translator("customers")
_BIRTH = tuple(getattr(Contact, name) for name in fields.BIRTH)


def _prepare(session: Session, actor: Actor, rows: Sequence[Any]) -> Mapping[str, Any]:
    """Customers of the page and the number to call of each contact, as a mask."""
    ids = {row.customer_id for row in rows if row.customer_id}
    found = session.execute(select(Customer.id, Customer.name, Customer.code).where(Customer.id.in_(ids)))
    held = queries.points_of_contacts(session, [row.id for row in rows])
    main = {contact_id: points.main_phone(mine, contact_id) for contact_id, mine in held.items()}
    return {
        "customers": {row.id: row for row in found},
        "born": fields.born,
        "phones": {contact_id: point.mask for contact_id, point in main.items() if point},
    }


def _search(session: Session, words: str) -> Search:
    """Contacts of the customers that the words find, which are found by their contacts' names too, and those alone."""
    customers = select(Customer.id).where(searching.condition(session, words).condition)
    alone = contact_finding.condition(session, words)
    return Search(or_(Contact.customer_id.in_(customers), alone), selective=True)


def _alone(values: Sequence[Any]) -> ColumnElement[bool]:
    if set(values) == {"alone"}:
        return Contact.customer_id.is_(None)
    return Contact.customer_id.is_not(None) if set(values) == {"with"} else Contact.id.is_not(None)


def _alone_ones(_session: Session, _actor: Actor, rows: Sequence[Any]) -> list[Any]:
    """What others may be written to for stands with their customer."""
    return [row.id for row in rows if row.customer_id is None]


def customer_name(row: Any, look: Mapping[str, Any]) -> str:
    found = look["customers"].get(row.customer_id)
    return found.name if found else ""


def _position(row: Any, look: Mapping[str, Any]) -> str:
    return " ".join(part for part in (row.division, row.title) if part)


CONTACTS = ListView(
    key="contacts",
    owner="customers",
    path="/contacts",
    model=Contact,
    permission=reach.PERMISSION,
    title=_.lazy("Contacts"),
    cells="customers/_contact_cells.html",
    columns=(
        Column(
            "contact_name",
            _.lazy("Contact"),
            (Contact.name, Contact.is_primary),
            sort="name",
            fixed=True,
            edited="name",
        ),
        Column("customer", _.lazy("Customer"), (Contact.customer_id,), text=customer_name),
        Column("position", _.lazy("Position"), (Contact.title, Contact.division), text=_position, edited="title"),
        Column("phone", _.lazy("Phone"), text=lambda row, look: look["phones"].get(row.id, "")),
        Column(
            "gender",
            _.lazy("Gender"),
            (Contact.gender,),
            shown=False,
            text=lambda row, _look: str(GENDERS.get(row.gender, row.gender)),
        ),
        Column("birthday", _.lazy("Birthday"), _BIRTH, shown=False, text=lambda row, _look: fields.born(row)),
        Column("changed", _.lazy("Changed"), (Contact.updated_at,), shown=False),
        Column("added", _.lazy("Added on"), (Contact.created_at,), sort="added"),
    ),
    sorts=(
        # Keys are made in the order of time.
        Sort("added", _.lazy("Added on"), Contact.id, descending=True),
        Sort("name", _.lazy("Contact"), Contact.name_key),
    ),
    filters=(
        Filter("name", _.lazy("Name"), "text", Contact.name),
        Filter("position", _.lazy("Position"), "text", Contact.title),
        Filter("division", _.lazy("Department there"), "text", Contact.division),
        Filter("main", _.lazy("Main contact"), "bool", Contact.is_primary),
        Filter(
            "customer",
            _.lazy("Customer"),
            "choice",
            choices=lambda _session, _actor: [("with", _("with a customer")), ("alone", _("stands alone"))],
            among=_alone,
        ),
        groups.list_filter(Contact.customer_id),
        Filter(
            "gender",
            _.lazy("Gender"),
            "choice",
            Contact.gender,
            choices=lambda _session, _actor: [(code, str(label)) for code, label in GENDERS.items()],
        ),
        Filter("birth_month", _.lazy("Month of birth"), "number", Contact.birth_month),
        Filter("added", _.lazy("Added on"), "date", Contact.created_at),
        Filter("changed", _.lazy("Changed"), "date", Contact.updated_at),
    ),
    presets=(
        Preset("all", _.lazy("All")),
        Preset("main", _.lazy("Main contacts"), ("main:is:yes",)),
        Preset("alone", _.lazy("Standing alone"), ("customer:is:alone",)),
    ),
    search=_search,
    search_label=_.lazy("Contact, customer or phone number"),
    similar=contact_searching.similar,
    buttons=(
        Button(_.lazy("Removed contacts"), "trash", "/contacts/bin", "customers.edit"),
        Button(_.lazy("New contact"), "plus", "/contacts/new", "customers.create"),
    ),
    record="/contacts/{id}",
    export="customers.export",
    changes=bulk.CHANGES,
    reach=contact_reach.of,
    prepare=_prepare,
    row_actions=(
        RowAction(_.lazy("Edit"), "pencil", "/contacts/{id}/edit", "customers.edit", rights.contacts_to_edit),
        RowAction(
            _.lazy("Consent and privacy"), "shield-check", "/contacts/{id}/privacy", reach.PERMISSION, _alone_ones
        ),
    ),
    invitation=Invitation(
        _.lazy("There are no contacts yet. One may stand alone until it is known whose it is."),
        _.lazy("New contact"),
        "/contacts/new",
        "customers.create",
    ),
)
