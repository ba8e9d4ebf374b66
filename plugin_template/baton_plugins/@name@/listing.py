"""The list of entries: columns, conditions, orders, and the file it may be taken along as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from platform_core.api import Actor, Customer, Session, lists, person_choices, translator
from sqlalchemy import select

from baton_plugins.@name@.models import Entry

_ = translator("@name@")


def _customers(session: Session, actor: Actor, rows: Sequence[Any]) -> Mapping[str, Any]:
    """The customers of the page in one statement."""
    ids = {row.customer_id for row in rows}
    found = session.execute(select(Customer.id, Customer.name, Customer.code).where(Customer.id.in_(ids)))
    return {"customers": {row.id: row for row in found}}


def _customer_name(row: Any, look: Mapping[str, Any]) -> str:
    customer = look["customers"].get(row.customer_id)
    return customer.name if customer else ""


ENTRIES = lists.ListView(
    key="@name@",
    path="/@name@",
    model=Entry,
    permission="@name@.view",
    title=_.lazy("Entries"),
    cells="@name@/_cells.html",
    columns=(
        lists.Column("title", _.lazy("Title"), (Entry.title,), fixed=True),
        lists.Column("customer", _.lazy("Customer"), (Entry.customer_id,), text=_customer_name),
        lists.Column("amount", _.lazy("Amount"), (Entry.amount,), number=True),
        lists.Column("author", _.lazy("Written by"), (Entry.author_label,)),
        lists.Column("updated", _.lazy("Changed"), (Entry.updated_at,), sort="updated"),
    ),
    sorts=(lists.Sort("updated", _.lazy("Changed"), Entry.updated_at, descending=True),),
    filters=(
        lists.Filter("title", _.lazy("Title"), "text", Entry.title),
        lists.Filter("amount", _.lazy("Amount"), "number", Entry.amount),
        lists.Filter(
            "author",
            _.lazy("Written by"),
            "user",
            Entry.author_id,
            choices=lambda session, _actor: person_choices(session),
        ),
        lists.Filter("created", _.lazy("Added"), "date", Entry.created_at),
    ),
    presets=(
        lists.Preset("all", _.lazy("All")),
        lists.Preset("mine", _.lazy("Mine"), ("author:is:me",)),
    ),
    row_name="title",
    prepare=_customers,
    export="@name@.export",
    buttons=(lists.Button(_.lazy("Import"), "upload", "/import/@name@.entries", "@name@.write"),),
    invitation=lists.Invitation(
        _.lazy("No entries yet. An entry is added from a customer's page."),
        _.lazy("Choose a customer"),
        "/customers",
        "customers.view",
    ),
)
