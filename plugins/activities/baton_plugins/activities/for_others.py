"""Plans that other plugins suggest, behind PLANNER."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from baton_plugins.activities import dates, plans
from baton_plugins.activities.models import Plan
from sqlalchemy import select

from platform_core.api import Session, load_actor


def plan_for(session: Session, customer_id: UUID, user_id: UUID, subject: str, on: date, cause: str, /) -> UUID | None:
    """In the person's name, whom it is for; their own rights are not asked, since they look after the customer."""
    known = session.scalar(select(Plan.id).where(Plan.customer_id == customer_id, Plan.cause == cause).limit(1))
    person = load_actor(session, user_id) if known is None else None
    if person is None:
        return known
    plan = plans.add(
        session, person, customer_id=customer_id, engagement_id=None, contact_id=None, contact_label="", kind="call",
        subject=subject, due=dates.on(on), cause=cause,
    )  # fmt: skip
    plans.refresh_next(session, customer_id, person.user_id)
    return plan.id
