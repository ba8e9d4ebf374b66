"""Contracts: signing one wins its opportunity."""

from __future__ import annotations

import unicodedata
from typing import Any
from uuid import UUID

from baton_plugins.opportunities import queries, services
from baton_plugins.opportunities.forms import ContractInput, check_contract
from baton_plugins.opportunities.models import Contract, Opportunity
from sqlalchemy.exc import IntegrityError

from platform_core.api import (
    Actor,
    Attachment,
    Conflict,
    EntityRef,
    Event,
    Invalid,
    Session,
    TooLarge,
    changes,
    customer_get,
    customer_set_status,
    dictionaries,
    hand_over_attachment,
    new_id,
    publish,
    record,
    store_attachment,
    today,
    translator,
)

_ = translator("opportunities")
_FIELDS = ("number", "signed_on", "amount", "starts_on", "ends_on", "term")
_SIGNED = "signed"
_BEYOND = frozenset({_SIGNED, "delivering", "in_service"})
"""Statuses of customers that a further contract does not take back."""


def ref(contract: Contract) -> EntityRef:
    return EntityRef("opportunities", "contract", contract.id, contract.number)


def sign(
    session: Session,
    actor: Actor,
    opportunity_id: UUID,
    data: ContractInput,
    *,
    upload: Any = None,
    attachment_id: UUID | None = None,
) -> Contract:
    """Record a signed contract with its file, uploaded now or attached before; wins the opportunity.

    Raises Invalid with fields (a number that is taken is named), Forbidden, and Conflict for a lost opportunity.
    Call it inside a savepoint where the caller answers an Invalid itself: it is found out after the first writes.
    """
    opportunity = queries.get(session, opportunity_id)
    services.require_write(session, actor, opportunity)
    if opportunity.stage == "lost":
        services.require_open(opportunity)
    attached = _attached(session, opportunity, attachment_id)
    errors = _errors(session, data, None)
    if upload is None and attached is None:
        errors.setdefault("file", no_file())
    _refuse(errors)
    contract = Contract(
        id=new_id(),
        customer_id=opportunity.customer_id,
        engagement_id=opportunity.engagement_id,
        opportunity_id=opportunity.id,
        attachment_id=attached.id if attached else None,
        signed_by_label=actor.name,
        department_label=actor.department_name,
        **_values(data),
    )
    _insert(session, contract)
    if upload is not None:
        contract.attachment_id = _store(session, actor, contract, upload)
    after = changes({}, {name: getattr(contract, name) for name in _FIELDS})[1]
    record(session, actor, "opportunities.sign", ref(contract), customer_id=contract.customer_id, after=after)
    _win(session, actor, opportunity, contract)
    queries.forget(session)
    return contract


def update(
    session: Session,
    actor: Actor,
    contract_id: UUID,
    data: ContractInput,
    *,
    version: int | None,
    upload: Any = None,
    attachment_id: UUID | None = None,
) -> Contract:
    """Correct a contract; without a new file it keeps the one it has. Raises as `sign` does.

    `version` is the one that was read; None overwrites whatever is there.
    """
    contract = queries.contract(session, contract_id)
    opportunity = queries.get(session, contract.opportunity_id)
    services.require_write(session, actor, opportunity)
    if version is not None and contract.version != version:
        raise Conflict(_("Somebody else has changed this contract in the meantime. Compare, then save again."))
    attached = _attached(session, opportunity, attachment_id)
    errors = _errors(session, data, contract)
    if upload is None and attached is None and contract.attachment_id is None:
        errors.setdefault("file", no_file())
    _refuse(errors)
    before = {name: getattr(contract, name) for name in _FIELDS}
    for name, value in _values(data).items():
        setattr(contract, name, value)
    _insert(session, contract)
    old, new = changes(before, {name: getattr(contract, name) for name in _FIELDS})
    former = contract.attachment_id
    if upload is not None:
        contract.attachment_id = _store(session, actor, contract, upload)
    elif attached is not None:
        contract.attachment_id = attached.id
    if contract.attachment_id != former:
        new["file"] = str(contract.attachment_id)
    if new:
        record(
            session, actor, "opportunities.edit_contract", ref(contract), customer_id=contract.customer_id,
            before=old, after=new,
        )  # fmt: skip
    queries.forget(session)
    return contract


