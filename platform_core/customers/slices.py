"""Acts on many customers that are kept line by line, done slice by slice and can be taken back: what they share.

A batch is a row with `state` and `job_id`; its lines have a `number`. Each slice is a transaction of its own, so that
whoever is killed leaves whole customers, and the job that comes after goes on with the lines that still wait.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import Column, Table, bindparam, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel import dictionaries
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import speaking
from platform_core.kernel.jobs import JobContext

B = TypeVar("B")
Step = Callable[[Session, Actor, Any], int]
"""(session, actor, batch) -> lines that were looked at; the call that finds none settles the batch."""
Fares = Callable[[Any], tuple[int, int]]
"""Of a batch: lines done, lines in all."""


def get(session: Session, model: type[B], key: UUID, missing: str, *, lock: bool) -> B:
    """A batch that the session's actor may see. Raises NotFound(missing)."""
    statement = select(model).where(cast("Any", model).id == key)
    if lock:
        statement = statement.with_for_update(of=cast("Any", model)).execution_options(populate_existing=True)
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFound(missing)
    return found


def run(context: JobContext, actor: Actor, batch: tuple[type[Any], UUID], state: str, step: Step, fares: Fares) -> None:
    """Until nothing is left, or another job has taken over, or the batch is not in this state any more."""
    while _slice(context, actor, batch, state, step, fares):
        pass


def _slice(
    context: JobContext, actor: Actor, batch: tuple[type[Any], UUID], state: str, step: Step, fares: Fares
) -> int:
    model, key = batch
    with speaking(actor.language), context.database.actor_session(actor) as session:
        found = session.scalars(select(model).where(model.id == key).with_for_update(of=model)).one_or_none()
        if found is None or found.job_id != context.job_id or found.state != state:
            return 0
        dictionaries.hold(session)
        number = step(session, actor, found)
        context.progress(session, *fares(found))
        return number


def mark(
    session: Session, lines: type[Any], batch: tuple[str, UUID], rows: Sequence[dict[str, Any]],
    proof: Mapping[str, Any],
) -> None:  # fmt: skip
    """Set columns of many lines of a batch (its column and id); each dict names its line by `number`.

    All have the same keys. By the table: an ORM update by key sends its statements without the proof of scope.
    """
    if not rows:
        return
    table = lines.__table__
    assert isinstance(table, Table)
    column: Column[Any] = table.c[batch[0]]
    names = [name for name in rows[0] if name != "number"]
    session.execute(
        table.update()
        .where(column == batch[1], table.c.number == bindparam("row_number"))
        .values({name: bindparam(f"new_{name}") for name in names}),
        [{"row_number": row["number"], **{f"new_{name}": row[name] for name in names}} for row in rows],
        execution_options=proof,
    )
