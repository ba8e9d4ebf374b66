"""JSON: whether somebody may be contacted, what persons said, opt-outs, restrictions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import opening, queries, services
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.privacy import consent, restricting, showing
from platform_core.privacy.allowed import allowed
from platform_core.privacy.forms import ConsentInput, ReasonInput, SuppressionInput
from platform_core.privacy.models import Consent, Suppression
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
    customer = queries.get(session, customer_id)
    opening.opened(session, actor, services.ref(customer), customer_id, "privacy.view")
    return Items([_consent(row) for row, _text in consent.history(session, customer)])


@post(
    "/customers/{customer_id:uuid}/consents", permission=consent.PERMISSION, name="privacy:api_consent", status_code=201
)
def record(session: Session, actor: Actor, customer_id: UUID, data: ConsentInput) -> ConsentOut:
    """Write down a yes or a no. Nothing is changed afterwards: another word is another one of these."""
    customer = queries.get(session, customer_id)
    made = consent.record_consent(session, actor, showing.whose(session, customer, data.contact_id), data)
    session.flush()  # the answer shows when it was written down
    return _consent(made)


@get("/customers/{customer_id:uuid}/opt-outs", permission="customers.view", name="privacy:api_opt_outs")
def opt_outs(session: Session, actor: Actor, customer_id: UUID) -> Items[SuppressionOut]:
    """Of a customer, its contacts and all their numbers, those that were taken back too."""
    customer = queries.get(session, customer_id)
    opening.opened(session, actor, services.ref(customer), customer_id, "privacy.view")
    return Items([_suppression(row) for row in consent.of_customer(session, customer)])


@post(
    "/customers/{customer_id:uuid}/opt-outs", permission=consent.PERMISSION, name="privacy:api_suppress",
    status_code=201,
)  # fmt: skip
def suppress(session: Session, actor: Actor, customer_id: UUID, data: SuppressionInput) -> SuppressionOut:
    """Nothing more to a number of the customer, to a contact, or to the customer."""
    made = consent.suppress(session, actor, queries.get(session, customer_id), data)
    session.flush()  # the answer shows since when
    return _suppression(made)


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


def _consent(row: Consent) -> ConsentOut:
    return ConsentOut(**{name: getattr(row, name) for name in ConsentOut.__struct_fields__})


def _suppression(row: Suppression) -> SuppressionOut:
    return SuppressionOut(**{name: getattr(row, name) for name in SuppressionOut.__struct_fields__})


HANDLERS = [consents, record, opt_outs, suppress, lift_suppression, may_contact, restrict, lift]
