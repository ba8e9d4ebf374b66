"""Help with lost keys: what waits for a second person, and asking for it on the page of an account."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel.i18n import translator
from platform_core.users import accounts, keyhelp, keys, stepup
from platform_core.users.keyhelp import PERMISSION, HelpInput
from platform_core.users.models import User
from platform_core.web.forms import Bound, FormData, bind
from platform_core.web.notices import Notice
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_ = translator("users")
_PATH = "/settings/lost-keys"


@get(_PATH, permission=PERMISSION, name="users:key_help")
def index(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    return _page(request, session, actor)


@get(f"{_PATH}/ask/{{user_id:uuid}}", permission=PERMISSION, name="users:key_help_form")
def form_page(request: Request[Any, Any, Any], session: Session, actor: Actor, user_id: UUID) -> Response[str]:
    return _form(request, session, accounts.get_user(session, user_id), Bound())


@post(f"{_PATH}/ask/{{user_id:uuid}}", permission=PERMISSION, name="users:ask_key_help")
def ask(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, user_id: UUID
) -> Response[str]:
    bound = bind(HelpInput, form)
    if not bound.ok:
        return _form(request, session, accounts.get_user(session, user_id), bound)
    keyhelp.ask(session, actor, user_id, bound.require())
    return redirect(request, _PATH, Notice(_("Asked. Now another person who helps with lost keys has to confirm it.")))


@post(f"{_PATH}/{{help_id:uuid}}/confirm", permission=PERMISSION, name="users:confirm_key_help", opt={"unkept": True})
def confirm(request: Request[Any, Any, Any], session: Session, actor: Actor, help_id: UUID) -> Response[str]:
    """Answers with the code, which nobody can read again."""
    unproved = stepup.first(request, session, actor, _PATH)
    if unproved:
        return unproved
    user, code = keyhelp.confirm(session, actor, help_id)
    session.flush()  # the list below leaves out what has just been decided
    return _page(request, session, actor, user=user, code=code)


@post(f"{_PATH}/{{help_id:uuid}}/refuse", permission=PERMISSION, name="users:refuse_key_help")
def refuse(request: Request[Any, Any, Any], session: Session, actor: Actor, help_id: UUID) -> Response[str]:
    keyhelp.refuse(session, actor, help_id)
    return redirect(request, _PATH, Notice(_("Refused. Nothing was changed.")))


def _form(request: Request[Any, Any, Any], session: Session, user: User, form: Bound[Any]) -> Response[str]:
    return page(
        request, "users/key_help_form.html", active="lost-keys", status=422 if form.errors else 200, user=user,
        held=keys.of_user(session, user.id), form=form,
    )  # fmt: skip


def _page(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    *,
    user: User | None = None,
    code: str = "",
) -> Response[str]:
    return page(
        request, "users/key_help.html", active="lost-keys", waiting=keyhelp.waiting(session),
        proved=not stepup.asks(request, session, actor).kind, user=user, code=code, minutes=accounts.RESET_MINUTES,
    )  # fmt: skip


HANDLERS = [index, form_page, ask, confirm, refuse]
