"""What is to change, of which rows, and what stands against it: the same for the preview and for the change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import slices
from platform_core.customers.bulk.models import BulkChange, BulkLine
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.scope import proven
from platform_core.web.lists import changing
from platform_core.web.lists.changing import Asked, Changeable, Changes
from platform_core.web.lists.declaration import ListView, declared_lists

_ = translator("customers")
OWN = proven("lines of a change that the caller has read within the actor's scope")
WORDS = {
    **changing.WORDS,
    "tags": _.lazy("It would have too many tags."),
    "refused": _.lazy("It cannot be changed that way any more."),
    "meanwhile": _.lazy("Somebody has changed it since the preview."),
    "later": _.lazy("Somebody has changed it again since."),
}
"""Why a row stays as it is; a list may have words of its own."""


class Wanted(msgspec.Struct, kw_only=True, omit_defaults=True):
    """`values`: field -> value, "" to empty it."""

    values: dict[str, Any] = {}
    add_tags: list[str] = []
    remove_tags: list[str] = []

    def __bool__(self) -> bool:
        return bool(self.values or self.add_tags or self.remove_tags)


def wanted_of(change: BulkChange) -> Wanted:
    return msgspec.convert(change.wanted, Wanted)


def view_of(key: str) -> tuple[ListView, Changes]:
    """The list and what may be changed of its rows. Raises NotFound for one that is gone or declares nothing."""
    view = declared_lists().get(key)
    if view is None or view.changes is None:
        raise NotFound(_("There is no such list, or nothing of it is changed many at once."))
    return view, view.changes


def words_of(changes: Changes) -> Mapping[str, str]:
    return {**WORDS, **changes.words}


def get(session: Session, change_id: UUID, *, lock: bool = False) -> BulkChange:
    """Raises NotFound when there is none or none for this actor."""
    return slices.get(session, BulkChange, change_id, _("There is no such change, or not for you."), lock=lock)


def lines(session: Session, change: BulkChange, state: str, after: int, limit: int) -> Sequence[BulkLine]:
    mine = (BulkLine.change_id == change.id, BulkLine.state == state, BulkLine.number > after)
    return session.scalars(
        select(BulkLine).where(*mine).order_by(BulkLine.number).limit(limit), execution_options=OWN
    ).all()


def mark(session: Session, change: BulkChange, rows: Sequence[BulkLine], done: Sequence[dict[str, Any]]) -> None:
    for row in rows:
        session.expunge(row)  # changed past the session
    slices.mark(session, BulkLine, ("change_id", change.id), done, OWN)


def judged(
    session: Session, actor: Actor, changes: Changes, rows: Sequence[BulkLine], wanted: Mapping[str, Any], *,
    lock: bool = False,
) -> list[tuple[BulkLine, Changeable | None, str]]:  # fmt: skip
    """Each line with its row, if the actor sees it, and why it stays as it is."""
    present = changes.rows(session, actor, Asked([row.row_id for row in rows], wanted, lock))
    found: list[tuple[BulkLine, Changeable | None, str]] = []
    for row in rows:
        now_at = present.get(row.row_id)
        found.append((row, now_at, "hidden" if now_at is None else now_at.why))
    return found


def sides(now_at: Changeable, wanted: Wanted) -> tuple[dict[str, Any], dict[str, Any]]:
    """What would be other: field -> value before, and after."""
    after = {name: value for name, value in wanted.values.items() if now_at.values[name] != value}
    before = {name: now_at.values[name] for name in after}
    held, going = now_at.values.get("tags", []), set(wanted.remove_tags)
    kept = [name for name in held if name not in going]
    becomes = [*kept, *(name for name in dict.fromkeys(wanted.add_tags) if name not in kept)]
    if sorted(becomes) != sorted(held):
        before["tags"], after["tags"] = list(held), becomes
    return before, after
