"""Choosing which number of a customer to call, and what rings then."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from baton_plugins.telephony import dialling, services
from baton_plugins.telephony.policies import DIAL

from platform_core.api import (
    Actor,
    Contact,
    Customer,
    EntityRef,
    FormData,
    Request,
    Response,
    Session,
    contact_get,
    customer_get,
    customer_opened,
    get,
    page,
    post,
    redirect,
)


@get("/dial/{customer_id:uuid}", permission=DIAL, name="telephony:dial")
def choose(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    customer = customer_get(session, customer_id)
    customer_opened(session, actor, EntityRef("customers", "customer", customer.id, customer.name), customer.id)
    return _chosen(request, session, actor, customer)


@post("/dial/{customer_id:uuid}", permission=DIAL, name="telephony:dial_now", opt={"unkept": True})
def dial(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, customer_id: UUID
) -> Response[str]:
    return _dialled(request, session, actor, customer_get(session, customer_id), form)


@get("/dial/contacts/{contact_id:uuid}", permission=DIAL, name="telephony:dial_contact")
def choose_of_contact(
    request: Request[Any, Any, Any], session: Session, actor: Actor, contact_id: UUID
) -> Response[str]:
    """Of one that stands alone; numbers of others are with their customer."""
    contact = contact_get(session, contact_id)
    if contact.customer_id is not None:
        return redirect(request, f"/calls/dial/{contact.customer_id}")
    customer_opened(session, actor, EntityRef("customers", "contact", contact.id, contact.name), None)
    return _chosen(request, session, actor, contact)


@post("/dial/contacts/{contact_id:uuid}", permission=DIAL, name="telephony:dial_contact_now", opt={"unkept": True})
def dial_contact(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, contact_id: UUID
) -> Response[str]:
    return _dialled(request, session, actor, contact_get(session, contact_id), form)


def _chosen(request: Request[Any, Any, Any], session: Session, actor: Actor, who: Customer | Contact) -> Response[str]:
    return page(
        request, "telephony/dial.html", partial="telephony/_dial_sheet.html", **_of(who),
        numbers=dialling.numbers(session, who), telephone=dialling.telephone_of(session, actor), dialled=None,
    )  # fmt: skip


def _dialled(
    request: Request[Any, Any, Any], session: Session, actor: Actor, who: Customer | Contact, form: FormData
) -> Response[str]:
    dialled = dialling.dial(session, actor, who, services.uuid_of(form.get("point_id")))
    return page(
        request, "telephony/dial.html", partial="telephony/_dial.html", **_of(who), numbers=(), telephone=None,
        dialled=dialled,
    )  # fmt: skip


def _of(who: Customer | Contact) -> dict[str, Any]:
    if isinstance(who, Customer):
        return {"who": who, "active": "customers", "home": f"/customers/{who.id}", "url": f"/calls/dial/{who.id}"}
    return {"who": who, "active": "contacts", "home": f"/contacts/{who.id}", "url": f"/calls/dial/contacts/{who.id}"}


HANDLERS = [choose, dial, choose_of_contact, dial_contact]
