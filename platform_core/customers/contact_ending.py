"""Erasing a contact that stands alone: its page, and the same for programs."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import contact_erasing, opening
from platform_core.customers.contacts import ref
from platform_core.customers.erasing import LONGEST_REASON, PERMISSION
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.web.forms import Bound, FormData
from platform_core.web.notices import Notice
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_ = translator("customers")


class EraseContactInput(msgspec.Struct, kw_only=True):
    """`name` is the contact's, to confirm; `reason` stays on record."""

    name: str
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_REASON)]


@get("/contacts/{contact_id:uuid}/erase", permission=PERMISSION, name="customers:ask_erase_contact")
def ask_erase(request: Request[Any, Any, Any], session: Session, actor: Actor, contact_id: UUID) -> Response[str]:
    return _page(request, session, actor, contact_id, Bound())


@post("/contacts/{contact_id:uuid}/erase", permission=PERMISSION, name="customers:erase_contact")
def erase(
    request: Request[Any, Any, Any], session: Session, actor: Actor, contact_id: UUID, form: FormData
) -> Response[str]:
    values = {"name": form.get("name"), "reason": form.get("reason")}
    try:
        contact_erasing.erase(session, actor, contact_id, **values)
    except Invalid as error:
        return _page(request, session, actor, contact_id, Bound(values=values, errors=dict(error.fields)))
    return redirect(request, "/contacts", Notice(_("The person has been erased. This cannot be undone.")))


def _page(
    request: Request[Any, Any, Any], session: Session, actor: Actor, contact_id: UUID, form: Bound[Any]
) -> Response[str]:
    contact = contact_erasing.erasable(session, actor, contact_id)
    opening.opened(session, actor, ref(contact), None, "customers.erase_preview")
    return page(
        request, "customers/contact_erase.html", active="contacts", status=422 if form.errors else 200,
        contact=contact, form=form,
    )  # fmt: skip


@post("/{contact_id:uuid}/erase", permission=PERMISSION, name="customers:api_erase_contact", status_code=204)
def api_erase(session: Session, actor: Actor, contact_id: UUID, data: EraseContactInput) -> None:
    """Erase a contact that stands alone. It does not come back; one of a customer is erased with its customer."""
    contact_erasing.erase(session, actor, contact_id, data.name, data.reason)


HANDLERS = [ask_erase, erase]
API_HANDLERS = [api_erase]
"""Below /api/v1/contacts"""
