"""The audit page and its exports. Reading is written down too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.audit import exporting, queries, sealing, services, texts
from platform_core.audit.queries import AuditQuery
from platform_core.contracts.identity import Actor
from platform_core.kernel.clock import today
from platform_core.web import csvs
from platform_core.web.lists.private import is_private
from platform_core.web.pages import page
from platform_core.web.requests import platform_of
from platform_core.web.routing import get

READ = "audit.read"
EXPORT = "audit.export"
_FILTERS = (
    "since", "until", "who", "actor", "what", "thing", "customer", "listed", "result", "ip", "via", "session",
)  # fmt: skip
_WORDS = ("who", "thing", "customer")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address narrows the page to, as text for the form and as a query."""

    filters: dict[str, str]
    query: AuditQuery
    shortened: bool
    """Words are searched for in fewer days than were asked for."""
    withheld: bool
    """A number or address of somebody was typed; such words must not lie in addresses and logs."""

    @property
    def links(self) -> dict[str, str]:
        """For links that keep what is asked."""
        return {name: value for name, value in self.filters.items() if value}

    @property
    def noted(self) -> dict[str, str]:
        return {name: value for name, value in self.links.items() if name not in {"since", "until"}} | {
            "since": str(self.query.since),
            "until": str(self.query.until),
        }


@get("/audit", permission=READ, name="audit:index")
def index(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    words = texts.Words(session, texts.everybodys(platform_of(request).manager))
    asked = _asked(request, words)
    entries, older = queries.entries(session, asked.query)
    services.record(session, actor, "audit.read", after=asked.noted)
    what, customer_id = asked.filters["what"], asked.query.customer_id
    return page(
        request, "audit/index.html", partial="audit/_entries.html", active="audit", entries=entries, older=older,
        asked=asked, texts=texts, words=words, actions=_choices(words, what), last=sealing.latest(session),
        about=queries.label_of(session, customer_id) if customer_id else "", days=queries.SEARCHED_DAYS,
    )  # fmt: skip


@get("/audit/export", permission=EXPORT, name="audit:export")
def export(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    """The lines that the page shows with the same address, without pages."""
    words = texts.Words(session, texts.everybodys(platform_of(request).manager))
    asked = _asked(request, words)
    rows = list(exporting.rows(session, asked.query, words))
    services.record(session, actor, "audit.export", after={**asked.noted, "lines": len(rows)})
    return csvs.answer(f"audit-{today()}.csv", exporting.titles(), rows)


def _choices(words: texts.Words, asked: str) -> list[tuple[str, str]]:
    """A beginning such as `customers.` that stands in the address stays what the page is narrowed by."""
    known = words.actions()
    return known if not asked or asked in dict(known) else [(asked, asked), *known]


def _asked(request: Request[Any, Any, Any], words: texts.Words) -> Asked:
    """Filters that cannot be read are left out; without days, the last seven."""
    asked = {name: request.query_params.get(name, "").strip()[:200] for name in _FILTERS}
    withheld = [name for name in _WORDS if convert(asked[name], UUID) is None and is_private(asked[name])]
    asked |= dict.fromkeys(withheld, "")
    recent = AuditQuery.recent()
    since = convert(asked["since"], date) or recent.since
    wanted = AuditQuery(
        since=since,
        until=max(convert(asked["until"], date) or recent.until, since),
        who=asked["who"],
        actor_id=convert(asked["actor"], UUID),
        what=asked["what"],
        is_whole=asked["what"] in dict(words.actions()),
        thing=asked["thing"],
        customer_id=convert(asked["customer"], UUID),
        customer="" if convert(asked["customer"], UUID) else asked["customer"],
        listed_id=convert(asked["listed"], UUID),
        result=asked["result"] if asked["result"] in queries.RESULTS else "",
        ip=asked["ip"],
        via=asked["via"] if asked["via"] in texts.VIAS else "",
        session_id=convert(asked["session"], UUID),
        cursor=request.query_params.get("before", ""),
    )
    query = wanted.bounded()
    filters = {**asked, "since": str(query.since), "until": str(query.until)}
    return Asked(filters, query, query.since != wanted.since, bool(withheld))


def convert(text: str, wanted: Any) -> Any:
    """The value, or None where the text is empty or cannot be read."""
    try:
        return msgspec.convert(text, wanted) if text else None
    except msgspec.ValidationError:
        return None


HANDLERS = [index, export]
