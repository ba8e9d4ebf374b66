"""Reading imports, within what the actor may see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Table, bindparam, column, func, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor, Scope
from platform_core.customers.importing import own
from platform_core.customers.importing.columns import Guess, Options, guess, remembered, signature
from platform_core.customers.importing.models import RUNNING, ImportBatch, ImportMapping, ImportRow
from platform_core.customers.models import Customer
from platform_core.kernel import clock
from platform_core.kernel.clock import now
from platform_core.kernel.database import database_of
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.models import JobRow
from platform_core.users.models import User

_ = translator("customers")
PAGE = 30
SHOWN = 50
WAY_BACK = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Progress:
    """How the latest job of a batch fares; `state` as in core_job, "" without a job."""

    state: str = ""
    done: int = 0
    total: int = 0
    message: str = ""


def get(session: Session, batch_id: UUID) -> ImportBatch:
    """Raises NotFound when there is none or none for this actor."""
    found = session.scalars(select(ImportBatch).where(ImportBatch.id == batch_id)).one_or_none()
    if found is None:
        raise NotFound(_("There is no such import, or not for you."))
    return found


def progress_of(session: Session, batch: ImportBatch) -> Progress:
    row = session.get(JobRow, batch.job_id) if batch.job_id and batch.state in RUNNING else None
    return Progress(row.state, row.done, row.total, row.message) if row else Progress()


def page_of(session: Session, before: UUID | None = None) -> tuple[list[tuple[ImportBatch, str]], UUID | None]:
    """(batch, name of its owner), newest first, and the id to go on from."""
    statement = select(ImportBatch, User.name).join(User, User.id == ImportBatch.owner_id)
    if before is not None:
        statement = statement.where(ImportBatch.id < before)
    found = [(row[0], row[1]) for row in session.execute(statement.order_by(ImportBatch.id.desc()).limit(PAGE + 1))]
    return found[:PAGE], found[PAGE - 1][0].id if len(found) > PAGE else None


def rows_of(session: Session, batch_id: UUID, verdict: str, limit: int = SHOWN) -> Sequence[ImportRow]:
    return session.scalars(
        select(ImportRow)
        .where(ImportRow.batch_id == batch_id, ImportRow.verdict == verdict)
        .order_by(ImportRow.number)
        .limit(limit)
    ).all()


def rows_in_state(session: Session, batch_id: UUID, state: str, limit: int = SHOWN) -> Sequence[ImportRow]:
    return session.scalars(
        select(ImportRow)
        .where(ImportRow.batch_id == batch_id, ImportRow.state == state)
        .order_by(ImportRow.number)
        .limit(limit)
    ).all()


def mark(session: Session, batch_id: UUID, rows: Sequence[dict[str, Any]]) -> None:
    """Set columns of many rows; each dict names its row by `number`, and all have the same keys."""
    table = ImportRow.__table__
    assert isinstance(table, Table)
    names = [name for name in rows[0] if name != "number"]
    if not database_of(session).is_sqlite:
        # One statement with an array for each column: a statement for each row takes ten times as long.
        columns = [table.c[name] for name in rows[0]]
        arrays = [bindparam(f"all_{to.name}", [row[to.name] for row in rows], ARRAY(to.type)) for to in columns]
        valued = func.unnest(*arrays).table_valued(*(column(to.name, to.type) for to in columns))
        given = valued.render_derived(name="given")
        session.execute(
            table.update()
            .where(table.c.batch_id == batch_id, table.c.number == given.c.number)
            .values({name: given.c[name] for name in names})
        )
        return
    session.execute(
        # By the table: an ORM update by key sends its statements without the proof of scope.
        table.update()
        .where(table.c.batch_id == batch_id, table.c.number == bindparam("row_number"))
        .values({name: bindparam(f"new_{name}") for name in names}),
        [{"row_number": row["number"], **{f"new_{name}": row[name] for name in names}} for row in rows],
    )


def each_row(session: Session, batch_id: UUID, verdict: str, slice_size: int = 1_000) -> Iterator[Sequence[ImportRow]]:
    """All rows of a verdict, slice by slice, in their order."""
    last = 0
    while True:
        found = session.scalars(
            select(ImportRow)
            .where(ImportRow.batch_id == batch_id, ImportRow.verdict == verdict, ImportRow.number > last)
            .order_by(ImportRow.number)
            .limit(slice_size)
        ).all()
        if not found:
            return
        yield found
        last = found[-1].number
        session.expunge_all()


def mapping_for(session: Session, actor: Actor, headers: Sequence[str]) -> Guess:
    """The actor's mapping of the last time for such a table, else what its titles say."""
    known = session.scalars(
        select(ImportMapping).where(
            ImportMapping.user_id == actor.user_id, ImportMapping.signature == signature(headers)
        )
    ).one_or_none()
    targets = own.targets(session)
    return remembered(headers, known.targets, known.options, targets) if known else guess(headers, targets)


def mapping_of(batch: ImportBatch) -> Guess:
    """As it was chosen for this batch."""
    made = Guess(list(batch.mapping), remembered=False)
    made.options = Options(**batch.options)
    return made


def may_revert(actor: Actor, batch: ImportBatch) -> bool:
    """Whoever imported, and who may delete customers of that department."""
    if batch.owner_id == actor.user_id:
        return True
    if actor.scope("customers.delete") == Scope.ALL:
        return True
    return batch.department_id is not None and batch.department_id in actor.departments_for("customers.delete")


def can_be_reverted(batch: ImportBatch) -> bool:
    in_time = batch.finished_at is None or batch.finished_at > now() - WAY_BACK
    return batch.state in {"done", "cancelled"} and batch.imported + batch.updated > 0 and in_time


def collected_today(session: Session) -> list[tuple[str, int]]:
    """(collector, customers added since midnight) among the customers the actor sees, the busiest first."""
    midnight: datetime = clock.day_start(clock.today())
    number: Any = func.count().label("number")
    statement = (
        select(User.name, number)
        .join(Customer, Customer.created_by == User.id)
        # A customer made today was changed today, which an index knows.
        .where(Customer.updated_at >= midnight, Customer.created_at >= midnight)
        .group_by(User.id, User.name)
        .order_by(number.desc(), User.name)
        .limit(20)
    )
    return [(name, count) for name, count in session.execute(statement)]
