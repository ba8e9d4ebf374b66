"""The same for programs, through the same services."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from platform_core.api import Actor, Cursor, Items, Limit, Session, get, post, record

from baton_plugins.@name@ import queries, services
from baton_plugins.@name@.forms import EntryInput, NewEntry
from baton_plugins.@name@.models import Entry


class EntryOut(msgspec.Struct, kw_only=True):
    id: UUID
    customer_id: UUID
    title: str
    amount: int
    note: str
    author: str
    created_at: datetime
    updated_at: datetime
    version: int


def entry_out(entry: Entry) -> EntryOut:
    return EntryOut(
        id=entry.id,
        customer_id=entry.customer_id,
        title=entry.title,
        amount=entry.amount,
        note=entry.note,
        author=entry.author_label,
        created_at=entry.created_at,
        updated_at=entry.updated_at,
        version=entry.version,
    )


@get("/", permission="@name@.view", name="@name@:api_list")
def api_list(session: Session, actor: Actor, cursor: Cursor = "", limit: Limit = 50) -> Items[EntryOut]:
    """Latest change first."""
    rows, following = queries.page_of(session, cursor, limit)
    record(session, actor, "@name@.list", ids=[row.id for row in rows])
    return Items([entry_out(row) for row in rows], following)


@post("/", permission="@name@.write", name="@name@:api_create", status_code=201)
def api_create(session: Session, actor: Actor, data: NewEntry) -> EntryOut:
    """Write an entry about a customer."""
    content = EntryInput(title=data.title, amount=data.amount, note=data.note)
    entry = services.create(session, actor, data.customer_id, content)
    session.flush()  # the answer shows what the database keeps, such as the version
    return entry_out(entry)


@get("/{entry_id:uuid}", permission="@name@.view", name="@name@:api_get")
def api_get(session: Session, actor: Actor, entry_id: UUID) -> EntryOut:
    """One entry."""
    entry = queries.get(session, entry_id)
    record(session, actor, "@name@.view", services.ref(entry), customer_id=entry.customer_id)
    return entry_out(entry)


HANDLERS = [api_list, api_create, api_get]
