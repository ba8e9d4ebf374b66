"""The reports page with its tiles, and each report as a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.contracts.reports import Report, ReportQuery, Widget
from platform_core.kernel.i18n import translator
from platform_core.plugins.hooks import PoisonedTransactionError
from platform_core.plugins.registry import Owned
from platform_core.reports import running
from platform_core.reports.taking import EXPORT
from platform_core.web import leftout
from platform_core.web.endpoint import SIGNED_IN
from platform_core.web.pages import PageContext, page
from platform_core.web.requests import platform_of
from platform_core.web.routing import get

_ = translator("reports")


@dataclass(frozen=True, slots=True)
class Group:
    """Reports of one owner."""

    title: str
    reports: tuple[Report, ...]


@get("/", permission=SIGNED_IN, name="reports:index")
def index(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    return page(
        request, "reports/index.html", active="reports", groups=_groups(request, actor),
        tiles=_tiles(request, session, actor),
    )  # fmt: skip


def _groups(request: Request[Any, Any, Any], actor: Actor) -> list[Group]:
    manager = platform_of(request).manager
    found: dict[str, list[Report]] = {}
    for item in manager.declared.reports.owned():
        if actor.can(item.value.permission):
            found.setdefault(item.owner, []).append(item.value)
    return [
        Group(str(manager.plugins[owner].info.title), tuple(sorted(reports, key=lambda report: report.order)))  # type: ignore[union-attr]
        for owner, reports in found.items()
    ]


def _tiles(request: Request[Any, Any, Any], session: Session, actor: Actor) -> list[Markup]:
    """Each tile is drawn by itself: a template that fails costs its own tile."""
    platform = platform_of(request)
    shell = PageContext(platform, request, actor, "reports")
    found = platform.hooks.dashboard_widgets(session, actor)
    tiles = []
    for item in sorted(found, key=lambda item: (item.value.order, item.value.key)):
        widget: Widget = item.value
        values = {**widget.context, "widget": widget, "page": shell}
        try:
            tiles.append(platform.templates.markup(widget.template or "reports/_tile.html", values, shell.theme))
        except SQLAlchemyError as error:
            raise PoisonedTransactionError(item.owner) from error
        except Exception as error:
            platform.hooks.fault(item.owner, "template", f"widget {widget.key}", error)
            failed = {"title": widget.title, "page": shell}
            tiles.append(platform.templates.markup("_panel_error.html", failed, shell.theme))
    return [*tiles, *leftout.cards(platform, shell, session, ["baton_dashboard_widgets"])]


@dataclass(frozen=True, slots=True)
class Reading:
    """A report, as it is asked for."""

    item: Owned[Report]
    choices: running.Choices
    query: ReportQuery

    @property
    def report(self) -> Report:
        return self.item.value

    @property
    def asked(self) -> dict[str, str]:
        return running.pairs_of(self.report, self.query)


@get("/{key:str}", permission=SIGNED_IN, name="reports:report")
def show(request: Request[Any, Any, Any], session: Session, actor: Actor, key: str) -> Response[str]:
    return _page(request, session, actor, _asked(request, session, actor, key, running.ON_PAGE))


def _asked(request: Request[Any, Any, Any], session: Session, actor: Actor, key: str, limit: int) -> Reading:
    platform = platform_of(request)
    item = running.find(platform, actor, key)
    choices = running.choices_of(platform, session, actor, item)
    return Reading(item, choices, running.query_of(dict(request.query_params), choices, limit))


def _page(request: Request[Any, Any, Any], session: Session, actor: Actor, reading: Reading) -> Response[str]:
    answer = running.ask(platform_of(request), session, actor, reading.item, reading.query)
    rows = len(answer.rows) if answer else 0
    audit.record(session, actor, "reports.view", after={"report": reading.report.key, "rows": rows, **reading.asked})
    return page(
        request,
        "reports/report.html",
        active="reports",
        report=reading.report,
        query=reading.query,
        answer=answer,
        choices=reading.choices,
        text=running.as_text,
        may_export=actor.can(EXPORT),
        asked=urlencode(reading.asked),
    )


HANDLERS = [index, show]
