"""JSON: the register of what persons ask for, by the services of its pages."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.privacy import register
from platform_core.privacy.forms import Closing, Correction, ReasonInput, RequestInput
from platform_core.privacy.models import PersonRequest, RequestAct
from platform_core.privacy.policies import HANDLE
from platform_core.web.apis import Items
from platform_core.web.routing import get, post

_ONE = "/requests/{request_id:uuid}"


class RegisteredInput(RequestInput, kw_only=True):
    """About whom: a customer, or a contact that stands alone. Without either, of somebody whom nobody has found."""

    customer_id: UUID | None = None
    contact_id: UUID | None = None


class ActOut(msgspec.Struct, kw_only=True):
    """Something that was done about a request. `before` and `after` hold masks of what is sensitive."""

    at: datetime
    by_label: str
    what: str
    before: dict[str, Any]
    after: dict[str, Any]
    link: str


class RequestOut(msgspec.Struct, kw_only=True):
    """`state`: open, done, refused or withdrawn; `due_on` by the law's days as the house has set them."""

    id: UUID
    code: str
    kind: str
    customer_id: UUID | None
    contact_id: UUID | None
    asked_by: str
    source: str
    details: str
    identity: str
    received_on: date
    due_on: date
    state: str
    result: str
    by_label: str
    closed_at: datetime | None
    closed_by: str


class WholeRequestOut(RequestOut, kw_only=True):
    acts: list[ActOut]


@get("/requests", permission=HANDLE, name="privacy:api_register")
def index(session: Session, actor: Actor, show: Literal["open", "closed"] = "open") -> Items[RequestOut]:
    """Open ones by when they are due, or the latest fifty that are closed. One page, as the register's own."""
    return Items([_out(row) for row in register.looked_through(session, actor, closed=show == "closed")])


@post("/requests", permission=HANDLE, name="privacy:api_register_request", status_code=201)
def register_request(session: Session, actor: Actor, data: RegisteredInput) -> RequestOut:
    """Register what a person asks for."""
    made = register.register(session, actor, data, data.customer_id, data.contact_id)
    session.flush()  # the answer holds what the row begins with
    return _out(made)


@get(_ONE, permission=HANDLE, name="privacy:api_request")
def show(session: Session, actor: Actor, request_id: UUID) -> WholeRequestOut:
    """A request with all that was done about it."""
    row = register.find(session, actor, request_id)
    register.looked_at(session, actor, row)
    return _whole(session, row)


@post(f"{_ONE}/correct", permission=HANDLE, name="privacy:api_correct", status_code=200)
def correct(session: Session, actor: Actor, request_id: UUID, data: Correction) -> WholeRequestOut:
    """Change one field of the record as the person asks; what it said before is kept with the request."""
    register.correct(session, actor, request_id, data)
    return _whole(session, register.find(session, actor, request_id))


@post(f"{_ONE}/restrict", permission=HANDLE, name="privacy:api_restrict_request", status_code=200)
def restrict(session: Session, actor: Actor, request_id: UUID, data: ReasonInput) -> WholeRequestOut:
    """Keep the record and do nothing else with it."""
    return _whole(session, register.restrict(session, actor, request_id, data.reason))


@post(f"{_ONE}/close", permission=HANDLE, name="privacy:api_close", status_code=200)
def close(session: Session, actor: Actor, request_id: UUID, data: Closing) -> RequestOut:
    """Say what came of it: 409 while what was asked for has not been done."""
    return _out(register.close(session, actor, request_id, data))


def _out(row: PersonRequest) -> RequestOut:
    return RequestOut(**{name: getattr(row, name) for name in RequestOut.__struct_fields__})


def _whole(session: Session, row: PersonRequest) -> WholeRequestOut:
    acts = [_act(item) for item in register.acts_of(session, row)]
    return WholeRequestOut(**msgspec.structs.asdict(_out(row)), acts=acts)


def _act(row: RequestAct) -> ActOut:
    return ActOut(**{name: getattr(row, name) for name in ActOut.__struct_fields__})


HANDLERS = [index, register_request, show, correct, restrict, close]
