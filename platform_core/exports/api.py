"""JSON: asking for a file. Deciding needs a password and fetching a person: both are for pages alone."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.exports import asking
from platform_core.exports.asking import Asked
from platform_core.exports.models import FileRequest
from platform_core.web.apis import Cursor, Items, Limit, cut
from platform_core.web.endpoint import SIGNED_IN
from platform_core.web.routing import get, post


class RequestOut(msgspec.Struct, kw_only=True):
    """`state`: asked, declined, withdrawn, approved, written, ready, failed or gone."""

    id: UUID
    source: str
    title: str
    conditions: list[str]
    columns: list[str]
    form: str
    reason: str
    expected: int
    state: str
    note: str
    asked_at: datetime
    decided_at: datetime | None
    expires_at: datetime | None
    rows: int
    downloads: int


@get("/", permission=SIGNED_IN, name="exports:api_list")
def api_list(session: Session, actor: Actor, cursor: Cursor = "", limit: Limit = 50) -> Items[RequestOut]:
    """The caller's own requests, the latest first."""
    shown, following = cut(asking.of_person(session, actor), lambda line: line.request.id, cursor, limit)
    return Items([_out(line.request) for line in shown], following)


@post("/", permission=SIGNED_IN, name="exports:api_ask", status_code=201)
def api_ask(session: Session, actor: Actor, data: Asked) -> RequestOut:
    """Ask for rows as a file; somebody else decides."""
    return _out(asking.ask(session, actor, data))


@get("/{request_id:uuid}", permission=SIGNED_IN, name="exports:api_get")
def api_get(session: Session, actor: Actor, request_id: UUID) -> RequestOut:
    """What has become of a request."""
    return _out(asking.mine(session, actor, request_id))


def _out(request: FileRequest) -> RequestOut:
    return RequestOut(**{name: getattr(request, name) for name in RequestOut.__struct_fields__})


HANDLERS = [api_list, api_ask, api_get]
