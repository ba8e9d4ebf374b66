"""Reading cycles: how many are on each, and which a customer is on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from baton_plugins.activities import dates
from baton_plugins.activities.cycles import days
from baton_plugins.activities.cycles.models import Cycle, CycleRun
from baton_plugins.activities.cycles.who import PROOF
from baton_plugins.activities.models import Plan
from baton_plugins.activities.queries import PlanRow
from sqlalchemy import ColumnElement, and_, func, select

from platform_core.api import Actor, Session, User, ids_among, local, today, translator

_ = translator("activities")
_AHEAD = 3


def cycles(session: Session, *, active: bool = False) -> Sequence[Cycle]:
    """In the order of their names."""
    statement = select(Cycle).order_by(Cycle.name)
    return session.scalars(statement.where(Cycle.active) if active else statement).all()


def pairs(session: Session, *, active: bool = False) -> list[tuple[str, str]]:
    return [(str(cycle.id), cycle.name) for cycle in cycles(session, active=active)]


def choices(session: Session, _actor: Actor) -> list[tuple[str, str]]:
    """For lists and reports."""
    return pairs(session)


@dataclass(frozen=True, slots=True)
class Standing:
    """How many customers are on a cycle, and how many of their visits are overdue."""

    on: int = 0
    late: int = 0


def standings(session: Session) -> dict[UUID, Standing]:
    """Numbers about nobody, so the whole house is counted."""
    late = and_(Plan.state == "open", Plan.due_at < dates.on(today()).at - timedelta(days=1))
    statement = (
        select(CycleRun.cycle_id, func.count(CycleRun.id), func.count(Plan.id))
        .outerjoin(Plan, and_(Plan.series_id == CycleRun.id, Plan.series_no == CycleRun.number, late))
        .where(CycleRun.state == "on")
        .group_by(CycleRun.cycle_id)
    )
    return {row[0]: Standing(row[1], row[2]) for row in session.execute(statement, execution_options=PROOF)}


@dataclass(frozen=True, slots=True)
class OnCycle:
    """A customer's run with its open visit, who makes it, and on which days the ones after it are due."""

    run: CycleRun
    cycle: Cycle
    visit: PlanRow | None
    later: list[days.Visit]


def of_customer(session: Session, customer_id: UUID) -> list[OnCycle]:
    """Those it is on first."""
    rows: Any = session.execute(
        select(CycleRun, Cycle, Plan, User.name)
        .join(Cycle, Cycle.id == CycleRun.cycle_id)
        .outerjoin(Plan, and_(Plan.series_id == CycleRun.id, Plan.series_no == CycleRun.number, Plan.state == "open"))
        .outerjoin(User, User.id == Plan.assignee_id)
        .where(CycleRun.customer_id == customer_id)
        .order_by(CycleRun.state != "on", Cycle.name)
    )
    return [
        OnCycle(run, cycle, PlanRow(plan, name, "") if plan is not None else None, _later(run, cycle, plan))
        for run, cycle, plan, name in rows
    ]


def _later(run: CycleRun, cycle: Cycle, plan: Plan | None) -> list[days.Visit]:
    if run.state != "on" or plan is None:
        return []
    after = max(local(plan.due_at).date(), today())
    return days.ahead(cycle.steps, cycle.every, run.starts_on, after, _AHEAD)


def visits_of(cycle_ids: Sequence[str]) -> ColumnElement[bool]:
    """Plans that are visits of these cycles; without ids, of any."""
    if not cycle_ids:
        return Plan.cause == "cycle"
    wanted = ids_among(cycle_ids)
    return and_(Plan.cause == "cycle", Plan.series_id.in_(select(CycleRun.id).where(CycleRun.cycle_id.in_(wanted))))
