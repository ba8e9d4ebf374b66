"""With whom a customer is shared: the panel on its page, the form, and the same for programs."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import drawing, opening, queries, rights
from platform_core.customers import services as customers
from platform_core.customers.models import Customer
from platform_core.customers.sharing import services
from platform_core.customers.sharing.services import PERMISSION, Share, ShareInput
from platform_core.kernel.errors import Conflict, Invalid
from platform_core.kernel.i18n import translator
from platform_core.users import labels
from platform_core.web.apis import Items
from platform_core.web.forms import Bound, FormData, bind
from platform_core.web.notices import Notice
from platform_core.web.pages import fragment, page, redirect
from platform_core.web.routing import delete, get, post

_ = translator("customers")
_VIEW = "customers.view"
_ONE = "/customers/{customer_id:uuid}/shares"


class ShareOut(msgspec.Struct, kw_only=True):
    """`until`: the last day of it."""

    user_id: UUID
    name: str
    department: str
    writes: bool
    until: date | None


@get(_ONE, permission=_VIEW, name="customers:shares")
def show(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, panel: str = ""
) -> Response[str]:
    """Who has it by a share; `panel` for the side of its page."""
    customer = _opened(session, actor, customer_id)
    context: dict[str, Any] = {
        "customer": customer, "shares": services.of(session, customer_id), "me": actor.user_id,
        "may_share": services.may(actor, customer),
    }  # fmt: skip
    if panel:
        return fragment(request, "customers/sharing/_panel.html", **context)
    return page(request, "customers/sharing/shares.html", active="customers", **context)


def _opened(session: Session, actor: Actor, customer_id: UUID) -> Customer:
    customer = queries.get(session, customer_id)
    opening.opened(session, actor, customers.ref(customer), customer_id, "customers.shares")
    return customer


@get(f"{_ONE}/new", permission=PERMISSION, name="customers:new_share")
def new(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    customer = _opened(session, actor, customer_id)
    if not services.may(actor, customer):
        rights.require_unrestricted(customer)
        raise rights.refusal(customer)
    return _form(request, session, customer, Bound())


@post(_ONE, permission=PERMISSION, name="customers:share")
def share(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, customer_id: UUID
) -> Response[str]:
    bound = bind(ShareInput, form)
    try:
        services.share(session, actor, customer_id, bound.require())
    except Invalid as error:
        bound.add(error)
    except Conflict as error:
        bound.add(Invalid(error.message, fields={"user_id": error.message}))
    if bound.errors:
        return _form(request, session, _opened(session, actor, customer_id), bound, status=422)
    return redirect(request, f"/customers/{customer_id}", Notice(_("Shared. They have been told.")))


@post(f"{_ONE}/{{user_id:uuid}}/end", permission=_VIEW, name="customers:unshare")
def end(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, user_id: UUID
) -> Response[str]:
    """By whoever may share it, or the one with whom it is shared."""
    services.end(session, actor, customer_id, user_id)
    url = "/customers" if user_id == actor.user_id else f"/customers/{customer_id}"
    return redirect(request, url, Notice(_("It is no longer shared with this person.")))


def _form(
    request: Request[Any, Any, Any], session: Session, customer: Customer, form: Bound[ShareInput], *,
    status: int = 200,
) -> Response[str]:  # fmt: skip
    people = [(key, name) for key, name in labels.person_choices(session) if key != str(customer.owner_id)]
    return drawing.form_page(
        request, "customers/sharing/_form.html", _("Share with a colleague"), status=status, customer=customer,
        form=form, people=people,
    )  # fmt: skip


@get("/{customer_id:uuid}/shares", permission=_VIEW, name="customers:api_shares")
def api_shares(session: Session, actor: Actor, customer_id: UUID) -> Items[ShareOut]:
    """With whom a customer is shared now."""
    _opened(session, actor, customer_id)
    return _out(services.of(session, customer_id))


@post("/{customer_id:uuid}/shares", permission=PERMISSION, name="customers:api_share", status_code=201)
def api_share(session: Session, actor: Actor, customer_id: UUID, data: ShareInput) -> Items[ShareOut]:
    """Share a customer with a colleague, or change such a share; the answer is all of them."""
    services.share(session, actor, customer_id, data)
    session.flush()  # the answer shows it
    _opened(session, actor, customer_id)
    return _out(services.of(session, customer_id))


@delete(
    "/{customer_id:uuid}/shares/{user_id:uuid}", permission=_VIEW, name="customers:api_unshare", status_code=204
)  # fmt: skip
def api_end(session: Session, actor: Actor, customer_id: UUID, user_id: UUID) -> None:
    """End a share at once: of a customer that you may share, or one that was shared with you."""
    services.end(session, actor, customer_id, user_id)


def _out(shares: list[Share]) -> Items[ShareOut]:
    return Items([
        ShareOut(
            user_id=item.user_id, name=item.name, department=item.department, writes=item.writes, until=item.until
        )
        for item in shares
    ])  # fmt: skip


HANDLERS: list[Any] = [show, new, share, end]
API_HANDLERS: list[Any] = [api_shares, api_share, api_end]
"""Below /api/v1/customers"""
