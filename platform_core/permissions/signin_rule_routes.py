"""What sign-in asks of each role and of passwords, and roles that hold only with one key."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.permissions import services, signinrules
from platform_core.permissions.signinrules import RuleInput
from platform_core.users import accounts, keys, makes, passwordpolicy, stepup
from platform_core.users.makes import MakesInput
from platform_core.users.passwordpolicy import PolicyInput
from platform_core.web.forms import Bound, FormData, bind, initial
from platform_core.web.notices import Notice
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_ = translator("permissions")
MANAGE = "permissions.manage"
_PATH = "/settings/sign-in"
_KEYS = f"{_PATH}/keys/{{user_id:uuid}}"


@get(_PATH, permission=MANAGE, name="permissions:sign_in")
def index(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    return _page(request, session, actor)


@post(_PATH, permission=MANAGE, name="permissions:save_sign_in")
def save_rules(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """Every role's rule at once; fields are named `demand-<id of the role>` and `grace-<id of the role>`."""
    unproved = stepup.first(request, session, actor, _PATH)
    if unproved:
        return unproved
    errors: dict[str, str] = {}
    for role in services.roles(session):
        name = f"demand-{role.id.hex}"
        if name not in form:
            continue
        bound = bind(RuleInput, {"demand": form.get(name), "grace_days": form.get(f"grace-{role.id.hex}")})
        try:
            signinrules.decide(session, actor, role.id, bound.require())
        except Invalid as error:
            errors |= {f"{field.partition('_')[0]}-{role.id.hex}": text for field, text in error.fields.items()}
    if errors:
        return _page(request, session, actor, rules=Bound(values=dict(form.as_dict()), errors=errors))
    return redirect(request, _PATH, Notice(_("Saved. It holds from the next sign-in on.")))


@post(f"{_PATH}/passwords", permission=MANAGE, name="permissions:save_passwords")
def save_passwords(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    bound = bind(PolicyInput, form)
    if not bound.ok:
        return _page(request, session, actor, policy=bound)
    unproved = stepup.first(request, session, actor, _PATH)
    if unproved:
        return unproved
    try:
        passwordpolicy.write(session, actor, bound.require())
    except Invalid as error:
        return _page(request, session, actor, policy=bound.add(error))
    return redirect(request, _PATH, Notice(_("Saved. It holds for the next password that is set.")))


@post(f"{_PATH}/makes", permission=MANAGE, name="permissions:save_makes")
def save_makes(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """Which models of keys may be added."""
    bound = bind(MakesInput, form)
    if not bound.ok:
        return _page(request, session, actor, accepted=bound)
    unproved = stepup.first(request, session, actor, _PATH)
    if unproved:
        return unproved
    try:
        makes.write(session, actor, bound.require())
    except Invalid as error:
        return _page(request, session, actor, accepted=bound.add(error))
    return redirect(request, _PATH, Notice(_("Saved. It holds for keys that are added from now on.")))


@get(_KEYS, permission=MANAGE, name="permissions:keys_of")
def keys_of(request: Request[Any, Any, Any], session: Session, actor: Actor, user_id: UUID) -> Response[str]:
    return _keys_page(request, session, actor, user_id)


@post(f"{_KEYS}/{{assignment_id:uuid}}", permission=MANAGE, name="permissions:bind_role")
def bind_role(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, user_id: UUID, assignment_id: UUID
) -> Response[str]:
    """Let a role hold only with a key (field `key`), or without any when it is empty."""
    unproved = stepup.first(request, session, actor, f"{_PATH}/keys/{user_id}")
    if unproved:
        return unproved
    try:
        key_id = UUID(form.get("key")) if form.get("key") else None
    except ValueError as error:
        raise Invalid(_("Please choose from the list.")) from error
    signinrules.bind(session, actor, assignment_id, key_id)
    return redirect(request, f"{_PATH}/keys/{user_id}", Notice(_("Saved. It acts on the next page.")))


def _keys_page(request: Request[Any, Any, Any], session: Session, actor: Actor, user_id: UUID) -> Response[str]:
    user = accounts.get_user(session, user_id)
    held = keys.of_user(session, user.id)
    return page(
        request, "permissions/keys_of.html", active="sign-in", user=user, held=services.roles_of(session, user.id),
        keys=held,
        key_choices=[(one.id, _("only with %(key)s", key=one.name)) for one in held],
        own=user.id == actor.user_id, codes=keys.codes_left(session, user.id),
        demand=signinrules.Rules().of(session, user.id), labels=signinrules.LABELS,
        bound={row.id: row for row in signinrules.bound_keys(session, user.id)},
        proved=not stepup.asks(request, session, actor).kind, may_help=actor.can("users.keys"),
    )  # fmt: skip


def _page(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    *,
    rules: Bound[Any] | None = None,
    policy: Bound[Any] | None = None,
    accepted: Bound[Any] | None = None,
) -> Response[str]:
    stands, stored = passwordpolicy.read(session), makes.read(session)
    forms = [form for form in (rules, policy, accepted) if form is not None]
    wrong = any(form.errors for form in forms)
    return page(
        request, "permissions/sign_in.html", active="sign-in", status=422 if wrong else 200,
        roles=services.roles(session), decided=signinrules.of_roles(session), labels=signinrules.LABELS,
        ready=signinrules.readiness(session), form=rules or Bound(), grace=signinrules.GRACE_DAYS,
        policy=policy or initial(
            PolicyInput, profile=stands.profile, minimum=stands.minimum, history=stands.history,
            max_age_days=stands.max_age_days, words=stands.words,
        ),
        accepted=accepted or initial(MakesInput, models=stored.models, roots=stored.roots),
        profiles=passwordpolicy.LABELS, proved=not stepup.asks(request, session, actor).kind,
    )  # fmt: skip


HANDLERS = [index, save_rules, save_passwords, save_makes, keys_of, bind_role]
