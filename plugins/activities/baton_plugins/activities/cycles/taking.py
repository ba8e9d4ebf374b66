"""Whom the rule of a cycle reaches: as a condition of the customer list, within what its keeper sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from baton_plugins.activities.cycles.models import Cycle, CycleRun
from baton_plugins.activities.cycles.who import PROOF
from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.dialects import postgresql, sqlite

from platform_core.api import (
    Actor,
    AnySelect,
    Customer,
    Engagement,
    Leg,
    Session,
    among,
    customer_audience,
    day_start,
    dictionaries,
    local,
    new_id,
    now,
    today,
    translator,
)

_ = translator("activities")
CODES = ("grade", "classification", "status")
MOST_COUNTED = 100_000


@dataclass(frozen=True, slots=True)
class Origin:
    """The day that a customer's visits count from, and the engagement that gave it."""

    day: date
    engagement_id: UUID | None = None


def conditions(values: Mapping[str, Any]) -> list[str]:
    """Of a cycle's columns, as the customer list's address has them."""
    found = [f"{name}:is:{values[name]}" for name in CODES if values[name]]
    return [*found, f"group:is:{values['group_id']}"] if values["group_id"] else found


def of(cycle: Cycle) -> list[str]:
    return conditions({name: getattr(cycle, name) for name in (*CODES, "group_id")})


def wrong(session: Session, actor: Actor, values: Mapping[str, Any]) -> dict[str, str]:
    """A sentence for each field of the condition that names nothing the actor may use."""
    known = {f"f=group:is:{values['group_id']}"} & {key for key, _name in customer_audience.choices(session, actor)}
    found = {} if not values["group_id"] or known else {"group_id": _("Please choose from the list.")}
    for name in CODES:
        if values[name] and values[name] not in dictionaries.entries(session, f"customers.{name}"):
            found[name] = _("Please choose from the list.")
    return found


def reached(session: Session, keeper: Actor, cycle: Cycle) -> AnySelect:
    """A SELECT of ids, to be run with PROOF. Raises Invalid where the list no longer has such a condition."""
    found = customer_audience.of_conditions(session, keeper, of(cycle)).ids
    return found.where(Customer.restricted_at.is_(None))


def waiting(cycle: Cycle) -> ColumnElement[bool]:
    """Of customers whom the rule reaches: what has to hold for one to be put on the cycle."""
    mine = (CycleRun.cycle_id == cycle.id, CycleRun.customer_id == Customer.id)
    if cycle.starts == "joined":
        return ~exists().where(*mine, CycleRun.state != "left")
    source, moment = _source(cycle)
    kept = exists().where(*mine, CycleRun.state.in_(["on", "off", "stopped"]))
    known = exists().where(*mine, CycleRun.engagement_id == _engagement(source))
    return ~kept & exists().where(source.customer_id == Customer.id, *_lately(cycle, source, moment), ~known)


def _source(cycle: Cycle) -> tuple[Any, Any]:
    return (Leg, Leg.accepted_at) if cycle.starts == "taken" else (Engagement, Engagement.closed_at)


def _engagement(source: Any) -> Any:
    return Leg.engagement_id if source is Leg else Engagement.id


def _lately(cycle: Cycle, source: Any, moment: Any) -> list[ColumnElement[bool]]:
    """Not so long ago that all visits would be over."""
    found: list[ColumnElement[bool]] = [moment.is_not(None)]
    if source is Engagement:
        found.append(Engagement.state == "done")
    elif cycle.department_id is not None:
        found.append(Leg.department_id == cycle.department_id)
    if not cycle.every:
        found.append(moment >= day_start(today() - timedelta(days=cycle.steps[-1])))
    return found


def origins(session: Session, cycle: Cycle, ids: Iterable[UUID]) -> dict[UUID, Origin]:
    """By customer, the latest."""
    if cycle.starts == "joined":
        return {key: Origin(today()) for key in ids}
    source, moment = _source(cycle)
    statement = (
        select(source.customer_id, moment, _engagement(source))
        .where(among(source.customer_id, ids), *_lately(cycle, source, moment))
        .order_by(moment)
    )
    rows = session.execute(statement, execution_options=PROOF)
    return {row[0]: Origin(local(row[1]).date(), row[2]) for row in rows}


@dataclass(frozen=True, slots=True)
class Numbers:
    """Of a rule, before it holds. `waiting` would be put on the cycle, those of `alone` are looked after by nobody."""

    waiting: int
    alone: int


def numbers(session: Session, keeper: Actor, cycle: Cycle) -> Numbers:
    """At most MOST_COUNTED + 1 are counted."""
    found = reached(session, keeper, cycle).where(waiting(cycle)).order_by(None)
    alone = found.where(Customer.owner_id.is_(None))
    counted = (
        select(select(func.count()).select_from(one.limit(MOST_COUNTED + 1).subquery()).scalar_subquery())
        for one in (found, alone)
    )
    return Numbers(*(session.scalar(one, execution_options=PROOF) or 0 for one in counted))


def claimed(session: Session, cycle: Cycle, customer_id: UUID, origin: Origin) -> CycleRun | None:
    """The customer's row on the cycle, held, and begun at `origin`; None for who is on it already.

    Two who put the same customer on it at once meet the key of the table.
    """
    dialect: Any = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    first = {
        "id": new_id(), "cycle_id": cycle.id, "customer_id": customer_id, "state": "new", "starts_on": origin.day,
        "joined_on": today(), "by_rule": False, "step": 0, "number": 0, "by_label": "", "version": 1,
        "created_at": now(), "updated_at": now(),
    }  # fmt: skip
    session.execute(dialect.insert(CycleRun).values(first).on_conflict_do_nothing(), execution_options=PROOF)
    mine = select(CycleRun).where(CycleRun.cycle_id == cycle.id, CycleRun.customer_id == customer_id)
    held = mine.with_for_update(of=CycleRun).execution_options(populate_existing=True)
    run = session.scalars(held, execution_options=PROOF).one_or_none()
    if run is None or run.state == "on":
        return None
    run.state, run.starts_on, run.engagement_id, run.step = "on", origin.day, origin.engagement_id, 0
    return run
