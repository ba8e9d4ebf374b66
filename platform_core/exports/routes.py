"""My requests, asking for a file, deciding about one, fetching it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response
from litestar.response import Stream
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.exports import asking, deciding, keeping, making, sources
from platform_core.exports.asking import APPROVE, Asked
from platform_core.exports.deciding import Decision
from platform_core.exports.wording import STATES
from platform_core.kernel.clock import today
from platform_core.kernel.database import database_of
from platform_core.kernel.errors import BatonError, Forbidden, Invalid
from platform_core.kernel.i18n import translator
from platform_core.users import stepup
from platform_core.web.endpoint import SIGNED_IN
from platform_core.web.forms import Bound, FormData, bind
from platform_core.web.notices import Notice
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_ = translator("exports")
_TYPES = {
    "csv": "text/csv",
    "zip": "application/zip",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def query_of(request: Request[Any, Any, Any]) -> str:
    """The conditions of the page that led here: everything but what they are of."""
    return urlencode([pair for pair in request.query_params.multi_items() if pair[0] != "of"])


@get("/exports", permission=SIGNED_IN, name="exports:mine", opt={"personal": True})
def mine(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    return page(
        request, "exports/mine.html", active="exports", lines=asking.of_person(session, actor), states=STATES,
        most=making.MOST_DOWNLOADS,
    )  # fmt: skip


@get("/exports/new", permission=SIGNED_IN, name="exports:new")
def new(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    form: Bound[Asked] = Bound(values={"source": request.query_params.get("of", ""), "query": query_of(request)})
    return _new(request, session, actor, form)


def _new(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: Bound[Asked], chosen: list[str] | None = None
) -> Response[str]:
    source = sources.find(session, actor, form.get("source"))
    query = source.query(session, actor, form.get("query"))
    columns = source.columns(session, actor)
    return page(
        request, "exports/new.html", active="exports", status=422 if form.errors else 200, source=source, query=query,
        conditions=source.conditions(session, actor, query), columns=columns, form=form,
        chosen=chosen or [item.key for item in columns if item.chosen],
        number=source.count(session, actor, query),
    )  # fmt: skip


@post("/exports/new", permission=SIGNED_IN, name="exports:ask")
def ask(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    bound = bind(Asked, form)
    if bound.ok:
        try:
            made = asking.ask(session, actor, bound.require())
        except Invalid as error:
            bound.add(error)
        else:
            notice = Notice(_("Asked. You are told when somebody has decided."))
            return redirect(request, f"/exports/{made.id}", notice)
    return _new(request, session, actor, bound, form.getlist("columns"))


@get("/exports/waiting", permission=APPROVE, name="exports:waiting")
def waiting(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    return page(
        request, "exports/waiting.html", active="exports", lines=asking.waiting(session),
        decided=asking.decided(session), states=STATES,
    )  # fmt: skip


@get("/exports/{request_id:uuid}", permission=SIGNED_IN, name="exports:request")
def show(request: Request[Any, Any, Any], session: Session, actor: Actor, request_id: UUID) -> Response[str]:
    return _show(request, session, actor, request_id, Bound())


def _show(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    request_id: UUID,
    form: Bound[Any],
    *,
    status: int = 200,
    refused: str = "",
) -> Response[str]:
    line = asking.readable(session, actor, request_id)
    own = line.request.requester_id == actor.user_id
    undecided = line.request.state == "asked"
    to_decide = undecided and not own and actor.can(APPROVE)
    asked = stepup.asks(request, session, actor, always=True, refused=refused) if to_decide else stepup.Asked()
    return page(
        request, "exports/request.html", active="exports", status=status, line=line, own=own, form=form,
        states=STATES, most=making.MOST_DOWNLOADS, to_decide=to_decide,
        number=deciding.number_now(session, line.request) if to_decide else None,
        asked=asked,
    )  # fmt: skip


@post("/exports/{request_id:uuid}/decide", permission=APPROVE, name="exports:decide")
def decide(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, request_id: UUID
) -> Response[str]:
    """Needs a proof that whoever decides is there.

    A wrong one is answered with the form and 200: a refusal would be rolled back, and the guess would not count.
    """
    only_people(actor)
    bound = bind(Decision, form)
    if not bound.ok:
        return _show(request, session, actor, request_id, bound, status=422)
    refused = stepup.check(request, session, actor, form, "exports.approve", always=True)
    if refused:
        return _show(request, session, actor, request_id, bound, refused=refused)
    try:
        deciding.decide(session, actor, request_id, bound.require())
    except Invalid as error:
        return _show(request, session, actor, request_id, bound.add(error), status=422)
    return redirect(request, "/exports/waiting", Notice(_("Decided. Who asked is told.")))


@post("/exports/{request_id:uuid}/withdraw", permission=SIGNED_IN, name="exports:withdraw")
def withdraw(request: Request[Any, Any, Any], session: Session, actor: Actor, request_id: UUID) -> Response[str]:
    asking.withdraw(session, actor, request_id)
    return redirect(request, "/exports", Notice(_("The request is taken back.")))


@post("/exports/{request_id:uuid}/fetch", permission=SIGNED_IN, name="exports:fetch", opt={"unkept": True})
def fetch(request: Request[Any, Any, Any], session: Session, actor: Actor, request_id: UUID) -> Response[Any]:
    """The file; counted, so no link that a browser follows by itself."""
    only_people(actor)
    try:
        made = making.fetch(session, actor, request_id)
    except BatonError as error:
        return _show(request, session, actor, request_id, Bound(errors={"": error.message}), status=error.status)
    name = f"{made.source.rpartition(':')[2]}-{today():%Y%m%d}.{made.form}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    is_last = made.downloads >= making.MOST_DOWNLOADS
    content = keeping.handed_out(database_of(session), made.id, is_last=is_last)
    return Stream(content, media_type=_TYPES[made.form], headers=headers, status_code=200)


def only_people(actor: Actor) -> None:
    """A token has nobody at its desk who could be asked who they are."""
    if actor.via != "page":
        raise Forbidden(_("Programs neither decide about files nor fetch them. Sign in and use the page."))


HANDLERS = [mine, new, ask, waiting, show, decide, withdraw, fetch]
