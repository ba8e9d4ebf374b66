"""Reading plans and follow-ups, within the actor's scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from baton_plugins.activities import dates
from baton_plugins.activities.models import FollowUp, FollowUpRevision, Plan
from sqlalchemy import ColumnElement, Integer, and_, bindparam, case, func, or_, select

from platform_core.api import (
    Actor,
    AnySelect,
    Badge,
    Conflict,
    Contact,
    Customer,
    Department,
    NotFound,
    Session,
    TimelineQuery,
    User,
    day_start,
    local,
    prepared,
    proven,
    timelines,
    today,
    translator,
)

_ = translator("activities")
_DESK = "activities.desk"
_PANEL = 30
_RECENT = 51
"""One more than a page of the timeline, so that the first page and the facts strip share a statement."""


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan as lists show it, with names that may have changed since it was made."""

    plan: Plan
    assignee: str
    department: str
    customer: str = ""
    """Or the contact that stands alone"""

    @property
    def home(self) -> str:
        """The page of whom it is with."""
        alone = f"/follow-ups/contacts/{self.plan.contact_id}"
        return f"/customers/{self.plan.customer_id}" if self.plan.customer_id else alone

    @property
    def due(self) -> datetime | date:
        """A day for a plan without a time, else the instant; see the template filters."""
        return dates.Due(self.plan.due_at, self.plan.all_day).shown

    @property
    def is_overdue(self) -> bool:
        return dates.Due(self.plan.due_at, self.plan.all_day).is_past

    @property
    def is_due(self) -> bool:
        """Today or overdue."""
        return local(self.plan.due_at).date() <= today()


@dataclass(slots=True)
class Desk:
    """What several hooks of one page view need; read once per session and customer."""

    plans: list[PlanRow] | None = None
    recent: Sequence[FollowUp] = field(default_factory=list)
    has_recent: bool = False


def desk(session: Session, customer_id: UUID) -> Desk:
    found: dict[UUID, Desk] = session.info.setdefault(_DESK, {})
    return found.setdefault(customer_id, Desk())


def forget(session: Session) -> None:
    """Services call this when they write: the next reader asks the database again."""
    session.info.pop(_DESK, None)


@prepared
def _open_plans(reader: Actor) -> AnySelect:
    return (
        select(Plan, User.name, Department.name)
        .join(User, User.id == Plan.assignee_id)
        .outerjoin(Department, Department.id == Plan.department_id)
        .where(Plan.customer_id == bindparam("customer_id"), Plan.state == "open")
        .order_by(Plan.due_at, Plan.id)
        .limit(_PANEL)
    )


def open_plans(session: Session, customer_id: UUID) -> list[PlanRow]:
    """Everybody's open plans with a customer, soonest first; at most 30."""
    shared = desk(session, customer_id)
    if shared.plans is None:
        found = session.execute(_open_plans(session), {"customer_id": customer_id})
        shared.plans = [PlanRow(plan, name, department or "") for plan, name, department in found]
    return shared.plans


def of_contact(session: Session, contact_id: UUID) -> list[PlanRow]:
    """Everybody's open plans with a contact, soonest first; at most 30."""
    theirs = (Plan.contact_id == contact_id, Plan.state == "open")
    return plan_rows(session, soonest(with_people(), *theirs, after=None, limit=_PANEL))


def plan_rows(session: Session, statement: Any) -> list[PlanRow]:
    """Of what `with_people` selects."""
    found = session.execute(statement)
    return [PlanRow(plan, name, department or "", person) for plan, name, department, person in found]


def of_opportunity(session: Session, opportunity_id: UUID) -> list[PlanRow]:
    """Everybody's open plans about an opportunity, soonest first; at most 30."""
    statement = (
        select(Plan, User.name, Department.name)
        .join(User, User.id == Plan.assignee_id)
        .outerjoin(Department, Department.id == Plan.department_id)
        .where(Plan.opportunity_id == opportunity_id, Plan.state == "open")
        .order_by(Plan.due_at, Plan.id)
        .limit(_PANEL)
    )
    return [PlanRow(plan, name, department or "") for plan, name, department in session.execute(statement)]


