"""The role matrix, and setting up the first administrator."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import Invalid
from platform_core.permissions import queries, setup
from platform_core.web.endpoint import PUBLIC
from platform_core.web.forms import Bound, FormData, bind, initial
from platform_core.web.pages import page, redirect
from platform_core.web.requests import platform_of
from platform_core.web.routing import get, post


@get("/settings/roles", permission="permissions.manage", name="permissions:roles")
def roles(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    found, groups = queries.matrix(session, platform_of(request).manager)
    return page(
        request, "permissions/roles.html", active="roles",
        roles=found, groups=groups, holders=queries.holders(session),
    )  # fmt: skip


@get("/setup/{code:str}", permission=PUBLIC, name="permissions:setup")
def show_setup(request: Request[Any, Any, Any], session: Session, code: str) -> Response[str]:
    user = setup.holder_of(session, code)
    return page(request, "permissions/setup.html", form=initial(setup.SetupInput, login=user.login))


@post("/setup/{code:str}", permission=PUBLIC, name="permissions:complete_setup")
def complete_setup(request: Request[Any, Any, Any], session: Session, form: FormData, code: str) -> Response[str]:
    setup.holder_of(session, code)
    bound: Bound[setup.SetupInput] = bind(setup.SetupInput, form)
    try:
        setup.complete(session, code, bound.require())
    except Invalid as error:
        return page(request, "permissions/setup.html", status=422, form=bound.add(error))
    return redirect(request, "/login?chosen=1")


HANDLERS = [roles, show_setup, complete_setup]
