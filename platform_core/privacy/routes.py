"""The privacy page of a customer, with its forms, and the texts that persons agree to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import opening, queries, rights, services
from platform_core.kernel import dictionaries
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.privacy import consent, restricting, showing
from platform_core.privacy.dictionaries import PURPOSES
from platform_core.privacy.forms import ConsentInput, ReasonInput, SuppressionInput, TextInput
from platform_core.privacy.policies import HANDLE
from platform_core.privacy.wording import KINDS, STATES
from platform_core.web.forms import Bound, FormData, bind
from platform_core.web.notices import Notice
from platform_core.web.pages import page, redirect
from platform_core.web.routing import get, post

_ = translator("privacy")
_PAGE = "/customers/{customer_id:uuid}/privacy"


def _url(customer_id: UUID) -> str:
    return f"/customers/{customer_id}/privacy"


@get(_PAGE, permission="customers.view", name="privacy:customer")
def show(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    return _show(request, session, actor, customer_id, Bound())


def _show(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, form: Bound[Any]
) -> Response[str]:
    customer = queries.get(session, customer_id)
    opening.opened(session, actor, services.ref(customer), customer.id, "privacy.view")
    return page(
        request, "privacy/customer.html", active="customers", status=422 if form.errors else 200, form=form,
        kinds=KINDS, states=STATES, **showing.of_customer(session, actor, customer),
    )  # fmt: skip


@get(f"{_PAGE}/consent", permission=consent.PERMISSION, name="privacy:new_consent")
def new_consent(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    return _form(request, session, actor, customer_id, "privacy/consent.html", Bound())


@get(f"{_PAGE}/opt-out", permission=consent.PERMISSION, name="privacy:new_opt_out")
def new_opt_out(request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID) -> Response[str]:
    return _form(request, session, actor, customer_id, "privacy/opt_out.html", Bound())


def _form(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, template: str, form: Bound[Any]
) -> Response[str]:
    customer = queries.get(session, customer_id)
    rights.require(session, actor, consent.PERMISSION, customer)
    opening.opened(session, actor, services.ref(customer), customer.id, "privacy.view")
    return page(
        request, template, active="customers", status=422 if form.errors else 200, form=form, customer=customer,
        **showing.choices(session, customer),
    )  # fmt: skip


@post(f"{_PAGE}/consent", permission=consent.PERMISSION, name="privacy:record_consent")
def record_consent(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, form: FormData
) -> Response[str]:
    bound = bind(ConsentInput, form)
    if bound.ok:
        data = bound.require()
        customer = queries.get(session, customer_id)
        try:
            consent.record_consent(session, actor, showing.whose(session, customer, data.contact_id), data)
        except Invalid as error:
            bound.add(error)
        else:
            return redirect(request, _url(customer_id), Notice(_("Written down.")))
    return _form(request, session, actor, customer_id, "privacy/consent.html", bound)


@post(f"{_PAGE}/opt-out", permission=consent.PERMISSION, name="privacy:suppress")
def suppress(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, form: FormData
) -> Response[str]:
    bound = bind(SuppressionInput, form)
    if bound.ok:
        try:
            consent.suppress(session, actor, queries.get(session, customer_id), bound.require())
        except Invalid as error:
            bound.add(error)
        else:
            notice = Notice(_("Written down. From now on nothing of this kind is sent there."))
            return redirect(request, _url(customer_id), notice)
    return _form(request, session, actor, customer_id, "privacy/opt_out.html", bound)


@post(f"{_PAGE}/opt-outs/{{suppression_id:uuid}}/lift", permission=consent.PERMISSION, name="privacy:lift_suppression")
def lift_suppression(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, suppression_id: UUID,
    form: FormData,
) -> Response[str]:  # fmt: skip
    bound = bind(ReasonInput, form)
    if not bound.ok:
        return _show(request, session, actor, customer_id, bound)
    consent.lift(session, actor, queries.get(session, customer_id), suppression_id, bound.require().reason)
    return redirect(request, _url(customer_id), Notice(_("Taken back. It stays in the history.")))


@post(f"{_PAGE}/restrict", permission=HANDLE, name="privacy:restrict")
def restrict(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, form: FormData
) -> Response[str]:
    bound = bind(ReasonInput, form)
    if not bound.ok:
        return _show(request, session, actor, customer_id, bound)
    restricting.restrict(session, actor, customer_id, bound.require().reason)
    return redirect(request, _url(customer_id), Notice(_("Restricted: the record is kept and not used.")))


@post(f"{_PAGE}/lift", permission=HANDLE, name="privacy:lift_restriction")
def lift(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer_id: UUID, form: FormData
) -> Response[str]:
    bound = bind(ReasonInput, form)
    if not bound.ok:
        return _show(request, session, actor, customer_id, bound)
    restricting.lift(session, actor, customer_id, bound.require().reason)
    return redirect(request, _url(customer_id), Notice(_("The record may be used again.")))


@get("/privacy/texts", permission=consent.TEXTS, name="privacy:texts")
def texts(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    return _texts(request, session, Bound())


def _texts(request: Request[Any, Any, Any], session: Session, form: Bound[TextInput]) -> Response[str]:
    found = [(text, dictionaries.label(session, PURPOSES, text.purpose)) for text in consent.texts(session)]
    return page(
        request, "privacy/texts.html", active="privacy", status=422 if form.errors else 200, form=form, found=found,
        purposes=dictionaries.choices(session, PURPOSES),
    )  # fmt: skip


@post("/privacy/texts", permission=consent.TEXTS, name="privacy:add_text")
def add_text(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    bound = bind(TextInput, form)
    if bound.ok:
        try:
            consent.add_text(session, actor, bound.require())
        except Invalid as error:
            bound.add(error)
        else:
            return redirect(request, "/privacy/texts", Notice(_("The new version can be agreed to from now on.")))
    return _texts(request, session, bound)


HANDLERS = [
    show, new_consent, new_opt_out, record_consent, suppress, lift_suppression, restrict, lift, texts, add_text,
]  # fmt: skip
