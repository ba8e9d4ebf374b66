"""Pages of what callers are to say."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from baton_plugins.telephony.calling import queries, services
from baton_plugins.telephony.calling.forms import ScriptInput
from baton_plugins.telephony.calling.models import Script
from baton_plugins.telephony.calling.policies import SCRIPTS

from platform_core.api import (
    Actor,
    Bound,
    FormData,
    Request,
    Response,
    Session,
    bind,
    get,
    initial,
    page,
    post,
    redirect,
)

_ALL = "/scripts"
_ONE = f"{_ALL}/{{script_id:uuid}}"
HOME = f"/calls{_ALL}"


@get(_ALL, permission=SCRIPTS, name="telephony:scripts")
def index(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    return _page(request, session, None, initial(ScriptInput, active=True))


@post(_ALL, permission=SCRIPTS, name="telephony:add_script")
def add(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    return _save(request, session, actor, form, None)


@get(_ONE, permission=SCRIPTS, name="telephony:script")
def one(request: Request[Any, Any, Any], session: Session, script_id: UUID) -> Response[str]:
    script = services.script_of(session, script_id)
    return _page(
        request, session, script, initial(ScriptInput, name=script.name, body=script.body, active=script.active)
    )


@post(_ONE, permission=SCRIPTS, name="telephony:save_script")
def save(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, script_id: UUID
) -> Response[str]:
    return _save(request, session, actor, form, services.script_of(session, script_id))


def _save(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, script: Script | None
) -> Response[str]:
    bound = bind(ScriptInput, form)
    if not bound.ok:
        return _page(request, session, script, bound, status=422)
    services.save_script(session, actor, script, bound.require())
    return redirect(request, HOME)


def _page(
    request: Request[Any, Any, Any], session: Session, script: Script | None, form: Bound[ScriptInput],
    status: int = 200,
) -> Response[str]:  # fmt: skip
    return page(
        request, "telephony/scripts.html", status=status, active="calls", scripts=queries.scripts(session),
        script=script, form=form, action=f"{HOME}/{script.id}" if script else HOME,
    )  # fmt: skip


HANDLERS = [index, add, one, save]
