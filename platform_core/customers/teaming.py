"""Which team a customer belongs to: that of their owner when it was added, and later what somebody decides here.

A team lets its members see the customer whose role reaches teams. So it is given by those who may transfer the
customer, to teams within their branch or of their own; owners choose among the teams that they are in.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.customers import queries, rights, services
from platform_core.customers.models import Customer
from platform_core.customers.transfer import rules
from platform_core.customers.transfer.rules import Place
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import among
from platform_core.users.models import Team, TeamMember, User

_ = translator("customers")
MOST = 200
_EDIT = "customers.edit"


class TeamChoice(msgspec.Struct, kw_only=True):
    """`team_id` null: no team any more."""

    team_id: UUID | None = None
    reason: Annotated[str, msgspec.Meta(min_length=2, max_length=500)]


@dataclass(frozen=True, slots=True)
class Sorted:
    """Customers that the actor sees: those that they may put into a team, and those that somebody else has to."""

    able: Sequence[Customer]
    refused: Sequence[Customer]


def may(actor: Actor, customer: Customer) -> bool:
    """Whether the actor decides about the customer's team; costs no statement."""
    owns = any(party.user_id == customer.owner_id and party.can(_EDIT) for party in actor.parties)
    return owns or rules.reaches(actor, Place(customer.owner_id, customer.department_id, customer.team_id))


def choices(session: Session, actor: Actor) -> Sequence[Team]:
    """Teams that the actor may choose, by name."""
    teams = select(Team).order_by(Team.name)
    if rules.is_general(actor):
        return session.scalars(teams).all()
    own = frozenset[UUID]().union(*(party.team_ids for party in actor.parties))
    live = (TeamMember.team_id == Team.id, or_(TeamMember.until.is_(None), TeamMember.until > now()))
    inside = among(User.department_id, rules.branch(actor))
    member = exists().where(*live, User.id == TeamMember.user_id)
    outsider = member.where(or_(User.department_id.is_(None), ~inside))
    return session.scalars(teams.where(or_(among(Team.id, own), member & ~outsider))).all()


def sort(session: Session, actor: Actor, ids: Collection[UUID]) -> Sorted:
    """Raises Invalid for more than MOST, and where the actor sees none of them."""
    if len(set(ids)) > MOST:
        raise Invalid(_("At most %(most)d customers at once.", most=MOST))
    found = session.scalars(select(Customer).where(among(Customer.id, set(ids))).order_by(Customer.name_key)).all()
    if not found:
        raise Invalid(_("Choose customers first."))
    able = [customer for customer in found if may(actor, customer)]
    return Sorted(able, [customer for customer in found if customer not in able])


def assign(session: Session, actor: Actor, customer_id: UUID, data: TeamChoice) -> Customer:
    """Raises NotFound, Forbidden with whom to ask, Invalid for a team that is not the actor's to choose."""
    customer = queries.get(session, customer_id)
    if not may(actor, customer):
        raise rights.refusal(customer)
    _put(session, actor, [customer], data)
    return customer


def assign_all(session: Session, actor: Actor, ids: Collection[UUID], data: TeamChoice) -> int:
    """Those among `ids` that the actor may put into a team; returns how many belonged to another one before."""
    return _put(session, actor, sort(session, actor, ids).able, data)


def _put(session: Session, actor: Actor, customers: Sequence[Customer], data: TeamChoice) -> int:
    offered = {team.id: team.name for team in choices(session, actor)}
    if data.team_id is not None and data.team_id not in offered:
        message = _("Choose a team of your own, or one whose members all work in your branch of the house.")
        raise Invalid(message, fields={"team_id": message})
    former = {customer.team_id for customer in customers if customer.team_id is not None}
    names = {team.id: team.name for team in session.scalars(select(Team).where(among(Team.id, former)))} | offered
    changed = [customer for customer in customers if customer.team_id != data.team_id]
    for customer in changed:
        before, customer.team_id = customer.team_id, data.team_id
        audit.record(
            session, actor, "customers.team", services.ref(customer), customer_id=customer.id, reason=data.reason,
            before={"team": names.get(before, "") if before else ""},
            after={"team": names.get(data.team_id, "") if data.team_id else ""},
        )  # fmt: skip
    return len(changed)
