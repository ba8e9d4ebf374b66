"""Merging entries of dictionaries, for programs; the same verbs and the same right as on the pages."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy.orm import Session

from platform_core.admin import services as entries
from platform_core.admin.merging import services
from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.models import DictionaryMerge, DictionaryRow
from platform_core.web.apis import Cursor, Items, Limit, cut
from platform_core.web.routing import get, post

_ = translator("admin")
_RIGHT = services.RIGHT


class EntryOut(msgspec.Struct):
    """`merged_into`: the code that it has become part of, else empty."""

    code: str
    label: str
    active: bool
    merged_into: str


class ShareOut(msgspec.Struct):
    """How many rows of one kind hold the entry."""

    owner: str
    label: str
    count: int


class PreviewOut(msgspec.Struct):
    """`fields`: own fields that name the entry; `views`: how many saved views and groups do."""

    shares: list[ShareOut]
    total: int
    fields: list[str]
    views: int


class MergeInput(msgspec.Struct):
    """`into`: the code that stays."""

    into: Annotated[str, Meta(min_length=1, max_length=60)]


class MergeOut(msgspec.Struct):
    """`state` is running, done, undoing or undone; more than 200 rows are changed in the background."""

    id: UUID
    dictionary: str
    code: str
    into: str
    state: str
    total: int
    moved: int
    kept: int
    undone: int
    at: datetime
    finished_at: datetime | None
    can_be_undone: bool


@get("/{dictionary:str}", permission=_RIGHT, name="admin:api_dictionary")
def list_entries(session: Session, dictionary: str, cursor: Cursor = "", limit: Limit = 200) -> Items[EntryOut]:
    """The entries of a dictionary such as `customers.status`, by code, disabled and merged ones included."""
    rows = sorted(entries.entries(session, dictionary), key=lambda row: row.code)
    if not rows:
        raise NotFound(_("There is no such dictionary, or it is empty."))
    shown, following = cut(rows, lambda row: row.code, cursor, limit)
    return Items([EntryOut(row.code, row.label, row.active, row.merged_into) for row in shown], following)


@get("/{dictionary:str}/{code:str}/merge", permission=_RIGHT, name="admin:api_merge_preview")
def preview(session: Session, actor: Actor, dictionary: str, code: str) -> PreviewOut:
    """What would be touched if this entry became part of another, before anything is."""
    row = _named(session, dictionary, code)
    services.refuse_kept_apart(session, dictionary)
    found = services.preview(session, actor, row)
    shares = [ShareOut(share.owner, str(share.label), share.count) for share in found.shares]
    return PreviewOut(shares, found.total, [str(label) for label in found.fields], found.views)


@post("/{dictionary:str}/{code:str}/merge", permission=_RIGHT, name="admin:api_merge_entry", status_code=201)
def begin(session: Session, actor: Actor, dictionary: str, code: str, data: MergeInput) -> MergeOut:
    """Make the entry part of `into`. 409: it is part of another already, or entries are being merged."""
    return _out(services.begin(session, actor, _named(session, dictionary, code).id, data.into))


@get("/merges/{merge_id:uuid}", permission=_RIGHT, name="admin:api_dictionary_merge")
def show(session: Session, merge_id: UUID) -> MergeOut:
    """How far a merge has come."""
    return _out(services.get(session, merge_id))


@post("/merges/{merge_id:uuid}/undo", permission=_RIGHT, name="admin:api_merge_undo")
def undo(session: Session, actor: Actor, merge_id: UUID) -> MergeOut:
    """Both entries are there again, and each row has its own; once, for 30 days. 409: it is too late."""
    return _out(services.undo(session, actor, merge_id))


def _named(session: Session, dictionary: str, code: str) -> DictionaryRow:
    for row in entries.entries(session, dictionary):
        if row.code == code:
            return row
    raise NotFound(_("This entry is no longer there."))


def _out(merge: DictionaryMerge) -> MergeOut:
    return MergeOut(
        merge.id, merge.dictionary, merge.code, merge.into, merge.state, merge.total, merge.moved, merge.kept,
        merge.undone, merge.at, merge.finished_at, services.can_be_undone(merge),
    )  # fmt: skip


HANDLERS: list[Any] = [list_entries, preview, begin, show, undo]
"""Below /api/v1/dictionaries"""
