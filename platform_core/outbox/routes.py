"""The outbox as its keepers see it, its accounts, and the address at which providers report."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.contracts.messaging import LANES, Driver, RawCallback
from platform_core.kernel.clock import now
from platform_core.kernel.database import vault_of
from platform_core.kernel.errors import Conflict, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.jobs import enqueue
from platform_core.outbox import accounts, jobs, queries, reports, services, wording
from platform_core.outbox.accounts import AccountInput
from platform_core.outbox.models import Account
from platform_core.outbox.services import MANAGE
from platform_core.web.endpoint import PUBLIC
from platform_core.web.forms import Bound, FormData, bind, initial
from platform_core.web.notices import Notice
from platform_core.web.pages import page, redirect
from platform_core.web.requests import platform_of
from platform_core.web.routing import get, post

_ = translator("outbox")
_LONGEST = 256 * 1024
_HEADERS = ("x-twilio-signature", "content-type")
"""What drivers check callbacks by; the others, cookies above all, are not kept."""
_LANE_WORDS = {"interactive": _.lazy("Single messages"), "bulk": _.lazy("Mass messages")}


@get("/settings/messages", permission=MANAGE, name="outbox:index")
def index(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    found = accounts.all_of(session)
    return page(
        request, "outbox/index.html", active="outgoing", waiting=queries.waiting(session),
        doubts=queries.doubts(session), accounts=found, names={account.id: account.name for account in found},
        drivers=accounts.drivers(session), states=wording.STATES, lanes=_LANE_WORDS, purposes=accounts.PURPOSES,
        moment=now(),
    )  # fmt: skip


@post("/settings/messages/unknown/{message_id:uuid}", permission=MANAGE, name="outbox:decide")
def decide(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, message_id: UUID
) -> Response[str]:
    verdict = form.get("verdict")
    if verdict not in {"sent", "again", "drop"}:
        raise Invalid(_("Sent, once more, or given up?"))
    services.decide(session, actor, message_id, verdict)  # type: ignore[arg-type]  # one of the three
    return redirect(request, "/settings/messages", Notice(_("Saved.")))


@get("/settings/messages/accounts/new", permission=MANAGE, name="outbox:new_account")
def new_account(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    """`driver` names the kind of provider."""
    driver = _driver(session, request.query_params.get("driver", ""))
    given = initial(AccountInput, purposes=["service"], enabled=True)
    given.values.update({f"config_{field.name}": field.default for field in driver.fields})
    return _form(request, session, driver, None, given)


@post("/settings/messages/accounts/new", permission=MANAGE, name="outbox:add_account")
def add_account(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    return _save(request, session, actor, form, _driver(session, form.get("driver")), None)


@get("/settings/messages/accounts/{account_id:uuid}", permission=MANAGE, name="outbox:account")
def show_account(request: Request[Any, Any, Any], session: Session, account_id: UUID) -> Response[str]:
    account = accounts.get(session, account_id)
    return _form(request, session, _driver(session, account.driver), account, _filled(session, account))


def _filled(session: Session, account: Account) -> Bound[AccountInput]:
    """The form as the account is set up, without its secrets."""
    driver = _driver(session, account.driver)
    purposes, region = accounts.serves(account)
    given = initial(
        AccountInput, name=account.name, order=account.order, per_second=account.per_second, cents=account.cents,
        enabled=account.enabled, region=region, purposes=purposes,
    )  # fmt: skip
    config = accounts.config_of(session, account)
    shown = [field.name for field in driver.fields if not field.secret]
    given.values.update({f"config_{name}": config.get(name, "") for name in shown})
    return given


@post("/settings/messages/accounts/{account_id:uuid}", permission=MANAGE, name="outbox:change_account")
def change_account(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, account_id: UUID
) -> Response[str]:
    account = accounts.get(session, account_id)
    return _save(request, session, actor, form, _driver(session, account.driver), account)


@post("/settings/messages/accounts/{account_id:uuid}/health", permission=MANAGE, name="outbox:health")
def health(request: Request[Any, Any, Any], session: Session, actor: Actor, account_id: UUID) -> Response[str]:
    account = accounts.get(session, account_id)
    audit.record(session, actor, "outbox.health", EntityRef("outbox", "account", account.id, account.name))
    job_id = enqueue(session, jobs.HEALTH, {"account": str(account.id)}, user_id=actor.user_id)
    return redirect(request, f"/jobs/{job_id}")


@post("/settings/messages/accounts/{account_id:uuid}/test", permission=MANAGE, name="outbox:test")
def send_test(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, account_id: UUID
) -> Response[str]:
    account = accounts.get(session, account_id)
    try:
        accounts.test_to(session, actor, account, form.get("number"), form.get("_key"))
    except (Invalid, Conflict) as error:
        filled = _filled(session, account)
        filled.errors["number"] = error.message
        filled.values["number"] = form.get("number")
        return _form(request, session, _driver(session, account.driver), account, filled)
    return redirect(request, f"/settings/messages/accounts/{account.id}", Notice(_("On its way; see below.")))


def _driver(session: Session, name: str) -> Driver:
    found = accounts.drivers(session).get(name)
    if found is None:
        raise NotFound(_("No plugin that is switched on brings this kind of provider."))
    return found


def _save(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, driver: Driver,
    account: Account | None,
) -> Response[str]:  # fmt: skip
    bound = bind(AccountInput, form)
    if bound.ok:
        try:
            made = accounts.save(session, actor, account, driver, bound.require(), form.as_dict())
        except Invalid as error:
            bound.add(error)
        else:
            services.wake(session, LANES)
            return redirect(request, f"/settings/messages/accounts/{made.id}", Notice(_("Saved.")))
    bound.values["purposes"] = form.getlist("purposes")
    return _form(request, session, driver, account, bound)


def _form(
    request: Request[Any, Any, Any], session: Session, driver: Driver, account: Account | None,
    form: Bound[AccountInput],
) -> Response[str]:  # fmt: skip
    base = platform_of(request).settings.base_url
    return page(
        request, "outbox/account.html", active="outgoing", status=422 if form.errors else 200, driver=driver,
        is_mail=driver.channel == "email", account=account, form=form,
        regions=list(accounts.REGIONS.items()), purposes=list(accounts.PURPOSES.items()),
        tests=queries.tests(session, account.id) if account else [], states=wording.STATES, reason=wording.reason,
        callback=accounts.callback_url(base, vault_of(session), account) if account else "",
    )  # fmt: skip


@get("/messages/told/{account_id:uuid}/{signature:str}", permission=PUBLIC, name="outbox:told")
def told(request: Request[Any, Any, Any], session: Session, account_id: UUID, signature: str) -> Response[str]:
    return _keep(request, session, FormData(), account_id, signature)


@post("/messages/told/{account_id:uuid}/{signature:str}", permission=PUBLIC, name="outbox:posted")
def posted(
    request: Request[Any, Any, Any], session: Session, form: FormData, account_id: UUID, signature: str
) -> Response[str]:
    return _keep(request, session, form, account_id, signature)


def _keep(
    request: Request[Any, Any, Any], session: Session, form: FormData, account_id: UUID, signature: str
) -> Response[str]:
    """Write a provider's callback down and thank for it; a worker reads it."""
    account = accounts.of_callback(session, account_id, signature)
    body: bytes = request.scope.get("baton_body", b"")  # type: ignore[assignment]
    fields = {**dict(request.query_params.items()), **form.as_dict()}
    if len(body) > _LONGEST or sum(map(len, fields.values())) > _LONGEST:
        raise Invalid(_("This callback is too long."))
    base = platform_of(request).settings.base_url
    raw = RawCallback(
        method=request.method,
        url=f"{base}{request.url.path}" + (f"?{request.url.query}" if request.url.query else ""),
        query=fields,
        headers={name: request.headers[name] for name in _HEADERS if name in request.headers},
        body=body.decode("utf-8", "replace"),
    )
    reports.keep(session, account.id, raw)
    services.wake(session, ["interactive"])
    driver = accounts.drivers(session).get(account.driver)
    media_type, thanks = driver.answer if driver else ("text/plain", "OK")
    return Response(thanks, media_type=media_type)


HANDLERS = [
    index, decide, new_account, add_account, show_account, change_account, health, send_test, told, posted,
]  # fmt: skip
