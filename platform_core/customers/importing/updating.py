"""Rows of customers that are in the house: changing these, and giving back what they were."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, true
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.events import Event
from platform_core.contracts.identity import Actor
from platform_core.customers import contacts, fields, points, rights, search_rows, services, tags
from platform_core.customers.importing import own
from platform_core.customers.importing.changes import Change, Present, plain, stored
from platform_core.customers.models import Address, Contact, ContactPoint, Customer, CustomerTag, Tag
from platform_core.kernel.clock import now
from platform_core.kernel.database import vault_of
from platform_core.kernel.events import publish
from platform_core.kernel.ids import new_id
from platform_core.kernel.scope import visible

CAUSE = "customers.import"
_FOUND_BY = {"short_name", "city", "legal_person"}
"""Fields of the search row."""


def editable(session: Session, actor: Actor, ids: Collection[UUID], *, lock: bool = False) -> dict[UUID, Present]:
    """The customers among `ids` that the actor sees and may edit, as they are. Needs a system session."""
    if not ids:
        return {}
    seen = visible(Customer, actor)
    statement = select(Customer).where(
        Customer.id.in_(ids), Customer.deleted_at.is_(None), true() if seen is None else seen
    )
    statement = statement.with_for_update(of=Customer) if lock else statement
    found = session.scalars(statement.order_by(Customer.id).execution_options(populate_existing=True)).all()
    allowed = rights.allowed_among(session, actor, "customers.edit", found)
    present = {customer.id: Present(customer) for customer in found if customer.id in allowed}
    _look_up(session, present)
    return present


def _look_up(session: Session, present: dict[UUID, Present]) -> None:
    ids = list(present)
    for holder, found in session.execute(
        select(ContactPoint.customer_id, ContactPoint.full_hash).where(ContactPoint.customer_id.in_(ids))
    ):
        if holder is not None:
            present[holder].hashes.add(found)
    for contact in session.scalars(
        select(Contact)
        .where(Contact.customer_id.in_(ids), Contact.deleted_at.is_(None))
        .order_by(Contact.is_primary.desc(), Contact.created_at, Contact.id)
    ):
        if contact.customer_id is not None:
            present[contact.customer_id].contacts.append(contact)
    for customer_id in session.scalars(select(Address.customer_id).where(Address.customer_id.in_(ids))):
        present[customer_id].has_address = True
    for customer_id, name in session.execute(
        select(CustomerTag.customer_id, Tag.name)
        .join(Tag, Tag.id == CustomerTag.tag_id)
        .where(CustomerTag.customer_id.in_(ids))
    ):
        present[customer_id].tags.add(name)


def apply(session: Session, actor: Actor, present: Present, change: Change, about: dict[str, Any]) -> None:
    """Change the customer and write down what was added. `about`: position, gender, birthday of a new contact."""
    customer: Customer = present.customer
    before = {name: old for name, (old, _new) in change.fields.items()}
    after = {name: new for name, (_old, new) in change.fields.items()}
    _set(session, actor, customer, after)
    main = present.contacts[0] if present.contacts else None
    if change.contact:
        title, rest = about.get("position", ""), {name: about[name] for name in about if name != "position"}
        made = contacts.unsaved(actor, change.contact, customer.id, is_primary=main is None, title=title, **rest)
        session.add(made)
        session.flush()  # points refer to their contact, and nothing tells the session so
        change.contact_id, main, after["contact_name"] = made.id, main or made, change.contact
    holder = main.id if main is not None and customer.kind == "organisation" else None
    for kind, text in change.points:
        point = ContactPoint(
            id=new_id(), customer_id=customer.id, contact_id=holder,
            **points.bulk_values(vault_of(session), kind, text),
        )  # fmt: skip
        session.add(point)
        change.point_ids.append(point.id)
        after["phone" if point.kind in points.PHONES else point.kind] = point.mask
    if change.address:
        address = Address(
            id=new_id(), customer_id=customer.id, city=customer.city, street=change.address, is_primary=True,
            kind="office" if customer.kind == "organisation" else "home",
        )  # fmt: skip
        session.add(address)
        change.address_id, after["street"] = address.id, change.address
    if change.tags:
        for tag in tags.named(session, change.tags):
            session.add(CustomerTag(customer_id=customer.id, tag_id=tag.id))
            change.tag_ids.append(tag.id)
        after["tags"] = change.tags
    _settle(session, actor, customer, change, before, after, "customers.import_update")


def restore(session: Session, actor: Actor, present: Present, change: Change) -> bool:
    """Give back what the customer was. What somebody has changed since stays; False when there was such a thing."""
    customer: Customer = present.customer
    untouched = {name: pair for name, pair in change.fields.items() if _now(customer, name, pair[1]) == pair[1]}
    _set(session, actor, customer, {name: old for name, (old, _new) in untouched.items()})
    whole = len(untouched) == len(change.fields)
    session.execute(delete(ContactPoint).where(ContactPoint.id.in_(change.point_ids)))
    session.execute(
        delete(CustomerTag).where(CustomerTag.customer_id == customer.id, CustomerTag.tag_id.in_(change.tag_ids))
    )
    if change.address_id is not None:
        session.execute(delete(Address).where(Address.id == change.address_id, Address.street == change.address))
    made = next((contact for contact in present.contacts if contact.id == change.contact_id), None)
    if made is not None and made.version == 1:
        made.deleted_at, made.is_primary = now(), False
    elif made is not None:
        whole = False
    before = {name: new for name, (_old, new) in untouched.items()}
    after = {name: old for name, (old, _new) in untouched.items()}
    _settle(session, actor, customer, change, before, after, "customers.import_restore")
    return whole


def _now(customer: Customer, name: str, given: Any) -> Any:
    return own.present(customer, name, given) if own.is_own(name) else plain(getattr(customer, name))


def _set(session: Session, actor: Actor, customer: Customer, values: dict[str, Any]) -> None:
    own.write(session, customer, {name: value for name, value in values.items() if own.is_own(name)})
    for name, value in values.items():
        if own.is_own(name):
            continue
        if name == "status":
            services.set_status(session, actor, customer, value, CAUSE)
        else:
            setattr(customer, name, stored(name, value))


def _settle(  # noqa: PLR0917  the two sides of one audit line
    session: Session, actor: Actor, customer: Customer, change: Change, before: dict[str, Any], after: dict[str, Any],
    action: str,
) -> None:  # fmt: skip
    """Bring along what is kept beside the customer, leave the audit line, tell those who listen."""
    if change.points or change.contact:
        points.refresh(session, customer.id)
    if change.points or change.contact or _FOUND_BY & set(change.fields):
        search_rows.reindex(session, customer.id)
    ref = services.ref(customer)
    audit.record(
        session, actor, action, ref, customer_id=customer.id, before=own.told(fields.masked(before)),
        after=own.told(fields.masked(after)),
    )  # fmt: skip
    publish(session, Event("customers.updated", ref, customer.id, actor.user_id))


def tagged(session: Session, wanted: Sequence[tuple[UUID, Sequence[str]]]) -> None:
    """Put tags on customers that were just made."""
    names = list(dict.fromkeys(name for _customer_id, words in wanted for name in words))
    if names:
        known = {tag.name: tag.id for tag in tags.named(session, names)}
        session.add_all(
            CustomerTag(customer_id=customer_id, tag_id=known[name])
            for customer_id, words in wanted
            for name in dict.fromkeys(words)
        )
