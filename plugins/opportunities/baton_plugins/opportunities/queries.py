"""Reading opportunities and contracts, as far as the scope policies let the session's actor see them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from baton_plugins.opportunities.models import Contract, Opportunity, ProjectType, Words
from sqlalchemy import ColumnElement, Text, Uuid, bindparam, func, select, union

from platform_core.api import (
    Actor,
    AnySelect,
    Attachment,
    Customer,
    NotFound,
    ProjectKind,
    Session,
    declared,
    has_words,
    prepared,
    proven,
    spelled,
    translator,
    visible,
)

_ = translator("opportunities")
_CACHE = "opportunities.of_customer"
_PROOF = proven("carries the policies of opportunities and customers itself")
_LOOKED_AT = 300
_MOST = 200
"""Opportunities of one customer that its page shows."""


@dataclass(frozen=True, slots=True)
class Row:
    """An opportunity with what every view of it shows beside it."""

    opportunity: Opportunity
    type_name: str
    contracts: tuple[Contract, ...] = ()

    @property
    def contract(self) -> Contract | None:
        """The latest one."""
        return max(self.contracts, key=lambda item: (item.signed_on, item.created_at), default=None)


def get(session: Session, opportunity_id: UUID) -> Opportunity:
    """Raises NotFound, also for opportunities of engagements that the actor has no part in."""
    found = session.scalars(select(Opportunity).where(Opportunity.id == opportunity_id)).one_or_none()
    if found is None:
        raise NotFound(_("This opportunity does not exist, or it is not yours to see."))
    return found


def detail(session: Session, opportunity_id: UUID) -> tuple[Row, Customer]:
    """One opportunity with its type, contracts and customer. Raises NotFound as `get` does."""
    found = session.execute(
        select(Opportunity, ProjectType.name, Customer)
        .join(ProjectType, ProjectType.id == Opportunity.project_type_id)
        .join(Customer, Customer.id == Opportunity.customer_id)
        .where(Opportunity.id == opportunity_id)
    ).one_or_none()
    if found is None:
        raise NotFound(_("This opportunity does not exist, or it is not yours to see."))
    opportunity, type_name, customer = found
    contracts = session.scalars(
        select(Contract).where(Contract.opportunity_id == opportunity_id).order_by(Contract.signed_on, Contract.id)
    ).all()
    return Row(opportunity, type_name, tuple(contracts)), customer


@prepared
def _of_customer(reader: Actor) -> AnySelect:
    return (
        select(Opportunity, ProjectType.name, Contract)
        .join(ProjectType, ProjectType.id == Opportunity.project_type_id)
        .outerjoin(Contract, Contract.opportunity_id == Opportunity.id)
        .where(Opportunity.customer_id == bindparam("customer_id"))
        .order_by(Opportunity.created_at.desc(), Opportunity.id.desc())
        .limit(_MOST)
    )


def of_customer(session: Session, customer_id: UUID) -> list[Row]:
    """A customer's opportunities, newest first, with their contracts.

    One statement per session, however often asked: facts, panels and timeline of the customer page start from it.
    """
    cache: dict[UUID, list[Row]] = session.info.setdefault(_CACHE, {})
    if customer_id not in cache:
        cache[customer_id] = _gathered(session.execute(_of_customer(session), {"customer_id": customer_id}))
    return cache[customer_id]


def forget(session: Session) -> None:
    """After a change: what this session has read of customers' opportunities is out of date."""
    session.info.pop(_CACHE, None)


def of_engagement(session: Session, engagement_id: UUID) -> list[Row]:
    """Opportunities (nearly always one) that run in an engagement, with their contracts."""
    found = session.execute(
        select(Opportunity, ProjectType.name, Contract)
        .join(ProjectType, ProjectType.id == Opportunity.project_type_id)
        .outerjoin(Contract, Contract.opportunity_id == Opportunity.id)
        .where(Opportunity.engagement_id == engagement_id)
        .order_by(Opportunity.created_at, Opportunity.id)
    )
    return _gathered(found)


def _gathered(found: Iterable[Any]) -> list[Row]:
    """One row per opportunity out of one per contract."""
    rows: dict[UUID, Row] = {}
    for opportunity, type_name, signed in found:
        earlier = rows[opportunity.id].contracts if opportunity.id in rows else ()
        rows[opportunity.id] = Row(opportunity, type_name, earlier + ((signed,) if signed is not None else ()))
    return list(rows.values())


