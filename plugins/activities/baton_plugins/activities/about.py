"""The opportunity that a plan or a task is about, where a plugin keeps opportunities."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from baton_plugins.activities import rights

from platform_core.api import (
    OPPORTUNITIES,
    Actor,
    Invalid,
    NotFound,
    OpportunityRef,
    Session,
    service_of,
    translator,
    writable_engagements,
)

_ = translator("activities")


@dataclass(frozen=True, slots=True)
class About:
    """What a plan is about beside its customer; `label` is the opportunity's title of that moment."""

    engagement_id: UUID | None = None
    opportunity_id: UUID | None = None
    label: str = ""


def checked(
    session: Session, actor: Actor, customer_id: UUID, engagement_id: UUID | None, opportunity_id: UUID | None
) -> About:
    """What is about an opportunity belongs to its engagement. Raises Invalid at the field."""
    if opportunity_id is None:
        rights.require_engagement(session, actor, customer_id, engagement_id)
        return About(engagement_id)
    found = service_of(session, OPPORTUNITIES).one(session, opportunity_id)
    if found is None or found.customer_id != customer_id:
        raise _refused(_("Please choose from the list."))
    if engagement_id not in {None, found.engagement_id}:
        raise _refused(_("This opportunity belongs to another engagement."))
    writable = {key for key, _title in writable_engagements(session, actor, customer_id)}
    if found.engagement_id is not None and found.engagement_id not in writable:
        raise _refused(_("You cannot write in this engagement. Its present holder can, or can add you as a helper."))
    return About(found.engagement_id, found.id, found.label)


def offered(session: Session, actor: Actor, customer_id: UUID) -> list[tuple[str, str]]:
    """(id, title) of what the actor may plan about."""
    found = service_of(session, OPPORTUNITIES).of_customer(session, customer_id)
    if not found:
        return []
    writable = {key for key, _title in writable_engagements(session, actor, customer_id)}
    return [(str(one.id), one.label) for one in found if one.engagement_id is None or one.engagement_id in writable]


def given(session: Session, customer_id: UUID, opportunity_id: UUID | None, only: str | None) -> dict[str, str | None]:
    """Fields of a fresh form. `only`: the one engagement that the actor writes in."""
    found = service_of(session, OPPORTUNITIES).one(session, opportunity_id) if opportunity_id else None
    if found is None or found.customer_id != customer_id:
        return {"engagement_id": only}
    engagement_id = str(found.engagement_id) if found.engagement_id else None
    return {"engagement_id": engagement_id, "opportunity_id": str(found.id)}


def get(session: Session, opportunity_id: UUID) -> OpportunityRef:
    """Raises NotFound, also where no plugin keeps opportunities."""
    found = service_of(session, OPPORTUNITIES).one(session, opportunity_id)
    if found is None:
        raise NotFound(_("There is no such opportunity, or not for you."))
    return found


def _refused(message: str) -> Invalid:
    return Invalid(message, fields={"opportunity_id": message})
