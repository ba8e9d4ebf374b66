"""The audit page and its exports. Reading is written down too."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.audit import asking, exporting, queries, sealing, services, texts, views
from platform_core.audit.asking import Asked
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.kernel.clock import today
from platform_core.kernel.i18n import translator
from platform_core.web import csvs
from platform_core.web.forms import FormData
from platform_core.web.notices import Notice
from platform_core.web.pages import fragment, page, redirect
from platform_core.web.requests import platform_of
from platform_core.web.routing import get, post

_ = translator("audit")
READ = "audit.read"
EXPORT = "audit.export"


@get("/audit", permission=READ, name="audit:index")
def index(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    words = texts.Words(session, texts.everybodys(platform_of(request).manager))
    asked = _asked(request, words)
    entries, older = queries.entries(session, asked.query)
    services.record(session, actor, "audit.read", after=asked.noted)
    what, customer_id = asked.filters["what"], asked.query.customer_id
    meant = words.action(what) if asked.query.is_whole else ""
    return page(
        request, "audit/index.html", partial="audit/_entries.html", active="audit", entries=entries, older=older,
        asked=asked, texts=texts, words=words, meant=meant, last=sealing.latest(session),
        about=queries.label_of(session, customer_id) if customer_id else "", days=queries.SEARCHED_DAYS,
        views=views.of_reader(session, actor, asked),
    )  # fmt: skip


@get("/audit/lines/{entry_id:uuid}", permission=READ, name="audit:line")
def line(request: Request[Any, Any, Any], session: Session, actor: Actor, entry_id: UUID) -> Response[str]:
    """What a line says of each field: fetched when it is opened, so that the page weighs the same whatever was done."""
    words = texts.Words(session, texts.everybodys(platform_of(request).manager))
    entry = queries.entry(session, entry_id)
    # Of the line, not of the customer: who reads what somebody did with a bait customer has not touched it.
    services.record(session, actor, "audit.read", ref=EntityRef("audit", "entry", entry.id, str(entry.seq)))
    return fragment(
        request, "audit/_fields.html", differences=words.differences(entry.action, entry.before, entry.after)
    )


@get("/audit/export", permission=EXPORT, name="audit:export")
def export(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    """The lines that the page shows with the same address, without pages."""
    words = texts.Words(session, texts.everybodys(platform_of(request).manager))
    asked = _asked(request, words)
    rows = list(exporting.rows(session, asked.query, words))
    services.record(session, actor, "audit.export", after={**asked.noted, "lines": len(rows)})
    return csvs.answer(f"audit-{today()}.csv", exporting.titles(), rows)


def _asked(request: Request[Any, Any, Any], words: texts.Words) -> Asked:
    return asking.read(request.query_params, words)


@post("/audit/views", permission=READ, name="audit:save_view")
def save_view(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """Keep what the page shows under a name."""
    words = texts.Words(session, texts.everybodys(platform_of(request).manager))
    asked = asking.read(dict(parse_qsl(form.get("state"))), words)
    views.save(session, actor, form.get("name"), asked)
    return redirect(request, f"/audit?{urlencode(asked.links)}", Notice(_("The view is saved. Only you see it.")))


@post("/audit/views/remove", permission=READ, name="audit:remove_view")
def remove_view(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    views.remove(session, actor, form.get("name"))
    return redirect(request, "/audit")


HANDLERS = [index, line, export, save_view, remove_view]
