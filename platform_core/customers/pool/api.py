"""The pool and leads for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request
from litestar.params import Parameter
from sqlalchemy.orm import Session

from platform_core.caps import counting
from platform_core.contracts.identity import Actor
from platform_core.customers import opening, outputs, queries, services
from platform_core.customers.models import Customer
from platform_core.customers.outputs import CustomerOut
from platform_core.customers.pool import reach
from platform_core.customers.pool import services as pool
from platform_core.customers.pool.listing import POOL
from platform_core.users.lists import read_for_api
from platform_core.web.apis import Cursor, Items, Limit
from platform_core.web.lists import state
from platform_core.web.routing import get, post

_ONE = "/{customer_id:uuid}"
_Ids = Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=pool.MOST)]


class PooledOut(msgspec.Struct, kw_only=True):
    """`phone` is a mask; `since`: when it came into the pool."""

    id: UUID
    code: str
    name: str
    lead: bool
    city: str
    industry: str
    source: str
    phone: str
    department_id: UUID | None
    last_contact_at: datetime | None
    since: datetime | None


class MoveOut(msgspec.Struct, kw_only=True):
    """`act`: claim, release, recycle, convert or revert; `by` is empty for the house's rules."""

    act: str
    at: datetime
    by: str
    owner: str
    """Whose it was."""
    reason: str
    note: str


class CardOut(PooledOut, kw_only=True):
    classification: str
    status: str
    grade: str
    region: str
    contact: str
    moves: list[MoveOut]


class IdsInput(msgspec.Struct, kw_only=True):
    customer_ids: _Ids


class ReleaseInput(msgspec.Struct, kw_only=True):
    """`reason`: a code of the dictionary customers.release_reason."""

    customer_ids: _Ids
    reason: str
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


class NumberOut(msgspec.Struct):
    number: int


@get("/", permission=reach.SEE, name="customers:api_pool")
def listed(
    request: Request[Any, Any, Any], session: Session, actor: Actor,
    f: Annotated[list[str] | None, Parameter(description="Conditions, as in the list of customers")] = None,
    cursor: Cursor = "", limit: Limit = 50,
) -> Items[PooledOut]:  # fmt: skip
    """Customers and leads without an owner, those that came last first."""
    asked = state.read(session, actor, POOL, request.query_params).turned_to(after=cursor)
    found = read_for_api(session, actor, asked, limit)
    return Items([PooledOut(**_line(row)) for row in found.rows], found.after or None)


@get(_ONE, permission=reach.SEE, name="customers:api_pool_card")
def card(session: Session, actor: Actor, customer_id: UUID) -> CardOut:
    """What whoever might take it needs to know. Counts as opened."""
    customer = reach.get(session, actor, customer_id)
    opening.opened(session, actor, services.ref(customer), customer_id, "customers.pool_view")
    moves = [
        MoveOut(act=m.act, at=m.at, by=m.by_label, owner=m.from_label, reason=m.reason, note=m.note)
        for m in pool.moves(session, customer_id)
    ]
    return CardOut(
        **_line(customer), classification=customer.classification, status=customer.status, grade=customer.grade,
        region=customer.region, contact=customer.contact_name, moves=moves,
    )  # fmt: skip


def _line(row: Any) -> dict[str, Any]:
    return {
        "id": row.id, "code": row.code, "name": row.name, "lead": row.lead_since is not None, "city": row.city,
        "industry": row.industry, "source": row.source, "phone": row.phone_mask,
        "department_id": row.department_id, "last_contact_at": row.last_contact_at, "since": row.placed_at,
    }  # fmt: skip


@post("/claim", permission=pool.CLAIM, name="customers:api_pool_claim")
def claim(session: Session, actor: Actor, data: IdsInput) -> NumberOut:
    """Take them, all or none. 409: a limit is reached; 404: somebody else was faster."""
    return NumberOut(len(pool.claim(session, actor, data.customer_ids)))


@post("/release", permission=pool.RELEASE, name="customers:api_pool_release")
def release(session: Session, actor: Actor, data: ReleaseInput) -> NumberOut:
    """Give them up to the pools of their departments, all or none."""
    return NumberOut(len(pool.release(session, actor, data.customer_ids, data.reason, data.note)))


@post(f"{_ONE}/convert", permission="customers.edit", name="customers:api_convert")
def convert(session: Session, actor: Actor, customer_id: UUID) -> CustomerOut:
    """Make a lead a customer; everything that belongs to it stays where it is."""
    return _out(session, actor, pool.convert(session, actor, customer_id))


@post(f"{_ONE}/lead", permission="customers.edit", name="customers:api_make_lead")
def revert(session: Session, actor: Actor, customer_id: UUID) -> CustomerOut:
    """Only a lead after all."""
    return _out(session, actor, pool.revert(session, actor, customer_id))


def _out(session: Session, actor: Actor, customer: Customer) -> CustomerOut:
    counting.count(session, actor, customer.id)  # the answer shows the record
    session.flush()  # the answer shows the new version
    return outputs.customer(session, customer, [tag.name for tag in queries.tags_of(session, customer.id)])


HANDLERS: list[Any] = [listed, card, claim, release]
"""Below /api/v1/pool"""
RECORD_HANDLERS: list[Any] = [convert, revert]
"""Below /api/v1/customers"""
