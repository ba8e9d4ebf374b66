"""The list itself: of every source the newest rows by keyset, merged; each in a shape that indexes serve."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol, TypeVar, cast
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from platform_core.contracts.happenings import Happening, HappeningKind, HappeningSource
from platform_core.contracts.identity import Actor
from platform_core.customers import row_reach, row_search
from platform_core.customers.groups import queries as groups
from platform_core.customers.models import Customer
from platform_core.kernel.clock import day_start
from platform_core.kernel.columns import of_columns
from platform_core.kernel.database import database_of
from platform_core.kernel.i18n import translator
from platform_core.kernel.scope import proven, readable
from platform_core.plugins.registry import Owned
from platform_core.reports.tracking.asking import Asked, Sources
from platform_core.web import cursors
from platform_core.web.lists import statements
from platform_core.web.lists.declaration import Sort
from platform_core.web.lists.ordering import BOUND_ID, BOUND_VALUE, VALUE, Order
from platform_core.web.lists.reach import Linked, Reach

_ = translator("reports")
PAGE = 40
_PROOF = proven("a row of tracking: the predicate or the branches of the actor's reach, of rows of no binned customer")
_customer = Customer.__table__.alias("tracked_customer")
Mark = tuple[datetime, UUID]
T = TypeVar("T")


class Guard(Protocol):
    """Runs a piece of a plugin's code; None where it failed."""

    def __call__(self, owner: str, name: str, call: Callable[[], T], session: Session, /) -> T | None: ...


@dataclass(frozen=True, slots=True)
class Line:
    """One row. `customer`: id, name and code, as far as the actor sees them."""

    id: UUID
    at: datetime
    kind: HappeningKind
    what: Happening
    customer_id: UUID | None
    customer: Any


@dataclass(frozen=True, slots=True)
class Stretch:
    """A page. `after`: the cursor of the next, "" on the last; `failed`: owners whose rows could not be read."""

    lines: Sequence[Line]
    after: str = ""
    failed: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """A row before it is drawn."""

    item: Owned[HappeningSource]
    row: Any

    @property
    def place(self) -> Mark:
        return getattr(self.row, VALUE), self.row.id


def directly(_owner: str, _name: str, call: Callable[[], T], _session: Session, /) -> T | None:
    """Outside of a page nothing is left out: what fails fails the whole."""
    return call()


def read(
    session: Session, actor: Actor, sources: Sources, asked: Asked, *, after: str = "", size: int = PAGE,
    run: Guard = directly,
) -> Stretch:  # fmt: skip
    """The newest rows of all sources before the cursor."""
    mark = cast("Mark", tuple(cursors.decode(after, 2))) if after else None
    found: list[_Found] = []
    failed: list[str] = []
    for item in sources:
        if not _may_meet(item.value, asked):
            continue
        newest = partial(_newest, session, actor, item.value, asked, mark, size + 1)
        rows = run(item.owner, f"tracking {item.value.key}", newest, session)
        if rows is None:
            failed.append(item.owner)
        found += [_Found(item, row) for row in rows or ()]
    found.sort(key=lambda one: one.place, reverse=True)
    shown = found[:size]
    following = cursors.encode(shown[-1].place) if len(found) > size else ""
    return Stretch(_drawn(session, actor, shown, run, failed), following, list(dict.fromkeys(failed)))


def _may_meet(source: HappeningSource, asked: Asked) -> bool:
    """Whether any row of the source can be what is looked for: those of others are not asked for."""
    return (
        asked.customers != ()
        and (not asked.kind or asked.kind in {kind.key for kind in source.kinds})
        and (not asked.status or asked.status.rpartition(":")[0] == source.key)
        and (asked.person is None or source.person is not None)
        and (asked.contact is None or source.contact is not None)
        and (not asked.words or bool(source.texts))
    )


def _where(source: HappeningSource, asked: Asked, at: Any) -> list[Any]:
    """The conditions on a source's rows; `at` is its time as it is to be compared."""
    model: Any = source.model
    kinds = {kind.key: kind.where for kind in source.kinds}
    found: list[Any] = [at >= day_start(asked.first), at < day_start(asked.last + timedelta(1))]
    if source.kept is not None:
        found.append(source.kept)
    if asked.kind and kinds[asked.kind] is not None:
        found.append(kinds[asked.kind])
    if asked.status:
        found.append(source.state == asked.status.rpartition(":")[2])
    if asked.person is not None:
        found.append(source.person == asked.person)
    if asked.words:
        found.append(or_(*(column.icontains(asked.words, autoescape=True) for column in source.texts)))
    if asked.customers is not None:
        found.append(model.customer_id.in_(asked.customers))
    if asked.contact is not None:
        found.append(source.contact == asked.contact)
    return [*found, _of_customers(model, asked.owner)]


