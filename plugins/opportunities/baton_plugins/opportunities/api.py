"""The JSON API of opportunities and contracts: same services and input as the pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

import msgspec
from baton_plugins.opportunities import contracts, listing, queries, services
from baton_plugins.opportunities.forms import (
    ContractChanges,
    ContractInput,
    LostInput,
    OpportunityChanges,
    OpportunityInput,
    typed,
)
from baton_plugins.opportunities.models import Contract, Opportunity
from litestar.params import RawBody

from platform_core.api import (
    Actor,
    EntityRef,
    FormData,
    Invalid,
    Items,
    Request,
    Session,
    bind,
    customer_get,
    customer_opened,
    get,
    patch,
    post,
    record,
    translator,
)

_ = translator("opportunities")
VIEW, EDIT = "opportunities.view", "opportunities.edit"


class ContractOut(msgspec.Struct, kw_only=True):
    """A contract; its file is at `/customers/{customer_id}/files/{attachment_id}`."""

    id: UUID
    opportunity_id: UUID
    customer_id: UUID
    engagement_id: UUID | None
    number: str
    signed_on: date
    amount: Decimal
    starts_on: date | None
    ends_on: date | None
    term: str
    attachment_id: UUID | None
    complete: bool
    """Whether a leg that needs a contract may be handed over with it."""
    version: int


class OpportunityOut(msgspec.Struct, kw_only=True):
    """An opportunity. `probability` is in per cent, `stage` is open, won or lost."""

    id: UUID
    customer_id: UUID
    engagement_id: UUID | None
    title: str
    project_type: str
    need: str
    expected_value: Decimal | None
    probability: int
    expected_on: date | None
    stage: str
    closed_at: datetime | None
    lost_reason: str
    owner_id: UUID | None
    owner: str
    created_at: datetime
    updated_at: datetime
    version: int
    contracts: list[ContractOut] | msgspec.UnsetType = msgspec.UNSET
    """Only with a single opportunity."""


def opportunity_out(opportunity: Opportunity, type_code: str) -> OpportunityOut:
    same = ("id", "customer_id", "engagement_id", "title", "need", "expected_value", "probability", "expected_on")
    more = ("stage", "closed_at", "lost_reason", "owner_id", "created_at", "updated_at", "version")
    values = {name: getattr(opportunity, name) for name in (*same, *more)}
    values["expected_value"] = _cents(opportunity.expected_value)
    return OpportunityOut(**values, project_type=type_code, owner=opportunity.owner_label)


def contract_out(contract: Contract) -> ContractOut:
    names = [name for name in ContractOut.__struct_fields__ if name != "complete"]
    values = {name: getattr(contract, name) for name in names}
    values["amount"] = _cents(contract.amount)
    return ContractOut(**values, complete=not contracts.missing(contract))


def _cents(amount: Decimal | None) -> Decimal | None:
    """Always with two places, as programs expect of money."""
    return None if amount is None else amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _single(session: Session, opportunity_id: UUID) -> OpportunityOut:
    session.flush()  # the answer shows what the database keeps, such as the new version
    row, _customer = queries.detail(session, opportunity_id)
    code = {item.id: item.code for item in queries.project_types(session)}[row.opportunity.project_type_id]
    out = opportunity_out(row.opportunity, code)
    out.contracts = [contract_out(item) for item in row.contracts]
    return out


def _note(session: Session, actor: Actor, action: str, customer_id: UUID | None, ids: Sequence[UUID]) -> None:
    """What one customer has is part of that customer: reading it opens the customer."""
    if customer_id is None:
        record(session, actor, action, ids=ids)
        return
    customer = customer_get(session, customer_id)
    ref = EntityRef("customers", "customer", customer.id, customer.name)
    customer_opened(session, actor, ref, customer.id, action, ids=ids)


@get("/", permission=VIEW, name="opportunities:api_list")
def api_list(
    session: Session,
    actor: Actor,
    *,
    stage: str = "",
    project_type: str = "",
    customer_id: UUID | None = None,
    cursor: str = "",
    limit: int = 50,
) -> Items[OpportunityOut]:
    """Latest change first."""
    if stage and stage not in listing.STAGES:
        raise Invalid(_("Please check the marked fields."), fields={"stage": _("Please choose from the list.")})
    chosen = listing.Filter(stage=stage, type=project_type, customer_id=customer_id)
    rows, following = listing.opportunities(session, chosen, cursor, _limit(limit))
    ids = [row.opportunity.id for row in rows]
    _note(session, actor, "opportunities.list", customer_id, ids)
    return Items([opportunity_out(row.opportunity, row.type_code) for row in rows], following or None)


class NewOpportunity(OpportunityInput, kw_only=True):
    customer_id: UUID


@post("/", permission=EDIT, name="opportunities:api_create", status_code=201)
def api_create(session: Session, actor: Actor, data: NewOpportunity) -> OpportunityOut:
    """An opportunity, and with it the engagement that its project type's route opens."""
    opportunity = services.create(session, actor, data.customer_id, data)
    return _single(session, opportunity.id)


