"""Urging somebody about a piece of business; answering; and what happens when nobody does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from baton_plugins.activities import about, dates, queries, rights
from baton_plugins.activities.urging.models import Urge
from msgspec import Meta
from sqlalchemy import select

from platform_core.api import (
    Actor,
    Conflict,
    Customer,
    Engagement,
    EntityRef,
    Forbidden,
    Invalid,
    Leg,
    NotFound,
    Scope,
    Session,
    Setting,
    User,
    at_local,
    customer_get,
    noop,
    notify,
    now,
    read_setting,
    record,
    translator,
)

_ = translator("activities")
RIGHT = "activities.correct"
Kind = Literal["plan", "customer", "engagement", "opportunity"]


def _check(days: int) -> str:
    return "" if 1 <= days <= 30 else _("Write a number from %(least)s to %(most)s.", least=1, most=30)


DAYS = Setting(
    "activities.urge_days",
    _.lazy("Working days in which somebody who was urged has to answer"),
    1,
    help=_.lazy("Then the heads above are told."),
    check=_check,
)


class UrgeInput(msgspec.Struct, kw_only=True):
    """What is to be known about the business."""

    text: Annotated[str, Meta(max_length=500)] = ""


class AnswerInput(msgspec.Struct, kw_only=True):
    """How it stands."""

    answer: Annotated[str, Meta(min_length=1, max_length=1000)]


@dataclass(frozen=True, slots=True)
class Business:
    """What somebody is urged about, and who has it."""

    kind: Kind
    id: UUID
    label: str
    customer: Customer
    person: User
    engagement_id: UUID | None = None

    @property
    def url(self) -> str:
        """Below the customer's address, so that it is forgotten with the customer."""
        return f"/customers/{self.customer.id}?{self.kind}={self.id}"


def business(session: Session, kind: str, record_id: UUID) -> Business:
    """Within what the actor may see. Raises NotFound, Conflict where nobody has it."""
    found: Business | None = None
    if kind == "plan":
        plan = queries.plan(session, record_id).plan
        customer = customer_get(session, rights.require_customer(plan))
        person = session.get_one(User, plan.assignee_id)
        return Business("plan", plan.id, plan.subject, customer, person, plan.engagement_id)
    if kind == "customer":
        customer = customer_get(session, record_id)
        owner = session.get(User, customer.owner_id) if customer.owner_id else None
        found = Business("customer", customer.id, customer.name, customer, owner) if owner else None
    elif kind == "engagement":
        row = session.execute(
            select(Engagement, Leg.assignee_id)
            .join(Leg, Leg.engagement_id == Engagement.id)
            .where(Engagement.id == record_id, Leg.state == "active", Leg.assignee_id.is_not(None))
        ).first()
        if row is not None:
            customer, holder = customer_get(session, row[0].customer_id), session.get_one(User, row[1])
            found = Business("engagement", row[0].id, row[0].title, customer, holder, row[0].id)
    elif kind == "opportunity":
        known = about.get(session, record_id)
        customer = customer_get(session, known.customer_id)
        worker = session.get(User, known.holder_id) if known.holder_id else None
        if worker is not None:
            found = Business("opportunity", known.id, known.label, customer, worker, known.engagement_id)
    else:
        raise NotFound(_("There is no such business."))
    if found is None:
        raise Conflict(_("Nobody has this at present: there is nobody to urge."))
    return found


def may_urge(actor: Actor, person: User) -> bool:
    """Heads urge the people of the departments they are responsible for, never themselves."""
    return covers(actor, person.id, person.department_id)


def covers(actor: Actor, user_id: UUID, department_id: UUID | None) -> bool:
    if user_id == actor.user_id or not actor.can(RIGHT):
        return False
    if any(party.scope(RIGHT) == Scope.ALL for party in actor.parties):
        return True
    covered = frozenset().union(*(party.departments_for(RIGHT) for party in actor.parties))
    return department_id is not None and department_id in covered


