"""The customer's timeline: everybody's lines merged by time, read page by page, and the record's own lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.contracts.pages import TimelineEntry, TimelineQuery, Tone
from platform_core.customers import past_lines
from platform_core.customers.models import StatusChange
from platform_core.kernel import dictionaries, timelines
from platform_core.kernel.clock import local, today
from platform_core.kernel.i18n import translator
from platform_core.kernel.scope import AnySelect, prepared
from platform_core.plugins.registry import Owned
from platform_core.web import cursors, formats
from platform_core.web.requests import Platform

_ = translator("customers")
PAGE = 30
HOOK = "baton_customer_timeline"
_CREATED = "customers.create"
_TOLD_ELSEWHERE = "activities."
"""A follow-up shows the status it set by itself."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A page of the timeline."""

    days: Sequence[tuple[str, Sequence[TimelineEntry]]]
    """(heading, lines), newest first; the heading is empty for a day that began on the page before."""
    is_first: bool
    here: str
    """Query string of this timeline's beginning."""
    older: str = ""
    """Query string of the next page; empty on the last."""


def read(
    platform: Platform, session: Session, actor: Actor, customer_id: UUID, *, before: str = "", source: str = "",
    engagement_id: UUID | None = None,
) -> Stretch:  # fmt: skip
    """Lines of all plugins, or of the plugin `source`, older than the cursor `before`."""
    mark = _decode(before)
    query = TimelineQuery(customer_id, PAGE + 1, mark, engagement_id)
    found = [
        *platform.hooks.customer_timeline(session, actor, query),
        *past_lines.lines(platform, session, actor, query),
    ]
    found = [item for item in found if source in ("", item.owner)]
    entries = _newest(found)
    page = entries[:PAGE]
    days: dict[date, list[TimelineEntry]] = {}
    for entry in page:
        days.setdefault(local(entry.at).date(), []).append(entry)
    begun = local(mark[0]).date() if mark else None
    narrowed = {"by": source, "engagement": engagement_id}
    cursor = cursors.encode([page[-1].at, page[-1].id]) if len(entries) > PAGE else ""
    return Stretch(
        [("" if day == begun else _heading(day), lines) for day, lines in days.items()],
        is_first=mark is None,
        here=_query(narrowed),
        older=_query({**narrowed, "before": cursor}) if cursor else "",
    )


def _heading(day: date) -> str:
    return _("Today · %(day)s", day=formats.day(day)) if day == today() else formats.day(day)


def _query(values: Mapping[str, object]) -> str:
    given = {name: str(value) for name, value in values.items() if value}
    return f"?{urlencode(given)}" if given else ""


def sources(platform: Platform) -> list[tuple[str, str]]:
    """(plugin, title) of those that contribute lines."""
    manager = platform.manager
    names = [implementation.plugin_name for implementation in getattr(manager.pm.hook, HOOK).get_hookimpls()]
    plugins = [manager.plugins[name] for name in reversed(names) if name in manager.enabled]
    titles = {item.name: item.title for item in past_lines.tellers(platform)}
    running = {
        plugin.name: _("Record") if plugin.name == "customers" else str(plugin.info.title)
        for plugin in plugins
        if plugin.info
    }
    return list((running | {name: title for name, title in titles.items() if name not in running}).items())


def own(session: Session, actor: Actor, query: TimelineQuery) -> list[TimelineEntry]:
    """The record's own lines: how it came here and how its status changed."""
    if query.engagement_id is not None or (query.kinds is not None and "record" not in query.kinds):
        return []
    found = session.scalars(_status_changes(session, timelines.part_of(query)), timelines.values(query))
    return [_entry(session, change) for change in found]


@prepared
def _status_changes(reader: Actor, part: timelines.Part) -> AnySelect:
    told_here = ~StatusChange.cause.startswith(_TOLD_ELSEWHERE)
    return timelines.narrowed(select(StatusChange).where(told_here), StatusChange, part)


def _entry(session: Session, change: StatusChange) -> TimelineEntry:
    is_new = change.cause == _CREATED
    label = dictionaries.label(session, "customers.status", change.new)
    tone = cast("Tone", dictionaries.tone(session, "customers.status", change.new))
    old = dictionaries.label(session, "customers.status", change.old)
    return TimelineEntry(
        id=change.id,
        kind="record",
        at=change.at,
        who=change.by_label,
        department="",
        verb=_("added the customer") if is_new else _("changed the status"),
        icon="user-plus" if is_new else "activity",
        chips=((label if is_new else f"{old} → {label}", tone),),
    )


def _newest(found: Sequence[Owned[TimelineEntry]]) -> list[TimelineEntry]:
    return sorted((item.value for item in found), key=lambda entry: (entry.at, entry.id), reverse=True)


def _decode(cursor: str) -> tuple[datetime, UUID] | None:
    if not cursor:
        return None
    at, entry_id = cursors.decode(cursor, 2)
    return cast("datetime", at), cast("UUID", entry_id)
