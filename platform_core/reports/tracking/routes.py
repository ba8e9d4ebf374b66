"""The page of everything that happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, TypeVar
from urllib.parse import urlencode

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.kernel.clock import local
from platform_core.kernel.i18n import translator
from platform_core.reports.taking import EXPORT
from platform_core.reports.tracking import asking, reading
from platform_core.reports.tracking.reading import Line, Stretch
from platform_core.web import formats
from platform_core.web.lists.private import masked
from platform_core.web.pages import page
from platform_core.web.requests import platform_of
from platform_core.web.routing import get

_ = translator("reports")
PATH = "/tracking"
VIEW = "customers.view"
_LONGEST = 30.0
"""Seconds that a source may take"""
T = TypeVar("T")


@get("/", permission=VIEW, name="reports:tracking")
def index(request: Request[Any, Any, Any], session: Session, actor: Actor, after: str = "") -> Response[str]:
    platform = platform_of(request)
    sources = asking.allowed(platform.manager.declared.happenings.owned(), actor)
    asked = asking.read(session, actor, sources, dict(request.query_params))

    def watched(owner: str, name: str, call: Callable[[], T], own: Session, /) -> T | None:
        return platform.hooks.guarded(owner, name, call, own, limit=_LONGEST)

    found = Stretch(())
    if asked.asked is not None:
        found = reading.read(session, actor, sources, asked.asked, after=after, run=watched)
        note(session, actor, asked, found.lines)
    return page(
        request, "reports/tracking.html", active="tracking", status=200 if asked.asked else 422, asked=asked,
        form=asked.form, days=_days(found.lines), failed=_titles(request, found.failed), pairs=asked.pairs,
        following=_url({**asked.pairs, "after": found.after}) if found.after else "",
        first_url=_url(asked.pairs) if after else "", taken=urlencode(asked.pairs), may_export=actor.can(EXPORT),
        most=asking.MOST_DAYS, most_of_words=asking.MOST_DAYS_OF_WORDS, plain=PATH,
    )  # fmt: skip


def note(session: Session, actor: Actor, asked: asking.Reading, lines: Sequence[Line]) -> None:
    """What was asked and whose rows were shown."""
    ids = list(dict.fromkeys(line.customer_id for line in lines if line.customer_id is not None))
    shown = {**asked.pairs, "rows": len(lines)}
    shown |= {name: masked(str(shown[name])) for name in ("name", "words") if name in shown}
    audit.record(session, actor, "reports.tracking", ids=ids, after=shown)


def _days(lines: Sequence[Line]) -> list[tuple[str, list[Line]]]:
    days: dict[date, list[Line]] = {}
    for line in lines:
        days.setdefault(local(line.at).date(), []).append(line)
    return [(formats.day(day), found) for day, found in days.items()]


def _titles(request: Request[Any, Any, Any], owners: Sequence[str]) -> list[str]:
    plugins = platform_of(request).manager.plugins
    return [str(plugins[owner].info.title) for owner in owners]  # type: ignore[union-attr]


def _url(pairs: dict[str, str]) -> str:
    return f"{PATH}?{urlencode(pairs)}"


HANDLERS = [index]
