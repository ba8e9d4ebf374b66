"""100,000 reminders due in the same minute: each is given once, while one of the workers is killed and the clock jumps.

The minute is the last one before an hour that Berlin has twice: by the clock on the wall they are given before it.

Run as a program it is one of these workers, on the database that the environment names.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from baton_plugins.activities.models import Plan
from baton_plugins.activities.reminders import sweep
from baton_plugins.activities.reminders.models import Reminder, Told
from sqlalchemy import func, insert, select

from bench.guard import scratch
from bench.results import Result
from bench.stands import ROOT, Stand
from platform_core.app import Runtime
from platform_core.customers.models import Customer
from platform_core.kernel import clock
from platform_core.kernel.ids import new_id
from platform_core.kernel.jobs import JobContext
from platform_core.permissions.models import Role, RoleAssignment
from platform_core.settings import load_settings
from platform_core.users.models import Department, DepartmentClosure, Notification, User

_MANY = 100_000
_EACH = 50
"""Of one person"""
_WORKERS = 4
_LIMIT = 60.0
_SLICE = 5_000
_DUE = datetime(2027, 10, 31, 0, 59, tzinfo=UTC)


def measure(stand: Stand) -> Iterator[Result]:
    """A stand that is scaled down has as many fewer of them."""
    with scratch(stand, "reminders") as runtime:
        many = min(_MANY, max(stand.customers // 10, 30 * _EACH))
        _fill(runtime, many)
        killed_at = _killed(stand, runtime)
        clock.configure("Europe/Berlin")
        _sweep(runtime, _DUE - timedelta(hours=1))
        seconds = _sweep(runtime, _DUE + timedelta(minutes=31))
        for minutes in (-59, 2, 61):
            _sweep(runtime, _DUE + timedelta(minutes=minutes))
        clock.configure(stand.settings.timezone)
        with runtime.database.system_session("bench", write=False) as session:
            told = session.scalar(select(func.count()).select_from(Told)) or 0
            lines = session.scalar(select(func.count()).select_from(Notification)) or 0
            waiting = session.scalar(select(func.count()).where(Reminder.waiting)) or 0
        yield Result(
            f"{stand.name}: {many:,} reminders due at once, not given or given twice",
            abs(told - many) + waiting + abs(lines - many // _EACH), "", 0.0,
            f"{lines:,} lines; a worker killed after {killed_at:,}, the clock put back and forth, an hour twice",
        )  # fmt: skip
        detail = f"{(many - killed_at) / seconds:,.0f} reminders/s, {_WORKERS} workers"
        yield Result(f"{stand.name}: {many:,} reminders due at once, after the kill", seconds, "s", _LIMIT, detail)


def _sweep(runtime: Runtime, moment: datetime) -> float:
    """All workers at once, at that moment; seconds that it took."""

    def work(_number: int) -> None:
        with clock.freeze(moment):
            sweep.remind(_context(runtime))

    began = time.monotonic()
    with ThreadPoolExecutor(_WORKERS) as pool:
        list(pool.map(work, range(_WORKERS)))
    return time.monotonic() - began


def _context(runtime: Runtime) -> JobContext:
    return JobContext(runtime.database, new_id(), {}, 1, timedelta(minutes=10), None)


def _killed(stand: Stand, runtime: Runtime) -> int:
    """Start a worker, kill it once it has begun; returns how many it had given."""
    settings = runtime.settings
    environ = {
        **stand.environment, "BATON_DATABASE_URL": settings.database_url, "BATON_DATA_DIR": str(settings.data_dir),
        "BATON_SECRET_FILE": str(settings.secret_file),
    }  # fmt: skip
    worker = subprocess.Popen([sys.executable, "-m", "bench.reminders"], cwd=ROOT, env=environ)
    given = 0
    while not given and worker.poll() is None:
        with runtime.database.system_session("bench", write=False) as session:
            given = session.scalar(select(func.count()).select_from(Told)) or 0
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    return given


def _fill(runtime: Runtime, many: int) -> None:
    """People in one department, each with a customer and plans of it that all have the same reminder."""
    department, moment = new_id(), _DUE
    with runtime.database.system_session("bench") as session:
        role_id = session.scalars(select(Role.id).where(Role.code == "coordinator")).one()
        session.add(Department(id=department, code="bench", name="Bench"))
        session.flush()
        session.add(DepartmentClosure(ancestor_id=department, descendant_id=department, depth=0))
        people = [new_id() for _number in range(many // _EACH)]
        customers = {key: new_id() for key in people}
        rows: list[tuple[Any, list[dict[str, Any]]]] = [
            (User, [{"id": key, "login": key.hex, "name": key.hex[:8], "department_id": department} for key in people]),
            (RoleAssignment, [{"id": new_id(), "user_id": key, "role_id": role_id} for key in people]),
            (
                Customer,
                [
                    {
                        "id": customers[key], "code": key.hex[:20], "name": "Bench", "name_key": "bench",
                        "owner_id": key, "department_id": department,
                    }
                    for key in people
                ],
            ),
        ]  # fmt: skip
        plans = [
            {
                "id": new_id(), "customer_id": customers[key], "assignee_id": key, "subject": "Call",
                "due_at": moment, "all_day": False,
            }
            for key in people
            for _number in range(_EACH)
        ]  # fmt: skip
        wishes = [
            {"id": new_id(), "plan_id": plan["id"], "customer_id": plan["customer_id"], "lead": "0m", "fire_at": moment}
            for plan in plans
        ]
        rows += [(Plan, plans), (Reminder, wishes)]
        for model, values in rows:
            for start in range(0, len(values), _SLICE):
                session.execute(insert(model), values[start : start + _SLICE])


def main() -> None:
    runtime = Runtime(load_settings())
    runtime.follow()
    with clock.freeze(_DUE + timedelta(minutes=1)):
        sweep.remind(_context(runtime))


if __name__ == "__main__":
    main()
