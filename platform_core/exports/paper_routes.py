"""Printing: the reason first, then a page that prints. Every other page prints a notice instead of its rows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import selecting
from platform_core.customers.listing import CUSTOMERS
from platform_core.exports import lettering, making, paper_files, printing, sources
from platform_core.exports.labelsheets import SHEETS
from platform_core.exports.models import Paper
from platform_core.exports.printing import Printing
from platform_core.exports.routes import only_people, query_of
from platform_core.exports.wording import KINDS
from platform_core.kernel.clock import today
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.web.endpoint import SIGNED_IN
from platform_core.web.forms import Bound, FormData, bind
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_ = translator("exports")
_ONE = "/papers/{paper_id:uuid}"
_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@get("/papers/new", permission=SIGNED_IN, name="exports:new_paper")
def new(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    form: Bound[Printing] = Bound(values={"source": request.query_params.get("of", ""), "query": query_of(request)})
    return _new(request, session, actor, form)


@post("/papers/chosen", permission="customers.export", name="exports:chosen")
def chosen(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """Of the customers that were ticked in the list, or of all that meet its conditions."""
    if form.get("whole"):
        made = printing.draft(session, actor, printing.OF_CUSTOMERS, form.get("state"), None)
    else:
        ids = selecting.chosen(session, actor, CUSTOMERS, form, printing.MOST).ids
        made = printing.draft(session, actor, printing.OF_CUSTOMERS, "", ids)
    return redirect(request, f"/papers/{made.id}")


def _new(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: Bound[Printing], draft: Paper | None = None
) -> Response[str]:
    source = sources.find(session, actor, draft.source if draft else form.get("source"))
    query = source.query(session, actor, draft.query if draft else form.get("query"))
    ids = draft.ids if draft else None
    kinds = [(key, str(KINDS[key])) for key in printing.kinds(source)]
    return page(
        request, "exports/new_paper.html", status=422 if form.errors else 200, source=source, query=query, form=form,
        conditions=[_("The chosen rows")] if ids is not None else source.conditions(session, actor, query),
        number=source.count(session, actor, query) if ids is None else len(ids), most=printing.MOST, draft=draft,
        kinds=kinds, sheets=[(sheet.key, sheet.label) for sheet in SHEETS.values()],
        letters=[(str(row.id), row.name) for row in lettering.known(session)] if len(kinds) > 1 else [],
        may_reveal=actor.can("customers.reveal"),
    )  # fmt: skip


@post("/papers/new", permission=SIGNED_IN, name="exports:print")
def print_rows(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    bound = bind(Printing, form)
    if bound.ok:
        try:
            paper = printing.prepare(session, actor, bound.require())
        except Invalid as error:
            bound.add(error)
        else:
            return redirect(request, f"/papers/{paper.id}")
    key = bound.get("paper")
    draft = printing.mine(session, actor, UUID(key)) if key and "paper" not in bound.errors else None
    return _new(request, session, actor, bound, draft)


@get(_ONE, permission=SIGNED_IN, name="exports:paper", opt={"personal": True})
def paper(request: Request[Any, Any, Any], session: Session, actor: Actor, paper_id: UUID) -> Response[str]:
    found = printing.mine(session, actor, paper_id)
    if found.state == "draft":
        return _new(request, session, actor, Bound(values={"paper": str(found.id)}), found)
    if found.kind in printing.FILES:
        url = sources.find(session, actor, found.source).url
        return page(
            request, "exports/paper_file.html", partial="exports/_paper_file.html", paper=found, url=url,
            state=paper_files.state_of(session, found), kind=KINDS[found.kind], ending=printing.FILES[found.kind],
            left_out=paper_files.without_address(session, actor, found),
        )  # fmt: skip
    sheet = printing.sheet(session, actor, found)
    title = sheet.source.title if found.kind == "table" else str(KINDS[found.kind])
    mark = making.mark_of(actor, paper_id)
    return page(request, "exports/paper.html", sheet=sheet, title=title, mark=mark, text=printing.text)


@post(f"{_ONE}/fetch", permission=SIGNED_IN, name="exports:fetch_paper", opt={"unkept": True})
def fetch(request: Request[Any, Any, Any], session: Session, actor: Actor, paper_id: UUID) -> Response[Any]:
    """Labels or letters; written down, so no link that a browser follows by itself."""
    only_people(actor)
    made, content = paper_files.fetch(session, actor, paper_id)
    ending = printing.FILES[made.kind]
    headers = {"content-disposition": f'attachment; filename="{made.kind}-{today():%Y%m%d}.{ending}"'}
    return Response(content, media_type=_TYPES[ending], headers=headers)


HANDLERS = [new, chosen, print_rows, paper, fetch]
