"""Urging as JSON: the same services as the pages."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from baton_plugins.activities.desk import lists
from baton_plugins.activities.urging import services
from baton_plugins.activities.urging.models import Urge
from baton_plugins.activities.urging.services import RIGHT, AnswerInput, UrgeInput

from platform_core.api import Actor, Forbidden, Items, Limit, Session, get, post, record, translator

_ = translator("activities")
VIEW, WRITE = "activities.view", "activities.write"


class UrgeOut(msgspec.Struct, kw_only=True):
    """`kind` and `record_id`: the business; `answered_at` is null while the answer is open."""

    id: UUID
    kind: str
    record_id: UUID
    customer_id: UUID
    from_id: UUID
    to_id: UUID
    text: str
    count: int
    at: datetime
    answer_by: datetime
    answered_at: datetime | None
    answer: str
    escalated_at: datetime | None


class NewUrge(UrgeInput, kw_only=True):
    kind: services.Kind
    record_id: UUID


@get("/", permission=VIEW, name="activities:api_urges")
def urges(session: Session, actor: Actor, of: Literal["me", "department"] = "me", limit: Limit = 50) -> Items[UrgeOut]:
    """What the caller has to answer, or whom the caller's department was urged about, latest first."""
    if of == "department" and not actor.can(RIGHT):
        raise Forbidden(_("Only heads read whom their department was urged about."), lacks=RIGHT)
    lines = (
        services.waiting(session, actor, limit=limit)
        if of == "me"
        else services.of_department(session, actor, lists.departments_of(actor), limit=limit)
    )
    record(session, actor, "activities.plans", ids={line.urge.customer_id for line in lines})
    return Items([_out(line.urge) for line in lines])


@post("/", permission=RIGHT, name="activities:api_urge", status_code=201)
def urge(session: Session, actor: Actor, data: NewUrge) -> UrgeOut:
    """Ask how a business stands; again counts up while the answer is open."""
    return _out(services.urge(session, actor, data.kind, data.record_id, data))


@post("/{urge_id:uuid}/answer", permission=WRITE, name="activities:api_answer_urge")
def answer(session: Session, actor: Actor, urge_id: UUID, data: AnswerInput) -> UrgeOut:
    """Say how it stands."""
    return _out(services.answer(session, actor, urge_id, data))


def _out(row: Urge) -> UrgeOut:
    return UrgeOut(**{name: getattr(row, name) for name in UrgeOut.__struct_fields__})


HANDLERS = [urges, urge, answer]
