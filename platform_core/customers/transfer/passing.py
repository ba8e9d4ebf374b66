"""What goes along with a customer to its next owner, and back: the open work that the earlier owner had with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Column, ColumnElement, String, Uuid, and_, exists, or_, select, update
from sqlalchemy.orm import Session

from platform_core.contracts.entities import Passed
from platform_core.contracts.identity import Actor
from platform_core.customers.transfer.rules import Person
from platform_core.kernel.idlists import among
from platform_core.kernel.scope import proven
from platform_core.permissions.models import Access
from platform_core.permissions.policies import live
from platform_core.plugins.holdings import Holding

_PROOF = {"execution_options": proven("what an owner holds passes on whole, whoever may see its rows")}
_access = Access.__table__.alias("receivers_access")


class Along(msgspec.Struct):
    """Rows of one reference that passed along with one customer: their ids, and what followed as it was before."""

    owner: str
    table: str
    column: str
    rows: list[dict[str, Any]]


def stored(column: Column[Any], key: UUID | None) -> Any:
    """An id as a value of the column. SQLite has no type for them, so that of an absent plugin holds text."""
    return key.hex if key is not None and isinstance(column.type, String) else key


def held(holding: Holding) -> list[ColumnElement[bool]]:
    """The rows that are still to be worked on."""
    return [holding.table.c[name].in_(values) for name, values in holding.declared.held.items()]


def goes_along(holding: Holding) -> bool:
    return holding.declared.on_leave == "move" and bool(holding.declared.customer)


def fits(holding: Holding, to: Person) -> list[ColumnElement[bool]] | None:
    """Conditions on rows that may pass to this person; None when none may."""
    declared, table = holding.declared, holding.table
    if declared.right and declared.right not in to.rights:
        return None
    found: list[ColumnElement[bool]] = []
    if declared.within:
        column = table.c[declared.within]
        found.append(column == stored(column, to.department_id))
    if declared.engagement and not declared.within:
        engagement = table.c[declared.engagement]
        part = exists().where(_access.c.engagement_id == engagement, _access.c.user_id == to.id, live(_access.c))
        found.append(or_(engagement.is_(None), part))
    return found


def pass_on(
    session: Session, actor: Actor, found: Sequence[Holding], customers: Sequence[UUID], from_id: UUID, to: Person
) -> dict[UUID, list[Along]]:
    """Move what `from_id` has to do with these customers. Customer -> what went along."""
    made: dict[UUID, list[Along]] = {}
    for holding in found:
        conditions = fits(holding, to) if goes_along(holding) else None
        if conditions is None:
            continue
        column = holding.table.c[holding.declared.customer]
        theirs = column.in_([stored(column, key) for key in customers])
        rows = move(session, actor, holding, and_(theirs, *conditions), from_id, to)
        by_customer: dict[UUID, list[dict[str, Any]]] = {}
        for row in rows:
            by_customer.setdefault(_uuid(row.pop("customer")), []).append(row)
        for customer_id, some in by_customer.items():
            along = Along(holding.owner, str(holding.table.name), holding.declared.column, some)
            made.setdefault(customer_id, []).append(along)
    return made


def move(
    session: Session, actor: Actor, holding: Holding, where: ColumnElement[bool], from_id: UUID, to: Person
) -> list[dict[str, Any]]:
    """Move the held rows that meet `where`. Each as `Along.rows` has it, with its `customer` if it has one."""
    table, column, declared = holding.table, holding.column, holding.declared
    follows = [name for name in (declared.department, declared.person_label, declared.department_label) if name]
    fields: list[Any] = [table.c.id, *(table.c[name] for name in follows)]
    if declared.customer:
        fields.append(table.c[declared.customer].label("customer"))
    mine = column == stored(column, from_id)
    rows = session.execute(select(*fields).where(mine, where, *held(holding)).with_for_update(), **_PROOF).mappings()
    found = [{str(name): _plain(value) for name, value in row.items()} for row in rows]
    if not found:
        return []
    values: dict[str, Any] = {declared.column: stored(column, to.id)}
    if declared.department:
        values[declared.department] = stored(table.c[declared.department], to.department_id)
    if declared.person_label:
        values[declared.person_label] = to.name
    if declared.department_label:
        values[declared.department_label] = to.department
    ids = [_uuid(row["id"]) for row in found]
    _write(session, holding, ids, values)
    follow(session, actor, holding, Passed(ids, from_id, to.id))
    return found


def give_back(
    session: Session, actor: Actor, found: Iterable[Holding], along: Sequence[Along], from_id: UUID, to_id: UUID
) -> None:
    """Undo `pass_on` for the rows that `from_id` still has and that are still to be worked on."""
    known = {(item.owner, str(item.table.name), item.declared.column): item for item in found}
    for item in along:
        holding = known.get((item.owner, item.table, item.column))
        if holding is None:
            continue
        table, column = holding.table, holding.column
        wanted = [stored(table.c.id, UUID(row["id"])) for row in item.rows]
        still = select(table.c.id).where(table.c.id.in_(wanted), column == stored(column, from_id), *held(holding))
        present = {_uuid(key) for key in session.scalars(still.with_for_update(), **_PROOF)}
        rows = [row for row in item.rows if UUID(row["id"]) in present]
        for row in rows:
            before = {name: _restored(table.c[name], value) for name, value in row.items() if name != "id"}
            _write(session, holding, [UUID(row["id"])], {**before, item.column: stored(column, to_id)})
        if rows:
            follow(session, actor, holding, Passed([UUID(row["id"]) for row in rows], from_id, to_id))


def follow(session: Session, actor: Actor, holding: Holding, passed: Passed) -> None:
    code = holding.code
    if code is not None and code.follow is not None:
        code.follow(session, actor, passed)
        session.flush()  # the next reference asks who has a part in what


def _write(session: Session, holding: Holding, ids: Sequence[UUID], values: dict[str, Any]) -> None:
    table = holding.table
    # Columns that every update would set stay: nobody has worked on these rows. Forms that are open become stale.
    values = {**{column.name: column for column in table.c if column.onupdate is not None}, **values}
    if "version" in table.c:
        values["version"] = table.c.version + 1
    mine = among(table.c.id, ids) if not isinstance(table.c.id.type, String) else table.c.id.in_([i.hex for i in ids])
    session.execute(update(table).where(mine).values(values), **_PROOF)


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(str(value))


def _plain(value: Any) -> Any:
    return value.hex if isinstance(value, UUID) else value


def _restored(column: Column[Any], value: Any) -> Any:
    return UUID(value) if value is not None and isinstance(column.type, Uuid) else value
