"""The SELECT of one page and of the count, as a plain predicate or as a merge of branches.

Statements of unfiltered pages are built once per shape and only get other parameters: building one costs more than
running it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    any_,
    bindparam,
    column,
    false,
    func,
    literal,
    null,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import UnaryExpression

from platform_core.web.lists.ordering import FLOOR_ID, FLOOR_VALUE, VALUE, Order, Segment
from platform_core.web.lists.reach import Among, Branch, Linked, Narrow, Reach

LIMIT = "row_limit"
REACHED = "reached"
WINDOW = 400
"""Rows at the head of an order: for an actor who sees every eighth they hold a page."""
Run = Callable[[tuple[Any, ...], Callable[[], Select[Any]], dict[str, Any]], Sequence[Any]]


def plain(
    fields: Sequence[Any],
    order: Order,
    segment: Segment,
    where: Sequence[Any],
    *,
    bounded: bool,
    forward: bool,
    narrow: Narrow | None = None,
) -> Select[Any]:
    """Every row that meets the conditions, in order."""
    value = order.sort.column
    found = (
        select(*fields, value.label(VALUE))
        .where(*where, *order.conditions(segment, bounded=bounded, forward=forward))
        .order_by(*order.by(value, order.key, forward=forward))
        .limit(bindparam(LIMIT))
    )
    return _told(found, order.key.class_, narrow if narrow is not None and narrow.orders(value) else None)


def _told(statement: Select[Any], model: Any, narrow: Narrow | None) -> Select[Any]:
    """The statement, which goes by this index on SQLite."""
    return statement if narrow is None else statement.with_hint(model, narrow.hint, "sqlite")


def few(
    fields: Sequence[Any], order: Order, segment: Segment, where: Sequence[Any], *, bounded: bool, forward: bool
) -> Select[Any]:
    """The same page, where few rows meet the conditions: all of them are found before any is put in order.

    With a LIMIT in sight PostgreSQL would walk the order until it has met enough of them, which for rows that are rare
    and old means all of a million.
    """
    conditions = order.conditions(segment, bounded=bounded, forward=forward)
    found = select(order.key.label("id"), order.sort.column.label(VALUE)).where(*where, *conditions)
    return _whole([found.cte("few").prefix_with("MATERIALIZED")], fields, order, forward=forward)


def windowed(
    fields: Sequence[Any],
    order: Order,
    segment: Segment,
    kept: Any,
    where: Sequence[Any],
    *,
    bounded: bool,
    forward: bool,
    window: int = WINDOW,
) -> Select[Any]:
    """The same page, looked for among the first `window` rows of the order only: all of it if that fills LIMIT."""
    conditions = order.conditions(segment, bounded=bounded, forward=forward)
    first = (
        select(order.key.label("id"), order.sort.column.label(VALUE))
        .where(kept, *conditions)
        .order_by(*order.by(order.sort.column, order.key, forward=forward))
        .limit(window)
        .subquery("first")
    )
    return (
        select(*fields, first.c[VALUE])
        .join(first, first.c.id == order.key)
        .where(*where)
        .order_by(*order.by(first.c[VALUE], first.c.id, forward=forward))
        .limit(bindparam(LIMIT))
    )


class Merge:
    """The first rows of each branch, merged. `sqlite`: no LATERAL, no arrays, and no statistics to plan with."""

    def __init__(self, fields: Sequence[Any], reach: Reach, where: Sequence[Any], *, sqlite: bool) -> None:
        self._fields = fields
        self._reach = reach
        self._where = [reach.kept, *where]
        self._sqlite = sqlite

    @property
    def has_many(self) -> bool:
        return any(_is_many(branch) for branch in self._reach.branches)

    def reached(self, order: Order, segment: Segment, *, bounded: bool, forward: bool) -> Select[Any]:
        """Key and sort value of the page's rows as far as branches without very many rows bring them.

        Of the others nothing after the last of these can be on the page, so that it is their floor.
        """
        few = [branch for branch in self._reach.branches if not _is_many(branch)]
        where = [*self._where, *order.conditions(segment, bounded=bounded, forward=forward)]
        return _cut(_union(self._parts(few, order, where, forward=forward)), order, forward=forward)

    def completed(self, order: Order, segment: Segment, *, bounded: bool, forward: bool, floored: bool) -> Select[Any]:
        """The page of the rows that were `reached` (parameter REACHED: their keys) and of the branches left out."""
        where = [*self._where, *order.conditions(segment, bounded=bounded, forward=forward)]
        floor = [order.above_floor(segment, forward=forward)] if floored else []
        many = [branch for branch in self._reach.branches if _is_many(branch)]
        known = select(order.key.label("id"), order.sort.column.label(VALUE)).where(
            order.key.in_(bindparam(REACHED, expanding=True))
        )
        parts = [known.subquery(REACHED), *self._parts(many, order, [*where, *floor], forward=forward)]
        return _whole(parts, self._fields, order, forward=forward)

    def page(self, order: Order, segment: Segment, *, bounded: bool, forward: bool) -> Select[Any]:
        """The page in one statement, for reaches without branches of very many rows."""
        where = [*self._where, *order.conditions(segment, bounded=bounded, forward=forward)]
        if not self._reach.branches:
            return select(*self._fields, null().label(VALUE)).where(false()).limit(bindparam(LIMIT))
        parts = self._parts(self._reach.branches, order, where, forward=forward)
        return _whole(parts, self._fields, order, forward=forward)

    def _parts(self, branches: Sequence[Branch], order: Order, where: Sequence[Any], *, forward: bool) -> list[Any]:
        parts: list[Any] = []
        for branch in branches:
            rows = select(order.key.label("id"), order.sort.column.label(VALUE)).where(*where)
            if isinstance(branch, Linked):
                parts.append(self._linked(branch, rows, order, forward=forward))
            else:
                parts.extend(self._among(branch, rows, order, forward=forward))
        return parts

    def _among(self, branch: Among, rows: Select[Any], order: Order, *, forward: bool) -> list[Any]:
        by = order.by(order.sort.column, order.key, forward=forward)
        limit: Any = bindparam(LIMIT)
        if self._sqlite or len(branch.values) == 1:
            return [
                rows.where(branch.column == bound).order_by(*by).limit(limit).subquery(bound.key)
                for bound in _parameters(branch)
            ]
        each = _unnested(branch)
        inner = rows.where(branch.column == each.c.value).order_by(*by).limit(limit).lateral(f"{branch.name}_rows")
        merged = select(inner.c.id, inner.c[VALUE]).select_from(each).join(inner, true()).subquery(f"{branch.name}_all")
        return [_cut(merged, order, forward=forward).subquery(branch.name)]

    def _linked(self, branch: Linked, rows: Select[Any], order: Order, *, forward: bool) -> Any:
        key, value = order.key, order.sort.column
        if not self._sqlite:
            # Planned apart: a LIMIT in sight makes PostgreSQL walk the whole order for what is rare or old.
            rows = rows.where(branch.looked_up(key))
            apart = rows.cte(branch.name).prefix_with("MATERIALIZED")
            return _cut(apart, order, forward=forward).subquery(f"{branch.name}_first")
        if branch.wide:
            rows = rows.where(branch.probed(key))
        else:
            # The plus keeps SQLite from walking the order and probing for each row.
            rows = rows.where(branch.looked_up(key))
            key, value = unindexed(key), unindexed(value)
        return rows.order_by(*order.by(value, key, forward=forward)).limit(bindparam(LIMIT)).subquery(branch.name)

    def largest(self, key: Any) -> Select[Any]:
        """How many rows the largest branch has, up to LIMIT; of those by a column, whose rows all differ."""
        found = [
            select(func.count().label("number")).select_from(
                select(literal(1))
                .where(*self._where, self._is_among(branch))
                .select_from(key.class_)
                .limit(bindparam(LIMIT))
                .subquery(f"{branch.name}_counted")
            )
            for branch in self._reach.branches
            if isinstance(branch, Among)
        ]
        counted = union_all(*found).subquery("counted") if found else select(literal(0).label("number")).subquery()
        return select(func.max(counted.c.number))

    def _is_among(self, branch: Among) -> ColumnElement[bool]:
        if self._sqlite or len(branch.values) == 1:
            found: ColumnElement[bool] = branch.column.in_(_parameters(branch))
            return found
        one_of: ColumnElement[bool] = branch.column == any_(bindparam(branch.name, type_=ARRAY(branch.column.type)))
        return one_of

    def ids(self, key: Any) -> Select[Any] | None:
        """Keys of all rows, at most LIMIT of them, for counting."""
        parts = [part for branch in self._reach.branches for part in self._unordered(branch, key)]
        if not parts:
            return None
        found = union(*(select(part.c.id) for part in parts)).subquery("found")
        return select(found.c.id).limit(bindparam(LIMIT))

    def _unordered(self, branch: Branch, key: Any) -> list[Any]:
        rows = select(key.label("id")).where(*self._where)
        limit: Any = bindparam(LIMIT)
        if isinstance(branch, Linked):
            rows = rows.where(branch.looked_up(key))
            if self._sqlite:
                return [rows.limit(limit).subquery(branch.name)]
            return [rows.limit(limit).cte(branch.name).prefix_with("MATERIALIZED")]
        if self._sqlite or len(branch.values) == 1:
            return [
                rows.where(branch.column == bound).limit(limit).subquery(bound.key) for bound in _parameters(branch)
            ]
        each = _unnested(branch)
        inner = rows.where(branch.column == each.c.value).limit(limit).lateral(f"{branch.name}_rows")
        return [select(inner.c.id).select_from(each).join(inner, true()).limit(limit).subquery(branch.name)]


def page_of(
    merge: Merge, order: Order, segment: Segment, values: dict[str, Any], run: Run, *, bounded: bool, forward: bool
) -> Sequence[Any]:
    """The page in one statement or, where a branch may have very many rows, in two.

    `run(kind, build, values)` executes what `build()` makes; `kind` tells statements of one merge and order apart.
    """
    if not merge.has_many:
        build = partial(merge.page, order, segment, bounded=bounded, forward=forward)
        return run(("page",), build, values)
    build = partial(merge.reached, order, segment, bounded=bounded, forward=forward)
    reached = run(("reached",), build, values)
    values = {**values, REACHED: [row.id for row in reached]}
    if floored := len(reached) == values[LIMIT]:
        values[FLOOR_ID] = reached[-1].id
        if segment != "blank":
            values[FLOOR_VALUE] = getattr(reached[-1], VALUE)
    build = partial(merge.completed, order, segment, bounded=bounded, forward=forward, floored=floored)
    return run(("completed", floored), build, values)


def _is_many(branch: Branch) -> bool:
    return isinstance(branch, Linked) and branch.many


def _union(parts: Sequence[Any]) -> Any:
    return union(*(select(part.c.id, part.c[VALUE]) for part in parts)).subquery("found")


def _whole(parts: Sequence[Any], fields: Sequence[Any], order: Order, *, forward: bool) -> Select[Any]:
    """Whole rows, fetched once the narrow ones have been cut to one page."""
    chosen = _cut(_union(parts), order, forward=forward).subquery("chosen")
    return (
        select(*fields, chosen.c[VALUE])
        .join(chosen, chosen.c.id == order.key)
        .order_by(*order.by(chosen.c[VALUE], chosen.c.id, forward=forward))
    )


def _cut(rows: Any, order: Order, *, forward: bool) -> Select[Any]:
    by = order.by(rows.c[VALUE], rows.c.id, forward=forward)
    return select(rows.c.id, rows.c[VALUE]).order_by(*by).limit(bindparam(LIMIT))


def capped_count(ids: Select[Any]) -> Select[Any]:
    """How many, up to LIMIT."""
    return select(func.count()).select_from(ids.subquery("counted"))


def grouped_plainly(key: Any, value: Any, where: Sequence[Any]) -> Select[Any]:
    """(value, how many rows have it), of LIMIT rows at most, the most first."""
    rows = (
        select(value.label("value")).select_from(key.class_).where(*where).limit(bindparam(LIMIT)).subquery("counted")
    )
    return _tally(rows.c.value, select(rows.c.value))


def grouped_by_ids(key: Any, value: Any, ids: Select[Any]) -> Select[Any]:
    """The same, of the rows that were found by their keys."""
    rows = ids.subquery("counted")
    return _tally(value, select(value).join(rows, rows.c.id == key))


def _tally(value: Any, rows: Select[Any]) -> Select[Any]:
    number: Any = func.count().label("number")
    return rows.with_only_columns(value.label("value"), number).group_by(value).order_by(number.desc(), value)


def narrowed_ids(order: Order, where: Sequence[Any], narrow: Narrow) -> Select[Any]:
    """Keys of rows that meet the conditions, by the index, at most LIMIT.

    From its far end: of what many meet, but none of the first rows, so many are met soon.
    """
    by = order.by(order.sort.column, order.key, forward=False) if narrow.orders(order.sort.column) else []
    return _told(select(order.key).where(*where).order_by(*by).limit(bindparam(LIMIT)), order.key.class_, narrow)


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


_built: dict[tuple[Any, ...], Select[Any]] = {}
_MOST_BUILT = 2000


def once(key: tuple[Any, ...], build: Callable[[], Select[Any]]) -> Select[Any]:
    """The statement that `build` makes, kept under a key that says everything about it but its parameters."""
    if key not in _built:
        if len(_built) > _MOST_BUILT:
            _built.clear()
        _built[key] = build()
    return _built[key]


def _parameters(branch: Among) -> list[Any]:
    return [bindparam(f"{branch.name}_{at}", type_=branch.column.type) for at in range(len(branch.values))]


def _unnested(branch: Among) -> Any:
    values = bindparam(branch.name, type_=ARRAY(branch.column.type))
    each = func.unnest(values).table_valued(column("value", branch.column.type), name=f"{branch.name}_each")
    return each.render_derived()


def unindexed(value: Any) -> Any:
    """For SQLite, which keeps no statistics: it looks for no index for this."""
    return UnaryExpression(value, operator=operators.custom_op("+"), type_=value.type)