def closed_of_opportunity(
    session: Session, opportunity_id: UUID, *, before: tuple[datetime, UUID] | None, limit: int
) -> list[PlanRow]:
    """Plans about it that are done or cancelled, the latest due first, before a (due_at, id)."""
    statement = (
        select(Plan, User.name, Department.name)
        .join(User, User.id == Plan.assignee_id)
        .outerjoin(Department, Department.id == Plan.department_id)
        .where(Plan.opportunity_id == opportunity_id, Plan.state.in_(["done", "cancelled"]))
        .order_by(Plan.due_at.desc(), Plan.id.desc())
        .limit(limit)
    )
    if before is not None:
        at, known = before
        statement = statement.where(or_(Plan.due_at < at, and_(Plan.due_at == at, Plan.id < known)))
    return [PlanRow(plan, name, department or "") for plan, name, department in session.execute(statement)]


def recent(session: Session, customer_id: UUID) -> Sequence[FollowUp]:
    """The latest follow-ups, newest first."""
    shared = desk(session, customer_id)
    if not shared.has_recent:
        shared.recent = _newest(session, TimelineQuery(customer_id, _RECENT))
        shared.has_recent = True
    return shared.recent


def timeline(session: Session, query: TimelineQuery) -> Sequence[FollowUp]:
    if query.before is None and query.engagement_id is None and query.limit <= _RECENT:
        return recent(session, query.customer_id)[: query.limit]
    return _newest(session, query)


@prepared
def _follow_ups(reader: Actor, part: timelines.Part) -> AnySelect:
    # What concerns the customer alone was often said before the engagement was opened, and its reader needs it.
    return timelines.narrowed(select(FollowUp), FollowUp, part, common=True)


def _newest(session: Session, query: TimelineQuery) -> Sequence[FollowUp]:
    return session.scalars(_follow_ups(session, timelines.part_of(query)), timelines.values(query)).all()


def plan(session: Session, plan_id: UUID) -> PlanRow:
    """One plan, whatever its state. Raises NotFound."""
    found = session.execute(with_people().where(Plan.id == plan_id)).one_or_none()
    if found is None:
        raise NotFound(_("There is no such plan, or not for you."))
    return PlanRow(found[0], found[1], found[2] or "", found[3])


PERSON: Any = func.coalesce(Customer.name, Contact.name)
"""Who a plan is with, in what `with_person` returns"""


def with_person(statement: Any) -> Any:
    """Plans with whom they are with, where that is somebody the reader sees: a customer, or a contact without one."""
    # A key that is null finds nothing at once, so that plans with customers do not have their contact looked up.
    alone = case((Plan.customer_id.is_(None), Plan.contact_id))
    seen = or_(Customer.id.is_not(None), Contact.id.is_not(None))
    joined = statement.outerjoin(Customer, Customer.id == Plan.customer_id).outerjoin(Contact, Contact.id == alone)
    return joined.where(seen)


def with_people(*more: Any) -> Any:
    """Plans with the names of who has them and whom they are with; a select's type names its columns, so it is Any."""
    rows = select(Plan, User.name, Department.name, PERSON, *more).select_from(Plan)
    return with_person(rows.join(User, User.id == Plan.assignee_id)).outerjoin(
        Department, Department.id == Plan.department_id
    )


def lock_plan(session: Session, plan_id: UUID, *, state: str = "open") -> Plan:
    """The plan, held until the transaction ends. Raises NotFound, or Conflict when somebody was faster."""
    statement = select(Plan).where(Plan.id == plan_id).with_for_update(of=Plan)
    found = session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound(_("There is no such plan, or not for you."))
    if found.state != state:
        raise Conflict(_refusal(session, found))
    return found


def _refusal(session: Session, plan: Plan) -> str:
    if plan.state == "cancelled":
        return _("This plan has been cancelled in the meantime.")
    if plan.state == "open":
        return _("This plan is open again already.")
    if plan.state == "asked":
        return _("Nobody has accepted this part of the task yet.")
    who = session.scalar(select(FollowUp.author_label).where(FollowUp.id == plan.follow_up_id))
    if who:
        return _("%(name)s has already written down the result of this plan.", name=who)
    return _("The result of this plan has already been written down.")


def follow_up(session: Session, follow_up_id: UUID) -> FollowUp:
    """Raises NotFound."""
    found = session.scalars(select(FollowUp).where(FollowUp.id == follow_up_id)).one_or_none()
    if found is None:
        raise NotFound(_("There is no such follow-up, or not for you."))
    return found


def revisions(session: Session, follow_up_id: UUID) -> Sequence[FollowUpRevision]:
    """Earlier texts, newest first."""
    statement = select(FollowUpRevision).where(FollowUpRevision.follow_up_id == follow_up_id)
    return session.scalars(statement.order_by(FollowUpRevision.at.desc(), FollowUpRevision.id.desc())).all()


