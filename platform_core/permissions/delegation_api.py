"""JSON: rights lent for a time, with the services of the page."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.permissions import delegating
from platform_core.permissions.delegating import DelegationInput, Loan
from platform_core.permissions.role_api import Reach, asked, reach
from platform_core.permissions.role_routes import MANAGE
from platform_core.users import stepup
from platform_core.web.apis import Items
from platform_core.web.endpoint import SIGNED_IN
from platform_core.web.requests import platform_of
from platform_core.web.routing import delete, get, post

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class NewLoan(DelegationInput, kw_only=True):
    """`colleague` is a sign-in name, or a name that only one person has. `rights`: right -> how far, within your own.

    At most 30 days.
    """

    valid_from: _Moment | None = None
    valid_to: _Moment
    rights: Annotated[dict[str, Reach], msgspec.Meta(min_length=1, max_length=200)]


class LoanOut(msgspec.Struct, kw_only=True):
    """It holds from `valid_from` until `valid_to`, as far as the giver's own rights reach then."""

    id: UUID
    giver_id: UUID
    giver: str
    receiver_id: UUID
    receiver: str
    reason: str
    valid_from: datetime
    valid_to: datetime
    rights: dict[str, Reach]


class Loans(msgspec.Struct, kw_only=True):
    """What you lend, and what is lent to you."""

    given: list[LoanOut]
    received: list[LoanOut]


def _out(loan: Loan) -> LoanOut:
    row = loan.delegation
    return LoanOut(
        id=row.id, giver_id=row.giver_id, giver=loan.giver, receiver_id=row.receiver_id, receiver=loan.receiver,
        reason=row.reason, valid_from=row.valid_from, valid_to=row.valid_to,
        rights={name: reach(scope) for name, scope in sorted(loan.rights.items())},
    )  # fmt: skip


@get("/", permission=SIGNED_IN, name="permissions:api_delegations", opt={"personal": True})
def mine(session: Session, actor: Actor) -> Loans:
    """Your own loans of rights that are on or will be."""
    given, received = delegating.of_person(session, actor)
    return Loans(given=[_out(loan) for loan in given], received=[_out(loan) for loan in received])


@get("/everybody", permission=MANAGE, name="permissions:api_all_delegations")
def everybodys(session: Session) -> Items[LoanOut]:
    """Those of the whole house: the first five hundred to end."""
    return Items([_out(loan) for loan in delegating.everybodys(session)])


@post("/", permission=SIGNED_IN, name="permissions:api_delegate", status_code=201)
def lend(request: Request[Any, Any, Any], session: Session, actor: Actor, data: NewLoan) -> LoanOut:
    """Lend rights of your own. Takes a token that changes rights; your colleague is told."""
    stepup.over_api(request, session, actor)
    made = delegating.delegate(session, actor, platform_of(request).manager, data, asked(data.rights))
    session.flush()  # the answer reads it with its names
    given, _received = delegating.of_person(session, actor)
    return _out(next(loan for loan in given if loan.delegation.id == made.id))


@delete("/{delegation_id:uuid}", permission=SIGNED_IN, name="permissions:api_end_delegation", status_code=204)
def end(session: Session, actor: Actor, delegation_id: UUID) -> None:
    """End a loan before its time: one that you gave or got, or any if you manage roles. It only takes rights away."""
    delegating.end(session, actor, delegation_id)


HANDLERS = [mine, everybodys, lend, end]
