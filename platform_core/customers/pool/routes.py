"""Pages of the pool: its list and cards, taking and giving up, and what becomes of leads."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import drawing, duplicates, fields, forms, opening, queries, rights, selecting, services
from platform_core.customers.listing import CUSTOMERS
from platform_core.customers.models import Customer
from platform_core.customers.pool import reach, recycling, rules
from platform_core.customers.pool import services as pool
from platform_core.customers.pool.listing import LEADS, POOL
from platform_core.kernel import dictionaries
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.users import labels
from platform_core.users.lists import list_handlers
from platform_core.web.forms import Bound, FormData, bind
from platform_core.web.notices import Notice
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_ = translator("customers")
_VIEW, _EDIT = "customers.view", "customers.edit"
_ONE = "/pool/{customer_id:uuid}"
ACTS = {
    "claim": _.lazy("took it from the pool"), "release": _.lazy("gave it up to the pool"),
    "recycle": _.lazy("went back to the pool: no contact for too long"),
    "convert": _.lazy("made the lead a customer"), "revert": _.lazy("made it a lead again"),
}  # fmt: skip


class Giving(msgspec.Struct, kw_only=True):
    """Why customers are given up: a code of `customers.release_reason`, and what else there is to say."""

    reason: Annotated[str, msgspec.Meta(max_length=60)] = ""
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


@get(_ONE, permission=reach.SEE, name="customers:pool_card")
def card(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    """What whoever might take it needs to know. Counts as opened."""
    customer = reach.get(session, actor, customer_id)
    opening.opened(session, actor, services.ref(customer), customer_id, "customers.pool_view")
    return page(
        request, "customers/pool/card.html", active="pool", customer=customer, lines=_told(session, customer),
        moves=_moves(session, customer), may_claim=actor.can(pool.CLAIM), acts=ACTS,
        department=labels.of_rows(session, [customer]).department(customer.department_id),
    )  # fmt: skip


def _told(session: Session, customer: Customer) -> list[tuple[str, str]]:
    """Fields that do not tell how to reach anybody."""
    names = ("kind", "classification", "status", "grade", "industry", "region", "city", "size", "source", "intent")
    found = [(fields.label(name), fields.shown(session, name, getattr(customer, name))) for name in names]
    return [(label, value) for label, value in found if value]


def _moves(session: Session, customer: Customer) -> list[tuple[Any, str]]:
    reasons = dictionaries.entries(session, pool.REASONS)
    return [
        (move, str(reasons[move.reason].label) if move.reason in reasons else move.reason)
        for move in pool.moves(session, customer.id)
    ]


@post(f"{_ONE}/claim", permission=pool.CLAIM, name="customers:pool_claim_one")
def claim_one(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    pool.claim(session, actor, [customer_id])
    return redirect(request, f"/customers/{customer_id}", Notice(_("It is yours now.")))


@post("/pool/claim", permission=pool.CLAIM, name="customers:pool_claim")
def claim(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """Those that were ticked in the list."""
    chosen = selecting.chosen(session, actor, POOL, form, pool.MOST)
    if len(chosen.ids) > pool.MOST:
        raise Invalid(_("At most %(number)s at once.", number=pool.MOST))
    taken = pool.claim(session, actor, chosen.ids)
    told = _.ngettext("%(num)d is yours now.", "%(num)d are yours now.", len(taken))
    all_leads = all(customer.lead_since is not None for customer in taken)
    return redirect(request, "/leads" if all_leads else "/customers?f=owner:is:me", Notice(told))


@get("/pool/due", permission=_VIEW, name="customers:pool_due")
def due(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    """The reader's own that go back to the pool if nobody speaks to them, the soonest first."""
    found = recycling.due(session, actor)
    return page(
        request, "customers/pool/due.html", active="pool", found=found, limits=rules.limits(session, actor.user_id),
        leads=pool.held(session, actor.user_id, leads=True), customers=pool.held(session, actor.user_id, leads=False),
        claimed=pool.claimed_today(session, actor.user_id), most=recycling.SHOWN,
    )  # fmt: skip


@get("/customers/{customer_id:uuid}/release", permission=pool.RELEASE, name="customers:release")
def ask_release(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    customer = queries.get(session, customer_id)
    if not pool.may_release(actor, customer):
        raise rights.refusal(customer)
    opening.opened(session, actor, services.ref(customer), customer_id)
    return _release_form(request, session, [customer_id], Bound())


@post("/customers/release", permission=pool.RELEASE, name="customers:release_many", opt={"unkept": True})
def ask_release_many(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """Why, for those that were ticked."""
    return _release_form(request, session, _ids(session, actor, form), Bound())


@post("/customers/release/give", permission=pool.RELEASE, name="customers:release_give")
def release(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    ids, bound = _ids(session, actor, form), bind(Giving, form)
    try:
        data = bound.require()
        given = pool.release(session, actor, ids, data.reason, data.note)
    except Invalid as error:
        return _release_form(request, session, ids, bound.add(error), status=422)
    told = _.ngettext("%(num)d is in the pool now.", "%(num)d are in the pool now.", len(given))
    return redirect(request, "/customers", Notice(told))


def _ids(session: Session, actor: Actor, form: FormData) -> list[UUID]:
    ids = selecting.chosen(session, actor, CUSTOMERS, form, pool.MOST).ids
    if len(ids) > pool.MOST:
        raise Invalid(_("At most %(number)s at once.", number=pool.MOST))
    return ids


def _release_form(
    request: Request[Any, Any, Any], session: Session, ids: list[UUID], form: Bound[Giving], *, status: int = 200
) -> Response[str]:
    return drawing.form_page(
        request, "customers/pool/_release.html", _("Back to the pool"), status=status, ids=ids, form=form,
        reasons=dictionaries.choices(session, pool.REASONS),
        back=f"/customers/{ids[0]}" if len(ids) == 1 else "/customers",
    )  # fmt: skip


@get("/customers/{customer_id:uuid}/convert", permission=_EDIT, name="customers:convert")
def ask_convert(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    """Says what stays, and who may be the same customer already."""
    customer = queries.get(session, customer_id)
    rights.require(session, actor, _EDIT, customer)
    opening.opened(session, actor, services.ref(customer), customer_id)
    asked = forms.DuplicateQuery(name=customer.name)
    named = [item for item in duplicates.possible_duplicates(session, actor, asked) if item.customer_id != customer_id]
    known = {item.customer_id for item in named}
    sharing = [row for row in pool.sharing(session, customer_id) if row.id not in known]
    return drawing.form_page(
        request, "customers/pool/_convert.html", _("Make it a customer"), customer=customer, named=named,
        sharing=sharing, may_merge=rights.may(session, actor, "customers.merge", customer),
    )  # fmt: skip


@post("/customers/{customer_id:uuid}/convert", permission=_EDIT, name="customers:convert_now")
def convert(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    pool.convert(session, actor, customer_id)
    notice = Notice(_("It is a customer now, with everything that was there."), f"/customers/{customer_id}/lead")
    return redirect(request, f"/customers/{customer_id}", notice)


@post("/customers/{customer_id:uuid}/lead", permission=_EDIT, name="customers:make_lead")
def revert(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    pool.revert(session, actor, customer_id)
    return redirect(request, f"/customers/{customer_id}", Notice(_("It is a lead again.")))


HANDLERS: list[Any] = [
    *list_handlers(POOL), *list_handlers(LEADS), card, claim_one, claim, due, ask_release, ask_release_many, release,
    ask_convert, convert, revert,
]  # fmt: skip
