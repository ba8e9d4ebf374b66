"""The page of the themes: what the house wears, what people may choose, and what is wrong with which."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.admin import theming
from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import Invalid
from platform_core.plugins import faults
from platform_core.web.forms import FormData
from platform_core.web.pages import page, redirect
from platform_core.web.requests import platform_of
from platform_core.web.routing import get, post
from platform_core.web.themes import house_of


@get("/settings/themes", permission="admin.plugins", name="admin:themes")
def themes(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    return _page(request, session)


@post("/settings/themes", permission="admin.plugins", name="admin:choose_themes")
def choose(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    known = platform_of(request).templates.themes
    try:
        theming.choose(session, actor, known, form.get("default"), form.getlist("offered"))
    except Invalid as error:
        return _page(request, session, message=error.message, status=422)
    return redirect(request, "/settings/themes?done=1")


def _page(request: Request[Any, Any, Any], session: Session, *, message: str = "", status: int = 200) -> Response[str]:
    platform = platform_of(request)
    known, house = platform.templates.themes, house_of(session)
    platform.manager.faults.save_in(session)
    failed = faults.counts(session)
    return page(
        request, "admin/themes.html", active="themes", status=status, message=message, found=list(known.found.values()),
        usable={item.name for item in known.sound()}, offered={item.name for item in known.offered(house)},
        house=known.pick("", house).name, wearers=theming.wearers(session),
        failures={item.name: failed.get(item.fault_owner, 0) for item in known.found.values()},
        latest={item.name: [faults.described(row) for row in faults.recent(session, item.fault_owner)[:3]]
                for item in known.found.values() if failed.get(item.fault_owner)},
        done="done" in request.query_params,
    )  # fmt: skip


HANDLERS = [themes, choose]
