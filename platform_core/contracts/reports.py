"""Reports and the tiles above them: declared questions, answered in rows; each number leads to what it counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from platform_core.contracts.identity import Actor
from platform_core.contracts.pages import Tone


@dataclass(frozen=True, slots=True)
class ReportColumn:
    """Values by `kind`: text, int (number, percent), Decimal of yuan (money), date (day), aware datetime (moment)."""

    label: str
    kind: Literal["text", "number", "percent", "money", "day", "moment"] = "text"
    total: bool = False
    """Summed below the rows; number and money only."""


@dataclass(frozen=True, slots=True)
class Linked:
    """A cell that leads somewhere: the customer it names, the rows it counts."""

    value: Any
    url: str


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """Something to narrow a report by. `choices(session, actor)` gives (value, label) pairs.

    `empty` says what no choice means, where that is not all rows.
    """

    key: str
    label: str
    choices: Callable[[Any, Actor], Sequence[tuple[str, str]]]
    empty: str = ""


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """What the reader asks: days inclusive (of a dated report), chosen filter values by key, and how many rows."""

    first: date
    last: date
    chosen: Mapping[str, str]
    limit: int


@dataclass(frozen=True, slots=True)
class Report:
    """`rows(session, actor, query)` gives at most `query.limit` rows, each with a value or `Linked` per column.

    The session sees what the actor sees. `key` is `<plugin>.name`.
    """

    key: str
    label: str
    permission: str
    columns: Sequence[ReportColumn]
    rows: Callable[[Any, Actor, ReportQuery], Sequence[Sequence[Any]]]
    description: str = ""
    filters: Sequence[ReportFilter] = ()
    dated: bool = False
    """Asks for the first and the last day, at most 92 of them."""
    order: int = 50

    def __post_init__(self) -> None:
        for column in self.columns:
            if column.total and column.kind not in {"number", "money"}:
                raise ValueError(f"report {self.key}: {column.label} cannot be summed, it is of kind {column.kind}")


@dataclass(frozen=True, slots=True)
class Widget:
    """A tile of the reports page: a number in words of its own that leads to what it counts.

    `template` is the owner's, for more than a number; it gets `context` besides the tile as `widget`.
    """

    key: str
    title: str
    value: str = ""
    detail: str = ""
    url: str = ""
    tone: Tone = ""
    order: int = 50
    template: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
