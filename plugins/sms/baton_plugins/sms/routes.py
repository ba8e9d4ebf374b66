"""Sending one text message from a customer's page: write, look at what would arrive, send."""

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
    customer_require,
    dictionaries,
    get,
    initial,
    local,
    page,
    post,
    redirect,
    translator,
)
from platform_core.api.messages import message_reaches

_ = translator("sms")


@get("/new", permission=SEND, name="sms:new")
def new(request: Request[Any, Any, Any], session: Session, actor: Actor, customer: UUID) -> Response[str]:
    """`template` names a template whose text is filled in."""
    found = customer_get(session, customer)
    customer_opened(session, actor, EntityRef("customers", "customer", found.id, found.name), found.id)
    customer_require(session, actor, SEND, found)
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
    customer_opened(session, actor, EntityRef("customers", "customer", customer.id, customer.name), customer.id)
    return _messages(request, session, actor, customer, before)


@get("/contacts/{contact_id:uuid}", permission=VIEW, name="sms:of_contact")
def of_contact(
    request: Request[Any, Any, Any], session: Session, actor: Actor, contact_id: UUID, before: str = ""
) -> Response[str]:
    """Those of a contact that stands alone; others are with their customer."""
    contact = contact_get(session, contact_id)
    if contact.customer_id is not None:
        return redirect(request, f"/sms/of/{contact.customer_id}")
    customer_opened(session, actor, EntityRef("customers", "contact", contact.id, contact.name), None)
    return _messages(request, session, actor, contact, before)


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
    customer = customer_get(session, _uuid(form.get("customer_id")))
    customer_require(session, actor, SEND, customer)
    bound, seen = bind(SmsInput, form), None
    if bound.ok:
        try:
            if form.get("act") == "send":
                services.send_one(session, actor, customer, bound.require(), form.get("sending"))
                return redirect(request, f"/customers/{customer.id}")
            seen = services.preview(session, actor, customer, bound.require())
        except (Invalid, Conflict) as error:
            bound.add(error if isinstance(error, Invalid) else Invalid(error.message))
    return _page(request, session, customer, bound, seen)


@post("/{message_id:uuid}/cancel", permission=SEND, name="sms:cancel")
def cancel(request: Request[Any, Any, Any], session: Session, actor: Actor, message_id: UUID) -> Response[str]:
    message = services.take_back(session, actor, message_id)
    return redirect(request, f"/customers/{message.customer_id}")


def _page(
    request: Request[Any, Any, Any], session: Session, customer: Customer, form: Bound[SmsInput],
    seen: Preview | None = None,
) -> Response[str]:  # fmt: skip
    numbers = [
        (str(reach.point_id), f"{reach.mask} {reach.contact}".strip())
        for reach in message_reaches(session, customer.id, "sms")
    ]
    return page(
        request, "sms/send.html", active="customers", status=422 if form.errors else 200, customer=customer, form=form,
        seen=seen, numbers=numbers, purposes=dictionaries.choices(session, PURPOSES), places=PLACES,
        templates=[(str(template.id), template.name) for template in queries.templates(session)],
    )  # fmt: skip


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Invalid(_("Which customer?")) from error


HANDLERS = [new, of_customer, of_contact, send, cancel]
