"""Pages of the register of what persons ask for."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import fields
from platform_core.kernel import dictionaries
from platform_core.kernel.clock import today
from platform_core.kernel.errors import BatonError, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.privacy import people, register, showing
from platform_core.privacy.dictionaries import SOURCES
from platform_core.privacy.forms import Closing, Correction, ReasonInput, RequestInput
from platform_core.privacy.policies import HANDLE
from platform_core.privacy.wording import ACTS, KINDS, STATES
from platform_core.web import whom
from platform_core.web.forms import Bound, FormData, bind
from platform_core.web.notices import Notice
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_ = translator("privacy")
_PAGE = "/privacy/requests"
_ONE = f"{_PAGE}/{{request_id:uuid}}"


@get(_PAGE, permission=HANDLE, name="privacy:register")
def index(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    closed = request.query_params.get("closed") == "1"
    found = register.looked_through(session, actor, closed=closed)
    return page(
        request, "privacy/register.html", active="privacy", found=found, closed=closed, kinds=KINDS, states=STATES,
        today=today(),
    )  # fmt: skip


@get(f"{_PAGE}/new", permission=HANDLE, name="privacy:new_request")
def new(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    return _new(request, session, actor, _asked_about(request.query_params), Bound())


@post(f"{_PAGE}/new", permission=HANDLE, name="privacy:register_request")
def register_request(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    bound, about = bind(RequestInput, form), _asked_about(form)
    if bound.ok:
        try:
            made = register.register(session, actor, bound.require(), about.customer_id, about.contact_id)
        except Invalid as error:
            bound.add(error)
        else:
            return redirect(request, f"{_PAGE}/{made.id}", Notice(_("Registered.")))
    return _new(request, session, actor, about, bound)


class _About(NamedTuple):
    customer_id: UUID | None
    contact_id: UUID | None


def _asked_about(given: Any) -> _About:
    """Whom the address or the form names: a customer, a contact that stands alone, or nobody."""
    try:
        return _About(*(UUID(text) if (text := given.get(name, "")) else None for name in ("customer", "contact")))
    except ValueError:
        raise NotFound(_("There is no such person, or not for you.")) from None


def _new(
    request: Request[Any, Any, Any], session: Session, actor: Actor, about: _About, form: Bound[RequestInput]
) -> Response[str]:
    who = people.by_ids(session, *about)
    if who is not None:
        people.opened(session, actor, who, "privacy.view")
    return page(
        request, "privacy/request_new.html", active="privacy", status=422 if form.errors else 200, form=form,
        who=showing.subject(who) if who else None, asked=about, kinds=list(KINDS.items()),
        sources=dictionaries.choices(session, SOURCES), today=today(),
    )  # fmt: skip


@get(_ONE, permission=HANDLE, name="privacy:request")
def show(request: Request[Any, Any, Any], session: Session, actor: Actor, request_id: UUID) -> Response[str]:
    return _show(request, session, actor, request_id, Bound())


def _show(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    request_id: UUID,
    form: Bound[Any],
    message: str = "",
) -> Response[str]:
    item = register.find(session, actor, request_id)
    who = register.looked_at(session, actor, item)
    acts = register.acts_of(session, item)
    return page(
        request, "privacy/request.html", active="privacy", status=422 if form.errors or message else 200, form=form,
        message=message, item=item, who=showing.subject(who) if who else None, kinds=KINDS, states=STATES,
        today=today(),
        source=dictionaries.label(session, SOURCES, item.source),
        acts=[(act, ACTS.get(act.what, act.what), _changes(act)) for act in acts],
        fields=[(name, fields.label(name)) for name in (register.correctable(who) if who else ())],
    )  # fmt: skip


def _changes(act: Any) -> list[tuple[str, str, str]]:
    return [
        (fields.label(name), str(act.before.get(name) or ""), str(act.after.get(name) or "")) for name in act.before
    ]


@post(f"{_ONE}/correct", permission=HANDLE, name="privacy:correct")
def correct(
    request: Request[Any, Any, Any], session: Session, actor: Actor, request_id: UUID, form: FormData
) -> Response[str]:
    bound = bind(Correction, form)
    if bound.ok:
        try:
            register.correct(session, actor, request_id, bound.require())
        except Invalid as error:
            bound.add(error)
        else:
            return redirect(request, f"{_PAGE}/{request_id}", Notice(_("Corrected. What it said before is kept here.")))
    return _show(request, session, actor, request_id, bound)


@post(f"{_ONE}/restrict", permission=HANDLE, name="privacy:restrict_on_request")
def restrict(
    request: Request[Any, Any, Any], session: Session, actor: Actor, request_id: UUID, form: FormData
) -> Response[str]:
    bound = bind(ReasonInput, form)
    if not bound.ok:
        return _show(request, session, actor, request_id, bound)
    register.restrict(session, actor, request_id, bound.require().reason)
    return redirect(request, f"{_PAGE}/{request_id}", Notice(_("Restricted: the record is kept and not used.")))


@post(f"{_ONE}/close", permission=HANDLE, name="privacy:close")
def close(
    request: Request[Any, Any, Any], session: Session, actor: Actor, request_id: UUID, form: FormData
) -> Response[str]:
    bound = bind(Closing, form)
    if bound.ok:
        try:
            register.close(session, actor, request_id, bound.require())
        except Invalid as error:
            bound.add(error)
        except BatonError as error:
            return _show(request, session, actor, request_id, bound, whom.told(session, actor, error))
        else:
            return redirect(request, f"{_PAGE}/{request_id}", Notice(_("Closed.")))
    return _show(request, session, actor, request_id, bound)


HANDLERS = [index, new, register_request, show, correct, restrict, close]
