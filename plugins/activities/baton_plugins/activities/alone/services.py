"""Planning what to do with a contact that stands alone, and writing down what was said with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from baton_plugins.activities import plans, queries, rights, services
from baton_plugins.activities.forms import Body, Code, Direction, Planned
from baton_plugins.activities.kinds import fields
from baton_plugins.activities.models import FollowUp, Plan
from sqlalchemy import and_, or_, select

from platform_core.api import (
    Actor,
    Conflict,
    Contact,
    EntityRef,
    Invalid,
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
    """What was said. What depends on a customer is not asked: outcome, status, engagement, files."""

    body: Body
    kind: Code = "call"
    direction: Direction = "out"
    at: datetime | None = None
    """When it was; now when left out. Without a zone it is the organisation's."""
    plan_id: UUID | None = None
    """The open plan that this answers"""
    details: dict[str, str] = {}
    """Answers to the fields of the kind: field id -> text"""


def alone(session: Session, contact_id: UUID) -> Contact:
    """Raises NotFound, and Conflict for one that has a customer: what is said with it is said with the customer."""
    contact = contact_get(session, contact_id)
    if contact.customer_id is not None:
        raise Conflict(_("This contact has a customer now: write it down there."))
    return contact


def log(session: Session, actor: Actor, contact: Contact, data: AloneInput) -> FollowUp:
    """Raises Invalid with the field at fault, Forbidden, Conflict when somebody else has finished the plan."""
    rights.require_write(actor)
    customer_require_unrestricted(contact)
    answered = _answered(session, contact, data.plan_id)
    services.require_text(data.body)
    kind = services.known_kind(session, data.kind)
    made = FollowUp(
        contact_id=contact.id, contact_label=contact.name, author_id=actor.user_id, author_label=actor.name,
        department_id=actor.department_id, department_label=actor.department_name, at=services.moment(data.at),
        kind=kind.code, direction=data.direction, body=data.body,
        details=fields.read(session, kind.fields, data.details), unplanned=answered is None,
    )  # fmt: skip
    session.add(made)
    session.flush()  # its id goes into the audit line and the plan it answers
    after = {"kind": made.kind}
    if answered is not None:
        services.finish(session, answered, made)
        after["plan_id"] = answered.id.hex
    plans.refresh_next(session, None, made.author_id, answered.assignee_id if answered else None)
    ref = EntityRef("activities", "follow_up", made.id)
    record(session, actor, "activities.follow_up", ref, after=after)
    return made


def _answered(session: Session, contact: Contact, plan_id: UUID | None) -> Plan | None:
    found = queries.lock_plan(session, plan_id) if plan_id is not None else None
    if found is not None and (found.customer_id is not None or found.contact_id != contact.id):
        message = _("This plan belongs to somebody else.")
        raise Invalid(message, fields={"plan_id": message})
    return found


def plan(session: Session, actor: Actor, contact: Contact, data: Planned) -> Plan:
    """Plan something for oneself. Raises Invalid for a past date, Forbidden."""
    rights.require_write(actor)
    customer_require_unrestricted(contact)
    return plans.make(session, actor, data, contact_id=contact.id, contact_label=contact.name)


def page_of(session: Session, contact_id: UUID, cursor: str = "", limit: int = PAGE) -> tuple[Sequence[FollowUp], str]:
    """Newest first, and the cursor of the next page or ""."""
    statement = select(FollowUp).where(FollowUp.contact_id == contact_id)
    if cursor:
        at, key = decode_cursor(cursor, 2)
        statement = statement.where(or_(FollowUp.at < at, and_(FollowUp.at == at, FollowUp.id < key)))
    found = session.scalars(statement.order_by(FollowUp.at.desc(), FollowUp.id.desc()).limit(limit + 1)).all()
    return found[:limit], encode_cursor([found[limit - 1].at, found[limit - 1].id]) if len(found) > limit else ""
