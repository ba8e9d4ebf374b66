"""JSON: pairs of customers that may be one."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar.params import Parameter
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers.deduplication import rules, services
from platform_core.customers.deduplication.models import DuplicatePair
from platform_core.customers.models import Customer
from platform_core.web.apis import Cursor, Items
from platform_core.web.routing import get, post


class SideOut(msgspec.Struct, kw_only=True):
    id: UUID
    code: str
    name: str


class PairOut(msgspec.Struct, kw_only=True):
    """`score` is 0 to 100; `reasons` are codes of docs/api.md, what weighs most first."""

    id: UUID
    state: Literal["open", "apart"]
    score: int
    reasons: list[str]
    first: SideOut
    second: SideOut


class StateOut(msgspec.Struct, kw_only=True):
    id: UUID
    state: str


def _side(customer: Customer) -> SideOut:
    return SideOut(id=customer.id, code=customer.code, name=customer.name)


@get("/duplicates", permission=services.PERMISSION, name="customers:api_duplicate_pairs")
def index(
    session: Session, actor: Actor, cursor: Cursor = "",
    show: Annotated[Literal["open", "apart"], Parameter(description="apart: known to be different")] = "open",
) -> Items[PairOut]:  # fmt: skip
    """Pairs of which you see both sides, the likeliest first. To merge one: POST /customers/{id}/merge."""
    found = services.page_of(session, actor, show, cursor)
    items = [
        PairOut(
            id=pair.id, state=show, score=pair.score, reasons=[code for code in pair.reasons if code in rules.WORDS],
            first=_side(found.known[pair.first_id]), second=_side(found.known[pair.second_id]),
        )
        for pair in found.pairs
    ]  # fmt: skip
    return Items(items, found.next or None)


@post("/duplicates/{pair_id:uuid}/apart", permission=services.PERMISSION, name="customers:api_set_apart")
def set_apart(session: Session, actor: Actor, pair_id: UUID) -> StateOut:
    """They are different customers: no scan shows the pair again."""
    return _state(services.set_apart(session, actor, pair_id))


@post("/duplicates/{pair_id:uuid}/reopen", permission=services.PERMISSION, name="customers:api_reopen_pair")
def reopen(session: Session, actor: Actor, pair_id: UUID) -> StateOut:
    """Take back that they are different."""
    return _state(services.reopen(session, actor, pair_id))


def _state(pair: DuplicatePair) -> StateOut:
    return StateOut(id=pair.id, state=pair.state)


HANDLERS = [index, set_apart, reopen]
