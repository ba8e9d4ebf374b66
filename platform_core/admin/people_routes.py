"""Accounts: the list, one account with its roles, freezing, reset links."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.caps import settings as caps
from platform_core.contracts.identity import Actor
from platform_core.kernel import clock
from platform_core.kernel.errors import Conflict, Invalid
from platform_core.kernel.i18n import translator
from platform_core.permissions import services as roles
from platform_core.permissions.seeing import PERMISSION as SEE_AS
from platform_core.users import accounts, departments, devices, queries, sessions, stepup, tokens
from platform_core.users.models import User
from platform_core.web.forms import Bound, FormData, bind, initial
from platform_core.web.pages import page, redirect
from platform_core.web.requests import platform_of
from platform_core.web.routing import get, post

_ = translator("admin")
STATES = {
    "active": (_.lazy("active"), "jade"),
    "frozen": (_.lazy("frozen"), "red"),
    "left": (_.lazy("has left"), ""),
}
_FIELDS = [info.name for info in msgspec.structs.fields(accounts.UserInput)]


_Day = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\d$")]


class RoleInput(msgspec.Struct, kw_only=True):
    """A role, possibly for another department, from a day and until (and including) a day of the organisation."""

    role: str
    department_id: UUID | None = None
    valid_from: _Day = ""
    valid_to: _Day = ""


@get("/settings/users", permission="users.view", name="admin:users")
def users(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    """Narrowed by `q`, `status` and `department`; `after` is the cursor of a further page."""
    asked = {name: request.query_params.get(name, "").strip() for name in ("q", "status", "department", "after")}
    department_id = _uuid(asked["department"])
    query = queries.PeopleQuery(asked["q"], asked["status"], department_id, asked["after"])
    rows, more = queries.people(session, query)
    return page(
        request, "admin/users.html", partial="admin/_users.html", active="users",
        rows=rows, more=more, states=STATES, asked=asked,
        departments=departments.choices(session, current=department_id), may_manage=actor.can("users.manage"),
    )  # fmt: skip


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@get("/settings/users/new", permission="users.manage", name="admin:new_user")
def new_user(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    return _form_page(request, session, initial(accounts.UserInput))


def _form_page(request: Request[Any, Any, Any], session: Session, form: Bound[Any]) -> Response[str]:
    return page(
        request, "admin/user_new.html", active="users", status=422 if form.errors else 200,
        form=form, departments=departments.choices(session),
    )  # fmt: skip


@post("/settings/users/new", permission="users.manage", name="admin:create_user")
def create_user(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    bound = bind(accounts.UserInput, form)
    try:
        user = accounts.create_user(session, actor, bound.require())
    except Invalid as error:
        return _form_page(request, session, bound.add(error))
    return redirect(request, f"/settings/users/{user.id}?done=created")


@get("/settings/users/{user_id:uuid}", permission="users.view", name="admin:user")
def user_page(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    user_id: UUID,
    done: str = "",
) -> Response[str]:
    notices = {
        "created": _("The account is made. Give it a role and a reset link; then it can sign in."),
        "saved": _("Saved."),
        "ended": _("Signed out everywhere."),
    }
    return _page(request, session, actor, accounts.get_user(session, user_id), notice=(notices.get(done, ""), "jade"))


def _page(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    user: User,
    *,
    form: Bound[Any] | None = None,
    role_form: Bound[Any] | None = None,
    notice: tuple[str, str] = ("", "jade"),
    link: str = "",
) -> Response[str]:
    """`notice`: what is said above, and its colour: red where something was refused.

    `link` is a reset link that has just been made: it is shown this once.
    """
    shown = form or initial(accounts.UserInput, **{name: getattr(user, name) for name in _FIELDS})
    role_shown: Bound[Any] = role_form or Bound()
    platform = platform_of(request)
    return page(
        request,
        "admin/user.html",
        active="users",
        status=409 if notice[1] == "red" else 422 if shown.errors or role_shown.errors else 200,
        user=user,
        form=shown,
        role_form=role_shown,
        held=roles.roles_of(session, user.id),
        roles=[(role.code, role.name) for role in roles.roles(session)],
        departments=departments.choices(session, current=user.department_id),
        moment=clock.now(),
        places=sessions.own_sessions(session, platform.settings, user.id),
        tokens=[(token, tokens.has_ended(token)) for token in tokens.of_user(session, user.id)],
        states=STATES,
        may_manage=actor.can("users.manage"),
        caps=caps.of_user(session, user.id) if actor.can(caps.MANAGE) else None,
        caps_labels=caps.LABELS,
        by_rule=user.status == "frozen" and accounts.frozen_by_rule(session, user.id) is not None,
        may_unfreeze=actor.can("users.unfreeze"),
        may_assign=actor.can("permissions.manage"),
        may_see_as=user.status == "active" and user.id != actor.user_id and actor.can(SEE_AS),
        notice=notice,
        link=link,
        link_minutes=accounts.link_minutes(user),
        code_out=accounts.code_out(session, user.id) if actor.can("users.manage") else None,
        may_help=actor.can("users.keys") and user.status == "active" and user.id != actor.user_id,
        describe=devices.describe,
    )


@post("/settings/users/{user_id:uuid}", permission="users.manage", name="admin:save_user")
def save_user(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, user_id: UUID
) -> Response[str]:
    bound = bind(accounts.UserInput, form)
    try:
        accounts.update_user(session, actor, user_id, bound.require())
    except Invalid as error:
        return _page(request, session, actor, accounts.get_user(session, user_id), form=bound.add(error))
    return redirect(request, f"/settings/users/{user_id}?done=saved")


@post("/settings/users/{user_id:uuid}/status", permission="users.manage", name="admin:user_status")
def set_status(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, user_id: UUID
) -> Response[str]:
    """Freeze, unfreeze or take leave: ends every session and token of the account at once."""
    try:
        roles.change_status(session, actor, user_id, form.get("status"), reason=form.get("reason"))
    except Conflict as error:
        return _page(request, session, actor, accounts.get_user(session, user_id), notice=(error.message, "red"))
    return redirect(request, f"/settings/users/{user_id}?done=saved")


@post("/settings/users/{user_id:uuid}/reset", permission="users.manage", name="admin:reset_user")
def reset(request: Request[Any, Any, Any], session: Session, actor: Actor, user_id: UUID) -> Response[str]:
    """Make a one-time link with which the person chooses a password.

    The form carries no idempotency key, since the answer must not be kept.
    """
    user = accounts.get_user(session, user_id)
    code = roles.issue_reset(session, actor, user_id)
    return _page(request, session, actor, user, link=f"{platform_of(request).settings.base_url}/reset/{code}")


@post("/settings/users/{user_id:uuid}/end-code", permission="users.manage", name="admin:end_code")
def end_code(request: Request[Any, Any, Any], session: Session, actor: Actor, user_id: UUID) -> Response[str]:
    """A set-up or reset link that is still out works no more."""
    user = accounts.get_user(session, user_id)
    accounts.end_codes(session, user.id, "password")
    audit.record(session, actor, "users.end_code", accounts.ref(user))
    return redirect(request, f"/settings/users/{user_id}?done=saved")


@post("/settings/users/{user_id:uuid}/end-sessions", permission="users.manage", name="admin:end_sessions")
def end_sessions(request: Request[Any, Any, Any], session: Session, actor: Actor, user_id: UUID) -> Response[str]:
    user = accounts.get_user(session, user_id)
    accounts.end_all(session, user)
    audit.record(session, actor, "users.end_session", accounts.ref(user))
    return redirect(request, f"/settings/users/{user_id}?done=ended")


@post(
    "/settings/users/{user_id:uuid}/tokens/{token_id:uuid}/revoke", permission="users.manage", name="admin:revoke_token"
)
def revoke_token(
    request: Request[Any, Any, Any], session: Session, actor: Actor, user_id: UUID, token_id: UUID
) -> Response[str]:
    tokens.revoke(session, actor, user_id, token_id)
    return redirect(request, f"/settings/users/{user_id}?done=saved")


@post("/settings/users/{user_id:uuid}/roles", permission="permissions.manage", name="admin:assign_role")
def assign(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, user_id: UUID
) -> Response[str]:
    unproved = stepup.first(request, session, actor, f"/settings/users/{user_id}")
    if unproved:
        return unproved
    bound = bind(RoleInput, form)
    try:
        given = bound.require()
        roles.assign_role(
            session, actor, user_id, given.role, department_id=given.department_id,
            valid_from=_day("valid_from", given.valid_from),
            valid_to=_day("valid_to", given.valid_to, after=timedelta(days=1)),
        )  # fmt: skip
    except Invalid as error:
        return _page(request, session, actor, accounts.get_user(session, user_id), role_form=bound.add(error))
    return redirect(request, f"/settings/users/{user_id}#roles")


def _day(name: str, text: str, *, after: timedelta = timedelta()) -> datetime | None:
    """When the day begins, or the one that comes `after` it. Raises Invalid at the field `name`."""
    if not text:
        return None
    try:
        return clock.day_start(msgspec.convert(text, date) + after)
    except (msgspec.ValidationError, OverflowError) as error:
        raise Invalid(fields={name: _("There is no such day.")}) from error


@post(
    "/settings/users/{user_id:uuid}/roles/{assignment_id:uuid}/end",
    permission="permissions.manage",
    name="admin:unassign_role",
)
def unassign(
    request: Request[Any, Any, Any], session: Session, actor: Actor, user_id: UUID, assignment_id: UUID
) -> Response[str]:
    unproved = stepup.first(request, session, actor, f"/settings/users/{user_id}")
    if unproved:
        return unproved
    if assignment_id not in {assignment.id for assignment, _role, _department in roles.roles_of(session, user_id)}:
        raise Conflict(_("This role is no longer held."))
    roles.unassign_role(session, actor, assignment_id)
    return redirect(request, f"/settings/users/{user_id}#roles")


HANDLERS = [
    users, new_user, create_user, user_page, save_user, set_status, reset, end_code, end_sessions, revoke_token, assign,
    unassign,
]  # fmt: skip
