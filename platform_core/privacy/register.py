"""The register of what persons ask for: what, by when, what was done about it, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.customers import contacts, fields, points, services
from platform_core.customers.forms import POINT_FIELDS, ContactPatch, CustomerPatch
from platform_core.customers.models import Contact
from platform_core.kernel import clock, counters, dictionaries
from platform_core.kernel.errors import Ask, Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.ids import new_id
from platform_core.kernel.scope import proven
from platform_core.privacy import people, restricting, settings
from platform_core.privacy.dictionaries import SOURCES
from platform_core.privacy.forms import Closing, Correction, RequestInput
from platform_core.privacy.models import PersonRequest, RequestAct
from platform_core.privacy.people import Person
from platform_core.privacy.policies import HANDLE

_ = translator("privacy")
_SHOWN = 200
_LATEST_CLOSED = 50
_NEEDED = {"access": "package", "correction": "correct", "restriction": "restrict", "erasure": "erase"}
"""Kind -> the act without which it is not done, where there is a record."""
_NOT_CORRECTED = ("code", "status", "kind", "custom")
CORRECTABLE = tuple(name for name in CustomerPatch.__struct_fields__ if name not in _NOT_CORRECTED)
_OF_CONTACTS = tuple(name for name in ContactPatch.__struct_fields__ if name != "is_primary")
T = TypeVar("T", CustomerPatch, ContactPatch)


def ref(request: PersonRequest) -> EntityRef:
    return EntityRef("privacy", "request", request.id, request.code)


def register(
    session: Session, actor: Actor, data: RequestInput, customer_id: UUID | None = None, contact_id: UUID | None = None
) -> PersonRequest:
    """A request about a customer, a contact that stands alone, or of somebody whom nobody has found.

    Raises Forbidden, NotFound, Invalid.
    """
    if not actor.can(HANDLE):
        raise Forbidden(_("You do not handle requests of persons."), ask=Ask(HANDLE))
    who = people.by_ids(session, customer_id, contact_id)
    if who is not None:
        people.require(session, actor, HANDLE, who)
    received = data.received_on or clock.today()
    wrong = {}
    if received > clock.today():
        wrong["received_on"] = _("This day has not come yet.")
    if data.source not in dict(dictionaries.choices(session, SOURCES)):
        wrong["source"] = _("Please choose from the list.")
    if wrong:
        raise Invalid(_("Please check the marked fields."), fields=wrong)
    year = clock.today().year
    made = PersonRequest(
        id=new_id(), code=f"P-{year}-{counters.bump(session, f'privacy.request.{year}'):04}", kind=data.kind,
        customer_id=customer_id, contact_id=None if customer_id else contact_id, asked_by=data.asked_by.strip(),
        source=data.source, details=data.details.strip(),
        identity=data.identity.strip(), received_on=received, due_on=settings.due_on(session, received),
        by_id=actor.user_id, by_label=actor.name,
    )  # fmt: skip
    session.add(made)
    after = {"asked": made.kind, "due": made.due_on.isoformat()}
    audit.record(session, actor, "privacy.request", ref(made), customer_id=customer_id, after=after)
    return made


def find(session: Session, actor: Actor, request_id: UUID, *, lock: bool = False) -> PersonRequest:
    """Raises NotFound for what there is not, or not for the actor."""
    statement = select(PersonRequest).where(PersonRequest.id == request_id)
    if lock:
        statement = statement.with_for_update(of=PersonRequest).execution_options(populate_existing=True)
    found = session.scalars(statement).one_or_none() if actor.can(HANDLE) else None
    if found is None:
        raise NotFound(_("There is no such request, or not for you."))
    return found


def listed(session: Session, *, closed: bool = False) -> Sequence[PersonRequest]:
    """Open ones by when they are due; of the closed the latest fifty."""
    statement = select(PersonRequest)
    if closed:
        done = statement.where(PersonRequest.state != "open")
        return session.scalars(done.order_by(PersonRequest.closed_at.desc()).limit(_LATEST_CLOSED)).all()
    waiting = statement.where(PersonRequest.state == "open").order_by(PersonRequest.due_on, PersonRequest.id)
    return session.scalars(waiting.limit(_SHOWN)).all()


def looked_through(session: Session, actor: Actor, *, closed: bool = False) -> Sequence[PersonRequest]:
    """`listed`, written down with the customers that they are about."""
    found = listed(session, closed=closed)
    ids = dict.fromkeys(item.customer_id for item in found if item.customer_id)
    audit.record(session, actor, "privacy.register", ids=list(ids))
    return found


def of_person(session: Session, who: Person) -> Sequence[PersonRequest]:
    """Those the actor may see, the latest first."""
    mine = PersonRequest.contact_id if isinstance(who, Contact) else PersonRequest.customer_id
    statement = select(PersonRequest).where(mine == who.id)
    return session.scalars(statement.order_by(PersonRequest.created_at.desc())).all()


def looked_at(session: Session, actor: Actor, request: PersonRequest) -> Person | None:
    """Write down that somebody reads a request. None for nobody in the house, and for one who is erased by now."""
    who = people.of_request(session, request)
    if who is None:
        audit.record(session, actor, "privacy.request_view", ref(request))
    else:
        people.opened(session, actor, who, "privacy.request_view")
    return who


def acts_of(session: Session, request: PersonRequest) -> Sequence[RequestAct]:
    return session.scalars(
        select(RequestAct).where(RequestAct.request_id == request.id).order_by(RequestAct.at, RequestAct.id)
    ).all()


def open_for_work(session: Session, actor: Actor, request_id: UUID, kind: str) -> tuple[PersonRequest, Person]:
    """An open request of this kind, locked, and whom it is about. Raises NotFound, Conflict."""
    request = find(session, actor, request_id, lock=True)
    if request.state != "open":
        raise Conflict(_("This request is closed."))
    who = people.of_request(session, request) if request.kind == kind else None
    if who is None:
        raise Conflict(_("This does not belong to this request."))
    return request, who


def note(
    session: Session, actor: Actor | None, request: PersonRequest, what: str, *, before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None, link: str = "",
) -> RequestAct:  # fmt: skip
    """Something was done about a request. The act itself has its own line in the audit trail."""
    act = RequestAct(
        id=new_id(), request_id=request.id, customer_id=request.customer_id, contact_id=request.contact_id,
        by_id=actor.user_id if actor else None, by_label=actor.name if actor else "", what=what, before=before or {},
        after=after or {}, link=link,
    )  # fmt: skip
    session.add(act)
    return act


def correct(session: Session, actor: Actor, request_id: UUID, data: Correction) -> RequestAct:
    """Change one field of the record as the person asks; what it said before is kept with the request.

    Raises NotFound, Forbidden, Conflict where nothing changes, Invalid at `field` or `value`.
    """
    request, who = open_for_work(session, actor, request_id, "correction")
    if data.field not in correctable(who):
        raise Invalid(_("Please check the marked fields."), fields={"field": _("Please choose from the list.")})
    people.require(session, actor, HANDLE, who)
    before = _said(session, who, data.field)
    try:
        if isinstance(who, Contact):
            contacts.update(session, actor, who.id, _patch(ContactPatch, data))
        else:
            services.update(session, actor, who.id, _patch(CustomerPatch, data))
    except Invalid as error:
        raise Invalid(error.message, fields={"value": error.fields.get(data.field, error.message)}) from error
    session.flush()  # what lists show of numbers is written past the session
    after = _said(session, who, data.field)
    if before == after and data.field not in POINT_FIELDS:
        raise Conflict(_("The record says so already."))
    made = note(session, actor, request, "correct", before=before, after=after)
    audit.record(
        session, actor, "privacy.correct", ref(request), customer_id=people.customer_id(who),
        after={"field": fields.label(data.field), "request": request.code},
    )  # fmt: skip
    return made


def restrict(session: Session, actor: Actor, request_id: UUID, reason: str) -> PersonRequest:
    """Restrict the record as the person asks. Raises NotFound, Forbidden, Conflict."""
    request, who = open_for_work(session, actor, request_id, "restriction")
    restricting.restrict_person(session, actor, who, reason)
    note(session, actor, request, "restrict", link=people.url(who))
    return request


def close(session: Session, actor: Actor, request_id: UUID, data: Closing) -> PersonRequest:
    """What came of it. Raises NotFound, Conflict while what was asked for is not done, Invalid."""
    request = find(session, actor, request_id, lock=True)
    if request.state != "open":
        raise Conflict(_("This request is closed."))
    request.identity = data.identity.strip() or request.identity
    if data.state == "done":
        if request.kind in ("access", "erasure") and not request.identity:
            message = _("Say how it was made sure that they are who they say.")
            raise Invalid(_("Please check the marked fields."), fields={"identity": message})
        needed = _NEEDED[request.kind]
        if (request.customer_id or request.contact_id) and needed not in {
            act.what for act in acts_of(session, request)
        }:
            raise Conflict(_("What was asked for has not been done yet. Do it here first, or refuse it with a reason."))
    request.state, request.result = data.state, data.result.strip()
    request.closed_at, request.closed_by = clock.now(), actor.name
    note(session, actor, request, "close", after={"state": data.state})
    audit.record(
        session, actor, "privacy.close", ref(request), customer_id=request.customer_id,
        before={"state": "open"}, after={"state": data.state},
    )  # fmt: skip
    return request


def unanswered(count: int) -> str:
    return _.ngettext("%(num)d request of the person is open.", "%(num)d requests of the person are open.", count)


def erased(session: Session, actor: Actor | None, ids: Sequence[UUID]) -> None:
    """In the erasing transaction: open requests for it are told, whoever handles them."""
    waiting = select(PersonRequest).where(
        PersonRequest.customer_id.in_(ids), PersonRequest.kind == "erasure", PersonRequest.state == "open"
    )
    proof = proven("the customer that these requests are about is being erased by somebody who may")
    for request in session.scalars(waiting, execution_options=proof):
        note(session, actor, request, "erase")


def contact_erased(session: Session, actor: Actor | None, contact_id: UUID) -> None:
    """The same for a contact that stood alone. Its requests stay, without words and without it."""
    proof = {"execution_options": proven("the contact that these requests are about is being erased by who may")}
    for request in session.scalars(select(PersonRequest).where(PersonRequest.contact_id == contact_id), **proof):
        if request.kind == "erasure" and request.state == "open":
            note(session, actor, request, "erase")
        request.asked_by = request.details = request.identity = request.result = ""
        request.contact_id = None
    session.flush()  # acts that were just noted are found as well
    for act in session.scalars(select(RequestAct).where(RequestAct.contact_id == contact_id), **proof):
        act.contact_id, act.link = None, ""
        act.before, act.after = dict.fromkeys(act.before, ""), dict.fromkeys(act.after, "")
    session.flush()  # the contact goes past the session


def correctable(who: Person) -> tuple[str, ...]:
    return _OF_CONTACTS if isinstance(who, Contact) else CORRECTABLE


def _said(session: Session, who: Person, field: str) -> dict[str, Any]:
    """The field as the trail may keep it: masked where it is sensitive."""
    if isinstance(who, Contact) and field in POINT_FIELDS:
        kinds = points.PHONES if field == "phone" else (field,)
        held = [point.mask for point in people.points_of(session, who) if point.kind in kinds]
        return {field: held[0] if held else ""}
    name = {"phone": "phone_mask"}.get(field, field)
    return fields.masked(fields.plain({field: getattr(who, name, "")}))


def _patch(kind: type[T], data: Correction) -> T:
    """Empty is nothing where a field may be empty, else an empty text. Raises Invalid at `value`."""
    text = data.value.strip()
    try:
        return msgspec.convert({data.field: text or None}, kind, strict=False)
    except msgspec.ValidationError:
        pass
    try:
        return msgspec.convert({data.field: text}, kind, strict=False)
    except msgspec.ValidationError as error:
        message = _("This does not fit here.")
        raise Invalid(_("Please check the marked fields."), fields={"value": message}) from error