def earliest_open(session: Session, customer_id: UUID) -> datetime | None:
    """When the next plan with a customer is due, of all plans: the customer's own column hides nobody's."""
    statement = select(func.min(Plan.due_at)).where(Plan.customer_id == customer_id, Plan.state == "open")
    return session.scalar(statement.execution_options(**proven("one date for the customer's own row")))


def mine(
    session: Session,
    actor: Actor,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[PlanRow]:
    """The actor's open plans due from `since` until before `until`, soonest first, after a (due_at, id)."""
    at, known = after or (None, None)
    values = {
        "whose": actor.user_id, "since": since, "until": until, "after_at": at, "after_id": known, "most": limit
    }  # fmt: skip
    rows = session.execute(_mine(session, since is not None, until is not None, after is not None), values)
    return [PlanRow(found, actor.name, actor.department_name, person) for found, person in rows]


@prepared
def _mine(reader: Actor, since: bool, until: bool, after: bool) -> AnySelect:  # noqa: FBT001  variants of one statement
    statement = with_person(select(Plan, PERSON).select_from(Plan)).where(
        Plan.assignee_id == bindparam("whose"), Plan.state == "open"
    )
    if since:
        statement = statement.where(Plan.due_at >= bindparam("since"))
    if until:
        statement = statement.where(Plan.due_at < bindparam("until"))
    if after:
        at: Any = bindparam("after_at")
        known: Any = bindparam("after_id")
        statement = statement.where(or_(Plan.due_at > at, and_(Plan.due_at == at, Plan.id > known)))
    found: AnySelect = statement.order_by(Plan.due_at, Plan.id).limit(bindparam("most", type_=Integer()))
    return found


def listed(
    session: Session,
    *,
    assignee_id: UUID | None,
    customer_id: UUID | None,
    state: str,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[Plan]:
    """Plans of somebody, with a customer, or both, soonest first, after a (due_at, id)."""
    conditions = [Plan.state == state]
    if assignee_id is not None:
        conditions.append(Plan.assignee_id == assignee_id)
    if customer_id is not None:
        conditions.append(Plan.customer_id == customer_id)
    return session.scalars(soonest(select(Plan), *conditions, after=after, limit=limit)).all()


def soonest(statement: Any, *conditions: ColumnElement[bool], after: tuple[datetime, UUID] | None, limit: int) -> Any:
    """`statement` selects plans; a select's type names its columns, so it is Any here."""
    statement = statement.where(*conditions).order_by(Plan.due_at, Plan.id).limit(limit)
    if after is None:
        return statement
    at, known = after
    return statement.where(or_(Plan.due_at > at, and_(Plan.due_at == at, Plan.id > known)))


@dataclass(frozen=True, slots=True)
class Tally:
    follow_ups: int
    calls: int
    finished: int


def badge(actor: Actor) -> Badge:
    """The actor's open plans of today and before."""
    due = Plan.due_at < day_start(today() + timedelta(days=1))
    return Badge(Plan, [Plan.assignee_id == actor.user_id, Plan.state == "open", due], through=Customer)


def tally(session: Session, actor: Actor) -> Tally:
    """What the actor has done today."""
    statement = select(
        func.count(),
        func.count(case((FollowUp.kind == "call", 1))),
        func.count(case((FollowUp.unplanned.is_(False), 1))),
    ).where(FollowUp.author_id == actor.user_id, FollowUp.at >= day_start(today()))
    follow_ups, calls, finished = session.execute(statement).one()
    return Tally(follow_ups, calls, finished)


def of_customer(
    session: Session, customer_id: UUID, *, limit: int, before: tuple[datetime, UUID] | None = None
) -> Sequence[FollowUp]:
    """Follow-ups with a customer, newest first, older than a (at, id)."""
    return timeline(session, TimelineQuery(customer_id, limit, before))


def counts_of_engagement(session: Session, engagement_id: UUID) -> tuple[int, int]:
    """(follow-ups, open plans) of an engagement."""
    written = select(func.count()).select_from(FollowUp).where(FollowUp.engagement_id == engagement_id)
    planned = select(func.count()).select_from(Plan).where(Plan.engagement_id == engagement_id, Plan.state == "open")
    follow_ups, plans = session.execute(select(written.scalar_subquery(), planned.scalar_subquery())).one()
    return follow_ups, plans
