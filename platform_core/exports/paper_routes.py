"""Printing: the reason first, then a page that prints. Every other page prints a notice instead of its rows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.exports import making, printing, sources
from platform_core.exports.printing import Printing
from platform_core.exports.routes import query_of
from platform_core.kernel.i18n import translator
from platform_core.web.endpoint import SIGNED_IN
from platform_core.web.forms import Bound, FormData, bind
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_ = translator("exports")


@get("/papers/new", permission=SIGNED_IN, name="exports:new_paper")
def new(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    form: Bound[Printing] = Bound(values={"source": request.query_params.get("of", ""), "query": query_of(request)})
    return _new(request, session, actor, form)


def _new(request: Request[Any, Any, Any], session: Session, actor: Actor, form: Bound[Printing]) -> Response[str]:
    source = sources.find(session, actor, form.get("source"))
    query = source.query(session, actor, form.get("query"))
    return page(
        request, "exports/new_paper.html", status=422 if form.errors else 200, source=source, query=query, form=form,
        conditions=source.conditions(session, actor, query), number=source.count(session, actor, query),
        most=printing.MOST,
    )  # fmt: skip


@post("/papers/new", permission=SIGNED_IN, name="exports:print")
def print_rows(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    bound = bind(Printing, form)
    if not bound.ok:
        return _new(request, session, actor, bound)
    paper = printing.prepare(session, actor, bound.require())
    return redirect(request, f"/papers/{paper.id}")


@get("/papers/{paper_id:uuid}", permission=SIGNED_IN, name="exports:paper", opt={"personal": True})
def paper(request: Request[Any, Any, Any], session: Session, actor: Actor, paper_id: UUID) -> Response[str]:
    sheet = printing.sheet(session, actor, paper_id)
    return page(request, "exports/paper.html", sheet=sheet, mark=making.mark_of(actor, paper_id), text=printing.text)


HANDLERS = [new, print_rows, paper]
