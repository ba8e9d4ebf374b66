"""The page of the bin, and the way out of it for what was ticked there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import drawing, fields, opening, selecting, services
from platform_core.customers.bin.listing import BIN, PERMISSION
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.users.lists import list_handlers
from platform_core.web.forms import FormData
from platform_core.web.notices import Notice
from platform_core.web.pages import redirect
from platform_core.web.routing import get, post

_ = translator("customers")
_MOST = 200
_TOLD = ("code", "kind", "classification", "status", "grade", "industry", "region", "city", "intent")


@get("/bin/{customer_id:uuid}", permission=PERMISSION, name="customers:binned")
def card(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    """What tells one from another, and the way back. Counts as opened."""
    customer = services.binned(session, actor, customer_id)
    opening.opened(session, actor, services.ref(customer), customer_id)
    told = [(fields.label(name), fields.shown(session, name, getattr(customer, name))) for name in _TOLD]
    return drawing.form_page(
        request, "customers/bin/_card.html", customer.name, customer=customer,
        lines=[(label, value) for label, value in told if value],
    )  # fmt: skip


@post("/bin/restore", permission=PERMISSION, name="customers:restore_many")
def restore(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """Those that were ticked; all of them, or none where one is no longer there or not the actor's to restore."""
    ids = selecting.chosen(session, actor, BIN, form, _MOST).ids
    if len(ids) > _MOST:
        raise Invalid(_("At most %(number)s at once.", number=_MOST))
    for customer_id in ids:
        services.restore(session, actor, customer_id)
    told = _.ngettext("%(num)d customer is back.", "%(num)d customers are back.", len(ids))
    return redirect(request, f"/customers/{ids[0]}" if len(ids) == 1 else "/customers", Notice(told))


HANDLERS: list[Any] = [*list_handlers(BIN), card, restore]
