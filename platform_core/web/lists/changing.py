"""What a list says about changing many of its rows at once. The rest is done by platform_core.customers.bulk.

    PLANS = ListView(key="all_plans", …, changes=Changes(
        edit="activities.write", counted=_counted, fields=_fields, check=_check, rows=_rows, write=_write,
    ))

Values are what JSON can hold: codes, ids and days as text, "" for empty. `rows` is asked for the preview, again with
locks in the transaction that changes them, and once more for the way back: it decides about rights, row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor

URL = "/customers/changes"
"""Below it lie the pages, whosever rows they are: a change is one kind of thing, and they are listed together."""


@dataclass(frozen=True, slots=True)
class ChangeField:
    """Something that may be set in many rows at once."""

    key: str
    label: str
    kind: Literal["choice", "date", "text"] = "choice"
    options: Sequence[tuple[str, str]] = ()
    """(value, label) of a choice."""
    empty: bool = False
    """A choice may be emptied."""
    hint: str = ""
    longest: int = 0
    """Of a text."""


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
    """What stands against changing it, as a key of the bulk package's words or of `Changes.words`."""
    customer_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    edit: str
    """The right without which nobody begins."""
    counted: Callable[[int], str]
    """Three -> "3 plans"."""
    fields: Callable[[Session, Actor], Sequence[ChangeField]]
    check: Callable[[Session, Actor, Mapping[str, Any]], None]
    """Raises Invalid at the field for values that no row could have; they are of declared fields and choices."""
    rows: Callable[[Session, Actor, Asked], Mapping[UUID, Changeable]]
    """Those of the asked rows that the actor sees, and what stands against changing them."""
    write: Callable[[Session, Actor, UUID, Mapping[str, Any]], None]
    """Set the values of one row by the verbs for a single one, which check, keep the history and are audited."""
    words: Mapping[str, str] = field(default_factory=dict)
    """Reasons of its own: key (12 characters at most) -> sentence."""
    note: Any = None
    """Attribute that is shown beside a row's name, such as a code."""
    tags: bool = False
    """Rows have tags, which are added and taken off."""


def url_of(key: str) -> str:
    """Where a change of a list's rows begins."""
    return URL if key == "customers" else f"{URL}?of={key}"
