"""The privacy page of a customer or of a contact that stands alone, with its forms; texts that persons agree to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from litestar import Request, Response
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.contracts.pages import Action
from platform_core.customers import queries
from platform_core.customers.models import Contact
from platform_core.kernel import dictionaries
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.privacy import consent, people, restricting, showing
from platform_core.privacy.dictionaries import PURPOSES
from platform_core.privacy.forms import ConsentInput, ReasonInput, SuppressionInput, TextInput
from platform_core.privacy.people import Person
from platform_core.privacy.policies import HANDLE
from platform_core.privacy.wording import KINDS, STATES
from platform_core.web.forms import Bound, FormData, bind
from platform_core.web.notices import Notice
from platform_core.web.pages import page, redirect
from platform_core.web.requests import Platform, platform_of
from platform_core.web.routing import get, post

_ = translator("privacy")
Find = Callable[[Request[Any, Any, Any], Session], Person]


def _customer(request: Request[Any, Any, Any], session: Session) -> Person:
    return queries.get(session, request.path_params["customer_id"])


def _contact(request: Request[Any, Any, Any], session: Session) -> Person:
    return people.contact(session, request.path_params["contact_id"])


def _reading(base: str, name: str, find: Find) -> list[Any]:
    """Pages of persons of one kind: what is known, and the forms."""

    @get(base, permission="customers.view", name=f"privacy:{name}")
    def show(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
        return _show(request, session, actor, find(request, session), Bound())

    @get(f"{base}/consent", permission=consent.PERMISSION, name=f"privacy:{name}_new_consent")
    def new_consent(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
        return _form(request, session, actor, find(request, session), "privacy/consent.html", Bound())

    @get(f"{base}/opt-out", permission=consent.PERMISSION, name=f"privacy:{name}_new_opt_out")
    def new_opt_out(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
        return _form(request, session, actor, find(request, session), "privacy/opt_out.html", Bound())

    return [show, new_consent, new_opt_out]


def _writing(base: str, name: str, find: Find) -> list[Any]:
    @post(f"{base}/consent", permission=consent.PERMISSION, name=f"privacy:{name}_record_consent")
    def record_consent(
        request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData
    ) -> Response[str]:  # fmt: skip
        who, bound = find(request, session), bind(ConsentInput, form)
        if bound.ok:
            data = bound.require()
            try:
                consent.record_consent(session, actor, showing.whose(session, who, data.contact_id), data)
            except Invalid as error:
                bound.add(error)
            else:
                return redirect(request, people.url(who), Notice(_("Written down.")))
        return _form(request, session, actor, who, "privacy/consent.html", bound)

    @post(f"{base}/opt-out", permission=consent.PERMISSION, name=f"privacy:{name}_suppress")
    def suppress(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
        who, bound = find(request, session), bind(SuppressionInput, form)
        if bound.ok:
            try:
                consent.suppress(session, actor, who, bound.require())
            except Invalid as error:
                bound.add(error)
            else:
                notice = Notice(_("Written down. From now on nothing of this kind is sent there."))
                return redirect(request, people.url(who), notice)
        return _form(request, session, actor, who, "privacy/opt_out.html", bound)

    return [record_consent, suppress, *_with_reason(base, name, find)]


def _with_reason(base: str, name: str, find: Find) -> list[Any]:
    @post(
        f"{base}/opt-outs/{{suppression_id:uuid}}/lift",
        permission=consent.PERMISSION,
        name=f"privacy:{name}_lift_suppression",
    )
    def lift_suppression(
        request: Request[Any, Any, Any], session: Session, actor: Actor, suppression_id: UUID, form: FormData
    ) -> Response[str]:
        who, bound = find(request, session), bind(ReasonInput, form)
        if not bound.ok:
            return _show(request, session, actor, who, bound)
        consent.lift(session, actor, who, suppression_id, bound.require().reason)
        return redirect(request, people.url(who), Notice(_("Taken back. It stays in the history.")))

    @post(f"{base}/restrict", permission=HANDLE, name=f"privacy:{name}_restrict")
    def restrict(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
        who, bound = find(request, session), bind(ReasonInput, form)
        if not bound.ok:
            return _show(request, session, actor, who, bound)
        restricting.restrict_person(session, actor, who, bound.require().reason)
        return redirect(request, people.url(who), Notice(_("Restricted: the record is kept and not used.")))

    @post(f"{base}/lift", permission=HANDLE, name=f"privacy:{name}_lift_restriction")
    def lift(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
        who, bound = find(request, session), bind(ReasonInput, form)
        if not bound.ok:
            return _show(request, session, actor, who, bound)
        restricting.lift_person(session, actor, who, bound.require().reason)
        return redirect(request, people.url(who), Notice(_("The record may be used again.")))

    return [lift_suppression, restrict, lift]


def _show(
    request: Request[Any, Any, Any], session: Session, actor: Actor, who: Person, form: Bound[Any]
) -> Response[str]:
    people.opened(session, actor, who, "privacy.view")
    return page(
        request, "privacy/person.html", active=_active(who), status=422 if form.errors else 200, form=form,
        kinds=KINDS, states=STATES, verbs=_verbs(platform_of(request), session, actor, who),
        **showing.of_person(session, actor, who),
    )  # fmt: skip


def _verbs(platform: Platform, session: Session, actor: Actor, who: Person) -> list[Action]:
    """What plugins offer on a contact that stands alone; a customer has a page for that."""
    if not isinstance(who, Contact):
        return []
    found = (item.value for item in platform.hooks.contact_actions(session, actor, who))
    return sorted(found, key=lambda action: (action.order, action.key))


def _form(
    request: Request[Any, Any, Any], session: Session, actor: Actor, who: Person, template: str, form: Bound[Any]
) -> Response[str]:
    people.require(session, actor, consent.PERMISSION, who)
    people.opened(session, actor, who, "privacy.view")
    return page(
        request, template, active=_active(who), status=422 if form.errors else 200, form=form,
        **showing.choices(session, who),
    )  # fmt: skip


def _active(who: Person) -> str:
    return "contacts" if isinstance(who, Contact) else "customers"


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


_KINDS: list[tuple[str, str, Find]] = [
    ("/customers/{customer_id:uuid}/privacy", "customer", _customer),
    ("/contacts/{contact_id:uuid}/privacy", "contact", _contact),
]
HANDLERS = [
    *(handler for kind in _KINDS for handler in (*_reading(*kind), *_writing(*kind))), texts, add_text,
]  # fmt: skip
