"""Showing the clear value of a sensitive own field: written down first, counted like a revealed number."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from msgspec import Struct
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.caps import counting
from platform_core.caps.limits import REVEAL
from platform_core.contracts.identity import Actor
from platform_core.customers import queries, rights, services
from platform_core.customers.custom import values
from platform_core.customers.custom.definitions import Field, known
from platform_core.customers.models import Customer
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.web.pages import fragment
from platform_core.web.routing import get, post

_ = translator("customers")
ACTION = "customers.reveal"
_PATH = "/{customer_id:uuid}/fields/{key:str}"


class RevealedField(Struct):
    key: str
    value: str


def reveal(session: Session, actor: Actor, customer_id: UUID, key: str) -> tuple[Customer, Field, str]:
    """Raises NotFound, Forbidden, Frozen."""
    customer = queries.get(session, customer_id)
    rights.require(session, actor, ACTION, customer)
    item = known(session).by_key.get(key)
    if item is None or not item.data.sensitive or key not in (customer.custom or {}):
        raise NotFound(_("There is no such value, or not for you."))
    counting.count(session, actor, customer_id)
    counting.count(session, actor, customer_id, REVEAL)
    audit.record(
        session, actor, ACTION, services.ref(customer), customer_id=customer_id, after={item.name: customer.custom[key]}
    )
    return customer, item, str(values.opened(session, customer).get(key, ""))


@post(f"/customers{_PATH}/reveal", permission=ACTION, name="customers:reveal_field", opt={"unkept": True})
def reveal_field(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, key: str
) -> Response[str]:
    customer, item, clear = reveal(session, actor, customer_id, key)
    return fragment(request, "customers/_secret.html", customer=customer, item=item, text=clear, clear=True)


@get(f"/customers{_PATH}", permission="customers.view", name="customers:hide_field")
def hide_field(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, key: str
) -> Response[str]:
    """The mask again, after a reveal."""
    customer, item = queries.get(session, customer_id), known(session).by_key.get(key)
    if item is None or not item.data.sensitive:
        raise NotFound(_("There is no such value, or not for you."))
    mask = (customer.custom or {}).get(key, "")
    return fragment(
        request, "customers/_secret.html", customer=customer, item=item, text=mask, clear=False,
        may_reveal=rights.may(session, actor, ACTION, customer),
    )  # fmt: skip


@post(f"{_PATH}/reveal", permission=ACTION, name="customers:api_reveal_field", opt={"unkept": True})
def api_reveal(session: Session, actor: Actor, customer_id: UUID, key: str) -> RevealedField:
    """The clear value of a sensitive field; audited, counted, and never stored with an idempotency key."""
    _customer, _item, clear = reveal(session, actor, customer_id, key)
    return RevealedField(key, clear)


HANDLERS = [reveal_field, hide_field]
API_HANDLERS = [api_reveal]
