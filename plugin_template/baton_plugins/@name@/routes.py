"""Pages: parse, call, render."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from platform_core.api import (
    Actor,
    Bound,
    Customer,
    EntityRef,
    FormData,
    Invalid,
    Request,
    Response,
    Session,
    bind,
    customer_get,
    customer_opened,
    customer_require,
    get,
    initial,
    page,
    post,
    record,
    redirect,
)

from baton_plugins.@name@ import queries, services
from baton_plugins.@name@.forms import EntryInput
from baton_plugins.@name@.models import Entry

WRITE = "@name@.write"


@get("/new/{customer_id:uuid}", permission=WRITE, name="@name@:new")
def new(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    customer = customer_get(session, customer_id)
    customer_require(session, actor, WRITE, customer)
    customer_opened(session, actor, EntityRef("customers", "customer", customer.id, customer.name), customer.id)
    return _form(request, customer, None, initial(EntryInput))


@post("/new/{customer_id:uuid}", permission=WRITE, name="@name@:create")
def create(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, customer_id: UUID
) -> Response[str]:
    bound = bind(EntryInput, form)
    if bound.ok:
        try:
            services.create(session, actor, customer_id, bound.require())
        except Invalid as error:
            bound.add(error)
        else:
            return redirect(request, f"/customers/{customer_id}")
    return _form(request, customer_get(session, customer_id), None, bound, status=422)


@get("/{entry_id:uuid}", permission=WRITE, name="@name@:edit")
def edit(request: Request[Any, Any, Any], session: Session, actor: Actor, entry_id: UUID) -> Response[str]:
    entry = queries.get(session, entry_id)
    customer = customer_get(session, entry.customer_id)
    record(session, actor, "@name@.view", services.ref(entry), customer_id=customer.id)
    values = {name: getattr(entry, name) for name in EntryInput.__struct_fields__}
    return _form(request, customer, entry, initial(EntryInput, **values))


@post("/{entry_id:uuid}", permission=WRITE, name="@name@:change")
def change(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, entry_id: UUID
) -> Response[str]:
    bound = bind(EntryInput, form)
    if bound.ok:
        try:
            entry = services.change(session, actor, entry_id, bound.require())
        except Invalid as error:
            bound.add(error)
        else:
            return redirect(request, f"/customers/{entry.customer_id}")
    entry = queries.get(session, entry_id)
    return _form(request, customer_get(session, entry.customer_id), entry, bound, status=422)


@post("/{entry_id:uuid}/remove", permission=WRITE, name="@name@:remove")
def remove(request: Request[Any, Any, Any], session: Session, actor: Actor, entry_id: UUID) -> Response[str]:
    entry = services.remove(session, actor, entry_id)
    return redirect(request, f"/customers/{entry.customer_id}")


def _form(
    request: Request[Any, Any, Any],
    customer: Customer,
    entry: Entry | None,
    bound: Bound[EntryInput],
    *,
    status: int = 200,
) -> Response[str]:
    """As a dialog over another page, or as a page of its own; a refused form answers alone."""
    return page(
        request,
        "@name@/form.html",
        partial="@name@/_dialog.html" if status == 200 else "@name@/_form.html",
        status=status,
        active="@name@",
        customer=customer,
        entry=entry,
        bound=bound,
    )


HANDLERS = [new, create, edit, change, remove]