def no_file() -> str:
    return _("Choose the file of the signed contract.")


def missing(contract: Contract) -> list[str]:
    """What a contract still lacks before a leg that needs one may be handed over, in the actor's language."""
    lacks = []
    if not contract.term and not (contract.starts_on and contract.ends_on):
        lacks.append(_("the term (or its start and end)"))
    if contract.attachment_id is None:
        lacks.append(_("the signed file"))
    return lacks


def _win(session: Session, actor: Actor, opportunity: Opportunity, contract: Contract) -> None:
    if opportunity.stage == "won":
        return  # a further contract for the same opportunity
    services.close(opportunity, actor, "won")
    customer = customer_get(session, opportunity.customer_id)
    statuses = dictionaries.entries(session, "customers.status")
    signed = dictionaries.current(session, "customers.status", _SIGNED)
    if signed in statuses and statuses[signed].active and customer.status not in {signed, *_BEYOND}:
        customer_set_status(session, actor, customer, signed, "opportunities.won")
    record(
        session, actor, "opportunities.win", services.ref(opportunity), customer_id=opportunity.customer_id,
        before={"stage": "open"}, after={"stage": "won"},
    )  # fmt: skip
    news: dict[str, str | int | bool | None] = {"contract_id": contract.id.hex, "cents": int(contract.amount * 100)}
    publish(
        session,
        Event(
            "opportunities.won",
            EntityRef("opportunities", "opportunity", opportunity.id),
            opportunity.customer_id,
            actor.user_id,
            news,
        ),
    )


def _values(data: ContractInput) -> dict[str, Any]:
    values = {name: getattr(data, name) for name in _FIELDS}
    # Numbers are compared by eye and by the database: one spelling for full-width and half-width digits.
    return {**values, "number": _plain(data.number), "term": data.term.strip()}


def _plain(number: str) -> str:
    return unicodedata.normalize("NFKC", number).strip()


def _errors(session: Session, data: ContractInput, contract: Contract | None) -> dict[str, str]:
    errors = check_contract(data, today())
    found = queries.contract_numbered(session, _plain(data.number))
    if found and (contract is None or found[0].id != contract.id):
        text = _(
            "The contract number %(number)s is taken by a contract with %(name)s.",
            number=found[0].number,
            name=found[1],
        )
        errors.setdefault("number", text)
    return errors


def _refuse(errors: dict[str, str]) -> None:
    if errors:
        raise Invalid(_("Please check the marked fields."), fields=errors)


def _insert(session: Session, contract: Contract) -> None:
    """Write now: the number may be taken by a contract that this actor does not see."""
    number = contract.number
    try:
        with session.begin_nested():
            session.add(contract)
    except IntegrityError as error:
        text = _("The contract number %(number)s is taken by another contract.", number=number)
        raise Invalid(_("Please check the marked fields."), fields={"number": text}) from error


def _attached(session: Session, opportunity: Opportunity, attachment_id: UUID | None) -> Attachment | None:
    """A file of the same customer, from now on seen by the engagement's people only. Raises Invalid for any other."""
    if attachment_id is None:
        return None
    found = session.get(Attachment, attachment_id)
    if (
        found is None
        or found.customer_id != opportunity.customer_id
        or found.engagement_id not in {None, opportunity.engagement_id}
    ):
        _refuse({"attachment_id": _("There is no such file on this customer.")})
        return None
    hand_over_attachment(found, owner="opportunities", kind="contract", engagement_id=opportunity.engagement_id)
    return found


def _store(session: Session, actor: Actor, contract: Contract, upload: Any) -> UUID:
    try:
        stored = store_attachment(
            session, actor, contract.customer_id, upload,
            owner="opportunities", kind="contract", engagement_id=contract.engagement_id,
        )  # fmt: skip
    except (Invalid, TooLarge) as error:
        raise Invalid(error.message, fields={"file": next(iter(error.fields.values()), error.message)}) from error
    return stored.id
