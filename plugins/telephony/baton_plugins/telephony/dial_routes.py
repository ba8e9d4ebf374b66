"""Choosing which number of a customer to call, and what rings then."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from baton_plugins.telephony import dialling, services
from baton_plugins.telephony.policies import DIAL

from platform_core.api import (
    Actor,
    EntityRef,
    FormData,
    Request,
    Response,
    Session,
    customer_get,
    customer_opened,
    get,
    page,
    post,
)


@get("/dial/{customer_id:uuid}", permission=DIAL, name="telephony:dial")
def choose(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    customer = customer_get(session, customer_id)
    customer_opened(session, actor, EntityRef("customers", "customer", customer.id, customer.name), customer.id)
    return page(
        request, "telephony/dial.html", partial="telephony/_dial_sheet.html", active="customers", customer=customer,
        numbers=dialling.numbers(session, customer), telephone=dialling.telephone_of(session, actor), dialled=None,
    )  # fmt: skip


@post("/dial/{customer_id:uuid}", permission=DIAL, name="telephony:dial_now", opt={"unkept": True})
def dial(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, customer_id: UUID
) -> Response[str]:
    customer = customer_get(session, customer_id)
    dialled = dialling.dial(session, actor, customer, services.uuid_of(form.get("point_id")))
    return page(
        request, "telephony/dial.html", partial="telephony/_dial.html", active="customers", customer=customer,
        numbers=(), telephone=None, dialled=dialled,
    )  # fmt: skip


HANDLERS = [choose, dial]