@get("/{opportunity_id:uuid}", permission=VIEW, name="opportunities:api_get")
def api_get(session: Session, actor: Actor, opportunity_id: UUID) -> OpportunityOut:
    """One opportunity with its contracts."""
    opportunity = queries.get(session, opportunity_id)
    customer_opened(session, actor, services.ref(opportunity), opportunity.customer_id, "opportunities.view")
    return _single(session, opportunity_id)


@patch("/{opportunity_id:uuid}", permission=EDIT, name="opportunities:api_update")
def api_update(session: Session, actor: Actor, opportunity_id: UUID, data: OpportunityChanges) -> OpportunityOut:
    """Change an opportunity; only the given fields."""
    services.update(session, actor, opportunity_id, data)
    return _single(session, opportunity_id)


@post("/{opportunity_id:uuid}/lost", permission=EDIT, name="opportunities:api_lose")
def api_lose(session: Session, actor: Actor, opportunity_id: UUID, data: LostInput) -> OpportunityOut:
    """Close an opportunity as lost."""
    services.lose(session, actor, opportunity_id, data)
    return _single(session, opportunity_id)


@post("/{opportunity_id:uuid}/reopen", permission=EDIT, name="opportunities:api_reopen")
def api_reopen(session: Session, actor: Actor, opportunity_id: UUID) -> OpportunityOut:
    """Take a loss back."""
    services.reopen(session, actor, opportunity_id)
    return _single(session, opportunity_id)


@get("/", permission=VIEW, name="opportunities:api_contracts")
def api_contracts(
    session: Session,
    actor: Actor,
    *,
    customer_id: UUID | None = None,
    engagement_id: UUID | None = None,
    cursor: str = "",
    limit: int = 50,
) -> Items[ContractOut]:
    """Latest first."""
    rows, following = listing.contracts(session, customer_id, engagement_id, cursor, _limit(limit))
    _note(session, actor, "opportunities.list_contracts", customer_id, [row.id for row in rows])
    return Items([contract_out(row) for row in rows], following or None)


class NewContract(ContractInput, kw_only=True):
    """As JSON with the id of a file attached before, or as multipart with the file itself under `file`."""

    opportunity_id: UUID
    attachment_id: UUID | None = None


@post("/", permission=EDIT, name="opportunities:api_sign", status_code=201, takes_file=(NewContract, "file"))
def api_sign(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    form: FormData,
    body: RawBody,
) -> ContractOut:
    """Record a contract and win its opportunity."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "application/json":
        try:
            data = msgspec.json.decode(body, type=NewContract)
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            raise Invalid(_("Please check the marked fields."), fields={"": str(error)}) from error
    else:
        data = bind(NewContract, typed(form.as_dict())).require()
    contract = contracts.sign(
        session, actor, data.opportunity_id, data, upload=form.file("file"), attachment_id=data.attachment_id
    )
    session.flush()  # the answer shows what the database keeps
    return contract_out(contract)


@get("/{contract_id:uuid}", permission=VIEW, name="opportunities:api_contract")
def api_contract(session: Session, actor: Actor, contract_id: UUID) -> ContractOut:
    """One contract."""
    contract = queries.contract(session, contract_id)
    customer_opened(session, actor, contracts.ref(contract), contract.customer_id, "opportunities.view")
    return contract_out(contract)


@patch("/{contract_id:uuid}", permission=EDIT, name="opportunities:api_correct_contract")
def api_correct_contract(session: Session, actor: Actor, contract_id: UUID, data: ContractChanges) -> ContractOut:
    """Correct a contract; only the given fields change. With `version`, an overtaken change is refused with 409."""
    present = queries.contract(session, contract_id)
    given = {name: getattr(data, name) for name in ContractInput.__struct_fields__}
    values = {name: getattr(present, name) if value is msgspec.UNSET else value for name, value in given.items()}
    contract = contracts.update(
        session, actor, contract_id, ContractInput(**values), version=data.version, attachment_id=data.attachment_id
    )
    session.flush()  # the answer shows the new version
    return contract_out(contract)


def _limit(wanted: int) -> int:
    return min(max(wanted, 1), 200)


OPPORTUNITIES = [api_list, api_create, api_get, api_update, api_lose, api_reopen]
CONTRACTS = [api_contracts, api_sign, api_contract, api_correct_contract]