def urge(session: Session, actor: Actor, kind: str, record_id: UUID, data: UrgeInput) -> Urge:
    """Ask how it stands. While an answer is open, urging again counts up and keeps the first deadline."""
    matter = business(session, kind, record_id)
    if not may_urge(actor, matter.person):
        raise Forbidden(_("Only the heads of %(name)s may urge.", name=matter.person.name))
    pending = select(Urge).where(
        Urge.record_id == matter.id, Urge.to_id == matter.person.id, Urge.answered_at.is_(None)
    )
    found = session.scalars(pending.with_for_update(of=Urge)).one_or_none()
    if found is None:
        found = Urge(
            kind=matter.kind, record_id=matter.id, customer_id=matter.customer.id, engagement_id=matter.engagement_id,
            from_id=actor.user_id, from_label=actor.name, to_id=matter.person.id, to_label=matter.person.name,
            department_id=matter.person.department_id, text=data.text, answer_by=_deadline(session),
        )  # fmt: skip
        session.add(found)
        session.flush()  # its number stands in the audit line; the key refuses a second at the same moment
    else:
        found.count += 1
        found.text, found.from_id, found.from_label = data.text or found.text, actor.user_id, actor.name
    ref = EntityRef("activities", "urge", found.id)
    record(session, actor, "activities.urge", ref, customer_id=matter.customer.id, after={"count": found.count})
    message = noop("%(who)s asks how it stands with %(customer)s: %(label)s")
    parameters = {"who": actor.name, "customer": matter.customer.name, "label": matter.label}
    notify(session, [matter.person.id], "activities", message, parameters, url=matter.url, icon="alarm")
    return found


def _deadline(session: Session) -> datetime:
    day = dates.working_days_after(session, read_setting(session, DAYS))
    return at_local(day, dates.DAY_ENDS)


def answer(session: Session, actor: Actor, urge_id: UUID, data: AnswerInput) -> Urge:
    """Raises NotFound for somebody else's, Conflict when it was answered, Invalid for a blank."""
    found = session.scalars(select(Urge).where(Urge.id == urge_id).with_for_update(of=Urge)).one_or_none()
    if found is None or found.to_id != actor.user_id:
        raise NotFound(_("There is no such question, or not for you."))
    if found.answered_at is not None:
        raise Conflict(_("This has been answered already."))
    if not data.answer.strip():
        message = _("Please fill this in.")
        raise Invalid(message, fields={"answer": message})
    found.answered_at, found.answer = now(), data.answer
    ref = EntityRef("activities", "urge", found.id)
    record(session, actor, "activities.answer_urge", ref, customer_id=found.customer_id, after={"count": found.count})
    customer = customer_get(session, found.customer_id)
    message = noop("%(who)s has answered how it stands with %(customer)s")
    url = f"/customers/{customer.id}?{found.kind}={found.record_id}"
    notify(
        session, [found.from_id], "activities", message, {"who": actor.name, "customer": customer.name}, url=url,
        icon="check",
    )  # fmt: skip
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """An urge as lists show it. `hours`: between the first urging and the answer, or until now."""

    urge: Urge
    customer: str
    hours: int


def waiting(session: Session, actor: Actor, *, limit: int) -> list[Line]:
    """What the actor still has to answer, first deadline first."""
    conditions = (Urge.to_id == actor.user_id, Urge.answered_at.is_(None))
    return _lines(session, select(Urge, Customer.name).where(*conditions).order_by(Urge.answer_by, Urge.id), limit)


def of_department(session: Session, actor: Actor, departments: frozenset[UUID] | None, *, limit: int) -> Sequence[Line]:
    """Whom the heads have urged, latest first, with count and the time that the answer took."""
    statement = select(Urge, Customer.name).order_by(Urge.at.desc(), Urge.id.desc())
    if departments is not None:
        statement = statement.where(Urge.department_id.in_(sorted(departments)))
    return _lines(session, statement, limit)


def _lines(session: Session, statement: object, limit: int) -> list[Line]:
    rows = session.execute(statement.join(Customer, Customer.id == Urge.customer_id).limit(limit))  # type: ignore[attr-defined]
    return [
        Line(urge, customer, int(((urge.answered_at or now()) - urge.at) / timedelta(hours=1)))
        for urge, customer in rows
    ]
