"""Which customers somebody has seen between two days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.audit import queries, seen, services
from platform_core.audit.asking import convert
from platform_core.audit.queries import AuditQuery
from platform_core.audit.routes import EXPORT, READ
from platform_core.audit.seen import SeenQuery
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import NotFound
from platform_core.kernel.i18n import translator
from platform_core.web import csvs
from platform_core.web.pages import page
from platform_core.web.routing import get

_ = translator("audit")
_MOST = 10_000


@get("/audit/seen", permission=READ, name="audit:seen")
def index(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    """Without a person it asks for one."""
    recent = AuditQuery.recent(30)
    query = query_from(request.query_params)
    context: dict[str, Any] = {
        "days": seen.MOST_DAYS,
        "people": [(str(key), name) for key, name in queries.people(session)],
    }
    if query is None:
        return page(request, "audit/seen.html", active="audit", query=None, recent=recent, **context)
    found, older = seen.customers(session, query)
    _record(session, actor, "audit.seen", query, ids=[item.customer_id for item in found])
    return page(
        request, "audit/seen.html", partial="audit/_seen.html", active="audit", query=query, recent=recent, found=found,
        older=older, totals=seen.totals(session, query), **context,
    )  # fmt: skip


@get("/audit/seen/export", permission=EXPORT, name="audit:export_seen")
def export(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    query = query_from(request.query_params)
    if query is None:
        raise NotFound(_("Choose a person first."))
    found, _older = seen.customers(session, query, limit=_MOST)
    _record(session, actor, "audit.export_seen", query, ids=[item.customer_id for item in found])
    titles = [_("Customer"), _("Number"), _("Opened"), _("Numbers revealed"), _("Shown in lists"), _("Last time")]
    rows = [(row.name, str(row.customer_id), row.opened, row.revealed, row.listed, row.last) for row in found]
    return csvs.answer(f"seen-{query.since}-{query.until}.csv", titles, rows)


def query_from(given: Mapping[str, str]) -> SeenQuery | None:
    """What an address of the page asks for; None where it names nobody."""
    asked = {name: given.get(name, "").strip() for name in ("actor", "since", "until")}
    person = convert(asked["actor"], UUID)
    if person is None:
        return None
    recent = AuditQuery.recent(30)
    since = convert(asked["since"], date) or recent.since
    until = max(convert(asked["until"], date) or recent.until, since)
    return SeenQuery(person, since, until, given.get("before", "")).bounded()


def _record(session: Session, actor: Actor, action: str, query: SeenQuery, ids: list[UUID]) -> None:
    ref = EntityRef("users", "user", query.actor_id, queries.name_of(session, query.actor_id))
    days = {"since": str(query.since), "until": str(query.until)}
    # Whom somebody else has seen: no cap stands between an auditor and the trail.
    services.record(session, actor, action, ref, ids=ids, after=days, shown=False)


HANDLERS = [index, export]
