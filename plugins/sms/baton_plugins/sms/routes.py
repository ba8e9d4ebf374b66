"""Sending one text message from a person's page: write, look at what would arrive, send."""

from __future__ import annotations

from itertools import groupby
from typing import Any
from uuid import UUID

from baton_plugins.sms import panels, queries, services
from baton_plugins.sms.panels import VIEW
from baton_plugins.sms.rendering import PLACES
from baton_plugins.sms.services import PURPOSES, SEND, Preview, SmsInput

from platform_core.api import (
    Actor,
    Bound,
    Conflict,
    Contact,
    Customer,
    EntityRef,
    FormData,
    Invalid,
    Request,
    Response,
    Session,
    bind,
    contact_get,
    customer_get,
    customer_opened,
    dictionaries,
    get,
    initial,
    local,
    page,
    post,
    redirect,
    translator,
)

_ = translator("sms")


@get("/new", permission=SEND, name="sms:new")
def new(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer: str = "", contact: str = ""
) -> Response[str]:
    """`contact` is one that stands alone; `template` names a template whose text is filled in."""
    found = _meant(session, customer, contact)
    _opened(session, actor, found)
    services.require(session, actor, found)
    chosen = request.query_params.get("template", "")
    given: dict[str, Any] = {}
    if chosen:
        template = queries.template(session, _uuid(chosen))
        given = {"text": template.body, "purpose": template.purpose, "template_id": str(template.id)}
    return _page(request, session, found, initial(SmsInput, **given))


@get("/of/{customer_id:uuid}", permission=VIEW, name="sms:of_customer")
def of_customer(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, before: str = ""
) -> Response[str]:
    """The messages of one customer: what the tab of its page fetches."""
    customer = customer_get(session, customer_id)
    _opened(session, actor, customer)
    return _messages(request, session, actor, customer, before)


@get("/contacts/{contact_id:uuid}", permission=VIEW, name="sms:of_contact")
def of_contact(
    request: Request[Any, Any, Any], session: Session, actor: Actor, contact_id: UUID, before: str = ""
) -> Response[str]:
    """Those of a contact that stands alone; others are with their customer."""
    contact = contact_get(session, contact_id)
    if contact.customer_id is not None:
        return redirect(request, f"/sms/of/{contact.customer_id}")
    _opened(session, actor, contact)
    return _messages(request, session, actor, contact, before)


def _meant(session: Session, customer: str, contact: str) -> Customer | Contact:
    """Of a contact that has got a customer in the meantime the customer. Raises NotFound, Invalid."""
    if not contact:
        return customer_get(session, _uuid(customer))
    found = contact_get(session, _uuid(contact))
    return customer_get(session, found.customer_id) if found.customer_id else found


def _opened(session: Session, actor: Actor, who: Customer | Contact) -> None:
    if isinstance(who, Contact):
        customer_opened(session, actor, EntityRef("customers", "contact", who.id, who.name), None)
    else:
        customer_opened(session, actor, EntityRef("customers", "customer", who.id, who.name), who.id)


def _messages(
    request: Request[Any, Any, Any], session: Session, actor: Actor, who: Customer | Contact, before: str
) -> Response[str]:
    is_contact = isinstance(who, Contact)
    entries, older = panels.entries(session, actor, who, before)
    url = f"/sms/contacts/{who.id}" if is_contact else f"/sms/of/{who.id}"
    return page(
        request, "sms/of_person.html", partial="sms/_of_person.html", who=who,
        active="contacts" if is_contact else "customers",
        home=f"/contacts/{who.id}" if is_contact else f"/customers/{who.id}",
        days=[(day, list(lines)) for day, lines in groupby(entries, lambda entry: local(entry.at).date())],
        older=f"{url}?before={older}" if older else "",
    )  # fmt: skip


@post("/", permission=SEND, name="sms:send")
def send(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """`act` is `preview`, which only shows, or `send`."""
    who = _meant(session, form.get("customer_id"), form.get("contact_id"))
    services.require(session, actor, who)
    bound, seen = bind(SmsInput, form), None
    if bound.ok:
        try:
            if form.get("act") == "send":
                services.send_one(session, actor, who, bound.require(), form.get("sending"))
                return redirect(request, _home(who))
            seen = services.preview(session, actor, who, bound.require())
        except (Invalid, Conflict) as error:
            bound.add(error if isinstance(error, Invalid) else Invalid(error.message))
    return _page(request, session, who, bound, seen)


@post("/{message_id:uuid}/cancel", permission=SEND, name="sms:cancel")
def cancel(request: Request[Any, Any, Any], session: Session, actor: Actor, message_id: UUID) -> Response[str]:
    message = services.take_back(session, actor, message_id)
    if message.customer_id is None:
        return redirect(request, f"/sms/contacts/{message.contact_id}")
    return redirect(request, f"/customers/{message.customer_id}")


def _home(who: Customer | Contact) -> str:
    """Where what was sent stands."""
    return f"/sms/contacts/{who.id}" if isinstance(who, Contact) else f"/customers/{who.id}"


def _page(
    request: Request[Any, Any, Any], session: Session, who: Customer | Contact, form: Bound[SmsInput],
    seen: Preview | None = None,
) -> Response[str]:  # fmt: skip
    numbers = [
        (str(reach.point_id), f"{reach.mask} {reach.contact}".strip()) for reach in services.reached(session, who)
    ]
    is_contact = isinstance(who, Contact)
    return page(
        request, "sms/send.html", active="contacts" if is_contact else "customers", status=422 if form.errors else 200,
        who=who, whose="contact" if is_contact else "customer", home=_home(who), form=form,
        seen=seen, numbers=numbers, purposes=dictionaries.choices(session, PURPOSES), places=PLACES,
        templates=[(str(template.id), template.name) for template in queries.templates(session)],
    )  # fmt: skip


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Invalid(_("Which customer?")) from error


HANDLERS = [new, of_customer, of_contact, send, cancel]
