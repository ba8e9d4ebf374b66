"""What a list says about changing its rows: one in its cell, or many at once.

The rest is done by platform_core.users.cells and platform_core.customers.bulk.

    PLANS = ListView(key="all_plans", …, changes=Changes(
        edit="activities.write", counted=_counted, fields=_fields, check=_check, rows=_rows, write=_write,
    ))

Values are what JSON can hold: codes, ids, numbers and days as text, "" for empty. `rows` is asked for the preview,
again with locks in the transaction that changes them, and once more for the way back: it decides about rights, row by
row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel.i18n import translator

_ = translator("web")
WORDS = {
    "hidden": _.lazy("It is in the bin, merged or erased by now, or no longer yours to see."),
    "right": _.lazy("You may see it, but not change it. Its owner may, and the head of its department."),
    "restricted": _.lazy("The record is restricted: it is kept, but not used."),
    "unfit": _.lazy("Customers of its classification do not have this field."),
}
"""Why a row stays as it is; a list may have words of its own."""
URL = "/customers/changes"
"""Below it lie the pages, whosever rows they are: a change is one kind of thing, and they are listed together."""


@dataclass(frozen=True, slots=True)
class ChangeField:
    """Something that may be set in one row or in many."""

    key: str
    label: str
    kind: Literal["choice", "date", "text"] = "choice"
    options: Sequence[tuple[str, str]] = ()
    """(value, label) of a choice."""
    empty: bool = False
    """It may be emptied."""
    hint: str = ""
    longest: int = 0
    """Of a text."""
    many: bool = True
    """It may mean the same for many rows; a name does not, and is changed one at a time."""

    def wrong(self, value: object) -> str:
        """What no row could have, as a sentence; empty where nothing is wrong."""
        if not isinstance(value, str):
            return _("Please choose from the list.")
        if not value:
            return "" if self.empty else _("This cannot be emptied.")
        if self.kind == "choice":
            return "" if any(value == code for code, _label in self.options) else _("Please choose from the list.")
        if self.kind == "text":
            return _("At most %(limit)s characters.", limit=self.longest) if len(value) > self.longest else ""
        try:
            date.fromisoformat(value)
        except ValueError:
            return _("Write a day, such as 2026-07-01.")
        return ""


@dataclass(frozen=True, slots=True)
class Asked:
    """Rows by their keys. `wanted`: field -> value, nothing on the way back. `lock`: they are about to be changed."""

    ids: Collection[UUID]
    wanted: Mapping[str, Any] = field(default_factory=dict)
    lock: bool = False


@dataclass(frozen=True, slots=True)
class Changeable:
    """A row as it is now and as the actor sees it."""

    values: Mapping[str, Any]
    """Of all fields; `tags`, where there are some, is a list of names."""
    why: str = ""
    """What stands against changing it, as a key of `WORDS` or of `Changes.words`."""
    customer_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    edit: str
    """The right without which nobody begins."""
    counted: Callable[[int], str]
    """Three -> "3 plans"."""
    fields: Callable[[Session, Actor], Sequence[ChangeField]]
    check: Callable[[Session, Actor, Mapping[str, Any]], Mapping[str, Any]]
    """The values as rows have them. Raises Invalid at the field for those that no row could have.

    They are of declared fields and choices.
    """
    rows: Callable[[Session, Actor, Asked], Mapping[UUID, Changeable]]
    """Those of the asked rows that the actor sees, and what stands against changing them."""
    write: Callable[[Session, Actor, UUID, Mapping[str, Any]], None]
    """Set the values of one row by the verbs for a single one, which check, keep the history and are audited."""
    words: Mapping[str, str] = field(default_factory=dict)
    """Reasons of its own: key (12 characters at most) -> sentence."""
    note: Any = None
    """Attribute that is shown beside a row's name, such as a code."""
    tags: bool = False
    """Rows have tags, which are added and taken off; in a cell they are a text with commas."""

    def for_many(self, session: Session, actor: Actor) -> list[ChangeField]:
        return [item for item in self.fields(session, actor) if item.many]


def url_of(key: str) -> str:
    """Where a change of a list's rows begins."""
    return URL if key == "customers" else f"{URL}?of={key}"
