"""Writing down what was said with a contact that stands alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from baton_plugins.activities import queries, rights, services
from baton_plugins.activities.forms import Body, Code, Direction
from baton_plugins.activities.kinds import fields
from baton_plugins.activities.models import FollowUp
from sqlalchemy import and_, or_, select

from platform_core.api import (
    Actor,
    Conflict,
    Contact,
    EntityRef,
    Session,
    contact_get,
    customer_require_unrestricted,
    decode_cursor,
    encode_cursor,
    record,
    translator,
)

_ = translator("activities")
PAGE = 30


class AloneInput(msgspec.Struct, kw_only=True):
    """What was said. What depends on a customer is not asked: outcome, status, plans, engagement, files."""

    body: Body
    kind: Code = "call"
    direction: Direction = "out"
    at: datetime | None = None
    """When it was; now when left out. Without a zone it is the organisation's."""
    details: dict[str, str] = {}
    """Answers to the fields of the kind: field id -> text"""


def alone(session: Session, contact_id: UUID) -> Contact:
    """Raises NotFound, and Conflict for one that has a customer: what is said with it is said with the customer."""
    contact = contact_get(session, contact_id)
    if contact.customer_id is not None:
        raise Conflict(_("This contact has a customer now: write it down there."))
    return contact


def log(session: Session, actor: Actor, contact: Contact, data: AloneInput) -> FollowUp:
    """Raises Invalid with the field at fault, Forbidden."""
    rights.require_write(actor)
    customer_require_unrestricted(contact)
    services.require_text(data.body)
    kind = services.known_kind(session, data.kind)
    made = FollowUp(
        contact_id=contact.id, contact_label=contact.name, author_id=actor.user_id, author_label=actor.name,
        department_id=actor.department_id, department_label=actor.department_name, at=services.moment(data.at),
        kind=kind.code, direction=data.direction, body=data.body,
        details=fields.read(session, kind.fields, data.details),
    )  # fmt: skip
    session.add(made)
    session.flush()  # its id goes into the audit line
    queries.forget(session)
    ref = EntityRef("activities", "follow_up", made.id)
    record(session, actor, "activities.follow_up", ref, after={"kind": made.kind})
    return made


def page_of(session: Session, contact_id: UUID, cursor: str = "", limit: int = PAGE) -> tuple[Sequence[FollowUp], str]:
    """Newest first, and the cursor of the next page or ""."""
    statement = select(FollowUp).where(FollowUp.contact_id == contact_id)
    if cursor:
        at, key = decode_cursor(cursor, 2)
        statement = statement.where(or_(FollowUp.at < at, and_(FollowUp.at == at, FollowUp.id < key)))
    found = session.scalars(statement.order_by(FollowUp.at.desc(), FollowUp.id.desc()).limit(limit + 1)).all()
    return found[:limit], encode_cursor([found[limit - 1].at, found[limit - 1].id]) if len(found) > limit else ""
