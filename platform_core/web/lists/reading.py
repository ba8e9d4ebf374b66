"""From a list's state to its rows: which statement, with which proof, and how many rows there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel.columns import of_columns
from platform_core.kernel.database import database_of
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import Ids, among
from platform_core.kernel.planning import Expected, expected
from platform_core.kernel.scope import proven, readable
from platform_core.web.lists import conditions, statements
from platform_core.web.lists.declaration import ListView, Search
from platform_core.web.lists.ordering import (
    BOUND_ID,
    BOUND_VALUE,
    Cursor,
    Order,
    Page,
    Segment,
    read_page,
)
from platform_core.web.lists.reach import Narrow, Reach
from platform_core.web.lists.state import ListState

_ = translator("web")
PAGE_SIZE = 40
"""Rows of a page; a full row of customers has some 28 elements, of 1,500 that a page may have."""
COUNT_CAP = 1000
TALLY_CAP = 100_000
_MOST_PARTS = 500
"""SQLite takes at most 500 terms in a compound SELECT, and more ranges than that are no gain anywhere."""
_MOST_FILTERED_PARTS = 40
_MOST_MERGED_BLINDLY = 64
_MOST_SEARCHED_PARTS = 12
_WALKED = 1000
"""Rows at the head of an order in which whoever has every twentyfifth finds a page."""
_WALKED_FOR_SELDOM = 10_000
"""The same of a list whose conditions few rows meet, on PostgreSQL: a twentieth of them is found for whoever has every
twelfth row, in some twenty milliseconds."""
_SELDOM = 100_000
"""Where PostgreSQL expects more rows to meet the conditions, each branch of a merge finds its part of a page soon."""
_NARROW_PARTS = 8
"""Whoever reaches this few ranges of an index has so few rows that all of them may be read."""
_FEW = 16_000
"""Rows that PostgreSQL finds by an index and sorts in some fifty milliseconds, for a reach of many parts in a hundred;
merging these takes several times as long."""
Plan = Literal["policy", "whole", "merge", "predicate", "few"]
_PROOF = proven("a list's own statement: the branches or the predicate of the actor's reach")


@dataclass(frozen=True, slots=True)
class Count:
    """`more`: there are more than `number`, which was as far as anybody counted."""

    number: int
    more: bool = False


def choose(state: ListState, reach: Reach | None, search: Search | None) -> Plan:
    """How the rows of a list are found.

    A merge is fast wherever conditions leave many rows of each branch. Where they leave few, or the reach has very many
    parts, every branch would be read to its end, and the database does better with one predicate.
    """
    if reach is None:
        return "policy"
    if reach.whole:
        return "whole"
    if not reach.branches or state.order[0].has_own_index:
        return "predicate"
    if search is None and not state.conditions:
        return "merge" if reach.parts <= _MOST_PARTS else "predicate"
    declared = [state.view.by_key["filters"][item.filter] for item in state.conditions]
    if search is not None and reach.parts > _MOST_SEARCHED_PARTS:
        return "predicate"  # each branch would look for a page of matches of its own
    if search is None and reach.parts <= _NARROW_PARTS:
        return "merge"
    selective = (search is not None and search.selective) or any(item.selective for item in declared)
    return "merge" if not selective and reach.parts <= _MOST_FILTERED_PARTS else "predicate"


class Reader:
    """Reads one list for one actor."""

    def __init__(
        self,
        session: Session,
        actor: Actor,
        state: ListState,
        *,
        plan: Plan | None = None,
        similar: Search | None = None,
    ) -> None:
        """`similar` takes the place of what the words mean."""
        self._session = session
        self._state = state
        self._view: ListView = state.view
        self._sqlite = database_of(session).is_sqlite
        self._reach = self._view.reach(session, actor) if self._view.reach else None
        search = similar
        if search is None and state.words and self._view.search:
            search = self._view.search(session, state.words)
        self.plan: Plan = plan or choose(state, self._reach, search)
        self._filters = _filters(session, actor, state, search)
        self._is_seldom = False
        self._narrow: Narrow | None = None
        if plan is None and state.conditions:
            self._look_ahead(actor, search)
        self._where = [*self._filters, *self._scope(actor)]
        sort, descending = state.order
        self._order = Order(sort, descending, self._view.model.id)

    def footer(self, actor: Actor) -> str:
        """What the view says about all rows that meet the conditions."""
        return self._view.footer(self._session, actor, self._filters) if self._view.footer else ""

    def _look_ahead(self, actor: Actor, search: Search | None) -> None:
        """Where the conditions leave a large reach few rows, these are found before anybody cares for their order.

        PostgreSQL knows from its statistics, and whether an index leads to them. SQLite, which keeps none, walks down
        an index that holds what the conditions compare.
        """
        if self._reach is None or 0 < self._reach.parts <= _NARROW_PARTS:
            return
        if self._sqlite:
            narrow = self._reach.narrow
            if narrow is not None and search is None and self._compares(narrow):
                self._narrow, self.plan = narrow, "whole" if self._reach.whole else "predicate"
            return
        found = self._expected(self._filters)
        self._is_seldom = found.rows <= _SELDOM
        if found.rows > _FEW:
            return
        if found.scans and any(
            self._view.by_key["filters"][item.filter].kind == "text" for item in self._state.conditions
        ):
            narrowed = _filters(self._session, actor, self._state, search, narrowed=True)
            found = self._expected(narrowed)
            self._filters = self._filters if found.scans else narrowed
        if not found.scans:
            self.plan = "few"

    def _compares(self, narrow: Narrow) -> bool:
        """Whether the index holds all that the conditions look at."""
        asked = [self._view.by_key["filters"][item.filter] for item in self._state.conditions]
        return all(item.compared is not None and item.compared.key in narrow.columns for item in asked)

    def _expected(self, filters: Sequence[ColumnElement[bool]]) -> Expected:
        assert self._reach is not None
        return expected(self._session, select(self._view.model.id).where(self._reach.kept, *filters), _PROOF)

    def _scope(self, actor: Actor) -> list[ColumnElement[bool]]:
        """Conditions of a plain statement. Without a reach there are none: the session adds the policy."""
        if self._reach is None or self.plan == "merge":
            return []
        own = self._reach.predicate
        if own is not None and not self._reach.whole:
            return [self._reach.kept, own]
        # An index over a part of the rows serves where the statement says by itself that it asks for that part.
        kept = [] if self._narrow is None else [self._reach.kept]
        found = readable(self._session, self._view.model)
        return kept if found is None else [*kept, found]

    def page(self, size: int = PAGE_SIZE, *, counted: bool = False) -> Page:
        """`counted`: how many there are is asked for as well."""
        if (counted or self._finds_keys_first) and self._keys is not None and len(self._keys) <= COUNT_CAP:
            self.plan = "few"
            keys = self._keys[-(size + 1) :] if self._is_in_order else self._keys
            self._where = [among(self._view.model.id, Ids(keys))]
        return read_page(self._order, self._fetch, size, after=self._state.after, before=self._state.before)

    @property
    def _finds_keys_first(self) -> bool:
        """Whether that is quicker also where nobody counts them."""
        if self._narrow is not None:
            return not self._narrow.orders(self._order.sort.column)
        return self.plan != "merge" or (self._reach is not None and self._reach.own_statements)

    @property
    def _is_in_order(self) -> bool:
        """Whether the last of the keys are the first of the list, as of a first page in the narrow index's order."""
        narrow, asked = self._narrow, self._state
        return narrow is not None and narrow.orders(self._order.sort.column) and not (asked.after or asked.before)

    def _fetch(self, segment: Segment, cursor: Cursor | None, forward: bool, limit: int) -> Sequence[Any]:  # noqa: FBT001
        bounded = cursor is not None
        values: dict[str, Any] = {statements.LIMIT: limit}
        if cursor is not None:
            values[BOUND_ID] = cursor.id
            if segment != "blank":
                values[BOUND_VALUE] = cursor.value
        kind = (self._order.sort.key, self._order.descending, segment, bounded, forward)
        if self.plan == "merge":
            found = self._windowed(segment, values, bounded=bounded, forward=forward)
            if len(found) == limit:
                return found
            return statements.page_of(
                self._merge(), self._order, segment, values, partial(self._rows, kind), bounded=bounded, forward=forward
            )
        fields = self._view.selected()
        made = statements.few if self.plan == "few" else partial(statements.plain, narrow=self._narrow)
        build = partial(made, fields, self._order, segment, self._where, bounded=bounded, forward=forward)
        return self._rows(kind, ("page",), build, values)

    def _windowed(self, segment: Segment, values: dict[str, Any], *, bounded: bool, forward: bool) -> Sequence[Any]:
        """What a short walk down the order finds, for actors of so many departments that merging these takes long.

        And of rows that hang on customers: each of their branches is sorted, which takes long where many are theirs.
        """
        reach = self._reach
        if reach is None or reach.predicate is None:
            return ()
        if reach.parts <= _MOST_MERGED_BLINDLY and not reach.own_statements and not self._is_seldom:
            return ()
        window = _WALKED if reach.own_statements else statements.WINDOW
        fields, where = self._view.selected(), [reach.predicate, *self._filters]
        statement = statements.windowed(
            fields, self._order, segment, reach.kept, where, bounded=bounded, forward=forward,
            window=_WALKED_FOR_SELDOM if self._is_seldom else window,
        )  # fmt: skip
        rows: Sequence[Any] = self._session.execute(statement, values, execution_options=_PROOF).all()
        return rows

    def _rows(
        self, kind: tuple[Any, ...], step: tuple[Any, ...], build: Callable[[], Select[Any]], values: dict[str, Any]
    ) -> Sequence[Any]:
        rows: Sequence[Any] = self._run((*step, *kind), build, values).all()
        return rows

    def count(self, cap: int = COUNT_CAP) -> Count:
        """Up to `cap`; counting all of a million takes longer than the page."""
        if self._keys is not None and (cap <= COUNT_CAP or len(self._keys) <= COUNT_CAP):
            return Count(min(len(self._keys), cap), len(self._keys) > cap)
        if self.plan == "predicate" and self._by_looking_up is not None:
            number = self._apart(self._by_looking_up, cap, statements.capped_count).one()
            return Count(min(number, cap), number > cap)
        limit = {statements.LIMIT: cap + 1}
        if self.plan == "merge":
            # Whoever sees many rows sees many of one kind: then no two branches need to be compared.
            largest = partial(self._merge().largest, self._view.model.id)
            number = self._run(("largest",), largest, limit).scalar_one()
            if number > cap:
                return Count(cap, more=True)
        number = self._run(("count",), self._count_statement, limit).scalar_one()
        return Count(min(number, cap), number > cap)

    @cached_property
    def _keys(self) -> Sequence[UUID] | None:
        """Of all rows, or of one more than is counted, where the reach has its rows looked up."""
        if self._narrow is not None:
            ids = statements.narrowed_ids(self._order, self._where, self._narrow)
            values = {statements.LIMIT: COUNT_CAP + 1}
            return self._session.scalars(ids, values, execution_options=_PROOF).all()
        reach = self._by_looking_up
        return None if reach is None else self._apart(reach, COUNT_CAP).all()

    @cached_property
    def _by_looking_up(self) -> Reach | None:
        reach = self._reach
        if self.plan == "merge":
            # Without statistics a rare value is met by reading all that the branches have: once for page and count.
            reads_all = self._sqlite and self._state.conditions and reach is not None and reach.parts <= _NARROW_PARTS
            return reach if reads_all or (reach is not None and reach.own_statements) else None
        return reach.counted if reach is not None and self.plan == "predicate" else None

    def _apart(self, reach: Reach, cap: int, made: Callable[[Select[Any]], Select[Any]] | None = None) -> Any:
        """Keys of the reach's rows, one more than `cap`, or what is `made` of that statement."""
        ids = statements.Merge((), reach, self._filters, sqlite=self._sqlite).ids(self._view.model.id)
        assert ids is not None
        values = {statements.LIMIT: cap + 1, **statements.parameters(reach, sqlite=self._sqlite)}
        return self._session.scalars(made(ids) if made else ids, values, execution_options=_PROOF)

    def tally(self, column: Any, cap: int = TALLY_CAP) -> tuple[list[tuple[Any, int]], bool]:
        """(value, how many rows have it), the most first; and whether there are more than the `cap` looked at."""
        build = partial(self._tally_statement, column)
        rows = self._run(("tally", column.key), build, {statements.LIMIT: cap + 1}).all()
        found = [(row.value, row.number) for row in rows]
        return found, sum(number for _value, number in found) > cap

    def _tally_statement(self, column: Any) -> Select[Any]:
        key = self._view.model.id
        ids = self._merge().ids(key) if self.plan == "merge" else None
        if self.plan == "merge" and ids is not None:
            return statements.grouped_by_ids(key, column, ids)
        where = [false()] if self.plan == "merge" else self._where
        return statements.grouped_plainly(key, column, where)

    def around(self, key: Any) -> tuple[Any, Any]:
        """Keys of the rows before and after this one, None at either end. Raises NotFound for a row out of sight."""
        value = self._order.sort.column
        own = self._session.execute(select(value.label("value")).where(self._view.model.id == key)).one_or_none()
        if own is None:
            raise NotFound(_("There is no such row, or not for you."))
        place = Cursor(own.value, key, 1).text
        before, after = (read_page(self._order, self._fetch, 1, **{side: place}).rows for side in ("before", "after"))
        return before[0].id if before else None, after[0].id if after else None

    def _count_statement(self) -> Select[Any]:
        key = self._view.model.id
        ids = self._merge().ids(key) if self.plan == "merge" else statements.plain_ids(key, self._where)
        return statements.capped_count(statements.plain_ids(key, [false()]) if ids is None else ids)

    def _merge(self) -> statements.Merge:
        assert self._reach is not None
        return statements.Merge(self._view.selected(), self._reach, self._filters, sqlite=self._sqlite)

    def _run(self, kind: tuple[Any, ...], build: Callable[[], Select[Any]], values: dict[str, Any]) -> Any:
        reach = self._reach
        if self.plan == "merge" and reach is not None:
            values |= statements.parameters(reach, sqlite=self._sqlite)
        statement = self._built(kind, build)
        options = {} if self.plan == "policy" else _PROOF
        return self._session.execute(statement, values, execution_options=options)

    def _built(self, kind: tuple[Any, ...], build: Callable[[], Select[Any]]) -> Select[Any]:
        reach = self._reach
        if reach is None or reach.own_statements or self._filters or self.plan in {"predicate", "few"}:
            made: Select[Any] = build()
            return made
        shape = statements.shape(reach, sqlite=self._sqlite)
        key = (self._view.key, self._view.edition, self.plan, self._sqlite, shape, *kind)
        # Where the session adds the policy, the ORM has to see the statement.
        return statements.once(key, build if self.plan == "policy" else lambda: of_columns(build()))


def _filters(
    session: Session, actor: Actor, state: ListState, search: Search | None, *, narrowed: bool = False
) -> list[ColumnElement[bool]]:
    joined = conditions.joined(session, actor, state.view, state.groups, any_of=state.any_of, narrowed=narrowed)
    return [*joined, search.condition] if search else joined
