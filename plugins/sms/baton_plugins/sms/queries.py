"""Reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from baton_plugins.sms.models import Reply, Template
from baton_plugins.sms.rendering import Codes
from sqlalchemy import ColumnElement, LargeBinary, and_, cast, desc, false, literal, null, or_, select, union_all

from platform_core.api import (
    AnySelect,
    Contact,
    Customer,
    NotFound,
    Session,
    decode_cursor,
    encode_cursor,
    proven,
    readable,
    translator,
)
from platform_core.api.messages import OutboxMessage

_ = translator("sms")
PAGE = 50


def templates(session: Session, *, everything: bool = False) -> Sequence[Template]:
    statement = select(Template).order_by(Template.name)
    return session.scalars(statement if everything else statement.where(Template.active.is_(True))).all()


def template(session: Session, template_id: UUID) -> Template:
    found = session.get(Template, template_id)
    if found is None:
        raise NotFound(_("There is no such template."))
    return found


def codes_of(session: Session, template_id: UUID | None, body: str) -> Codes:
    """Of a text that may have been a template's: only the approved words may go under an approved code."""
    found = session.get(Template, template_id) if template_id else None
    return found.approved() if found is not None and found.body.strip() == body.strip() else {}


def message(session: Session, message_id: UUID) -> OutboxMessage:
    found = session.scalars(
        select(OutboxMessage).where(OutboxMessage.id == message_id, OutboxMessage.channel == "sms")
    ).one_or_none()
    if found is None:
        raise NotFound(_("There is no such message, or not for you."))
    return found


class Line(NamedTuple):
    """A message that was sent (`content` is sealed), or an answer."""

    id: UUID
    at: datetime
    is_answer: bool
    mask: str
    who: str
    state: str
    reason: str
    content: bytes | None
    text: str
    opted_out: bool


def lines(session: Session, who: Customer | Contact, cursor: str = "") -> tuple[list[Line], str]:
    """Messages and answers of a person, newest first, with the cursor of those before ("" when there are none).

    Of a customer with what its contacts answered before they were given to it.
    """
    nothing = cast(null(), LargeBinary)
    sent = select(
        OutboxMessage.id, OutboxMessage.created_at.label("at"), literal(0).label("is_answer"), OutboxMessage.mask,
        OutboxMessage.sender_label.label("who"), OutboxMessage.state, OutboxMessage.reason, OutboxMessage.content,
        literal("").label("text"), false().label("opted_out"),
    ).where(OutboxMessage.channel == "sms", _to(OutboxMessage, who))  # fmt: skip
    heard = select(
        Reply.id, Reply.at, literal(1), Reply.mask, Reply.mask, literal(""), literal(""), nothing, Reply.text,
        Reply.opted_out,
    ).where(or_(_to(Reply, who), *_before(who)))  # fmt: skip
    mark = decode_cursor(cursor, 2) if cursor else None
    parts = [
        _newest(session, sent, OutboxMessage, OutboxMessage.created_at, mark, PAGE + 1),
        _newest(session, heard, Reply, Reply.at, mark, PAGE + 1),
    ]
    both = union_all(*(select(part.subquery()) for part in parts)).order_by(desc("at"), desc("id")).limit(PAGE + 1)
    rows = session.execute(both.execution_options(**proven("each part carries its policy")))
    found = [Line(*row) for row in rows]
    older = encode_cursor([found[PAGE - 1].at, found[PAGE - 1].id]) if len(found) > PAGE else ""
    return found[:PAGE], older


def _to(model: Any, who: Customer | Contact) -> ColumnElement[bool]:
    theirs: ColumnElement[bool] = (model.contact_id if isinstance(who, Contact) else model.customer_id) == who.id
    return theirs


def _before(who: Customer | Contact) -> list[ColumnElement[bool]]:
    """Answers of its contacts while they stood alone."""
    if isinstance(who, Contact):
        return []
    mine = select(Contact.id).where(Contact.customer_id == who.id)
    return [and_(Reply.customer_id.is_(None), Reply.contact_id.in_(mine))]


def _newest(
    session: Session, statement: AnySelect, model: Any, at: Any, mark: list[Any] | None, limit: int
) -> AnySelect:
    """The newest rows before the mark (moment, id), within what the session's actor may see."""
    if (allowed := readable(session, model)) is not None:
        statement = statement.where(allowed)
    if mark is not None:
        moment, key = mark
        statement = statement.where(or_(at < moment, and_(at == moment, model.id < key)))
    return statement.order_by(at.desc(), model.id.desc()).limit(limit)
