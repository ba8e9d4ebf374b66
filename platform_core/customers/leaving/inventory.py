"""What somebody holds: work that others have to take over, and rights that end, over every declared reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, Uuid, cast, func, literal, null, or_, select, type_coerce, union_all
from sqlalchemy.orm import Session

from platform_core.customers.transfer import passing
from platform_core.customers.transfer.passing import stored
from platform_core.kernel.clock import now
from platform_core.kernel.scope import proven
from platform_core.kernel.types import UtcDateTime
from platform_core.plugins.asking import hooks_of
from platform_core.plugins.holdings import Holding, holdings

_PROOF = proven("how much somebody holds who leaves, whoever may see its rows")
CUSTOMERS = "customers_customer.owner_id"


@dataclass(frozen=True, slots=True)
class Item:
    """Rows of one kind. `act` is move or end; `department_id` says whose people may take them over."""

    key: str
    title: str
    label: str
    act: str
    department_id: UUID | None
    count: int
    bound: bool = False
    """Only people of that department, or of one above it, may take them over."""


def place_of(holding: Holding) -> str:
    """The column that says to which department a row belongs; "" when none does."""
    if holding.key == CUSTOMERS:
        return "department_id"
    return holding.declared.within or holding.declared.department


def ended(holding: Holding) -> list[ColumnElement[bool]]:
    """Rows of `end` that are not over yet."""
    column: Any = holding.table.c[holding.declared.ends]
    column = type_coerce(column, UtcDateTime()) if isinstance(column.type, DateTime) else column
    return [or_(column.is_(None), column > now())]


def of(session: Session, user_id: UUID, found: Sequence[Holding] | None = None) -> list[Item]:
    """Everything, in one statement; nothing that merely says who did something."""
    known = [item for item in found or holdings(session, hooks_of(session)) if item.declared.on_leave != "keep"]
    parts = []
    for number, item in enumerate(known):
        place = place_of(item) if item.declared.on_leave == "move" else ""
        department: Any = item.table.c[place] if place else cast(null(), Uuid())
        live = passing.held(item) if item.declared.on_leave == "move" else ended(item)
        counted = select(
            literal(number).label("number"), type_coerce(department, Uuid()).label("department_id"),
            func.count().label("rows"),
        )  # fmt: skip
        mine = counted.where(item.column == stored(item.column, user_id), *live)
        parts.append(mine.group_by(item.table.c[place]) if place else mine)
    rows = session.execute(union_all(*parts), execution_options=_PROOF).all()
    made = [_item(known[row.number], row) for row in sorted(rows, key=lambda row: row.number) if row.rows]
    return sorted(made, key=lambda item: item.act == "end")


def _item(holding: Holding, row: Any) -> Item:
    declared = holding.declared
    bound = bool(declared.within)
    return Item(holding.key, holding.title, holding.label, declared.on_leave, row.department_id, row.rows, bound)


def departments(items: Sequence[Item], own: UUID | None) -> list[UUID | None]:
    """Those for whose work somebody has to be chosen; work of no department counts as the leaver's."""
    found = dict.fromkeys(item.department_id or own for item in items if item.act == "move")
    return list(found)
