"""Pages of contracts: record one, correct one. The file has to be chosen again after a refusal: browsers keep none."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from baton_plugins.opportunities import contracts, queries, services
from baton_plugins.opportunities.forms import ContractInput, note_amounts, typed
from baton_plugins.opportunities.models import Contract, Opportunity

from platform_core.api import (
    Actor,
    Attachment,
    Bound,
    Conflict,
    FormData,
    Invalid,
    Request,
    Response,
    Session,
    bind,
    get,
    initial,
    page,
    post,
    redirect,
    today,
)

EDIT = "opportunities.edit"


@get("/{opportunity_id:uuid}/contract", permission=EDIT, name="opportunities:contract")
def new(request: Request[Any, Any, Any], session: Session, actor: Actor, opportunity_id: UUID) -> Response[str]:
    opportunity = queries.get(session, opportunity_id)
    services.require_write(session, actor, opportunity)
    if opportunity.stage == "lost":
        services.require_open(opportunity)
    bound = initial(ContractInput, signed_on=today().isoformat(), amount=opportunity.expected_value)
    return _form_page(request, opportunity, bound)


@post("/{opportunity_id:uuid}/contract", permission=EDIT, name="opportunities:sign")
def sign(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, opportunity_id: UUID
) -> Response[str]:
    bound = bind(ContractInput, typed(form.as_dict()))
    upload = form.file("file")
    if bound.ok:
        try:
            with session.begin_nested():
                contracts.sign(session, actor, opportunity_id, bound.require(), upload=upload)
        except Invalid as error:
            bound.add(error)
        else:
            return redirect(request, f"/opportunities/{opportunity_id}")
    note_amounts(bound)
    if upload is None:
        bound.errors.setdefault("file", contracts.no_file())
    opportunity = queries.get(session, opportunity_id)
    return _form_page(request, opportunity, bound, status=422, dropped=upload is not None)


@get("/contracts/{contract_id:uuid}/edit", permission=EDIT, name="opportunities:edit_contract")
def edit(request: Request[Any, Any, Any], session: Session, actor: Actor, contract_id: UUID) -> Response[str]:
    contract = queries.contract(session, contract_id)
    opportunity = queries.get(session, contract.opportunity_id)
    services.require_write(session, actor, opportunity)
    values = {name: getattr(contract, name) for name in ContractInput.__struct_fields__}
    bound = initial(ContractInput, **values, version=contract.version)
    return _form_page(request, opportunity, bound, contract=contract, kept=_file_of(session, contract))


@post("/contracts/{contract_id:uuid}/edit", permission=EDIT, name="opportunities:update_contract")
def update(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, contract_id: UUID
) -> Response[str]:
    contract = queries.contract(session, contract_id)
    bound = bind(ContractInput, typed(form.as_dict()))
    upload = form.file("file")
    status, conflict = 422, ""
    if bound.ok:
        try:
            version = form.number("version") or 0
            with session.begin_nested():
                contracts.update(session, actor, contract_id, bound.require(), version=version, upload=upload)
        except Invalid as error:
            bound.add(error)
        except Conflict as error:
            status, conflict = 409, error.message
            bound.values["version"] = contract.version
        else:
            return redirect(request, f"/opportunities/{contract.opportunity_id}")
    note_amounts(bound)
    return _form_page(
        request,
        queries.get(session, contract.opportunity_id),
        bound,
        status=status,
        contract=contract,
        kept=_file_of(session, contract),
        dropped=upload is not None,
        conflict=conflict,
    )


def _file_of(session: Session, contract: Contract) -> Attachment | None:
    return next(iter(queries.files_of(session, [contract]).values()), None)


def _form_page(
    request: Request[Any, Any, Any],
    opportunity: Opportunity,
    bound: Bound[ContractInput],
    *,
    status: int = 200,
    contract: Contract | None = None,
    kept: Attachment | None = None,
    dropped: bool = False,
    conflict: str = "",
) -> Response[str]:
    """`dropped`: a file came with the refused form and is gone."""
    return page(
        request,
        "opportunities/contract.html",
        partial="opportunities/_contract.html" if status == 200 else "opportunities/_contract_form.html",
        status=status,
        active="opportunities",
        opportunity=opportunity,
        bound=bound,
        contract=contract,
        kept=kept,
        dropped=dropped,
        conflict=conflict,
    )


HANDLERS = [new, sign, edit, update]
