"""JSON: changing many rows of a list, looking at what became of it, taking it back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import selecting
from platform_core.customers.bulk import drafts, judging, services
from platform_core.customers.bulk.judging import Wanted
from platform_core.customers.bulk.models import BulkChange
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.web.lists import dialogs
from platform_core.web.routing import delete, get, post

_ = translator("customers")
_VIEW = "customers.view"
_ONE = "/{change_id:uuid}"
_Ids = Annotated[list[UUID], msgspec.Meta(max_length=drafts.MOST)]


class ChangeInput(msgspec.Struct, kw_only=True):
    """Either `ids`, or `conditions` as the list's address has them (`any_of`: one is enough).

    `of`: customers, contacts, or the key of a plugin's list. `values`: field -> code, id of a person or day, "" to
    empty it. `customer_ids`: an older name of `ids`.
    """

    of: str = "customers"
    ids: _Ids = []
    customer_ids: _Ids = []
    conditions: list[str] = []
    any_of: bool = False
    values: dict[str, str] = {}
    add_tags: list[str] = []
    remove_tags: list[str] = []


class ConfirmInput(msgspec.Struct, kw_only=True):
    """`version`: of the change whose preview you have read."""

    version: int


class ChangeOut(msgspec.Struct, kw_only=True):
    """`of`: whose rows. `state`: draft, running, done, undoing, undone.

    Of a draft `going` would change and `staying` would not.
    """

    id: UUID
    of: str
    state: str
    total: int
    going: int
    staying: int
    same: int
    changed: int
    refused: int
    undone: int
    kept: int
    finished_at: datetime | None
    version: int


def _out(session: Session, change: BulkChange) -> ChangeOut:
    session.flush()  # the answer shows the version that a later step has to name
    preview = change.preview if change.state == "draft" else {}
    return ChangeOut(
        id=change.id, of=change.view, state=change.state, total=change.total, going=preview.get("going", 0),
        staying=preview.get("staying", 0), same=preview.get("same", change.same), changed=change.changed,
        refused=change.refused, undone=change.undone, kept=change.kept, finished_at=change.finished_at,
        version=change.version,
    )  # fmt: skip


@post("/", permission=_VIEW, name="customers:api_change_many")
def prepare(session: Session, actor: Actor, data: ChangeInput) -> ChangeOut:
    """Nothing changes yet: the answer says what would. Confirm it with its version."""
    ids = data.ids or data.customer_ids
    if bool(ids) == bool(data.conditions):
        raise Invalid(_("Name either rows or conditions."))
    if data.conditions:
        pairs = [*(("f", text) for text in data.conditions), ("any", "1" if data.any_of else "")]
        asked = dialogs.from_query(session, actor, drafts.open_view(actor, data.of), dialogs.query_of(pairs))
        ids = selecting.found(session, actor, asked, drafts.MOST)
    change = drafts.begin(session, actor, ids, data.conditions, data.of)
    wanted = Wanted(values=data.values, add_tags=data.add_tags, remove_tags=data.remove_tags)
    return _out(session, drafts.choose(session, actor, change.id, wanted))


@get(_ONE, permission=_VIEW, name="customers:api_change")
def show(session: Session, actor: Actor, change_id: UUID) -> ChangeOut:
    """How far a change of many rows has come."""
    return _out(session, judging.get(session, change_id))


@post(f"{_ONE}/confirm", permission=_VIEW, name="customers:api_change_confirm")
def confirm(session: Session, actor: Actor, change_id: UUID, data: ConfirmInput) -> ChangeOut:
    """Do what the preview said. More than 200 are changed in the background."""
    return _out(session, services.confirm(session, actor, change_id, data.version))


@post(f"{_ONE}/undo", permission=_VIEW, name="customers:api_change_undo")
def undo(session: Session, actor: Actor, change_id: UUID) -> ChangeOut:
    """Possible once, for 30 days; rows that somebody has changed since stay as they are."""
    return _out(session, services.undo(session, actor, change_id))


@delete(_ONE, permission=_VIEW, name="customers:api_change_discard")
def discard(session: Session, actor: Actor, change_id: UUID) -> None:
    """Forget a change that was prepared and not confirmed."""
    drafts.discard(session, actor, change_id)


HANDLERS = [prepare, show, confirm, undo, discard]
"""Below /api/v1/changes"""
