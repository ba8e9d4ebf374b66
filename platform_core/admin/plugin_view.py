"""What one plugin adds, how it fares, and what switching it off would touch."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, func, literal, select, union_all
from sqlalchemy.orm import Session

from platform_core.admin import services
from platform_core.contracts.events import ClockTime, Job
from platform_core.kernel.i18n import translator
from platform_core.kernel.models import JobRow, PluginFault, ScheduleRow
from platform_core.kernel.scope import proven
from platform_core.permissions.models import RoleGrant
from platform_core.plugins import faults
from platform_core.plugins.hooks import Timing
from platform_core.plugins.manager import STOPPED, Plugin, PluginManager
from platform_core.web import formats
from platform_core.web.requests import Platform

_ = translator("admin")
MOST_ROWS = 10_000
"""Rows are counted up to here: the page has to answer at once, whatever the house has gathered."""


@dataclass(frozen=True, slots=True)
class RouteLine:
    method: str
    path: str
    name: str
    permission: str


@dataclass(frozen=True, slots=True)
class JobLine:
    name: str
    pending: int
    running: int
    failed: int
    times: str
    """When it is started by the clock, in words."""
    next_run: datetime | None


@dataclass(frozen=True, slots=True)
class HookLine:
    name: str
    timing: Timing | None
    rests_for: int
    """Seconds until it is tried again; 0 while it is called."""


@dataclass(frozen=True, slots=True)
class PluginPage:
    """Everything `admin/plugin.html` shows."""

    plugin: Plugin
    title: str
    description: str
    needs: tuple[Plugin, ...]
    missing: tuple[str, ...]
    needed_by: tuple[Plugin, ...]
    tables: tuple[tuple[str, int | None], ...]
    """(name, rows up to MOST_ROWS + 1; None while they are not there to be counted)."""
    routes: tuple[RouteLine, ...]
    permissions: tuple[tuple[str, str, int], ...]
    """(name, label, roles that hold it)."""
    jobs: tuple[JobLine, ...]
    hooks: tuple[HookLine, ...]
    faults: tuple[PluginFault, ...]
    navigation: tuple[str, ...]
    settings: int

    @property
    def pending(self) -> int:
        """Jobs that wait or run: they stay where they are while it is off."""
        return sum(job.pending + job.running for job in self.jobs)

    @property
    def holders(self) -> int:
        return max((roles for _name, _label, roles in self.permissions), default=0)


def view(session: Session, platform: Platform, plugin: Plugin) -> PluginPage:
    manager, name = platform.manager, plugin.name
    plugins, declared = manager.plugins, manager.declared
    platform.manager.faults.save_in(session)
    return PluginPage(
        plugin=plugin,
        title=services.title(plugin),
        description=str(plugin.info.description) if plugin.info else "",
        needs=tuple(plugins[need] for need in sorted(plugin.requires) if need in plugins),
        missing=tuple(need for need in sorted(plugin.requires) if need not in plugins),
        needed_by=tuple(other for other in plugins.values() if name in other.requires),
        tables=_tables(session, declared.tables.get(name, []), countable=plugin.state not in STOPPED),
        routes=_routes(manager, name),
        permissions=_permissions(session, manager, name),
        jobs=_jobs(session, manager, name),
        hooks=_hooks(platform, plugin),
        faults=tuple(faults.kept(session, name)),
        navigation=tuple(str(item.value.label) for item in declared.navigation.installed() if item.owner == name),
        settings=sum(item.owner == name for item in declared.settings.owned()),
    )


def _tables(session: Session, tables: Sequence[Table], *, countable: bool) -> tuple[tuple[str, int | None], ...]:
    if not countable or not tables:
        return tuple((table.name, None) for table in tables)
    statement = union_all(*[_capped(table) for table in tables])
    rows = session.execute(statement, execution_options=proven("an administrator counts the rows of a plugin"))
    return tuple(sorted((str(row[0]), int(row[1])) for row in rows))


def _capped(table: Table) -> Any:
    some = select(literal(1)).select_from(table).limit(MOST_ROWS + 1).subquery()
    return select(literal(table.name), func.count()).select_from(some)


def _routes(manager: PluginManager, name: str) -> tuple[RouteLine, ...]:
    found = []
    for prefix, registry in (("", manager.declared.routes), ("/api/v1", manager.declared.api)):
        for item in registry.installed():
            if item.owner != name:
                continue
            for handler in item.value.handlers:
                method = ", ".join(sorted(handler.http_methods))
                for path in sorted(handler.paths):
                    whole = f"{prefix}/{item.value.path.strip('/')}/{path.strip('/')}".replace("//", "/")
                    found.append(
                        RouteLine(method, whole.rstrip("/") or "/", handler.name, handler.opt.get("permission", ""))
                    )
    return tuple(sorted(found, key=lambda line: (line.path, line.method)))


def _permissions(session: Session, manager: PluginManager, name: str) -> tuple[tuple[str, str, int], ...]:
    own = {item.value.name: str(item.value.label) for item in manager.declared.permissions.installed()
           if item.owner == name}  # fmt: skip
    if not own:
        return ()
    held = select(RoleGrant.permission, func.count()).where(RoleGrant.permission.in_(list(own)), RoleGrant.scope > 0)
    roles = dict(session.execute(held.group_by(RoleGrant.permission)).all())
    return tuple((permission, label, roles.get(permission, 0)) for permission, label in own.items())


def _jobs(session: Session, manager: PluginManager, name: str) -> tuple[JobLine, ...]:
    declared = {item.value.name: item.value for item in manager.declared.jobs.installed() if item.owner == name}
    unfinished = ["pending", "running", "failed"]
    counts: dict[tuple[str, str], int] = {}
    statement = select(JobRow.name, JobRow.state, func.count()).where(
        JobRow.state.in_(unfinished), JobRow.owner == name
    )
    for job, state, number in session.execute(statement.group_by(JobRow.name, JobRow.state)):
        counts[job, state] = number
    scheduled = [job.name for job in declared.values() if job.is_scheduled]
    following: dict[str, datetime] = {}
    if scheduled:
        rows = session.execute(select(ScheduleRow.job, ScheduleRow.next_run).where(ScheduleRow.job.in_(scheduled)))
        following = dict(rows.all())
    found = []
    for job in sorted({*declared, *(job for job, _state in counts)}):
        pending, running, failed = (counts.get((job, state), 0) for state in unfinished)
        times = _times(declared[job]) if job in declared else ""
        found.append(JobLine(job, pending, running, failed, times, following.get(job)))
    return tuple(found)


def _times(job: Job) -> str:
    if job.every_seconds:
        return _("every %(seconds)s s", seconds=job.every_seconds)
    listed = "; ".join(_clock_time(when) for when in job.at)
    return _("%(times)s, made up for when missed", times=listed) if job.catch_up else listed


def _clock_time(when: ClockTime) -> str:
    time = f"{when.hour:02}:{when.minute:02}"
    if not when.weekdays:
        return _("every day at %(time)s", time=time)
    return _("%(days)s at %(time)s", days=" ".join(formats.weekday(day) for day in sorted(when.weekdays)), time=time)


def _hooks(platform: Platform, plugin: Plugin) -> tuple[HookLine, ...]:
    """Those it implements and other pieces of it that were called, such as columns and listeners."""
    manager, moment = platform.manager, time.monotonic()
    timings = {hook: timing for (owner, hook), timing in list(platform.hooks.timings.items()) if owner == plugin.name}
    callers = (manager.pm.get_hookcallers(plugin.module) if plugin.module else None) or []
    asked = {caller.name for caller in callers} - {f"baton_{name}" for name in manager.declared.kinds()}
    found = []
    for name in sorted((asked | timings.keys()) - {"baton_plugin_info"}):
        timing = timings.get(name)
        found.append(HookLine(name, timing, max(0, round(timing.resting_until - moment)) if timing else 0))
    return tuple(found)
