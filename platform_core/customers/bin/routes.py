"""The page of the bin, and the way out of it for what was ticked there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import drawing, erasing, fields, opening, rights, selecting, services
from platform_core.customers.bin import many, rule, staying
from platform_core.customers.bin.listing import BIN, PERMISSION
from platform_core.customers.ending_routes import ACTS
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.users.lists import list_handlers
from platform_core.web.forms import Bound, FormData
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
    found = rule.current(session)
    assert customer.deleted_at is not None
    return drawing.form_page(
        request, "customers/bin/_card.html", customer.name, customer=customer,
        lines=[(label, value) for label, value in told if value],
        going=found.day_of(customer.deleted_at) if found else None,
        stay=staying.reasons(session, [customer_id]).get(customer_id, []),
        may_erase=rights.may(session, actor, erasing.PERMISSION, customer),
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


@post("/bin/purge", permission=erasing.PERMISSION, name="customers:ask_purge")
def ask_purge(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """What erasing the ticked ones would touch, and who stays why."""
    ids = selecting.chosen(session, actor, BIN, form, many.MOST).ids
    return _purge_page(request, session, actor, ids, Bound())


@post("/bin/purge/confirm", permission=erasing.PERMISSION, name="customers:purge")
def purge(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    ids = selecting.chosen(session, actor, BIN, form, many.MOST).ids
    values = {"count": form.get("count"), "reason": form.get("reason")}
    try:
        done = many.purge(session, actor, ids, **values)
    except Invalid as error:
        if not error.fields:
            raise
        return _purge_page(request, session, actor, ids, Bound(values=values, errors=dict(error.fields)))
    told = _.ngettext(
        "%(num)d customer has been erased. This cannot be undone.",
        "%(num)d customers have been erased. This cannot be undone.", done,
    )  # fmt: skip
    return redirect(request, "/bin", Notice(told))


def _purge_page(
    request: Request[Any, Any, Any], session: Session, actor: Actor, ids: list[UUID], form: Bound[Any]
) -> Response[str]:
    return drawing.form_page(
        request, "customers/bin/_purge.html", _("Erase for good"), status=422 if form.errors else 200,
        came_back=bool(form.errors), shown=many.preview(session, actor, ids), ids=ids, form=form, acts=ACTS,
    )  # fmt: skip


HANDLERS: list[Any] = [*list_handlers(BIN), card, restore, ask_purge, purge]
