"""Verbs that change state: check, write, audit, publish. They never commit: the request or the job does."""

from __future__ import annotations

from uuid import UUID

from platform_core.api import (
    Actor,
    Conflict,
    EntityRef,
    Event,
    Session,
    changes,
    customer_get,
    customer_require,
    new_id,
    publish,
    record,
    translator,
)

from baton_plugins.@name@ import queries
from baton_plugins.@name@.forms import EntryInput
from baton_plugins.@name@.models import Entry

_ = translator("@name@")
WRITE = "@name@.write"
_FIELDS = ("title", "amount", "note")


def ref(entry: Entry) -> EntityRef:
    return EntityRef("@name@", "entry", entry.id, entry.title)


def create(session: Session, actor: Actor, customer_id: UUID, data: EntryInput) -> Entry:
    """Raises NotFound for a customer the actor does not see, Forbidden for one that is not theirs to write on."""
    customer = customer_get(session, customer_id)
    customer_require(session, actor, WRITE, customer)
    entry = Entry(
        id=new_id(),
        customer_id=customer.id,
        title=data.title,
        amount=data.amount,
        note=data.note,
        author_id=actor.user_id,
        author_label=actor.name,
    )
    session.add(entry)
    after = {"title": entry.title, "amount": entry.amount}
    record(session, actor, "@name@.create", ref(entry), customer_id=customer.id, after=after)
    publish(session, Event("@name@.created", ref(entry), customer.id, actor.user_id, {"amount": entry.amount}))
    return entry


def change(session: Session, actor: Actor, entry_id: UUID, data: EntryInput) -> Entry:
    """Raises Conflict when somebody else has changed it since `data.version`."""
    entry = queries.get(session, entry_id)
    customer_require(session, actor, WRITE, customer_get(session, entry.customer_id))
    if data.version is not None and data.version != entry.version:
        raise Conflict(_("Somebody else has changed this entry. Open it again."))
    old = {name: getattr(entry, name) for name in _FIELDS}
    new = {name: getattr(data, name) for name in _FIELDS}
    before, after = changes(old, new)
    if after:
        for name, value in new.items():
            setattr(entry, name, value)
        record(session, actor, "@name@.edit", ref(entry), customer_id=entry.customer_id, before=before, after=after)
    return entry


def remove(session: Session, actor: Actor, entry_id: UUID) -> Entry:
    entry = queries.get(session, entry_id)
    customer_require(session, actor, WRITE, customer_get(session, entry.customer_id))
    session.delete(entry)
    before = {"title": entry.title, "amount": entry.amount}
    record(session, actor, "@name@.remove", ref(entry), customer_id=entry.customer_id, before=before)
    return entry
