"""Pages of a transfer: every state is one address, from the preview to the receipt, so that reloading always works."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.customers import queries as records
from platform_core.customers import selecting
from platform_core.customers.listing import CUSTOMERS
from platform_core.customers.transfer import drafts, people, queries, rules, services
from platform_core.customers.transfer.models import Transfer
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.users import labels
from platform_core.web import cursors
from platform_core.web.endpoint import SIGNED_IN
from platform_core.web.forms import FormData
from platform_core.web.notices import Notice
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_ = translator("customers")
_ALL = "/customers/transfers"
_ONE = f"{_ALL}/{{transfer_id:uuid}}"


@get(_ALL, permission=SIGNED_IN, name="customers:transfers")
def index(request: Request[Any, Any, Any], session: Session, actor: Actor, before: str = "") -> Response[str]:
    last = UUID(str(cursors.decode(before, 1)[0])) if before else None
    found, following = queries.page_of(session, last)
    audit.record(session, actor, "customers.transfers", ids=[item.id for item in found], shown=False)
    return page(
        request, "customers/transfer/list.html", active="customers", transfers=found,
        leavers=queries.of_leavers(session) if actor.can(rules.OFFBOARD) and not before else [],
        next_url=f"{_ALL}?before={cursors.encode([following])}" if following else "",
    )  # fmt: skip


@post("/customers/{customer_id:uuid}/transfer", permission=rules.PERMISSION, name="customers:transfer_one")
def begin_one(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    records.get(session, customer_id)
    return redirect(request, drafts.begin(session, actor, [customer_id], "one").url)


@post(_ALL, permission=rules.PERMISSION, name="customers:transfer_many")
def begin_many(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """Of the customers that were ticked in the list, or of all that meet its conditions."""
    chosen = selecting.chosen(session, actor, CUSTOMERS, form, drafts.MOST)
    made = drafts.begin(session, actor, chosen.ids, "list", conditions=chosen.conditions)
    return redirect(request, made.url)


@get(_ONE, permission=SIGNED_IN, name="customers:transfer")
def detail(
    request: Request[Any, Any, Any], session: Session, actor: Actor, transfer_id: UUID, after: int = 0
) -> Response[str]:
    return _page(request, session, actor, drafts.get(session, transfer_id), after=after)


@post(f"{_ONE}/choose", permission=rules.PERMISSION, name="customers:transfer_choose")
def choose(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, transfer_id: UUID
) -> Response[str]:
    try:
        transfer = drafts.choose(session, actor, transfer_id, {drafts.EVERYTHING: form.get("to")})
    except Invalid as error:
        return _page(request, session, actor, drafts.get(session, transfer_id), errors=error.fields)
    return redirect(request, transfer.url)


@post(f"{_ONE}/confirm", permission=rules.PERMISSION, name="customers:transfer_confirm")
def confirm(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, transfer_id: UUID
) -> Response[str]:
    try:
        transfer = services.confirm(session, actor, transfer_id, form.get("reason"), form.number("version"))
    except Invalid as error:
        return _page(request, session, actor, drafts.get(session, transfer_id), errors=error.fields)
    return redirect(request, transfer.url)


@post(f"{_ONE}/discard", permission=rules.PERMISSION, name="customers:transfer_discard")
def discard(request: Request[Any, Any, Any], session: Session, actor: Actor, transfer_id: UUID) -> Response[str]:
    drafts.discard(session, actor, transfer_id)
    return redirect(request, "/customers", Notice(_("Nothing was given away.")))


@post(f"{_ONE}/undo", permission=rules.PERMISSION, name="customers:transfer_undo")
def undo(request: Request[Any, Any, Any], session: Session, actor: Actor, transfer_id: UUID) -> Response[str]:
    return redirect(request, services.undo(session, actor, transfer_id).url)


@post(f"{_ONE}/retry", permission=rules.PERMISSION, name="customers:transfer_retry")
def retry(request: Request[Any, Any, Any], session: Session, actor: Actor, transfer_id: UUID) -> Response[str]:
    return redirect(request, services.retry(session, actor, transfer_id).url)


def _page(
    request: Request[Any, Any, Any], session: Session, actor: Actor, transfer: Transfer, *, after: int = 0,
    errors: dict[str, str] | None = None,
) -> Response[str]:  # fmt: skip
    is_draft, mine = transfer.state == "draft", transfer.by_id == actor.user_id
    context: dict[str, Any] = _preview(session, actor, transfer) if is_draft and mine else {}
    lines, following = context.get("refused", []), 0
    if "refused" not in context:
        limit = queries.LISTED if is_draft else queries.PAGE
        lines, following = queries.lines(session, transfer, after=after, limit=limit)
    if not is_draft:
        context["along"] = queries.along_of(session, transfer)
    ids = [line.customer_id for line in lines]
    audit.record(session, actor, "customers.transfer_view", transfer.ref, ids=ids)
    return page(
        request, "customers/transfer/detail.html", partial="customers/transfer/_body.html", active="customers",
        status=422 if errors else 200, errors=errors or {}, transfer=transfer, mine=mine, lines=lines,
        names=labels.labels(session), words=rules.WORDS, days=services.DAYS, job=queries.job_of(session, transfer),
        can_undo=services.can_be_undone(transfer) and services.may_undo(actor, transfer),
        may_print=not is_draft and bool(rules.parties(actor)),
        next_url=f"{transfer.url}?after={following}" if following else "",
        **context,
    )  # fmt: skip


def _preview(session: Session, actor: Actor, transfer: Transfer) -> dict[str, Any]:
    """What the form to choose needs and, once somebody is chosen, what would happen."""
    if not transfer.choices:
        return {"flows": [], "groups": people.groups(people.offered(session, actor))}
    followers = queries.followers(session)
    takers = people.offered(session, actor, {item.declared.right for item in followers if item.declared.right})
    refused, more = queries.lines(session, transfer, refused=True, limit=queries.LISTED)
    blocked = any(line.why in {"outside", "away"} for line in refused)
    return {
        "flows": queries.flows(session, transfer), "groups": people.groups(takers),
        "company": queries.company(session, transfer, followers, takers),
        "refused": refused, "more_refused": bool(more), "ask": people.to_ask(session) if blocked else [],
    }  # fmt: skip


HANDLERS = [index, begin_one, begin_many, detail, choose, confirm, discard, undo, retry]
