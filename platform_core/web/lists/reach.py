"""The rows an actor reaches, as branches that an index serves each.

One predicate with OR over owner, departments and shares makes the database guess between walking the order and sorting
everything; it guesses wrong where a department has only old rows (1 s instead of 0.7 ms at a million). Taking the
first rows of every branch in order and merging them needs no guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, select


@dataclass(frozen=True, slots=True)
class Among:
    """Rows whose `column` is one of `values`; an index begins with the column and goes on with each order."""

    name: str
    column: Any
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Linked:
    """Rows whose key is in `column` of another table's rows that meet `condition` (with bound `parameters`)."""

    name: str
    column: Any
    condition: ColumnElement[bool]
    parameters: Mapping[str, Any]
    many: bool = False
    """There may be very many: they are looked for only as far as the page reaches without them."""
    wide: bool = False
    """So many that sorting them takes long: SQLite, which keeps no statistics, walks the order then and probes."""
    via: Any = None
    """The rows' own column that is in `column` instead of their key."""

    def looked_up(self, key: Any) -> ColumnElement[bool]:
        """Whether the row with this key column is one of them, by looking all of them up."""
        found: ColumnElement[bool] = self._of(key).in_(select(self.column).where(self.condition))
        return found

    def probed(self, key: Any) -> ColumnElement[bool]:
        """The same, by asking for each row."""
        return exists().where(self.column == self._of(key), self.condition)

    def _of(self, key: Any) -> Any:
        return key if self.via is None else self.via


Branch = Among | Linked


@dataclass(frozen=True, slots=True)
class Narrow:
    """An index of SQLite that begins with the first order and holds what conditions compare.

    A walk down it reads a third of what the rows are, and no row before it meets the conditions.
    """

    name: str
    columns: tuple[str, ...]

    @property
    def hint(self) -> str:
        return f"INDEXED BY {self.name}"

    def orders(self, column: Any) -> bool:
        return bool(column.key == self.columns[0])


@dataclass(frozen=True, slots=True)
class Reach:
    """`whole`: every row. Otherwise the union of `branches`, which may be none. `kept` holds for every row shown.

    `predicate` says the same as one condition, for pages whose conditions find few rows.
    """

    kept: ColumnElement[bool]
    whole: bool = False
    branches: tuple[Branch, ...] = ()
    predicate: ColumnElement[bool] | None = None
    own_statements: bool = False
    """`kept` says who reads: statements made with it serve nobody else and are not kept."""
    counted: Reach | None = None
    """The same rows by branches, for counting up to a limit: of a few in a hundred a page is found by walking down the
    order, and the thousand that are counted are not."""
    narrow: Narrow | None = None
    """For who reaches so much of the house that reading all of that takes longer than this index from end to end."""

    @property
    def parts(self) -> int:
        """Over how many ranges of an index a merge goes."""
        return sum(len(branch.values) if isinstance(branch, Among) else 1 for branch in self.branches)
