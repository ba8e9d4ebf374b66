"""Pages of lists of customers to call: all of them, one of them, and the customer who is called now."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from baton_plugins.telephony.calling import queries, services
from baton_plugins.telephony.calling.forms import ListInput
from baton_plugins.telephony.calling.models import CallList, ListLine, Script
from baton_plugins.telephony.calling.policies import SCRIPTS
from baton_plugins.telephony.policies import DIAL

from platform_core.api import (
    FOLLOW_UP_FORMS,
    Actor,
    Bound,
    EntityRef,
    FormData,
    Invalid,
    Request,
    Response,
    Session,
    bind,
    customer_audience,
    customer_get,
    customer_opened,
    decode_cursor,
    encode_cursor,
    get,
    initial,
    now,
    page,
    post,
    record,
    redirect,
    service_of,
    wants_fragment,
)

_ALL = "/lists"
_ONE = f"{_ALL}/{{list_id:uuid}}"
HOME = f"/calls{_ALL}"


@get(_ALL, permission=DIAL, name="telephony:lists")
def index(request: Request[Any, Any, Any], session: Session, actor: Actor, before: str = "") -> Response[str]:
    found, following = queries.page_of(session, UUID(str(decode_cursor(before, 1)[0])) if before else None)
    return page(
        request, "telephony/lists.html", active="calls", lists=found, show="lists",
        done=queries.done(session, [one.id for one in found]),
        audiences=customer_audience.choices(session, actor), may_script=actor.can(SCRIPTS),
        next_url=f"{HOME}?before={encode_cursor([following])}" if following else "",
    )  # fmt: skip


@post(_ALL, permission=DIAL, name="telephony:make_list")
def make(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """Of the customers that were ticked in the list, or of all that meet its conditions, a view or a group."""
    return redirect(request, services.begin(session, actor, customer_audience.of_form(session, actor, form)).url)


@get(_ONE, permission=DIAL, name="telephony:list")
def show(
    request: Request[Any, Any, Any], session: Session, actor: Actor, list_id: UUID, after: int = 0
) -> Response[str]:
    return _one(request, session, actor, services.get(session, list_id), after=after)


def _one(
    request: Request[Any, Any, Any], session: Session, actor: Actor, found: CallList, *, after: int = 0,
    form: Bound[ListInput] | None = None, status: int = 200,
) -> Response[str]:  # fmt: skip
    rows, following = queries.lines(session, found, after)
    record(session, actor, "telephony.view_list", found.ref, ids=[row.line.customer_id for row in rows])
    given = initial(ListInput, name=found.name, shared=found.shared, script_id=str(found.script_id or ""))
    scripts = [(str(one.id), one.name) for one in queries.scripts(session) if one.active or one.id == found.script_id]
    return page(
        request, "telephony/list.html", status=status, active="calls", found=found, rows=rows,
        progress=queries.progress(session, found), form=form or given, scripts=scripts,
        may_change=services.may_change(actor, found),
        next_url=f"{found.url}?after={following}" if following else "",
    )  # fmt: skip


@post(_ONE, permission=DIAL, name="telephony:change_list")
def change(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, list_id: UUID
) -> Response[str]:
    bound = bind(ListInput, form)
    if bound.ok:
        try:
            return redirect(request, services.change(session, actor, list_id, bound.require()).url)
        except Invalid as error:
            bound.add(error)
    return _one(request, session, actor, services.get(session, list_id), form=bound, status=422)


@post(f"{_ONE}/close", permission=DIAL, name="telephony:close_list")
def close(request: Request[Any, Any, Any], session: Session, actor: Actor, list_id: UUID) -> Response[str]:
    return redirect(request, services.close(session, actor, list_id).url)


@get(f"{_ONE}/call", permission=DIAL, name="telephony:calling")
def calling(request: Request[Any, Any, Any], session: Session, actor: Actor, list_id: UUID) -> Response[str]:
    """Whom the actor is at; nobody new is taken by looking."""
    found = services.get(session, list_id)
    return _calling(request, session, actor, found, services.current(session, actor, found))


@post(f"{_ONE}/next", permission=DIAL, name="telephony:next")
def following(request: Request[Any, Any, Any], session: Session, actor: Actor, list_id: UUID) -> Response[str]:
    """Whom the actor is at or, once that is written down, the next one."""
    found = services.get(session, list_id)
    line = services.take(session, actor, found)
    if not wants_fragment(request):
        return redirect(request, f"{found.url}/call")
    return _calling(request, session, actor, found, line, is_over=line is None)


@post(f"{_ONE}/put-off", permission=DIAL, name="telephony:put_off")
def put_off(request: Request[Any, Any, Any], session: Session, actor: Actor, list_id: UUID) -> Response[str]:
    found = services.get(session, list_id)
    services.put_off(session, actor, found)
    line = services.take(session, actor, found)
    if not wants_fragment(request):
        return redirect(request, f"{found.url}/call")
    return _calling(request, session, actor, found, line, is_over=line is None)


def _calling(
    request: Request[Any, Any, Any], session: Session, actor: Actor, found: CallList, line: ListLine | None, *,
    is_over: bool = False,
) -> Response[str]:  # fmt: skip
    customer = customer_get(session, line.customer_id) if line else None
    log_url = ""
    if customer is not None:
        customer_opened(session, actor, EntityRef("customers", "customer", customer.id, customer.name), customer.id)
        forms = service_of(session, FOLLOW_UP_FORMS)
        log_url = forms.log(customer.id, "out", now()) if forms else ""
    return page(
        request, "telephony/calling.html", partial="telephony/_calling.html", active="calls", found=found,
        customer=customer, log_url=log_url, progress=queries.progress(session, found), is_over=is_over,
        script=session.get(Script, found.script_id) if found.script_id else None,
    )  # fmt: skip


HANDLERS = [index, make, show, change, close, calling, following, put_off]