def _newest(
    session: Session, actor: Actor, source: HappeningSource, asked: Asked, mark: Mark | None, limit: int
) -> Sequence[Any]:
    model: Any = source.model
    reach = (source.reach or _usual_reach(source))(session, actor)
    order = Order(Sort("at", "", source.at, descending=True), descending=True, key=model.id)
    fields = list({item.key: item for item in (model.id, model.customer_id, source.at, *source.fields)}.values())
    sqlite = database_of(session).is_sqlite
    values: dict[str, Any] = {statements.LIMIT: limit}
    bounded = mark is not None
    if mark is not None:
        values |= {BOUND_VALUE: mark[0], BOUND_ID: mark[1]}
    theirs = _wanted(session, actor, asked)
    if theirs:
        reach = _of_those(session, model, reach, theirs)
    if reach.branches and asked.customers is None and asked.person is None:
        values |= statements.parameters(reach, sqlite=sqlite)
        # Else SQLite walks down the whole period for rows that are found from their customers.
        where = _where(source, asked, statements.unindexed(source.at) if sqlite else source.at)
        statement = statements.Merge(fields, reach, where, sqlite=sqlite).page(
            order, "all", bounded=bounded, forward=True
        )
    else:
        where = [reach.kept, *_predicate(session, model, reach), *_where(source, asked, source.at)]
        if theirs:
            where.append(model.customer_id.in_(select(Customer.id).where(*theirs)))
        statement = statements.plain(fields, order, "all", where, bounded=bounded, forward=True)
    return session.execute(of_columns(statement), values, execution_options=_PROOF).all()


def _usual_reach(source: HappeningSource) -> Callable[[Session, Actor], Reach]:
    return lambda session, actor: row_reach.through_customers(session, actor, source.model)


def _predicate(session: Session, model: Any, reach: Reach) -> list[ColumnElement[bool]]:
    """What the policy says, as one condition."""
    own = reach.predicate if reach.predicate is not None else readable(session, model)
    return [] if own is None else [own]


def _wanted(session: Session, actor: Actor, asked: Asked) -> list[ColumnElement[bool]]:
    """Whose rows alone are looked for, as conditions on customers; nothing where they are everybody's."""
    found: list[ColumnElement[bool]] = []
    if asked.owner is not None:
        found.append(Customer.owner_id == asked.owner)
    if asked.group:
        found.append(groups.members(session, actor, [asked.group]))
    # Within what the actor sees: a call at one's own telephone would tell of a hidden customer what it meets.
    seen = readable(session, Customer)
    return found if not found or seen is None else [*found, seen]


def _of_those(session: Session, model: Any, reach: Reach, theirs: Sequence[ColumnElement[bool]]) -> Reach:
    """Rows of these customers, found from the customers: walking down everybody's would take long."""
    kept = Customer.deleted_at.is_(None)  # the index by owner holds no others
    branch = Linked("asked_customers", Customer.id, and_(kept, *theirs), {}, via=model.customer_id)
    return Reach(and_(reach.kept, *_predicate(session, model, reach)), branches=(branch,), own_statements=True)


def _of_customers(model: Any, owner: UUID | None) -> ColumnElement[bool]:
    """Rows of customers in the bin are nobody's; of somebody's customers, those of no customer are none."""
    found = exists().where(_customer.c.id == model.customer_id, _customer.c.deleted_at.is_(None))
    if owner is not None:
        return found.where(_customer.c.owner_id == owner).is_(True)
    return or_(model.customer_id.is_(None), found.is_(True)) if model.customer_id.nullable else found.is_(True)


def _drawn(
    session: Session, actor: Actor, shown: Sequence[_Found], run: Guard, failed: list[str]
) -> list[Line]:  # fmt: skip
    whose = row_search.customers_of(session, [one.row for one in shown])
    # By source too: two of them may tell of one row, at two moments.
    texts: dict[tuple[str, UUID], Happening] = {}
    for item in {one.item.value.key: one.item for one in shown}.values():
        rows = [one.row for one in shown if one.item.value.key == item.value.key]
        show = partial(item.value.show, session, actor, rows)
        told = run(item.owner, f"tracking {item.value.key}", show, session)
        if told is None:
            failed.append(item.owner)
            continue
        texts |= {(item.value.key, row.id): what for row, what in zip(rows, told, strict=True)}
    return [_line(one, what, whose) for one in shown if (what := texts.get((one.item.value.key, one.row.id)))]


def _line(one: _Found, what: Happening, whose: Any) -> Line:
    kinds = {kind.key: kind for kind in one.item.value.kinds}
    customer_id = one.row.customer_id
    return Line(one.row.id, one.place[0], kinds[what.kind], what, customer_id, whose.get(customer_id))
