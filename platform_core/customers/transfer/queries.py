"""Reading transfers: the preview in numbers, and the receipt customer by customer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, func, literal, or_, select, true, union_all
from sqlalchemy.orm import Session

from platform_core.customers.models import Customer
from platform_core.customers.transfer import passing
from platform_core.customers.transfer.drafts import OWN_ROWS
from platform_core.customers.transfer.models import Transfer, TransferRow
from platform_core.customers.transfer.rules import Person
from platform_core.kernel.idlists import among
from platform_core.kernel.models import JobRow
from platform_core.permissions.models import Access
from platform_core.permissions.policies import live
from platform_core.plugins.asking import hooks_of
from platform_core.plugins.holdings import Holding, holdings
from platform_core.users.models import User

PAGE = 200
LISTED = 30
_row = TransferRow.__table__.alias("passing_row")
_access = Access.__table__.alias("receivers_part")
_user = User.__table__.alias("receiver")


@dataclass(frozen=True, slots=True)
class Flow:
    """So many customers from one person to another; `why` says what stands against it."""

    from_id: UUID | None
    to_id: UUID | None
    state: str
    why: str
    count: int


@dataclass(frozen=True, slots=True)
class Company:
    """Rows of one kind that pass along, and those that stay with whoever has them."""

    title: str
    label: str
    moving: int
    staying: int


@dataclass(frozen=True, slots=True)
class Line:
    """A customer of a transfer that the reader sees."""

    number: int
    customer_id: UUID
    code: str
    name: str
    state: str
    why: str
    from_id: UUID | None
    from_department_id: UUID | None
    to_id: UUID | None
    to_department_id: UUID | None
    along: int


def flows(session: Session, transfer: Transfer) -> list[Flow]:
    """How many from whom to whom, the most first."""
    columns = (TransferRow.from_id, TransferRow.to_id, TransferRow.state, TransferRow.why)
    number: Any = func.count().label("number")
    statement = select(*columns, number).where(TransferRow.transfer_id == transfer.id).group_by(*columns)
    rows = session.execute(statement.order_by(number.desc(), *columns), execution_options=OWN_ROWS)
    return [Flow(*row) for row in rows]


def followers(session: Session) -> list[Holding]:
    """References whose rows pass along with a customer."""
    return [item for item in holdings(session, hooks_of(session)) if passing.goes_along(item)]


def company(session: Session, transfer: Transfer, found: Sequence[Holding], takers: Sequence[Person]) -> list[Company]:
    """What would pass along with the customers of a preview, in one statement. `takers` with the rights it asks for."""
    if not found:
        return []
    parts = []
    for number, item in enumerate(found):
        able = [person.id for person in takers if item.declared.right in person.rights]
        moves = and_(*_may_pass(item, able, [other for other in found if other.declared.within]))
        parts.append(
            select(
                literal(number).label("number"), func.count().filter(moves).label("moving"),
                func.count().filter(~moves).label("staying"),
            )
            .select_from(item.table)
            .join(_row, _theirs(item))
            .where(_row.c.transfer_id == transfer.id, _row.c.state == "pending", _row.c.why == "", *passing.held(item))
        )  # fmt: skip
    rows = session.execute(union_all(*parts), execution_options=OWN_ROWS).all()
    known = {row.number: row for row in rows}
    counted = [(item, known[number]) for number, item in enumerate(found)]
    listed = [Company(item.title, item.label, row.moving, row.staying) for item, row in counted]
    return [item for item in listed if item.moving or item.staying]


def _theirs(item: Holding) -> ColumnElement[bool]:
    """The owner's own work with the customer."""
    return and_(item.table.c[item.declared.customer] == _row.c.customer_id, item.column == _row.c.from_id)


def _may_pass(item: Holding, able: Collection[UUID], bringing: Sequence[Holding]) -> list[ColumnElement[bool]]:
    """`passing.fits` for many receivers at once; parts in engagements that pass along by `bringing` count as well."""
    declared, found = item.declared, []
    if declared.right:
        found.append(among(_row.c.to_id, able) if able else false())
    if declared.within:
        works = exists().where(_user.c.id == _row.c.to_id, _user.c.department_id == item.table.c[declared.within])
        found.append(works)
    elif declared.engagement:
        engagement = item.table.c[declared.engagement]
        has = exists().where(_access.c.engagement_id == engagement, _access.c.user_id == _row.c.to_id, live(_access.c))
        brought = []
        for other in bringing:
            table = other.table.alias(f"bringing_{other.table.name}")
            works = exists().where(_user.c.id == _row.c.to_id, _user.c.department_id == table.c[other.declared.within])
            conditions = [table.c[name].in_(values) for name, values in other.declared.held.items()]
            same = table.c[other.declared.engagement] == engagement
            brought.append(exists().where(same, table.c[other.declared.column] == _row.c.from_id, works, *conditions))
        found.append(or_(engagement.is_(None), has, *brought))
    return found or [true()]


def lines(
    session: Session, transfer: Transfer, *, after: int = 0, refused: bool = False, limit: int = PAGE
) -> tuple[list[Line], int]:
    """Customers of a transfer that the session's actor sees, and the number to go on from (0 on the last page)."""
    statement = (
        select(TransferRow, Customer.code, Customer.name)
        .join(Customer, Customer.id == TransferRow.customer_id)
        .where(TransferRow.transfer_id == transfer.id, TransferRow.number > after)
        .order_by(TransferRow.number)
        .limit(limit + 1)
    )
    if refused:
        statement = statement.where(TransferRow.why != "")
    rows = session.execute(statement).all()
    made = [
        Line(
            row.number, row.customer_id, code, name, row.state, row.why, row.from_id, row.from_department_id, row.to_id,
            row.to_department_id, sum(len(item["rows"]) for item in row.along),
        )
        for row, code, name in rows[:limit]
    ]  # fmt: skip
    return made, made[-1].number if len(rows) > limit else 0


def page_of(session: Session, before: UUID | None = None, size: int = 30) -> tuple[list[Transfer], UUID | None]:
    """Transfers the session's actor sees, newest first, and the id to go on from."""
    statement = select(Transfer).order_by(Transfer.id.desc()).limit(size + 1)
    if before is not None:
        statement = statement.where(Transfer.id < before)
    found = list(session.scalars(statement))
    return found[:size], found[size - 1].id if len(found) > size else None


def of_leavers(session: Session) -> Sequence[Any]:
    """(id, name, count) of people who have left and still own customers that the session's actor sees."""
    number: Any = func.count().label("number")
    mine = select(User.id, User.name, number).join(Customer, Customer.owner_id == User.id).where(User.status == "left")
    return session.execute(mine.group_by(User.id, User.name).order_by(number.desc(), User.id).limit(LISTED)).all()


def along_of(session: Session, transfer: Transfer) -> list[tuple[str, str, int]]:
    """(part, kind of rows, how many) of what passed along."""
    known = {item.key: item for item in holdings(session, hooks_of(session))} if transfer.along else {}
    found = []
    for key, number in transfer.along.items():
        item = known.get(key)
        found.append((item.title if item else "", item.label if item else key, int(number)))
    return sorted(found)


def job_of(session: Session, transfer: Transfer) -> JobRow | None:
    return session.get(JobRow, transfer.job_id) if transfer.job_id else None
