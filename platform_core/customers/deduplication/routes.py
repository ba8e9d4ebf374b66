"""The page on which people look through pairs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers.deduplication import rules, services
from platform_core.customers.deduplication.models import APART, OPEN
from platform_core.kernel import dictionaries
from platform_core.kernel.i18n import translator
from platform_core.users import labels
from platform_core.web.notices import Notice
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_ = translator("customers")
_URL = "/customers/duplicates"


@get(_URL, permission=services.PERMISSION, name="customers:duplicate_pairs")
def index(
    request: Request[Any, Any, Any], session: Session, actor: Actor, show: str = OPEN, after: str = ""
) -> Response[str]:
    """`show` is `open`, or `apart` for those that somebody has set apart."""
    state = APART if show == APART else OPEN
    found = services.page_of(session, actor, state, after)
    return page(
        request, "customers/deduplication/list.html", active="duplicates", found=found, state=state, words=rules.WORDS,
        weights=rules.WEIGHTS, names=labels.of_rows(session, list(found.known.values())),
        statuses=dictionaries.entries(session, "customers.status"),
        next_url=f"{_URL}?show={state}&after={found.next}" if found.next else "",
    )  # fmt: skip


@post(_URL + "/{pair_id:uuid}/apart", permission=services.PERMISSION, name="customers:set_apart")
def set_apart(request: Request[Any, Any, Any], session: Session, actor: Actor, pair_id: UUID) -> Response[str]:
    pair = services.set_apart(session, actor, pair_id)
    notice = Notice(_("The two are known as different customers now."), f"{_URL}/{pair.id}/reopen")
    return redirect(request, _URL, notice)


@post(_URL + "/{pair_id:uuid}/reopen", permission=services.PERMISSION, name="customers:reopen_pair")
def reopen(request: Request[Any, Any, Any], session: Session, actor: Actor, pair_id: UUID) -> Response[str]:
    services.reopen(session, actor, pair_id)
    return redirect(request, _URL, Notice(_("The pair is open again.")))


HANDLERS = [index, set_apart, reopen]
