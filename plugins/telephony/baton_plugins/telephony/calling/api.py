"""JSON: lists of customers to call, as programs that dial go through them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from baton_plugins.telephony.calling import queries, services
from baton_plugins.telephony.calling.models import CallList, ListLine
from baton_plugins.telephony.policies import DIAL

from platform_core.api import (
    Actor,
    Cursor,
    EntityRef,
    Items,
    Limit,
    Session,
    customer_get,
    customer_opened,
    decode_cursor,
    encode_cursor,
    get,
    post,
    record,
)

_ALL = "/lists"
_ONE = f"{_ALL}/{{list_id:uuid}}"


class ListOut(msgspec.Struct):
    """A list of customers to call. `total` counts also those that you do not see."""

    id: UUID
    name: str
    by: str
    shared: bool
    total: int
    done: int
    script_id: UUID | None
    created_at: datetime
    closed_at: datetime | None


class LineOut(msgspec.Struct):
    """A customer of a list. `state`: waiting, taken or done; `outcome` as the follow-up says."""

    number: int
    customer_id: UUID
    customer: str
    state: str
    by: str
    at: datetime | None
    outcome: str


class TurnOut(msgspec.Struct):
    """Whom you are to call, with the script; `line` is null when nobody is left for you."""

    line: LineOut | None
    script: str


@get(_ALL, permission=DIAL, name="telephony:api_lists")
def lists(session: Session, cursor: Cursor = "", limit: Limit = 50) -> Items[ListOut]:
    """Lists that you may call through, newest first."""
    before = UUID(str(decode_cursor(cursor, 1)[0])) if cursor else None
    found, following = queries.page_of(session, before, limit)
    return Items(_lists(session, found), encode_cursor([following]) if following else None)


@get(_ONE, permission=DIAL, name="telephony:api_list")
def one(session: Session, list_id: UUID) -> ListOut:
    """How far a list is."""
    return _lists(session, [services.get(session, list_id)])[0]


@get(f"{_ONE}/lines", permission=DIAL, name="telephony:api_list_lines")
def lines(session: Session, actor: Actor, list_id: UUID, cursor: Cursor = "", limit: Limit = 50) -> Items[LineOut]:
    """Customers of the list, as far as you see them, in its order."""
    found = services.get(session, list_id)
    after = int(str(decode_cursor(cursor, 1)[0])) if cursor else 0
    rows, following = queries.lines(session, found, after, limit)
    record(session, actor, "telephony.view_list", found.ref, ids=[row.line.customer_id for row in rows])
    return Items([_line(row.line, row.name) for row in rows], encode_cursor([following]) if following else None)


@post(f"{_ONE}/next", permission=DIAL, name="telephony:api_next")
def following(session: Session, actor: Actor, list_id: UUID) -> TurnOut:
    """The customer whom you are at or, once their follow-up is written (`POST /api/v1/follow-ups`), the next one.

    Counts as opening the customer. Nobody else is given the same.
    """
    return _turn(session, actor, services.get(session, list_id))


@post(f"{_ONE}/put-off", permission=DIAL, name="telephony:api_put_off")
def put_off(session: Session, actor: Actor, list_id: UUID) -> TurnOut:
    """The customer whom you are at comes again after all others; you get the next one."""
    found = services.get(session, list_id)
    services.put_off(session, actor, found)
    return _turn(session, actor, found)


def _turn(session: Session, actor: Actor, found: CallList) -> TurnOut:
    line = services.take(session, actor, found)
    if line is None:
        return TurnOut(None, "")
    customer = customer_get(session, line.customer_id)
    customer_opened(session, actor, EntityRef("customers", "customer", customer.id, customer.name), customer.id)
    script = services.script_of(session, found.script_id).body if found.script_id else ""
    return TurnOut(_line(line, customer.name), script)


def _lists(session: Session, found: Sequence[CallList]) -> list[ListOut]:
    done = queries.done(session, [one.id for one in found])
    return [
        ListOut(
            one.id, one.name, one.by_label, one.shared, one.total, done.get(one.id, 0), one.script_id, one.created_at,
            one.closed_at,
        )
        for one in found
    ]  # fmt: skip


def _line(line: ListLine, customer: str) -> LineOut:
    return LineOut(line.number, line.customer_id, customer, line.state, line.by_label, line.at, line.outcome)


HANDLERS = [lists, one, lines, following, put_off]
