"""The panel of relations on the customer page, the page that goes on by steps, and the same for programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.params import Parameter
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import drawing, meaning, opening, queries, rights
from platform_core.customers import services as customers
from platform_core.customers.models import Customer
from platform_core.customers.relations import net, services
from platform_core.customers.relations.net import Net
from platform_core.customers.relations.services import MOST_HOPS, Graph, RelationInput, Side
from platform_core.kernel import dictionaries
from platform_core.kernel.errors import Conflict, Invalid
from platform_core.kernel.i18n import translator
from platform_core.web.apis import Items
from platform_core.web.forms import Bound, FormData, bind
from platform_core.web.pages import fragment, page, redirect
from platform_core.web.routing import delete, get, post

_ = translator("customers")
_VIEW, _EDIT = "customers.view", "customers.edit"
_ONE = "/customers/{customer_id:uuid}/relations"


class RelationOut(msgspec.Struct, kw_only=True):
    """`other_id` is the `kind` of `customer_id`, `word` says that in the reader's language."""

    id: UUID
    customer_id: UUID
    kind: str
    word: str
    other_id: UUID
    other: str
    since: date | None
    until: date | None
    note: str


class GraphOut(msgspec.Struct, kw_only=True):
    """`hops`: by distance, how its customers were reached. `more`: others were left out."""

    hops: list[list[RelationOut]]
    more: bool


@get(_ONE, permission=_VIEW, name="customers:relations")
def show(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, hops: int = 1, panel: str = ""
) -> Response[str]:
    """Who belongs together with a customer, as far as the reader sees them; `panel` for the side of its page.

    `open`: ids of those whose own relations are shown as well.
    """
    if panel:
        customer, graph = _read(session, actor, customer_id, 1)
        may_edit = rights.may(session, actor, _EDIT, customer)
        return fragment(request, "customers/relations/_panel.html", customer=customer, graph=graph, may_edit=may_edit)
    customer = queries.get(session, customer_id)
    drawn = net.around(session, customer, hops, _ids(request.query_params.get("open", "")))
    shown = [node.customer.id for node in drawn.nodes if node.distance]
    opening.opened(session, actor, customers.ref(customer), customer_id, "customers.relations", ids=shown)
    return page(
        request, "customers/relations/graph.html", active="customers", customer=customer, net=drawn,
        names={node.customer.id: node.customer.name for node in drawn.nodes}, size=net,
        may_edit=rights.may(session, actor, _EDIT, customer), nodes=services.MOST_NODES, url_with=_url_with(drawn),
    )  # fmt: skip


def _ids(text: str) -> set[UUID]:
    """Raises Invalid for what are no ids."""
    try:
        return {UUID(part) for part in text.split(",")[: services.MOST_NODES] if part}
    except ValueError as error:
        raise Invalid(_("This address is not valid.")) from error


def _url_with(drawn: Net) -> Callable[[UUID], str]:
    """Where somebody is opened who is closed, or closed who is open; everybody else stays as they are."""
    centre, opened = drawn.nodes[0].customer.id, drawn.opened

    def url(key: UUID) -> str:
        others = [one for one in opened if one != key]
        wanted = others if key in opened else [*opened, key]
        query = f"?open={','.join(one.hex for one in wanted)}" if wanted else ""
        return f"/customers/{centre}/relations{query}#node-{key.hex}"

    return url


def _read(session: Session, actor: Actor, customer_id: UUID, hops: int) -> tuple[Customer, Graph]:
    customer = queries.get(session, customer_id)
    graph = services.around(session, customer_id, hops)
    shown = list(dict.fromkeys(side.other.id for hop in graph.hops for side in hop))
    opening.opened(session, actor, customers.ref(customer), customer_id, "customers.relations", ids=shown)
    return customer, graph


@get(f"{_ONE}/new", permission=_EDIT, name="customers:new_relation")
def new(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    customer = queries.get(session, customer_id)
    rights.require(session, actor, _EDIT, customer)
    opening.opened(session, actor, customers.ref(customer), customer_id)
    return _form(request, session, customer, Bound())


@post(_ONE, permission=_EDIT, name="customers:add_relation")
def add(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, customer_id: UUID
) -> Response[str]:
    bound = bind(RelationInput, form)
    try:
        data = bound.require()
        data.other = form.get("chosen") or data.other
        services.add(session, actor, customer_id, data)
    except Invalid as error:
        bound.add(error)
    except Conflict as error:
        bound.add(Invalid(error.message, fields={"other": error.message}))
    if bound.errors:
        customer = queries.get(session, customer_id)
        meant = meaning.meant(session, actor, bound.get("other"), {customer.id}) if bound.error("other") else []
        return _form(request, session, customer, bound, status=422, meant=meant)
    return redirect(request, f"/customers/{customer_id}/relations")


@post(f"{_ONE}/{{relation_id:uuid}}/delete", permission=_EDIT, name="customers:remove_relation")
def remove(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, relation_id: UUID
) -> Response[str]:
    services.remove(session, actor, customer_id, relation_id)
    return redirect(request, f"/customers/{customer_id}/relations")


def _form(
    request: Request[Any, Any, Any], session: Session, customer: Customer, form: Bound[RelationInput], *,
    status: int = 200, meant: Sequence[Any] = (),
) -> Response[str]:  # fmt: skip
    return drawing.form_page(
        request, "customers/relations/_form.html", _("Add a relation"), status=status, customer=customer, form=form,
        kinds=dictionaries.choices(session, services.DICTIONARY), meant=meant,
    )  # fmt: skip


@get("/{customer_id:uuid}/relations", permission=_VIEW, name="customers:api_relations")
def api_graph(
    session: Session, actor: Actor, customer_id: UUID,
    hops: Annotated[int, Parameter(ge=1, le=MOST_HOPS, description="How many steps away")] = 1,
) -> GraphOut:  # fmt: skip
    """Who belongs together with a customer, of those that you see."""
    _customer, graph = _read(session, actor, customer_id, hops)
    return GraphOut(hops=[[_out(side) for side in hop] for hop in graph.hops], more=graph.more)


@post("/{customer_id:uuid}/relations", permission=_EDIT, name="customers:api_add_relation", status_code=201)
def api_add(session: Session, actor: Actor, customer_id: UUID, data: RelationInput) -> Items[RelationOut]:
    """Add a relation; the answer is all of this customer's. 409: known already, or it would close a circle."""
    services.add(session, actor, customer_id, data)
    session.flush()  # the answer shows it
    _customer, graph = _read(session, actor, customer_id, 1)
    return Items([_out(side) for hop in graph.hops for side in hop])


@delete(
    "/{customer_id:uuid}/relations/{relation_id:uuid}", permission=_EDIT, name="customers:api_remove_relation",
    status_code=204,
)  # fmt: skip
def api_remove(session: Session, actor: Actor, customer_id: UUID, relation_id: UUID) -> None:
    """Remove a relation, seen from either side."""
    services.remove(session, actor, customer_id, relation_id)


def _out(side: Side) -> RelationOut:
    return RelationOut(
        id=side.id, customer_id=side.from_id, kind=side.kind, word=side.word, other_id=side.other.id,
        other=side.other.name, since=side.since, until=side.until, note=side.note,
    )  # fmt: skip


HANDLERS: list[Any] = [show, new, add, remove]
API_HANDLERS: list[Any] = [api_graph, api_add, api_remove]
"""Below /api/v1/customers"""
