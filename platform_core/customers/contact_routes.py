"""Pages around a customer: contacts, their numbers, addresses."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import contacts, drawing, fields, opening, queries, reveal, rights, sections, services
from platform_core.customers.forms import AddressInput, ContactInput, bind_whole
from platform_core.customers.models import Address, Contact
from platform_core.kernel.errors import Conflict, Invalid
from platform_core.kernel.i18n import translator
from platform_core.web.forms import Bound, FormData, bind
from platform_core.web.notices import Notice
from platform_core.web.pages import fragment, redirect
from platform_core.web.routing import get, post

_ = translator("customers")
_CONTACT_FIELDS = ("name", "title", "division", "gender", *fields.BIRTH, "notes", "is_primary")


@get("/customers/{customer_id:uuid}/contacts", permission="customers.view", name="customers:contacts")
def contacts_panel(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    """The side panel, fetched when it comes into view."""
    customer = queries.get(session, customer_id)
    opening.opened(session, actor, services.ref(customer), customer_id, "customers.contacts")
    _template, context = sections.contacts(session, actor, customer)
    return fragment(request, "customers/_contacts_panel.html", customer=customer, **context)


@get("/customers/{customer_id:uuid}/contacts/new", permission="customers.edit", name="customers:new_contact")
def new_contact(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    rights.require(session, actor, "customers.edit", queries.get(session, customer_id))
    return contact_form(request, customer_id, None, Bound())


@post("/customers/{customer_id:uuid}/contacts/new", permission="customers.edit", name="customers:add_contact")
def add_contact(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, form: FormData
) -> Response[str]:
    bound = bind(ContactInput, form)
    if bound.ok:
        data = bound.require()
        data.customer_id = customer_id
        try:
            contacts.create(session, actor, data)
            return redirect(request, f"/customers/{customer_id}?tab=contacts")
        except Invalid as error:
            bound.add(error)
    return contact_form(request, customer_id, None, bound, status=422)


@get("/contacts/{contact_id:uuid}/edit", permission="customers.edit", name="customers:edit_contact")
def edit_contact(request: Request[Any, Any, Any], session: Session, actor: Actor, contact_id: UUID) -> Response[str]:
    contact = contacts.changeable(session, actor, contact_id)
    opening.opened(session, actor, contacts.ref(contact), contact.customer_id)
    masks: dict[str, str] = {}
    for point in queries.points_of_contacts(session, [contact_id])[contact_id]:
        masks.setdefault("phone" if point.kind in {"mobile", "phone"} else point.kind, point.mask)
    values = {name: getattr(contact, name) for name in _CONTACT_FIELDS}
    bound: Bound[ContactInput] = Bound(values={**values, **masks, "version": contact.version})
    return contact_form(request, contact.customer_id, contact, bound)


@post("/contacts/{contact_id:uuid}/edit", permission="customers.edit", name="customers:update_contact")
def update_contact(
    request: Request[Any, Any, Any], session: Session, actor: Actor, contact_id: UUID, form: FormData
) -> Response[str]:
    contact = queries.contact(session, contact_id)
    bound = bind_whole(ContactInput, form)
    version = form.number("version")
    if bound.ok:
        try:
            contacts.update(session, actor, contact_id, bound.require(), version)
            return _to_contacts(request, contact)
        except Conflict as error:
            bound.errors[""] = error.message
        except Invalid as error:
            bound.add(error)
    opening.opened(session, actor, contacts.ref(contact), contact.customer_id)
    return contact_form(request, contact.customer_id, contact, bound, status=422)


@post("/contacts/{contact_id:uuid}/primary", permission="customers.edit", name="customers:primary_contact")
def make_primary(request: Request[Any, Any, Any], session: Session, actor: Actor, contact_id: UUID) -> Response[str]:
    return _to_contacts(request, contacts.make_primary(session, actor, contact_id))


@post("/contacts/{contact_id:uuid}/delete", permission="customers.edit", name="customers:delete_contact")
def delete_contact(request: Request[Any, Any, Any], session: Session, actor: Actor, contact_id: UUID) -> Response[str]:
    contact = contacts.remove(session, actor, contact_id)
    told = _("The contact was removed. The bin of contacts keeps it for a while.")
    return _to_contacts(request, contact, Notice(told, f"/contacts/{contact.id}/restore"))


_POINT = "/customers/{customer_id:uuid}/points/{point_id:uuid}"


@get(_POINT, permission="customers.view", name="customers:point")
def point(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, point_id: UUID
) -> Response[str]:
    """The mask again, after a reveal."""
    customer, found = queries.get(session, customer_id), queries.point(session, customer_id, point_id)
    opening.opened(session, actor, services.ref(customer), customer_id)
    may_reveal = rights.may(session, actor, "customers.reveal", customer)
    return fragment(
        request, "customers/_point.html", holder=f"/customers/{customer_id}", point=found, may_reveal=may_reveal
    )


@post(f"{_POINT}/reveal", permission="customers.reveal", name="customers:reveal", opt={"unkept": True})
def reveal_point(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, point_id: UUID
) -> Response[str]:
    """The clear value, audited before it is sent; never stored with an idempotency key."""
    revealed = reveal.reveal(session, actor, customer_id, point_id)
    return fragment(
        request, "customers/_revealed.html", point_url=f"/customers/{customer_id}/points/{point_id}", revealed=revealed
    )


@post(f"{_POINT}/delete", permission="customers.edit", name="customers:delete_point")
def delete_point(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, point_id: UUID
) -> Response[str]:
    contacts.remove_point(session, actor, customer_id, point_id)
    return redirect(request, f"/customers/{customer_id}?tab=contacts")


@get("/customers/{customer_id:uuid}/addresses/new", permission="customers.edit", name="customers:new_address")
def new_address(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    rights.require(session, actor, "customers.edit", queries.get(session, customer_id))
    return _address_form(request, session, customer_id, None, Bound())


@post("/customers/{customer_id:uuid}/addresses/new", permission="customers.edit", name="customers:add_address")
def add_address(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, form: FormData
) -> Response[str]:
    bound = bind(AddressInput, form)
    if not bound.ok:
        return _address_form(request, session, customer_id, None, bound, status=422)
    contacts.save_address(session, actor, customer_id, bound.require())
    return redirect(request, f"/customers/{customer_id}?tab=record")


_ADDRESS = "/customers/{customer_id:uuid}/addresses/{address_id:uuid}"


@get(_ADDRESS, permission="customers.edit", name="customers:edit_address")
def edit_address(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, address_id: UUID
) -> Response[str]:
    customer = queries.get(session, customer_id)
    rights.require(session, actor, "customers.edit", customer)
    address = queries.address(session, customer_id, address_id)
    opening.opened(session, actor, services.ref(customer), customer_id)
    bound: Bound[AddressInput] = Bound(values={name: getattr(address, name) for name in AddressInput.__struct_fields__})
    return _address_form(request, session, customer_id, address, bound)


@post(_ADDRESS, permission="customers.edit", name="customers:update_address")
def update_address(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, address_id: UUID, form: FormData
) -> Response[str]:
    address = queries.address(session, customer_id, address_id)
    bound = bind(AddressInput, form)
    if not bound.ok:
        return _address_form(request, session, customer_id, address, bound, status=422)
    contacts.save_address(session, actor, customer_id, bound.require(), address_id)
    return redirect(request, f"/customers/{customer_id}?tab=record")


@post(f"{_ADDRESS}/delete", permission="customers.edit", name="customers:delete_address")
def delete_address(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, address_id: UUID
) -> Response[str]:
    contacts.remove_address(session, actor, customer_id, address_id)
    return redirect(request, f"/customers/{customer_id}?tab=record")


def _to_contacts(request: Request[Any, Any, Any], contact: Contact, notice: Notice | None = None) -> Response[str]:
    alone = "/contacts" if contact.deleted_at else f"/contacts/{contact.id}"
    place = f"/customers/{contact.customer_id}?tab=contacts" if contact.customer_id else alone
    return redirect(request, place, notice)


def contact_form(
    request: Request[Any, Any, Any], customer_id: UUID | None, contact: Contact | None, bound: Bound[ContactInput],
    *, status: int = 200,
) -> Response[str]:  # fmt: skip
    title, back = (_("Edit contact"), f"/contacts/{contact.id}") if contact else (_("New contact"), "/contacts")
    place = f"/customers/{customer_id}" if customer_id else ""
    url = f"/contacts/{contact.id}/edit" if contact else f"{place}/contacts/new"
    return drawing.form_page(
        request, "customers/_contact_form.html", title, status=status, form=bound, url=url, contact=contact,
        genders=list(fields.GENDERS.items()), labels=fields.LABELS, is_alone=customer_id is None,
        back=f"/customers/{customer_id}?tab=contacts" if customer_id else back,
    )  # fmt: skip


def _address_form(
    request: Request[Any, Any, Any], session: Session, customer_id: UUID, address: Address | None,
    bound: Bound[AddressInput], *, status: int = 200,
) -> Response[str]:  # fmt: skip
    url = f"/customers/{customer_id}/addresses/{address.id if address else 'new'}"
    return drawing.form_page(
        request, "customers/_address_form.html", _("Edit address") if address else _("New address"), status=status,
        form=bound, url=url, customer_id=customer_id, kinds=list(fields.ADDRESS_KINDS.items()),
        regions=drawing.choices(session, bound, ("region",))["region"],
    )  # fmt: skip


HANDLERS = [
    contacts_panel, new_contact, add_contact, edit_contact, update_contact, make_primary, delete_contact, point,
    reveal_point, delete_point, new_address, add_address, edit_address, update_address, delete_address,
]  # fmt: skip
