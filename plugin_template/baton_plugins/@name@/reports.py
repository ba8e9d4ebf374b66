"""Questions and their numbers; each number leads to the rows behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pluggy
from platform_core.api import Actor, Linked, Report, ReportColumn, ReportQuery, Session, day_start, translator
from sqlalchemy import func, select

from baton_plugins.@name@.models import Entry

_ = translator("@name@")
hookimpl = pluggy.HookimplMarker("baton")


def _by_person(session: Session, actor: Actor, query: ReportQuery) -> Sequence[Sequence[Any]]:
    statement = (
        select(
            Entry.author_id,
            func.max(Entry.author_label).label("author"),
            func.count().label("number"),
            func.sum(Entry.amount).label("amount"),
        )
        .where(Entry.created_at >= day_start(query.first), Entry.created_at < day_start(query.last + timedelta(1)))
        .group_by(Entry.author_id)
        .order_by("author", Entry.author_id)
        .limit(query.limit)
    )
    days = [("f", f"created:since:{query.first}"), ("f", f"created:until:{query.last}")]
    rows = []
    for row in session.execute(statement):
        url = f"/@name@?{urlencode([('f', f'author:is:{row.author_id}'), *days], safe=':')}"
        rows.append((row.author, Linked(row.number, url), int(row.amount)))
    return rows


BY_PERSON = Report(
    "@name@.by_person",
    _.lazy("Entries by person"),
    "@name@.view",
    (
        ReportColumn(_.lazy("Written by")),
        ReportColumn(_.lazy("Entries"), "number", total=True),
        ReportColumn(_.lazy("Amount"), "number", total=True),
    ),
    _by_person,
    description=_.lazy("How many entries were added, and what they amount to."),
    dated=True,
)


@hookimpl
def baton_reports() -> list[Report]:
    return [BY_PERSON]
