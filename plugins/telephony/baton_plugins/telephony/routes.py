"""Pages and answers about calls: the card, the log, missed calls, an unknown caller who becomes a customer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from baton_plugins.telephony import blocks, cards, queries, services
from baton_plugins.telephony.forms import NewCallerInput
from baton_plugins.telephony.policies import LISTEN, VIEW

from platform_core.api import (
    Actor,
    Bound,
    EntityRef,
    FormData,
    Invalid,
    Request,
    Response,
    Session,
    bind,
    callers,
    contact_get,
    customer_get,
    customer_opened,
    fragment,
    get,
    initial,
    page,
    post,
    redirect,
    translator,
    wants_fragment,
)

_ = translator("telephony")
CREATE = "customers.create"
_PERSONAL = {"personal": True}


@get("/card", permission=VIEW, name="telephony:card", opt=_PERSONAL)
def card(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    """What rings now; asked for by every page when it opens and when the telephone is heard of."""
    return _cards(request, session, actor)


@get("/cards", permission=VIEW, name="telephony:cards", opt=_PERSONAL)
def cards_page(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    return page(request, "telephony/cards.html", active="calls", shows=cards.shows(session, actor))


@post("/cards", permission=VIEW, name="telephony:show_cards", opt=_PERSONAL)
def show_cards(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    """Whether the actor's pages show who calls."""
    cards.show(session, actor, wanted=form.get("wanted") == "yes")
    return redirect(request, "/calls/cards")


@post("/{call_id:uuid}/dismiss", permission=VIEW, name="telephony:dismiss")
def dismiss(request: Request[Any, Any, Any], session: Session, actor: Actor, call_id: UUID) -> Response[str]:
    services.dismiss(session, actor, call_id)
    return _cards(request, session, actor) if wants_fragment(request) else redirect(request, "/calls")


@post("/{call_id:uuid}/choose", permission=VIEW, name="telephony:choose")
def choose(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, call_id: UUID
) -> Response[str]:
    customer_id = services.uuid_of(form.get("customer_id"))
    services.choose(session, actor, call_id, customer_id)
    return (
        _cards(request, session, actor) if wants_fragment(request) else redirect(request, f"/customers/{customer_id}")
    )


def _cards(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    return fragment(
        request, "telephony/_cards.html", cards=cards.open_cards(session, actor, request),
        may_create=actor.can(CREATE),
    )  # fmt: skip


@post("/{call_id:uuid}/handled", permission=VIEW, name="telephony:handled")
def handled(request: Request[Any, Any, Any], session: Session, actor: Actor, call_id: UUID) -> Response[str]:
    call = services.handle(session, actor, call_id)
    if not wants_fragment(request):
        return redirect(request, "/calls?view=missed")
    return fragment(request, "telephony/_handled.html", call=call)


@get("/of/{customer_id:uuid}", permission=VIEW, name="telephony:of_customer")
def of_customer(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, after: str = ""
) -> Response[str]:
    """The calls of one customer: what the tab of its page fetches."""
    customer = customer_get(session, customer_id)
    customer_opened(session, actor, EntityRef("customers", "customer", customer.id, customer.name), customer.id)
    rows, following = queries.page_of(session, queries.of_customer(customer.id), after)
    return page(
        request, "telephony/of_customer.html", partial="telephony/_of_customer.html", active="customers", who=customer,
        home=f"/customers/{customer.id}", rows=rows, may_listen=actor.can(LISTEN),
        blocks_url=f"/calls/blocks/{customer.id}" if actor.can(blocks.EDIT) else "",
        following=f"/calls/of/{customer.id}?after={following}" if following else "",
    )  # fmt: skip


@get("/contacts/{contact_id:uuid}", permission=VIEW, name="telephony:of_contact")
def of_contact(
    request: Request[Any, Any, Any], session: Session, actor: Actor, contact_id: UUID, after: str = ""
) -> Response[str]:
    """The calls of a contact that stands alone; those of others are with their customer."""
    contact = contact_get(session, contact_id)
    if contact.customer_id is not None:
        return redirect(request, f"/calls/of/{contact.customer_id}")
    customer_opened(session, actor, EntityRef("customers", "contact", contact.id, contact.name), None)
    rows, following = queries.page_of(session, queries.of_contact(contact.id), after)
    return page(
        request, "telephony/of_customer.html", partial="telephony/_of_customer.html", active="contacts", who=contact,
        home=f"/contacts/{contact.id}", rows=rows, may_listen=actor.can(LISTEN), blocks_url="",
        following=f"/calls/contacts/{contact.id}?after={following}" if following else "",
    )  # fmt: skip


@get("/{call_id:uuid}/new-customer", permission=CREATE, name="telephony:new_customer")
def new_customer(request: Request[Any, Any, Any], session: Session, actor: Actor, call_id: UUID) -> Response[str]:
    return _new_form(request, session, actor, call_id, initial(NewCallerInput))


@post("/{call_id:uuid}/new-customer", permission=CREATE, name="telephony:create_customer")
def create_customer(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, call_id: UUID
) -> Response[str]:
    bound = bind(NewCallerInput, form)
    if bound.ok:
        try:
            customer = services.create_customer(session, actor, call_id, bound.require())
        except Invalid as error:
            bound.add(error)
        else:
            return redirect(request, f"/customers/{customer.id}")
    return _new_form(request, session, actor, call_id, bound, status=422)


def _new_form(
    request: Request[Any, Any, Any], session: Session, actor: Actor, call_id: UUID, form: Bound[NewCallerInput],
    status: int = 200,
) -> Response[str]:  # fmt: skip
    call = services.unknown_caller(session, actor, call_id)
    number = callers.clear(session, call.number_cipher) if call.number_cipher else ""
    partial = "telephony/_new_customer_sheet.html" if status == 200 else "telephony/_new_customer_form.html"
    return page(
        request, "telephony/new_customer.html", partial=partial, status=status, active="calls", call=call,
        number=number, form=form,
    )  # fmt: skip


HANDLERS = [
    card, cards_page, show_cards, dismiss, choose, handled, of_customer, of_contact, new_customer, create_customer,
]  # fmt: skip
