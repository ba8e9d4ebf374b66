"""The workbench: everybody's first page, made of the sections that plugins contribute, each piece isolated."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.contracts.pages import WorkItem, WorkSection
from platform_core.kernel.clock import local, now
from platform_core.kernel.i18n import translator
from platform_core.plugins.hooks import PoisonedTransactionError
from platform_core.plugins.registry import Owned
from platform_core.relay import inbox, panels
from platform_core.web import leftout
from platform_core.web.pages import PageContext, page
from platform_core.web.requests import platform_of
from platform_core.web.routing import SIGNED_IN, get

_ = translator("relay")
_log = logging.getLogger(__name__)
_DEFAULT_ROWS = {"main": "relay/_work_row.html", "side": "relay/_work_line.html", "top": "relay/_work_row.html"}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A section with its items rendered. `listed`: they are list items, so they belong into a list."""

    section: WorkSection
    html: Markup
    listed: bool
    failed: bool


@get("/", permission=SIGNED_IN, name="relay:workbench")
def workbench(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    platform = platform_of(request)
    shell = PageContext(platform, request, actor, "workbench")
    found = sorted(platform.hooks.workbench(session, actor), key=lambda item: (item.value.order, item.value.key))
    shown = {work.customer_id for item in found for work in item.value.items if work.customer_name}
    audit.record(session, actor, "relay.workbench", ids=sorted(shown))
    drawn = [_draw(request, item, shell) for item in found]
    main = [item for item in drawn if item.section.place == "main" and (item.section.items or item.failed)]
    counts = {item.section.tone: len(item.section.items) for item in reversed(main)}
    return page(
        request,
        "relay/workbench.html",
        active="workbench",
        greeting=_greeting(actor.name),
        lede=_lede(counts.get("red", 0), counts.get("amber", 0), bool(main)),
        main=main,
        waiting=any(item.section.items for item in drawn if item.section.key == panels.WAITING),
        top=[item.html for item in drawn if item.section.place == "top"],
        side=[item for item in drawn if item.section.place == "side"],
        left_out=leftout.cards(platform, shell, session, ["baton_workbench"]),
        heads_inbox=inbox.heads_inbox(actor),
        first_steps=_first_steps(actor) if not main else [],
    )


def _greeting(name: str) -> str:
    hour = local(now()).hour
    if hour < 5 or hour >= 18:
        return _("Good evening, %(name)s", name=name)
    return _("Good morning, %(name)s", name=name) if hour < 12 else _("Good afternoon, %(name)s", name=name)


def _lede(overdue: int, today: int, anything: bool) -> str:  # noqa: FBT001  a sentence for each case
    if overdue:
        first = _.ngettext("%(num)s thing is overdue.", "%(num)s things are overdue.", overdue)
        rest = _.ngettext("%(num)s more for today.", "%(num)s more for today.", today) if today else ""
        return _("%(first)s %(second)s", first=first, second=rest) if rest else first
    if today:
        return _.ngettext("%(num)s thing for today.", "%(num)s things for today.", today)
    return _("Nothing is left for today.") if anything else ""


def _first_steps(actor: Actor) -> list[tuple[str, str, str]]:
    """(label, address, icon) of what somebody with an empty workbench can do first."""
    steps = [
        ("customers.create", _("Add a customer"), "/customers/new", "user-plus"),
        ("customers.import", _("Import a spreadsheet"), "/customers/import", "file-import"),
        ("customers.view", _("Look at the customers"), "/customers", "building-skyscraper"),
        ("users.manage", _("Invite colleagues"), "/settings/users", "users"),
    ]
    return [(label, url, icon) for permission, label, url, icon in steps if actor.can(permission)][:3]


def _draw(request: Request[Any, Any, Any], owned: Owned[WorkSection], shell: PageContext) -> Drawn:
    """One broken row costs its section, not the page."""
    platform, section = platform_of(request), owned.value
    try:
        rows = [_row(request, item, section, shell) for item in section.items]
    except SQLAlchemyError as error:
        raise PoisonedTransactionError(owned.owner) from error
    except Exception as error:
        platform.hooks.fault(owned.owner, "template", f"section {section.key}", error)
        html = platform.templates.markup("_panel_error.html", {"title": section.label, "page": shell}, shell.theme)
        return Drawn(section, html, listed=False, failed=True)
    listed = all(row.lstrip().startswith("<li") for row in rows)
    return Drawn(section, Markup("").join(rows), listed=listed, failed=False)


def _row(request: Request[Any, Any, Any], item: WorkItem, section: WorkSection, shell: PageContext) -> Markup:
    values = {**item.context, "item": item, "section": section, "page": shell}
    template = item.template or _DEFAULT_ROWS[section.place]
    return platform_of(request).templates.markup(template, values, shell.theme)


HANDLERS = [workbench]
