"""Lines of the timeline whose plugin is gone or cannot run, read from its tables; and what was kept of purged ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, Table, Uuid, and_, literal, or_, select, type_coerce
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor, Scope
from platform_core.contracts.pages import TimelineEntry, TimelineQuery
from platform_core.customers.mergemodels import KeptLine
from platform_core.customers.models import Customer
from platform_core.kernel.database import database_of
from platform_core.kernel.scope import proven
from platform_core.kernel.types import UtcDateTime
from platform_core.permissions import actors
from platform_core.permissions.policies import ThroughCustomer, ThroughEngagement
from platform_core.plugins import references
from platform_core.plugins.catalogue import Absent, StoredLine, StoredReference, said
from platform_core.plugins.registry import Owned
from platform_core.web.requests import Platform

KIND = "past"
_PROOF = proven("lines of an absent plugin, within the customer's and the engagement's scope")
_tables: dict[tuple[str, int, str], Table | None] = {}
"""As the database describes them, by database, version of the plugin states and name."""


def tellers(platform: Platform) -> list[Absent]:
    """Plugins that have lines to show which they do not tell themselves."""
    return [
        item
        for item in platform.manager.remembered.values()
        if (item.left_lines or _is_read(platform, item))
        and any(reference.line for reference in item.content.references)
    ]


def _is_read(platform: Platform, item: Absent) -> bool:
    """Whether its tables are read for it: not while it runs, nor when an administrator has put it out of sight."""
    return not item.is_purged and not item.is_off and item.name not in platform.manager.enabled


def lines(platform: Platform, session: Session, actor: Actor, query: TimelineQuery) -> list[Owned[TimelineEntry]]:
    """At most `query.limit` of each kind, newest first."""
    found: list[Owned[TimelineEntry]] = []
    if query.kinds is not None and KIND not in query.kinds:
        return found
    told = tellers(platform)
    if any(item.left_lines for item in told):
        found += _kept(session, query, {item.name: item for item in told})
    for item in told:
        for reference in item.content.references if _is_read(platform, item) else ():
            if reference.line is not None:
                entries = _read(session, actor, query, reference, _table(platform, session, reference.table))
                found += [Owned(item.name, _titled(entry, item)) for entry in entries]
    return found


def _table(platform: Platform, session: Session, name: str) -> Table | None:
    key = (database_of(session).url, platform.manager.version, name)
    if key not in _tables:
        if len(_tables) > 200:
            _tables.clear()
        _tables[key] = references.tables_named(session, [name]).get(name)
    return _tables[key]


def _read(
    session: Session, actor: Actor, query: TimelineQuery, reference: StoredReference, table: Table | None
) -> Iterator[TimelineEntry]:
    line = reference.line
    assert line is not None
    granted = actors.resting(session, actor, line.permission)
    if table is None or line.at not in table.c or granted == Scope.NONE:
        return
    acting = dataclasses.replace(actor, grants={**actor.grants, line.permission: granted})
    keys = list(table.primary_key.columns)
    at, key = type_coerce(table.c[line.at], UtcDateTime()), type_coerce(keys[0], Uuid())
    texts = [table.c[name] if name in table.c else literal("") for name in (line.who, line.department, line.text)]
    statement = (
        select(key, at, *texts)
        .where(*_conditions(acting, query, reference, table))
        .order_by(at.desc(), key.desc())
        .limit(query.limit)
    )
    if query.before is not None:
        moment, mark = query.before
        statement = statement.where(or_(at < moment, and_(at == moment, key < mark)))
    for found_key, moment, who, department, text in session.execute(statement, execution_options=_PROOF):
        yield TimelineEntry(
            id=found_key, kind=KIND, at=moment, who=who or "", department=department or "", verb=said(line.verb),
            text=str(text or ""), icon=line.icon,
        )  # fmt: skip


def _conditions(
    actor: Actor, query: TimelineQuery, reference: StoredReference, table: Table
) -> Sequence[ColumnElement[bool]]:
    line = reference.line
    assert line is not None
    model: Any = SimpleNamespace(customer_id=table.c[reference.column])
    found = [type_coerce(table.c[reference.column], Uuid()) == query.customer_id]
    predicate: ColumnElement[bool] | None
    if "engagement_id" in table.c:
        engagement = model.engagement_id = table.c.engagement_id
        predicate = ThroughEngagement(model, Customer, permission=line.permission).predicate(actor)
        if query.engagement_id is not None:
            found.append(or_(type_coerce(engagement, Uuid()) == query.engagement_id, engagement.is_(None)))
    else:
        predicate = ThroughCustomer(model, Customer).predicate(actor)
    return found if predicate is None else [*found, predicate]


def _kept(session: Session, query: TimelineQuery, told: dict[str, Absent]) -> Iterator[Owned[TimelineEntry]]:
    statement = (
        select(KeptLine)
        .where(KeptLine.customer_id == query.customer_id)
        .order_by(KeptLine.at.desc(), KeptLine.id.desc())
        .limit(query.limit)
    )
    if query.before is not None:
        moment, mark = query.before
        statement = statement.where(or_(KeptLine.at < moment, and_(KeptLine.at == moment, KeptLine.id < mark)))
    if query.engagement_id is not None:
        statement = statement.where(
            or_(KeptLine.engagement_id == query.engagement_id, KeptLine.engagement_id.is_(None))
        )
    for row in session.scalars(statement):
        item = told.get(row.owner)
        line = _line_of(item, row.source)
        if item is not None and line is not None:
            entry = TimelineEntry(
                id=row.id, kind=KIND, at=row.at, who=row.who, department=row.department, verb=said(line.verb),
                icon=line.icon,
            )  # fmt: skip
            yield Owned(item.name, _titled(entry, item))


def _line_of(item: Absent | None, table: str) -> StoredLine | None:
    stored = item.content.references if item else ()
    return next((reference.line for reference in stored if reference.table == table and reference.line), None)


def _titled(entry: TimelineEntry, item: Absent) -> TimelineEntry:
    return dataclasses.replace(entry, chips=((item.title, ""),))
