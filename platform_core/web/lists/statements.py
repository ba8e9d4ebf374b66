"""The SELECT of one page and of the count, as a plain predicate or as a merge of branches.

Statements of unfiltered pages are built once per shape and only get other parameters: building one costs more than
running it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    bindparam,
    column,
    exists,
    false,
    func,
    literal,
    null,
    select,
    true,
    union,
)
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import UnaryExpression

from platform_core.web.lists.ordering import VALUE, Order, Segment
from platform_core.web.lists.reach import Among, Branch, Linked, Reach

LIMIT = "row_limit"


def plain(
    fields: Sequence[Any], order: Order, segment: Segment, where: Sequence[Any], *, bounded: bool, forward: bool
) -> Select[Any]:
    """Every row that meets the conditions, in order."""
    value = order.sort.column
    return (
        select(*fields, value.label(VALUE))
        .where(*where, *order.conditions(segment, bounded=bounded, forward=forward))
        .order_by(*order.by(value, order.key, segment, forward=forward))
        .limit(bindparam(LIMIT))
    )


class Merge:
    """The first rows of each branch, merged. `sqlite`: no LATERAL, no arrays, and no statistics to plan with."""

    def __init__(self, fields: Sequence[Any], reach: Reach, where: Sequence[Any], *, sqlite: bool) -> None:
        self._fields = fields
        self._reach = reach
        self._where = [reach.kept, *where]
        self._sqlite = sqlite

    def page(self, order: Order, segment: Segment, *, bounded: bool, forward: bool) -> Select[Any]:
        where = [*self._where, *order.conditions(segment, bounded=bounded, forward=forward)]
        branches = self._reach.branches
        parts = [part for branch in branches for part in self._ordered(branch, order, segment, where, forward)]
        if not parts:
            return select(*self._fields, null().label(VALUE)).where(false()).limit(bindparam(LIMIT))
        found = union(*(select(part.c.id, part.c[VALUE]) for part in parts)).subquery("found")
        # Narrow rows are cut to one page before the wide ones are fetched.
        chosen = (
            select(found.c.id, found.c[VALUE])
            .order_by(*order.by(found.c[VALUE], found.c.id, segment, forward=forward))
            .limit(bindparam(LIMIT))
            .subquery("chosen")
        )
        return (
            select(*self._fields, chosen.c[VALUE])
            .join(chosen, chosen.c.id == order.key)
            .order_by(*order.by(chosen.c[VALUE], chosen.c.id, segment, forward=forward))
        )

    def _ordered(
        self,
        branch: Branch,
        order: Order,
        segment: Segment,
        where: Sequence[Any],
        forward: bool,  # noqa: FBT001
    ) -> list[Any]:
        key = order.key
        value: Any = null() if segment == "blank" else order.sort.column
        rows = select(key.label("id"), value.label(VALUE)).where(*where)

        def cut(statement: Select[Any], by_value: Any, by_key: Any) -> Select[Any]:
            by = order.by(by_value, by_key, segment, forward=forward)
            return statement.order_by(*by).limit(bindparam(LIMIT))

        if isinstance(branch, Linked):
            # The plus keeps SQLite from walking the order and probing for each row, unless that is what is wanted.
            sort = not branch.wide and self._sqlite
            linked = rows.where(self._linked(branch, key))
            by_value, by_key = (_unindexed(value), _unindexed(key)) if sort else (value, key)
            return [cut(linked, by_value, by_key).subquery(branch.name)]
        if self._sqlite or len(branch.values) == 1:
            return [
                cut(rows.where(branch.column == bound), value, key).subquery(bound.key) for bound in _parameters(branch)
            ]
        each = _unnested(branch)
        inner = cut(rows.where(branch.column == each.c.value), value, key).lateral(f"{branch.name}_rows")
        merged = select(inner.c.id, inner.c[VALUE]).select_from(each).join(inner, true())
        return [cut(merged, inner.c[VALUE], inner.c.id).subquery(branch.name)]

    def _linked(self, branch: Linked, key: Any) -> ColumnElement[bool]:
        if self._sqlite and branch.wide:
            return exists().where(branch.column == key, branch.condition)
        found: ColumnElement[bool] = key.in_(select(branch.column).where(branch.condition))
        return found

    def ids(self, key: Any) -> Select[Any] | None:
        """Keys of all rows, at most LIMIT of them; for counting."""
        parts = [part for branch in self._reach.branches for part in self._unordered(branch, key)]
        if not parts:
            return None
        found = union(*(select(part.c.id) for part in parts)).subquery("found")
        return select(found.c.id).limit(bindparam(LIMIT))

    def _unordered(self, branch: Branch, key: Any) -> list[Any]:
        rows = select(key.label("id")).where(*self._where)
        limit: Any = bindparam(LIMIT)
        if isinstance(branch, Linked):
            return [rows.where(self._linked(branch, key)).limit(limit).subquery(branch.name)]
        if self._sqlite or len(branch.values) == 1:
            return [
                rows.where(branch.column == bound).limit(limit).subquery(bound.key) for bound in _parameters(branch)
            ]
        each = _unnested(branch)
        inner = rows.where(branch.column == each.c.value).limit(limit).lateral(f"{branch.name}_rows")
        return [select(inner.c.id).select_from(each).join(inner, true()).limit(limit).subquery(branch.name)]


def capped_count(ids: Select[Any]) -> Select[Any]:
    """How many, up to LIMIT."""
    return select(func.count()).select_from(ids.subquery("counted"))


def plain_ids(key: Any, where: Sequence[Any]) -> Select[Any]:
    return select(literal(1)).select_from(key.class_).where(*where).limit(bindparam(LIMIT))


def parameters(reach: Reach, *, sqlite: bool) -> dict[str, Any]:
    """Values of a merge's parameters."""
    found: dict[str, Any] = {}
    for branch in reach.branches:
        if isinstance(branch, Linked):
            found |= branch.parameters
        elif sqlite or len(branch.values) == 1:
            found |= {f"{branch.name}_{at}": value for at, value in enumerate(branch.values)}
        else:
            found[branch.name] = list(branch.values)
    return found


def shape(reach: Reach, *, sqlite: bool) -> tuple[Any, ...]:
    """Equal for reaches whose statements differ in parameters only."""
    return tuple(
        (branch.name, branch.wide)
        if isinstance(branch, Linked)
        else (branch.name, len(branch.values) if sqlite else min(len(branch.values), 2))
        for branch in reach.branches
    )


def _parameters(branch: Among) -> list[Any]:
    return [bindparam(f"{branch.name}_{at}", type_=branch.column.type) for at in range(len(branch.values))]


def _unnested(branch: Among) -> Any:
    values = bindparam(branch.name, type_=ARRAY(branch.column.type))
    each = func.unnest(values).table_valued(column("value", branch.column.type), name=f"{branch.name}_each")
    return each.render_derived()


def _unindexed(value: Any) -> Any:
    return UnaryExpression(value, operator=operators.custom_op("+"), type_=value.type)