def contract(session: Session, contract_id: UUID) -> Contract:
    found = session.scalars(select(Contract).where(Contract.id == contract_id)).one_or_none()
    if found is None:
        raise NotFound(_("This contract does not exist, or it is not yours to see."))
    return found


def contract_numbered(session: Session, number: str) -> tuple[Contract, str] | None:
    """The contract of that number among those the actor sees, with its customer's name."""
    found = session.execute(
        select(Contract, Customer.name)
        .join(Customer, Customer.id == Contract.customer_id)
        .where(func.lower(Contract.number) == number.lower())
    ).first()
    return (found[0], found[1]) if found else None


def files_of(session: Session, contracts: Sequence[Contract]) -> dict[UUID, Attachment]:
    """Attachment id -> attachment of contracts."""
    ids = [item.attachment_id for item in contracts if item.attachment_id]
    if not ids:
        return {}
    return {item.id: item for item in session.scalars(select(Attachment).where(Attachment.id.in_(ids)))}


def project_type(session: Session, code: str) -> ProjectType | None:
    return session.scalars(select(ProjectType).where(ProjectType.code == code)).one_or_none()


def project_types(session: Session, *, active: bool = False) -> list[ProjectType]:
    """In display order; with `active` only those that may be chosen."""
    statement = select(ProjectType).order_by(ProjectType.order, ProjectType.code)
    if active:
        statement = statement.where(ProjectType.active)
    found = list(session.scalars(statement))
    left = gone(session, found) if active else ()
    return [kind for kind in found if kind.code not in left]


def gone(session: Session, kinds: Iterable[ProjectType]) -> set[str]:
    """Codes of those whose plugin is switched off or no longer there."""
    there = {kind.code for kind in declared(session, ProjectKind)}
    return {kind.code for kind in kinds if kind.plugin} - there


def matching(words: Any) -> ColumnElement[bool]:
    """Opportunities by title or by the number of a contract. `words`: as `spelled`, or a parameter."""
    return Opportunity.id.in_(select(Words.opportunity_id).where(has_words(Words, words)))


def find(session: Session, actor: Actor, text: str, limit: int) -> Sequence[tuple[UUID, str, str]]:
    """(id, title, customer's name) of matches that the actor sees, those at work first.

    Two letters find whole words and initials, longer ones their beginnings too. Of words that very many have, those
    written last are looked at and the actor's own: asking of each of thousands when it has changed and whether the
    actor sees it took 170 ms at a million customers.
    """
    values = {"words": spelled(session, text, weak=False), "owner": actor.user_id, "row_limit": limit}
    if not values["words"]:
        return []
    return [(key, title, name) for key, title, name in session.execute(_found(session), values)]


@prepared
def _found(reader: Actor) -> AnySelect:
    matches = (
        select(Words.id, Words.opportunity_id)
        .where(has_words(Words, bindparam("words", type_=Text())))
        .cte("matches")
        .prefix_with("MATERIALIZED", dialect="postgresql")  # or it walks all rows from the last one until some match
    )
    last = select(matches.c.opportunity_id).order_by(matches.c.id.desc()).limit(_LOOKED_AT).subquery("last")
    mine = (
        select(Opportunity.id)
        .where(
            Opportunity.owner_id == bindparam("owner", type_=Uuid()),
            Opportunity.id.in_(select(matches.c.opportunity_id)),
        )
        .order_by(Opportunity.updated_at.desc())
        .limit(_LOOKED_AT)
        .subquery("mine")
    )
    policies = [visible(Opportunity, reader), visible(Customer, reader)]
    return (
        select(Opportunity.id, Opportunity.title, Customer.name)
        .join(Customer, Customer.id == Opportunity.customer_id)
        .where(Opportunity.id.in_(union(select(last.c.opportunity_id), select(mine.c.id))))
        .where(*(policy for policy in policies if policy is not None))
        .order_by(Opportunity.stage != "open", Opportunity.updated_at.desc())
        .limit(bindparam("row_limit"))
        .execution_options(**_PROOF)
    )


def weighted(opportunity: Opportunity) -> Decimal | None:
    """Expected value times probability, rounded half up to a cent."""
    if opportunity.expected_value is None:
        return None
    exact = opportunity.expected_value * opportunity.probability / 100
    return exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
