"""Before anything changes: which rows, what of them, and what stands against it. Kept, so that it happens so."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec
from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.customers import tags
from platform_core.customers.bulk.judging import OWN, Wanted, get, judged, lines, mark, sides, view_of
from platform_core.customers.bulk.models import BulkChange, BulkLine
from platform_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.ids import new_id
from platform_core.web.lists.changing import Asked, Changes
from platform_core.web.lists.declaration import ListView

_ = translator("customers")
MOST = 10_000
_READ = 1000


def begin(
    session: Session, actor: Actor, ids: Collection[UUID], conditions: Sequence[str] = (), view: str = "customers"
) -> BulkChange:
    """Put rows down, as far as the actor sees them. Raises Invalid, NotFound, Forbidden."""
    open_view(actor, view)
    changes = view_of(view)[1]
    if len(ids) > MOST:
        raise Invalid(_("At most %(limit)s at once. Add a condition to the list.", limit=MOST))
    wanted = list(dict.fromkeys(ids))
    seen: dict[UUID, UUID | None] = {}
    for start in range(0, len(wanted), _READ):
        found = changes.rows(session, actor, Asked(wanted[start : start + _READ]))
        seen |= {key: row.customer_id for key, row in found.items()}
    present = [key for key in wanted if key in seen]
    if not present:
        raise NotFound(_("There is none of these, or not for you."))
    change = BulkChange(
        id=new_id(), by_id=actor.user_id, by_label=actor.name, view=view, total=len(present),
        conditions=list(conditions),
    )  # fmt: skip
    session.add(change)
    session.flush()  # its lines refer to it
    rows = [
        {"change_id": change.id, "number": at, "row_id": key, "customer_id": seen[key]}
        for at, key in enumerate(present, 1)
    ]
    session.execute(insert(BulkLine), rows)
    after = {"list": view, "count": len(present), **({"conditions": list(conditions)} if conditions else {})}
    audit.record(session, actor, "customers.bulk_draft", change.ref, ids=present, after=after, shown=False)
    return change


def open_view(actor: Actor, key: str) -> ListView:
    """The list, for somebody who may read it and change something of it. Raises NotFound, Forbidden."""
    view, changes = view_of(key)
    if not actor.may_enter(view.permission):
        raise Forbidden(_("You may not see this list."), lacks=view.permission)
    require(actor, changes)
    return view


def require(actor: Actor, changes: Changes) -> None:
    if not actor.may_enter(changes.edit):
        raise Forbidden(_("You may not change these."), lacks=changes.edit)


def choose(session: Session, actor: Actor, change_id: UUID, wanted: Wanted) -> BulkChange:
    """Say what is to change. Raises Invalid at the field."""
    change = draft_of(session, actor, change_id)
    changes = view_of(change.view)[1]
    if not wanted:
        raise Invalid(_("Choose at least one field to change."))
    offered = {field.key: field for field in changes.for_many(session, actor)}
    wrong = {name: _("This field cannot be changed here.") for name in wanted.values if name not in offered}
    known = [(name, offered[name].wrong(value)) for name, value in wanted.values.items() if name in offered]
    wrong |= {name: why for name, why in known if why}
    for name, words in (("add_tags", wanted.add_tags), ("remove_tags", wanted.remove_tags)):
        if words and not changes.tags:
            wrong[name] = _("This field cannot be changed here.")
        elif len(words) > tags.MOST or any(len(word) > tags.LONGEST for word in words):
            wrong[name] = _("At most %(limit)s tags of %(longest)s characters.", limit=tags.MOST, longest=tags.LONGEST)
    if wrong:
        raise Invalid(_("Please check the marked fields."), fields=wrong)
    wanted = msgspec.structs.replace(wanted, values=dict(changes.check(session, actor, wanted.values)))
    change.wanted = msgspec.to_builtins(wanted)
    _examine(session, actor, change, changes, wanted)
    return change


def _examine(session: Session, actor: Actor, change: BulkChange, changes: Changes, wanted: Wanted) -> None:
    """What would happen, line by line; only tags beyond their number are found while changing."""
    going = same = last = 0
    while rows := lines(session, change, "pending", last, _READ):
        last = rows[-1].number
        done = []
        for row, now_at, why in judged(session, actor, changes, rows, wanted.values):
            before = {} if now_at is None or why else sides(now_at, wanted)[0]
            acts = bool(before)
            going, same = going + acts, same + (not acts and not why)
            done.append({"number": row.number, "why": why, "before": before})
        mark(session, change, rows, done)
    change.preview = {"going": going, "same": same, "staying": change.total - going - same}


def discard(session: Session, actor: Actor, change_id: UUID) -> None:
    change = draft_of(session, actor, change_id)
    audit.record(session, actor, "customers.bulk_discard", change.ref)
    plain = {**OWN, "synchronize_session": False}
    session.execute(delete(BulkLine).where(BulkLine.change_id == change.id), execution_options=plain)
    session.execute(delete(BulkChange).where(BulkChange.id == change.id), execution_options=plain)


def draft_of(session: Session, actor: Actor, change_id: UUID) -> BulkChange:
    change = get(session, change_id)
    require(actor, view_of(change.view)[1])
    if change.by_id != actor.user_id:
        raise Forbidden(_("Only %(name)s, who prepares this change, can go on with it.", name=change.by_label))
    if change.state != "draft":
        raise Conflict(_("This change has gone on already. Reload the page."))
    return change
