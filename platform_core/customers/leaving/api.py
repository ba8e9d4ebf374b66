"""JSON: taking leave of somebody, with the services of the page: what they hold, who takes over, that it happens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.customers.leaving import inventory, looked, services
from platform_core.customers.transfer import queries, rules
from platform_core.customers.transfer.api import ConfirmInput, TransferOut, transfer_out
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.users import accounts, stepup
from platform_core.web.apis import Cursor, Items
from platform_core.web.routing import get, post

_ = translator("customers")
_LEAVING = "/{user_id:uuid}/leaving"


class HeldOut(msgspec.Struct, kw_only=True):
    """Rows of one kind. `act`: `move`, others take them over; `end`, they are over when the person leaves."""

    kind: str
    label: str
    act: str
    department_id: UUID | None
    count: int


class Refusal(msgspec.Struct, kw_only=True):
    """So many customers cannot pass as chosen; `why` is one of the codes in docs/api.md."""

    why: str
    explanation: str
    count: int


class LeavingOut(msgspec.Struct, kw_only=True):
    """What somebody holds, and what has been chosen: `departments` are those for which somebody takes over.

    `departments` holds null where work belongs to none.
    """

    held: list[HeldOut]
    departments: list[UUID | None]
    transfer: TransferOut | None
    refusals: list[Refusal]


class Choices(msgspec.Struct, kw_only=True):
    """Department id (empty: work of none) -> `person:<id>`, or `department:<id>` for its people in turn."""

    to: Annotated[dict[str, str], msgspec.Meta(min_length=1, max_length=200)]


class SeenOut(msgspec.Struct, kw_only=True):
    """`name` is empty where you do not see the customer yourself."""

    customer_id: UUID
    name: str
    opened: int
    revealed: int
    listed: int
    last: datetime


def _out(session: Session, actor: Actor, user_id: UUID) -> LeavingOut:
    user = services.leaver(session, actor, user_id)
    session.flush()  # a draft that was made just now is read again
    items = inventory.of(session, user_id)
    draft = services.draft_of(session, actor, user_id)
    flows = queries.flows(session, draft) if draft is not None and draft.state == "draft" else []
    audit.record(session, actor, "customers.leaving_view", accounts.ref(user))
    return LeavingOut(
        held=[
            HeldOut(
                kind=item.key, label=str(item.label), act=item.act, department_id=item.department_id, count=item.count
            )
            for item in items
        ],
        departments=inventory.departments(items, user.department_id),
        transfer=transfer_out(session, draft) if draft else None,
        refusals=[
            Refusal(why=flow.why, explanation=str(rules.WORDS[flow.why]), count=flow.count)
            for flow in flows
            if flow.why
        ],
    )  # fmt: skip


@get(_LEAVING, permission=rules.OFFBOARD, name="customers:api_leaving")
def show(session: Session, actor: Actor, user_id: UUID) -> LeavingOut:
    """What somebody holds, and the draft of handing it over, if you have made one."""
    return _out(session, actor, user_id)


@post(f"{_LEAVING}/choices", permission=rules.OFFBOARD, name="customers:api_leaving_choose")
def choose(session: Session, actor: Actor, user_id: UUID, data: Choices) -> LeavingOut:
    """Say who takes over, by department. Nothing happens before it is confirmed; choosing again begins anew."""
    services.choose(session, actor, user_id, data.to)
    return _out(session, actor, user_id)


@post(f"{_LEAVING}/confirm", permission=rules.OFFBOARD, name="customers:api_leaving_confirm")
def confirm(
    request: Request[Any, Any, Any], session: Session, actor: Actor, user_id: UUID, data: ConfirmInput
) -> TransferOut:
    """Close the account and pass on what it holds. Takes a token that changes rights; follow it at /transfers/{id}."""
    stepup.over_api(request, session, actor)
    services.leaver(session, actor, user_id)
    draft = services.draft_of(session, actor, user_id)
    if draft is None or draft.state != "draft":
        raise NotFound(_("First say who takes over."))
    return transfer_out(session, services.confirm(session, actor, draft.id, data.reason, data.version))


@get(f"{_LEAVING}/seen", permission=rules.OFFBOARD, name="customers:api_leaving_seen")
def looked_at(session: Session, actor: Actor, user_id: UUID, cursor: Cursor = "") -> Items[SeenOut]:
    """Which customers the person has seen in the last 30 days, the latest first."""
    read = looked.at(session, actor, user_id, cursor)
    return Items(
        [
            SeenOut(
                customer_id=item.customer_id,
                name=read.known[item.customer_id].name if item.customer_id in read.known else "",
                opened=item.opened, revealed=item.revealed, listed=item.listed, last=item.last,
            )
            for item in read.found
        ],
        read.older or None,
    )  # fmt: skip


HANDLERS = [show, choose, confirm, looked_at]
