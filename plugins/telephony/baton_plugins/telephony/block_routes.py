"""The numbers of a customer's switchboard, as whoever may change the customer writes them down."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from baton_plugins.telephony import blocks, services
from baton_plugins.telephony.forms import BlockInput

from platform_core.api import (
    Actor,
    Bound,
    EntityRef,
    FormData,
    Invalid,
    Request,
    Response,
    Session,
    bind,
    callers,
    customer_get,
    customer_opened,
    get,
    initial,
    page,
    post,
    redirect,
)


@get("/blocks/{customer_id:uuid}", permission=blocks.EDIT, name="telephony:blocks")
def blocks_page(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    return _page(request, session, actor, customer_id, initial(BlockInput, digits="2"))


@post("/blocks/{customer_id:uuid}", permission=blocks.EDIT, name="telephony:add_block")
def add_block(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, customer_id: UUID
) -> Response[str]:
    bound = bind(BlockInput, form)
    if bound.ok:
        try:
            blocks.add(session, actor, customer_get(session, customer_id), bound.require())
        except Invalid as error:
            bound.add(error)
        else:
            return redirect(request, f"/calls/blocks/{customer_id}")
    return _page(request, session, actor, customer_id, bound, status=422)


@post("/blocks/{customer_id:uuid}/remove", permission=blocks.EDIT, name="telephony:remove_block")
def remove_block(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, customer_id: UUID
) -> Response[str]:
    blocks.remove(session, actor, customer_get(session, customer_id), services.uuid_of(form.get("block_id")))
    return redirect(request, f"/calls/blocks/{customer_id}")


def _page(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, form: Bound[BlockInput],
    status: int = 200,
) -> Response[str]:  # fmt: skip
    customer = customer_get(session, customer_id)
    customer_opened(session, actor, EntityRef("customers", "customer", customer.id, customer.name), customer.id)
    return page(
        request, "telephony/blocks.html", status=status, active="customers", customer=customer, form=form,
        blocks=blocks.of_customer(session, customer.id), numbers=blocks.numbers(session, customer),
        digits=[(str(number), "x" * number) for number in callers.BLOCK_DIGITS],
    )  # fmt: skip


HANDLERS = [blocks_page, add_block, remove_block]
