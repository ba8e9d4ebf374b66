"""What may be done with an opportunity: create, change, lose, reopen. Winning is a matter of the contract."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from baton_plugins.opportunities import queries
from baton_plugins.opportunities.forms import LostInput, OpportunityChanges, OpportunityInput, check_opportunity
from baton_plugins.opportunities.models import Opportunity, ProjectType

from platform_core.api import (
    Actor,
    Ask,
    Conflict,
    Customer,
    Engagement,
    EntityRef,
    Event,
    Forbidden,
    Invalid,
    Route,
    Scope,
    Session,
    cancel_engagement,
    changes,
    customer_get,
    customer_require,
    engagement_may_write,
    new_id,
    now,
    open_engagement,
    publish,
    record,
    translator,
)

_ = translator("opportunities")
_AUDITED = ("title", "need", "expected_value", "probability", "expected_on", "stage", "lost_reason")


def ref(opportunity: Opportunity) -> EntityRef:
    return EntityRef("opportunities", "opportunity", opportunity.id, opportunity.title)


def create(session: Session, actor: Actor, customer_id: UUID, data: OpportunityInput) -> Opportunity:
    """Open an opportunity and, in the same transaction, the engagement that takes its type's route.

    Raises NotFound for a customer the actor does not see, Forbidden for one they only read, Invalid with fields.
    """
    customer = customer_get(session, customer_id)
    customer_require(session, actor, "opportunities.edit", customer)
    check_opportunity({"title": data.title, "expected_value": data.expected_value})
    kind = queries.project_type(session, data.project_type)
    if kind is None or not kind.active or queries.gone(session, [kind]):
        raise Invalid(_("Please check the marked fields."), fields={"project_type": _("Please choose from the list.")})
    engagement = _open(session, actor, customer, kind, data)
    opportunity = Opportunity(
        id=new_id(),
        customer_id=customer.id,
        engagement_id=engagement.id,
        project_type_id=kind.id,
        title=data.title.strip(),
        need=data.need,
        expected_value=data.expected_value,
        probability=data.probability,
        expected_on=data.expected_on,
        stage="open",
        owner_id=actor.user_id,
        owner_label=actor.name,
        department_label=actor.department_name,
        created_by=actor.user_id,
        created_by_label=actor.name,
        created_department_label=actor.department_name,
    )
    session.add(opportunity)
    after = changes({}, _fields(opportunity))[1]
    record(session, actor, "opportunities.create", ref(opportunity), customer_id=customer.id, after=after)
    _tell(session, actor, "opportunities.created", opportunity)
    queries.forget(session)
    return opportunity


def _open(session: Session, actor: Actor, customer: Customer, kind: ProjectType, data: OpportunityInput) -> Engagement:
    """Along the type's route; without one, from the actor's department to the chosen one."""
    route = session.get(Route, kind.route_id) if kind.route_id else None
    if route is not None and route.active:
        return open_engagement(session, actor, customer, route, data.title.strip())
    if data.department_id is None:
        raise Invalid(_("Please check the marked fields."), fields={"department_id": no_route(kind)})
    own = [actor.department_id] if actor.department_id not in {None, data.department_id} else []
    return open_engagement(session, actor, customer, None, data.title.strip(), departments=[*own, data.department_id])


def no_route(kind: ProjectType) -> str:
    """Why a department must be chosen, and who can end that."""
    return _(
        "The project type %(name)s has no route yet. Choose the department that works on it, or ask a colleague who "
        "manages project types (management or administration) to set its route.",
        name=kind.name,
    )


def require_write(session: Session, actor: Actor, opportunity: Opportunity) -> None:
    """Raises Forbidden unless the actor may change the opportunity now.

    Whoever may write in its engagement may, once that is closed its owner, and always holders of the right over
    everything.
    """
    if not may_write(session, actor, opportunity):
        # Whoever takes the baton takes its open opportunities along.
        ask = Ask(people=(opportunity.owner_id,))
        raise Forbidden(_("You may read this opportunity, but not change it."), ask=ask)


def may_write(session: Session, actor: Actor, opportunity: Opportunity) -> bool:
    if not actor.can("opportunities.edit"):
        return False
    if actor.scope("opportunities.edit") == Scope.ALL:
        return True
    if opportunity.engagement_id is not None and engagement_may_write(session, actor, opportunity.engagement_id):
        return True
    engagement = session.get(Engagement, opportunity.engagement_id) if opportunity.engagement_id else None
    return opportunity.owner_id == actor.user_id and (engagement is None or engagement.state != "open")


def follow_baton(session: Session, actor: Actor, engagement_id: UUID) -> None:
    """The actor has taken over a leg: its open opportunities are theirs to work on now."""
    for row in queries.of_engagement(session, engagement_id):
        opportunity = row.opportunity
        if opportunity.stage == "open" and opportunity.owner_id != actor.user_id:
            before = {"owner": opportunity.owner_label}
            opportunity.owner_id, opportunity.owner_label = actor.user_id, actor.name
            opportunity.department_label = actor.department_name
            _audit(session, actor, "opportunities.follow_baton", opportunity, before, {"owner": actor.name})


def update(session: Session, actor: Actor, opportunity_id: UUID, data: OpportunityChanges) -> Opportunity:
    """Change the given fields. Raises Conflict for a stale `version`, Invalid with fields."""
    opportunity = queries.get(session, opportunity_id)
    require_write(session, actor, opportunity)
    _check_version(opportunity, data.version)
    given = {
        name: value
        for name, value in msgspec.structs.asdict(data).items()
        if name != "version" and value is not msgspec.UNSET
    }
    check_opportunity(given)
    if "title" in given:
        given["title"] = given["title"].strip()
    before = _fields(opportunity)
    for name, value in given.items():
        setattr(opportunity, name, value)
    old, new = changes(before, _fields(opportunity))
    if new:
        _audit(session, actor, "opportunities.edit", opportunity, old, new)
    return opportunity


def lose(session: Session, actor: Actor, opportunity_id: UUID, data: LostInput) -> Opportunity:
    """Close an opportunity as lost; its engagement goes on unless asked otherwise. Raises Conflict when closed."""
    opportunity = queries.get(session, opportunity_id)
    require_write(session, actor, opportunity)
    require_open(opportunity)
    if not data.reason.strip():
        raise Invalid(_("Please check the marked fields."), fields={"reason": _("Please fill this in.")})
    before = _fields(opportunity)
    opportunity.lost_reason = data.reason.strip()
    close(opportunity, actor, "lost")
    if data.cancel_engagement and opportunity.engagement_id is not None:
        cancel_engagement(session, actor, opportunity.engagement_id, data.reason.strip())
    _audit(session, actor, "opportunities.lose", opportunity, *changes(before, _fields(opportunity)))
    _tell(session, actor, "opportunities.lost", opportunity)
    return opportunity


def give(session: Session, actor: Actor, opportunity_id: UUID, receiver: Actor) -> Opportunity:
    """An open opportunity gets another owner, who may work on it. Raises Forbidden, Conflict when it is closed."""
    opportunity = queries.get(session, opportunity_id)
    require_write(session, actor, opportunity)
    require_open(opportunity)
    before = {"owner": opportunity.owner_label}
    opportunity.owner_id, opportunity.owner_label = receiver.user_id, receiver.name
    opportunity.department_label = receiver.department_name
    _audit(session, actor, "opportunities.give", opportunity, before, {"owner": receiver.name})
    return opportunity


def reopen(session: Session, actor: Actor, opportunity_id: UUID) -> Opportunity:
    """Take back that an opportunity was lost. Raises Conflict when it is not lost."""
    opportunity = queries.get(session, opportunity_id)
    require_write(session, actor, opportunity)
    if opportunity.stage != "lost":
        raise Conflict(_("Only a lost opportunity can be reopened."))
    before = _fields(opportunity)
    opportunity.stage, opportunity.closed_at, opportunity.lost_reason = "open", None, ""
    opportunity.closed_by = None
    opportunity.closed_by_label = opportunity.closed_department_label = ""
    _audit(session, actor, "opportunities.reopen", opportunity, *changes(before, _fields(opportunity)))
    return opportunity


def require_open(opportunity: Opportunity) -> None:
    """Raises Conflict when the opportunity is won or lost."""
    if opportunity.stage == "won":
        raise Conflict(_("This opportunity has been won already."))
    if opportunity.stage == "lost":
        raise Conflict(_("This opportunity has been given up as lost. Reopen it first."))


def close(opportunity: Opportunity, actor: Actor, stage: str) -> None:
    """`stage` is won or lost."""
    opportunity.stage = stage
    opportunity.probability = 100 if stage == "won" else opportunity.probability
    opportunity.closed_at = now()
    opportunity.closed_by, opportunity.closed_by_label = actor.user_id, actor.name
    opportunity.closed_department_label = actor.department_name


def _check_version(opportunity: Opportunity, version: int | None) -> None:
    if version is not None and version != opportunity.version:
        raise Conflict(_("Somebody else has changed this opportunity in the meantime. Compare, then save again."))


def _fields(opportunity: Opportunity) -> dict[str, Any]:
    return {name: getattr(opportunity, name) for name in _AUDITED}


def _audit(
    session: Session, actor: Actor, action: str, opportunity: Opportunity, before: dict[str, Any], after: dict[str, Any]
) -> None:
    record(session, actor, action, ref(opportunity), customer_id=opportunity.customer_id, before=before, after=after)
    queries.forget(session)


def _tell(session: Session, actor: Actor, name: str, opportunity: Opportunity) -> None:
    engagement = opportunity.engagement_id
    publish(
        session,
        Event(
            name,
            EntityRef("opportunities", "opportunity", opportunity.id),
            opportunity.customer_id,
            actor.user_id,
            {"engagement_id": engagement.hex if engagement else None},
        ),
    )
