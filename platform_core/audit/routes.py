"""The audit page. Reading it is written down too."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.audit import queries, services, texts
from platform_core.contracts.identity import Actor
from platform_core.web.pages import page
from platform_core.web.requests import platform_of
from platform_core.web.routing import get

_FILTERS = ("since", "until", "who", "actor", "what", "thing", "customer", "result")


@get("/audit", permission="audit.read", name="audit:index")
def index(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    asked = {name: request.query_params.get(name, "").strip() for name in _FILTERS}
    query = _query(asked, request.query_params.get("before", ""))
    entries, older = queries.entries(session, query)
    days = {"since": str(query.since), "until": str(query.until)}
    narrowed = {name: value for name, value in asked.items() if value}
    services.record(session, actor, "audit.read", after={**narrowed, **days})
    words = texts.Words(session, texts.everybodys(platform_of(request).manager))
    return page(
        request, "audit/index.html", partial="audit/_entries.html", active="audit", entries=entries, older=older,
        asked={**asked, **days}, texts=texts, words=words, actions=_choices(words, asked["what"]),
        about=queries.label_of(session, query.customer_id) if query.customer_id else "",
    )  # fmt: skip


def _choices(words: texts.Words, asked: str) -> list[tuple[str, str]]:
    """A beginning such as `customers.` that stands in the address stays what the page is narrowed by."""
    known = words.actions()
    return known if not asked or asked in dict(known) else [(asked, asked), *known]


def _query(asked: dict[str, str], cursor: str) -> queries.AuditQuery:
    """Filters that cannot be read are left out; without days, the last seven."""
    recent = queries.AuditQuery.recent()
    since = _convert(asked["since"], date) or recent.since
    return queries.AuditQuery(
        since=since,
        until=max(_convert(asked["until"], date) or recent.until, since),
        who=asked["who"],
        actor_id=_convert(asked["actor"], UUID),
        what=asked["what"],
        thing=asked["thing"],
        customer_id=_convert(asked["customer"], UUID),
        customer="" if _convert(asked["customer"], UUID) else asked["customer"],
        result=asked["result"] if asked["result"] in queries.RESULTS else "",
        cursor=cursor,
    )


def _convert(text: str, wanted: Any) -> Any:
    try:
        return msgspec.convert(text, wanted) if text else None
    except msgspec.ValidationError:
        return None


HANDLERS = [index]
