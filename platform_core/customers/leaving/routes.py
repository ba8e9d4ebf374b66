"""Pages for somebody who leaves: one address, which goes on wherever it was left, and is the report in the end."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.audit import seen
from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.customers.leaving import inventory, looked, services
from platform_core.customers.transfer import drafts, people, queries, rules
from platform_core.customers.transfer import services as transfers
from platform_core.customers.transfer.models import Transfer
from platform_core.kernel.errors import Invalid
from platform_core.plugins.asking import hooks_of
from platform_core.plugins.holdings import holdings
from platform_core.users import accounts, labels
from platform_core.users.models import User
from platform_core.web.forms import FormData
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_URL = "/settings/users/{user_id:uuid}/leaving"


@get(_URL, permission=rules.OFFBOARD, name="customers:leaving")
def show(request: Request[Any, Any, Any], session: Session, actor: Actor, user_id: UUID) -> Response[str]:
    """What the person holds, who takes it over, what would happen; afterwards that nothing is left."""
    user = services.leaver(session, actor, user_id)
    return _page(request, session, actor, user)


@post(_URL, permission=rules.OFFBOARD, name="customers:leaving_choose")
def choose(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, user_id: UUID
) -> Response[str]:
    user = services.leaver(session, actor, user_id)
    given = form.as_dict()
    choices = {key.removeprefix("to-"): value for key, value in given.items() if key.startswith("to-") and value}
    try:
        services.choose(session, actor, user_id, choices)
    except Invalid as error:
        return _page(request, session, actor, user, errors=error.fields, choices=choices)
    return redirect(request, f"/settings/users/{user_id}/leaving#preview")


@post(f"{_URL}/confirm", permission=rules.OFFBOARD, name="customers:leaving_confirm")
def confirm(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, user_id: UUID
) -> Response[str]:
    user = services.leaver(session, actor, user_id)
    draft = services.draft_of(session, actor, user_id)
    if draft is None or draft.state != "draft":
        return redirect(request, draft.url if draft else f"/settings/users/{user_id}/leaving")
    try:
        transfer = services.confirm(session, actor, draft.id, form.get("reason"), form.number("version"))
    except Invalid as error:
        return _page(request, session, actor, user, errors=error.fields)
    return redirect(request, transfer.url)


@get(f"{_URL}/seen", permission=rules.OFFBOARD, name="customers:leaving_seen")
def looked_at(
    request: Request[Any, Any, Any], session: Session, actor: Actor, user_id: UUID, before: str = ""
) -> Response[str]:
    """Which customers the person has seen in the last 30 days. Names are those of customers the reader sees."""
    read = looked.at(session, actor, user_id, before)
    return page(
        request, "customers/leaving/seen.html", active="users", user=read.user, found=read.found, older=read.older,
        days=looked.DAYS, totals=seen.totals(session, read.query), known=read.known,
    )  # fmt: skip


def _page(
    request: Request[Any, Any, Any], session: Session, actor: Actor, user: User, *,
    errors: dict[str, str] | None = None, choices: dict[str, str] | None = None,
) -> Response[str]:  # fmt: skip
    found = holdings(session, hooks_of(session))
    items = inventory.of(session, user.id, found)
    draft = services.draft_of(session, actor, user.id)
    rights = {item.declared.right for item in found if item.declared.right}
    offered = [person for person in people.offered(session, actor, rights) if person.id != user.id]
    audit.record(session, actor, "customers.leaving_view", accounts.ref(user))
    return page(
        request, "customers/leaving/page.html", active="users", status=422 if errors else 200, user=user, items=items,
        errors=errors or {}, groups=people.groups(offered), names=labels.labels(session, [user.id]),
        departments=inventory.departments(items, user.department_id), transfer=draft,
        choices=choices or (draft.choices if draft else {}), days=looked.DAYS, words=rules.WORDS,
        **(_preview(session, draft) if draft is not None and draft.state == "draft" and not choices else {}),
    )  # fmt: skip


def _preview(session: Session, draft: Transfer) -> dict[str, Any]:
    flows = queries.flows(session, draft)
    blocked = any(flow.why for flow in flows)
    refused = queries.lines(session, draft, refused=True, limit=queries.LISTED)[0] if blocked else []
    return {
        "flows": flows, "refused": refused, "ask": people.to_ask(session) if blocked else [],
        "at_once": transfers.AT_ONCE, "most": drafts.MOST,
    }  # fmt: skip


HANDLERS = [show, choose, confirm, looked_at]
