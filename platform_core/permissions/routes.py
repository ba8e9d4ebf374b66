"""Setting up the first administrator."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.kernel.errors import Invalid
from platform_core.permissions import (
    delegation_routes,
    looking_routes,
    role_routes,
    setup,
    signin_rule_routes,
    team_routes,
)
from platform_core.users import passwordpolicy
from platform_core.users.routes import password_note, welcomed
from platform_core.web.endpoint import PUBLIC
from platform_core.web.forms import Bound, FormData, bind, initial
from platform_core.web.pages import page
from platform_core.web.routing import get, post


@get("/setup/{code:str}", permission=PUBLIC, name="permissions:setup")
def show_setup(request: Request[Any, Any, Any], session: Session, code: str) -> Response[str]:
    user = setup.holder_of(session, code)
    return _page(request, session, initial(setup.SetupInput, login=user.login))


@post("/setup/{code:str}", permission=PUBLIC, name="permissions:complete_setup")
def complete_setup(request: Request[Any, Any, Any], session: Session, form: FormData, code: str) -> Response[str]:
    setup.holder_of(session, code)
    bound: Bound[setup.SetupInput] = bind(setup.SetupInput, form)
    try:
        user = setup.complete(session, code, bound.require())
    except Invalid as error:
        return _page(request, session, bound.add(error), status=422)
    return welcomed(request, session, user)


@post("/setup/{code:str}/check", permission=PUBLIC, name="permissions:check_setup")
def check_setup(request: Request[Any, Any, Any], session: Session, form: FormData, code: str) -> Response[str]:
    """What is wrong with a password that has just been typed; stores nothing."""
    return password_note(request, session, form, setup.holder_of(session, code))


def _page(request: Request[Any, Any, Any], session: Session, form: Bound[Any], *, status: int = 200) -> Response[str]:
    policy = passwordpolicy.read(session)
    return page(request, "permissions/setup.html", status=status, form=form, policy=policy)


HANDLERS = [
    *role_routes.HANDLERS, *team_routes.HANDLERS, *delegation_routes.HANDLERS, *looking_routes.HANDLERS,
    *signin_rule_routes.HANDLERS, show_setup, complete_setup, check_setup,
]  # fmt: skip
