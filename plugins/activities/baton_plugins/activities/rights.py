"""Who may write. Seeing is the policies' business: what reaches these functions is visible to the actor."""

from __future__ import annotations

from uuid import UUID

from baton_plugins.activities.models import FollowUp, Plan
from sqlalchemy import select

from platform_core.api import (
    Actor,
    Conflict,
    Engagement,
    Forbidden,
    Invalid,
    Scope,
    Session,
    engagement_may_write,
    translator,
    writable_engagements,
)

_ = translator("activities")


def require_write(actor: Actor) -> None:
    if not actor.can("activities.write"):
        raise Forbidden(_("You may read what was said here, but not write."), lacks="activities.write")


def require_customer(plan: Plan) -> UUID:
    """For what colleagues do together. Raises Conflict for a plan with a contact that stands alone."""
    if plan.customer_id is None:
        raise Conflict(_("This plan is with a contact that stands alone. Give the contact to a customer first."))
    return plan.customer_id


def require_engagement(session: Session, actor: Actor, customer_id: UUID, engagement_id: UUID | None) -> None:
    """Raises Invalid for an engagement of another customer, of others, or one that was handed on."""
    if engagement_id is None:
        return
    if engagement_id not in {known for known, _title in writable_engagements(session, actor, customer_id)}:
        message = _("You cannot write in this engagement. Its present holder can, or can add you as a helper.")
        raise Invalid(message, fields={"engagement_id": message})


def may_work_on(session: Session, actor: Actor, plan: Plan, writable: set[UUID] | None = None) -> bool:
    """Finish a plan: whoever may write about the customer and, if it belongs to an engagement, in that.

    `writable` holds the engagements of the plan's customer in which the actor may write, where they are known.
    """
    if not actor.can("activities.write"):
        return False
    if plan.engagement_id is None:
        return True
    writes = plan.engagement_id in writable if writable is not None else None
    if writes is None:
        writes = engagement_may_write(session, actor, plan.engagement_id)
    return writes or (plan.assignee_id == actor.user_id and _is_closed(session, plan.engagement_id))


def _is_closed(session: Session, engagement_id: UUID) -> bool:
    """Plans outlive their engagement: whoever has them may settle them."""
    state = session.scalar(select(Engagement.state).where(Engagement.id == engagement_id))
    return state is not None and state != "open"


def may_rearrange(session: Session, actor: Actor, plan: Plan, writable: set[UUID] | None = None) -> bool:
    """Move or cancel a plan: the one who has it or made it, and the heads above."""
    mine = actor.user_id in {plan.assignee_id, plan.created_by}
    return (mine or is_head(actor, plan.department_id)) and may_work_on(session, actor, plan, writable)


def may_correct(actor: Actor, follow_up: FollowUp) -> bool:
    """The author, who may have handed the customer on since, and the heads above."""
    mine = follow_up.author_id == actor.user_id
    return actor.can("activities.write") and (mine or is_head(actor, follow_up.department_id))


def is_head(actor: Actor, department_id: UUID | None) -> bool:
    if any(party.scope("activities.correct") == Scope.ALL for party in actor.parties):
        return True
    covered = frozenset().union(*(party.departments_for("activities.correct") for party in actor.parties))
    return department_id is not None and department_id in covered
