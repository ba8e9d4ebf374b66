"""The page on which a table becomes rows of a plugin."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.admin import importing
from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.contracts.importing import ImportTarget
from platform_core.kernel.i18n import translator
from platform_core.kernel.unitofwork import tried
from platform_core.web import csvs
from platform_core.web.endpoint import SIGNED_IN
from platform_core.web.forms import FormData
from platform_core.web.notices import Notice
from platform_core.web.pages import page, redirect
from platform_core.web.requests import platform_of
from platform_core.web.routing import get, post

_ = translator("admin")


@get("/import/{key:str}", permission=SIGNED_IN, name="admin:import")
def show(request: Request[Any, Any, Any], session: Session, actor: Actor, key: str) -> Response[str]:
    return _page(request, importing.find(platform_of(request), actor, key).value, importing.Result())


@get("/import/{key:str}/table", permission=SIGNED_IN, name="admin:import_table")
def table(request: Request[Any, Any, Any], session: Session, actor: Actor, key: str) -> Response[str]:
    """An empty table to fill in."""
    target = importing.find(platform_of(request), actor, key).value
    return csvs.answer(f"{key}.csv", target.columns.values(), ())


@post("/import/{key:str}", permission=SIGNED_IN, name="admin:run_import")
def run(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, key: str) -> Response[str]:
    platform = platform_of(request)
    item = importing.find(platform, actor, key)
    if form.get("check"):
        with tried(session):
            result = importing.run(platform, session, actor, item, form.file("file"))
        return _page(request, item.value, result, status=422 if result.faults else 200)
    result = importing.run(platform, session, actor, item, form.file("file"))
    if result.faults:
        return _page(request, item.value, result, status=422)
    audit.record(session, actor, "admin.import", after={"target": key, "rows": result.added})
    text = _.ngettext("Added %(num)d row.", "Added %(num)d rows.", result.added)
    return redirect(request, item.value.url, Notice(text))


def _page(
    request: Request[Any, Any, Any], target: ImportTarget, result: importing.Result, *, status: int = 200
) -> Response[str]:
    return page(
        request, "admin/import.html", status=status, target=target, result=result, limits=importing.LIMITS,
        cut=len(result.faults) >= importing.MOST_FAULTS,
    )  # fmt: skip


HANDLERS = [show, table, run]
