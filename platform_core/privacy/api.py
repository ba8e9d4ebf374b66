"""JSON: whether somebody may be contacted, what persons said, opt-outs, restrictions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import queries
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.privacy import consent, people, restricting, showing
from platform_core.privacy.allowed import allowed
from platform_core.privacy.forms import ConsentInput, ReasonInput, SuppressionInput
from platform_core.privacy.models import Consent, Suppression
from platform_core.privacy.people import Person
from platform_core.privacy.policies import HANDLE
from platform_core.web.apis import Items
from platform_core.web.routing import get, post

_ = translator("privacy")


class ConsentOut(msgspec.Struct, kw_only=True):
    """`customer_id` or `contact_id` says whose word it is; `channel` "" is every one."""

    id: UUID
    customer_id: UUID | None
    contact_id: UUID | None
    purpose: str
    channel: str
    given: bool
    at: datetime
    recorded_at: datetime
    source: str
    text_id: UUID | None
    note: str
    by_label: str


class SuppressionOut(msgspec.Struct, kw_only=True):
    """`purpose`: a code, "" for everything that needs consent, "*" for everything; `mask` of the number, if of one."""

    id: UUID
    customer_id: UUID | None
    contact_id: UUID | None
    mask: str
    purpose: str
    channel: str
    at: datetime
    source: str
    note: str
    lifted_at: datetime | None


class VerdictOut(msgspec.Struct, kw_only=True):
    """`code`: gone, restricted, opted_out, withdrawn, no_consent, or "" where contact is allowed."""

    allowed: bool
    code: str
    sentence: str


@get("/customers/{customer_id:uuid}/consents", permission="customers.view", name="privacy:api_consents")
def consents(session: Session, actor: Actor, customer_id: UUID) -> Items[ConsentOut]:
    """All that a customer and its contacts have said, the latest first; a person says little, so there is one page."""
    return _words(session, actor, queries.get(session, customer_id))


@post(
    "/customers/{customer_id:uuid}/consents", permission=consent.PERMISSION, name="privacy:api_consent", status_code=201
)
def record(session: Session, actor: Actor, customer_id: UUID, data: ConsentInput) -> ConsentOut:
    """Write down a yes or a no. Nothing is changed afterwards: another word is another one of these."""
    return _record(session, actor, queries.get(session, customer_id), data)


@get("/customers/{customer_id:uuid}/opt-outs", permission="customers.view", name="privacy:api_opt_outs")
def opt_outs(session: Session, actor: Actor, customer_id: UUID) -> Items[SuppressionOut]:
    """Of a customer, its contacts and all their numbers, those that were taken back too."""
    return _closed(session, actor, queries.get(session, customer_id))


@post(
    "/customers/{customer_id:uuid}/opt-outs", permission=consent.PERMISSION, name="privacy:api_suppress",
    status_code=201,
)  # fmt: skip
def suppress(session: Session, actor: Actor, customer_id: UUID, data: SuppressionInput) -> SuppressionOut:
    """Nothing more to a number of the customer, to a contact, or to the customer."""
    return _suppress(session, actor, queries.get(session, customer_id), data)


@post(
    "/customers/{customer_id:uuid}/opt-outs/{suppression_id:uuid}/lift", permission=consent.PERMISSION,
    name="privacy:api_lift_suppression",
)  # fmt: skip
def lift_suppression(
    session: Session, actor: Actor, customer_id: UUID, suppression_id: UUID, data: ReasonInput
) -> SuppressionOut:
    """Take an opt-out back, since the person wants so."""
    return _suppression(consent.lift(session, actor, queries.get(session, customer_id), suppression_id, data.reason))


@get("/customers/{customer_id:uuid}/allowed", permission="customers.view", name="privacy:api_allowed")
def may_contact(session: Session, customer_id: UUID, channel: str = "", purpose: str = "") -> VerdictOut:
    """Whether the customer may be contacted over this channel for this purpose, now. Both are needed."""
    customer = queries.get(session, customer_id)
    missing = {name: _("Say which one.") for name, code in (("channel", channel), ("purpose", purpose)) if not code}
    if missing:
        raise Invalid(_("Please check the marked fields."), fields=missing)
    verdict = allowed(session, customer, channel, purpose)
    return VerdictOut(allowed=bool(verdict), code=verdict.code, sentence=verdict.sentence)


@post("/customers/{customer_id:uuid}/restrict", permission=HANDLE, name="privacy:api_restrict", status_code=204)
def restrict(session: Session, actor: Actor, customer_id: UUID, data: ReasonInput) -> None:
    """Keep the record and do nothing else with it."""
    restricting.restrict(session, actor, customer_id, data.reason)


@post("/customers/{customer_id:uuid}/lift", permission=HANDLE, name="privacy:api_lift_restriction", status_code=204)
def lift(session: Session, actor: Actor, customer_id: UUID, data: ReasonInput) -> None:
    """Let a restricted record be used again."""
    restricting.lift(session, actor, customer_id, data.reason)


@get("/contacts/{contact_id:uuid}/consents", permission="customers.view", name="privacy:api_contact_consents")
def contact_consents(session: Session, actor: Actor, contact_id: UUID) -> Items[ConsentOut]:
    """All that a contact who stands alone has said, the latest first."""
    return _words(session, actor, people.contact(session, contact_id))


@post(
    "/contacts/{contact_id:uuid}/consents", permission=consent.PERMISSION, name="privacy:api_contact_consent",
    status_code=201,
)  # fmt: skip
def record_of_contact(session: Session, actor: Actor, contact_id: UUID, data: ConsentInput) -> ConsentOut:
    """Write down a yes or a no of a contact who stands alone."""
    return _record(session, actor, people.contact(session, contact_id), data)


@get("/contacts/{contact_id:uuid}/opt-outs", permission="customers.view", name="privacy:api_contact_opt_outs")
def contact_opt_outs(session: Session, actor: Actor, contact_id: UUID) -> Items[SuppressionOut]:
    """Of a contact who stands alone, and of its numbers."""
    return _closed(session, actor, people.contact(session, contact_id))


@post(
    "/contacts/{contact_id:uuid}/opt-outs", permission=consent.PERMISSION, name="privacy:api_contact_suppress",
    status_code=201,
)  # fmt: skip
def suppress_contact(session: Session, actor: Actor, contact_id: UUID, data: SuppressionInput) -> SuppressionOut:
    """Nothing more to a number of the contact, or to the contact."""
    return _suppress(session, actor, people.contact(session, contact_id), data)


@post(
    "/contacts/{contact_id:uuid}/opt-outs/{suppression_id:uuid}/lift", permission=consent.PERMISSION,
    name="privacy:api_contact_lift_suppression",
)  # fmt: skip
def lift_suppression_of_contact(
    session: Session, actor: Actor, contact_id: UUID, suppression_id: UUID, data: ReasonInput
) -> SuppressionOut:
    """Take an opt-out back, since the person wants so."""
    return _suppression(consent.lift(session, actor, people.contact(session, contact_id), suppression_id, data.reason))


@post("/contacts/{contact_id:uuid}/restrict", permission=HANDLE, name="privacy:api_contact_restrict", status_code=204)
def restrict_contact(session: Session, actor: Actor, contact_id: UUID, data: ReasonInput) -> None:
    """Keep the contact and do nothing else with it."""
    restricting.restrict_person(session, actor, people.contact(session, contact_id), data.reason)


@post(
    "/contacts/{contact_id:uuid}/lift", permission=HANDLE, name="privacy:api_contact_lift_restriction", status_code=204
)
def lift_contact(session: Session, actor: Actor, contact_id: UUID, data: ReasonInput) -> None:
    """Let a restricted contact be used again."""
    restricting.lift_person(session, actor, people.contact(session, contact_id), data.reason)


def _words(session: Session, actor: Actor, who: Person) -> Items[ConsentOut]:
    people.opened(session, actor, who, "privacy.view")
    return Items([_consent(row) for row, _text in consent.history(session, who)])


def _record(session: Session, actor: Actor, who: Person, data: ConsentInput) -> ConsentOut:
    made = consent.record_consent(session, actor, showing.whose(session, who, data.contact_id), data)
    session.flush()  # the answer shows when it was written down
    return _consent(made)


def _closed(session: Session, actor: Actor, who: Person) -> Items[SuppressionOut]:
    people.opened(session, actor, who, "privacy.view")
    return Items([_suppression(row) for row in consent.opt_outs(session, who)])


def _suppress(session: Session, actor: Actor, who: Person, data: SuppressionInput) -> SuppressionOut:
    made = consent.suppress(session, actor, who, data)
    session.flush()  # the answer shows since when
    return _suppression(made)


def _consent(row: Consent) -> ConsentOut:
    return ConsentOut(**{name: getattr(row, name) for name in ConsentOut.__struct_fields__})


def _suppression(row: Suppression) -> SuppressionOut:
    return SuppressionOut(**{name: getattr(row, name) for name in SuppressionOut.__struct_fields__})


HANDLERS = [
    consents, record, opt_outs, suppress, lift_suppression, may_contact, restrict, lift, contact_consents,
    record_of_contact, contact_opt_outs, suppress_contact, lift_suppression_of_contact, restrict_contact, lift_contact,
]  # fmt: skip
