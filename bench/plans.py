"""As many plans as customers: those of the demo are open, and here is what their people did in the years before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from baton_plugins.activities.models import Plan
from sqlalchemy import RowMapping, Table, func, select

from platform_core.app import Runtime
from platform_core.kernel.bulkrows import Writer
from platform_core.kernel.ids import new_id

_SLICE = 5_000
_APART = timedelta(days=60)
"""Between what was done and what is open of the same customer"""
_ALONE = ("engagement_id", "opportunity_id", "task_id", "series_id", "follow_up_id", "repeat_until", "series_from")
"""What only the open one belongs to"""


def fill(runtime: Runtime, many: int) -> None:
    """Add finished plans until there are so many. Nothing where there is none to go by."""
    table = Plan.__table__
    assert isinstance(table, Table)
    with runtime.database.system_session("benchmark: how many plans", write=False) as session:
        missing = many - (session.scalar(select(func.count()).select_from(Plan)) or 0)
    past = 0
    while missing > 0:
        past += 1
        before = missing
        for rows in _open(runtime, table):
            made = [_done(row, past) for row in rows[:missing]]
            with runtime.database.system_session("benchmark: plans of years") as session:
                Writer.of(session).write(Plan, made)
            missing -= len(made)
        if missing == before:
            return


def _open(runtime: Runtime, table: Table) -> Iterator[list[RowMapping]]:
    after = None
    while True:
        statement = select(*table.c).where(table.c.state == "open").order_by(table.c.id).limit(_SLICE)
        with runtime.database.system_session("benchmark: open plans", write=False) as session:
            found = session.execute(statement if after is None else statement.where(table.c.id > after))
            rows = list(found.mappings())
        if not rows:
            return
        yield rows
        after = rows[-1]["id"]


def _done(row: RowMapping, past: int) -> dict[str, Any]:
    due = row["due_at"] - _APART * past
    return {
        **row, **dict.fromkeys(_ALONE), "id": new_id(), "state": "done", "due_at": due, "done_at": due, "ends_at": None,
        "created_at": due, "updated_at": due, "repeat": "", "series_no": 0, "all_day": False,
    }  # fmt: skip
