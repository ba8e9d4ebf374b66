"""Contacts that stand alone: making one, its page, and giving it to the customer that it turns out to belong to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.contracts.pages import Action
from platform_core.customers import contacts, drawing, fields, meaning, opening, queries, reveal, rights, sections
from platform_core.customers.contact_routes import contact_form
from platform_core.customers.forms import ContactInput
from platform_core.customers.models import Contact
from platform_core.kernel.errors import Conflict, Invalid
from platform_core.kernel.i18n import translator
from platform_core.users import labels
from platform_core.web.forms import Bound, FormData, bind
from platform_core.web.notices import Notice
from platform_core.web.pages import fragment, page, redirect
from platform_core.web.requests import platform_of
from platform_core.web.routing import get, post

_ = translator("customers")
_VIEW, _EDIT, _CREATE = "customers.view", "customers.edit", "customers.create"


@get("/contacts/new", permission=_CREATE, name="customers:new_contact_alone")
def new(request: Request[Any, Any, Any]) -> Response[str]:
    return contact_form(request, None, None, Bound())


@post("/contacts/new", permission=_CREATE, name="customers:add_contact_alone")
def add(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    bound = bind(ContactInput, form)
    if bound.ok:
        data = bound.require()
        data.customer_id = None
        try:
            return redirect(request, f"/contacts/{contacts.create(session, actor, data).id}")
        except Invalid as error:
            bound.add(error)
    return contact_form(request, None, None, bound, status=422)


@get("/contacts/{contact_id:uuid}", permission=_VIEW, name="customers:contact")
def show(request: Request[Any, Any, Any], session: Session, actor: Actor, contact_id: UUID) -> Response[str]:
    """A contact that stands alone. One of a customer is shown with it."""
    contact = queries.contact(session, contact_id)
    if contact.customer_id is not None:
        return redirect(request, f"/customers/{contact.customer_id}?tab=contacts&contact={contact_id}")
    opening.opened(session, actor, contacts.ref(contact), None)
    names = labels.of_rows(session, [contact])
    gender = str(fields.GENDERS.get(contact.gender, ""))
    told = [
        (_("Title"), contact.title), (_("Department there"), contact.division), (_("Gender"), gender),
        (_("Birthday"), fields.born(contact)), (_("Owner"), names.person(contact.owner_id)),
        (_("Department"), names.department(contact.department_id)), (_("Notes"), contact.notes),
    ]  # fmt: skip
    return page(
        request, "customers/contact.html", active="contacts", contact=contact,
        lines=[(label, value) for label, value in told if value],
        numbers=queries.points_of_contacts(session, [contact_id])[contact_id], point_icons=sections.POINT_ICONS,
        may_edit=rights.may_contact(session, actor, _EDIT, contact),
        may_reveal=rights.may_contact(session, actor, reveal.ACTION, contact),
        verbs=_verbs(request, session, actor, contact),
        changes=sections.contact_history(session, actor, contact),
    )  # fmt: skip


def _verbs(request: Request[Any, Any, Any], session: Session, actor: Actor, contact: Contact) -> list[Action]:
    """What plugins offer on it."""
    found = (item.value for item in platform_of(request).hooks.contact_actions(session, actor, contact))
    return sorted(found, key=lambda action: (action.order, action.key))


_POINT = "/contacts/{contact_id:uuid}/points/{point_id:uuid}"


@get(_POINT, permission=_VIEW, name="customers:contact_point")
def point(
    request: Request[Any, Any, Any], session: Session, actor: Actor, contact_id: UUID, point_id: UUID
) -> Response[str]:
    """The mask again, after a reveal."""
    contact, found = reveal.alone(session, contact_id, point_id)
    opening.opened(session, actor, contacts.ref(contact), None)
    may_reveal = rights.may_contact(session, actor, reveal.ACTION, contact)
    return fragment(
        request, "customers/_point.html", holder=f"/contacts/{contact_id}", point=found, may_reveal=may_reveal
    )


@post(f"{_POINT}/reveal", permission=reveal.ACTION, name="customers:reveal_of_contact", opt={"unkept": True})
def reveal_point(
    request: Request[Any, Any, Any], session: Session, actor: Actor, contact_id: UUID, point_id: UUID
) -> Response[str]:
    """The clear value, as of a customer: audited and counted before it is sent, never stored."""
    revealed = reveal.reveal_of_contact(session, actor, contact_id, point_id)
    url = f"/contacts/{contact_id}/points/{point_id}"
    return fragment(request, "customers/_revealed.html", point_url=url, revealed=revealed)


@get("/contacts/{contact_id:uuid}/attach", permission=_EDIT, name="customers:ask_attach_contact")
def ask_attach(request: Request[Any, Any, Any], session: Session, actor: Actor, contact_id: UUID) -> Response[str]:
    return _attach_form(request, _alone(session, actor, contact_id), Bound())


@post("/contacts/{contact_id:uuid}/attach", permission=_EDIT, name="customers:attach_contact")
def attach(
    request: Request[Any, Any, Any], session: Session, actor: Actor, contact_id: UUID, form: FormData
) -> Response[str]:
    contact, words = _alone(session, actor, contact_id), form.get("customer").strip()
    bound: Bound[Any] = Bound(values={"customer": words})
    try:
        customer = meaning.named(session, form.get("chosen") or words, "customer")
        contacts.attach(session, actor, contact_id, customer.id)
    except Invalid as error:
        bound.add(error)
        found = meaning.meant(session, actor, words) if words else []
        if found:
            bound.errors["customer"] = _("Choose which one is meant.")
        return _attach_form(request, contact, bound, found)
    told = _("The contact belongs to this customer now, with numbers and history.")
    return redirect(request, f"/customers/{customer.id}?tab=contacts", Notice(told))


def _alone(session: Session, actor: Actor, contact_id: UUID) -> Contact:
    """Raises NotFound, Forbidden, and Conflict for one that has a customer."""
    contact = contacts.changeable(session, actor, contact_id)
    if contact.customer_id is not None:
        raise Conflict(_("This contact belongs to a customer already."))
    return contact


def _attach_form(
    request: Request[Any, Any, Any], contact: Contact, form: Bound[Any], meant: Sequence[Any] = ()
) -> Response[str]:
    return drawing.form_page(
        request, "customers/_contact_attach.html", _("Give to a customer"), status=422 if form.errors else 200,
        contact=contact, form=form, meant=meant,
    )  # fmt: skip


HANDLERS = [new, add, show, point, reveal_point, ask_attach, attach]
