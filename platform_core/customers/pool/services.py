"""Taking customers and leads from the pool, giving them up, and making a lead a customer.

The row stays the same row through all of it: what hangs on it - contacts, numbers, follow-ups, plans, files, tags,
history, whatever plugins keep - needs not be carried anywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.events import Event
from platform_core.contracts.identity import Actor
from platform_core.customers import merging, queries, rights
from platform_core.customers import services as customers
from platform_core.customers.models import ContactPoint, Customer
from platform_core.customers.pool import reach, rules
from platform_core.customers.pool.models import PoolMove
from platform_core.customers.transfer import passing, people
from platform_core.customers.transfer.rules import Person
from platform_core.kernel import clock, dictionaries
from platform_core.kernel.errors import Ask, Conflict, Forbidden, Invalid
from platform_core.kernel.events import publish
from platform_core.kernel.i18n import translator
from platform_core.kernel.scope import proven
from platform_core.plugins.asking import hooks_of
from platform_core.plugins.holdings import holdings
from platform_core.users import labels
from platform_core.users.models import User

_ = translator("customers")
CLAIM = "customers.claim"
RELEASE = "customers.release"
REASONS = "customers.release_reason"
MOST = 200
"""At once."""
_LONGEST_NOTE = 500
_POTENTIAL, _EXISTING = "potential", "existing"
_COUNTED = proven("how many customers somebody holds and has taken, whoever sees them now")


def claim(session: Session, actor: Actor, ids: Collection[UUID]) -> list[Customer]:
    """Take customers from the pool: all of them or none.

    Raises Conflict where a limit is reached, or for one that the actor had last; NotFound for one that somebody else
    was faster to take. Whoever takes several at once, here and there, takes their turns: the limits hold exactly.
    """
    if not actor.can(CLAIM):
        raise Forbidden(_("You may not take customers from the pool."), lacks=CLAIM)
    # The person's own row is the queue: claims of one person wait for each other, those of two do not.
    session.execute(select(User.id).where(User.id == actor.user_id).with_for_update(key_share=True))
    person = people.by_id(session, {actor.user_id}, _rights(session)).get(actor.user_id)
    if person is None:
        raise Conflict(_("Customers belong to a department: whoever is in none cannot take any."))
    taken = [reach.get(session, actor, key, lock=True) for key in sorted(ids)]
    _check_limits(session, actor, taken)
    earlier = _last_owners(session, [customer.id for customer in taken])
    _check_return(session, actor, taken)
    for customer in taken:
        before = earlier.get(customer.id)
        customer.owner_id, customer.department_id, customer.team_id = actor.user_id, person.department_id, None
        _note(session, actor, customer, "claim", before)
        audit.record(
            session, actor, "customers.claim", customers.ref(customer), customer_id=customer.id,
            after={"owner_id": actor.name},
        )  # fmt: skip
        publish(session, Event("customers.claimed", customers.ref(customer), customer.id, actor.user_id))
    session.flush()  # whoever follows along reads the customers' new owner
    _bring_along(session, actor, person, earlier)
    return taken


def _rights(session: Session) -> set[str]:
    return {item.declared.right for item in holdings(session, hooks_of(session)) if item.declared.right}


def _bring_along(session: Session, actor: Actor, person: Person, earlier: dict[UUID, UUID]) -> None:
    """Plans that the last owner left open are the new one's."""
    by_owner: dict[UUID, list[UUID]] = {}
    for customer_id, owner_id in earlier.items():
        if owner_id != person.id:
            by_owner.setdefault(owner_id, []).append(customer_id)
    found = holdings(session, hooks_of(session)) if by_owner else []
    for owner_id, some in by_owner.items():
        passing.pass_on(session, actor, found, some, owner_id, person)
    if by_owner:
        merging.forget(session)


def held(session: Session, user_id: UUID, *, leads: bool) -> int:
    stage = Customer.lead_since.is_not(None) if leads else Customer.lead_since.is_(None)
    statement = select(func.count()).where(Customer.owner_id == user_id, Customer.deleted_at.is_(None), stage)
    return session.scalar(statement, execution_options=_COUNTED) or 0


def claimed_today(session: Session, user_id: UUID) -> int:
    mine = (PoolMove.by_id == user_id, PoolMove.day == clock.today(), PoolMove.act == "claim")
    return session.scalar(select(func.count()).where(*mine), execution_options=_COUNTED) or 0


def _check_limits(session: Session, actor: Actor, wanted: Sequence[Customer]) -> None:
    limits = rules.limits(session, actor.user_id)
    if limits.claims and claimed_today(session, actor.user_id) + len(wanted) > limits.claims:
        raise Conflict(_("You may take %(number)s from the pool on one day.", number=limits.claims))
    leads = sum(customer.lead_since is not None for customer in wanted)
    if limits.leads and leads and held(session, actor.user_id, leads=True) + leads > limits.leads:
        raise Conflict(_("You may hold %(number)s leads. Give some up or make them customers.", number=limits.leads))
    rest = len(wanted) - leads
    if limits.customers and rest and held(session, actor.user_id, leads=False) + rest > limits.customers:
        raise Conflict(_("You may hold %(number)s customers. Give some up first.", number=limits.customers))


def _check_return(session: Session, actor: Actor, wanted: Sequence[Customer]) -> None:
    days = rules.limits(session, actor.user_id).cooldown
    if not days:
        return
    since = clock.now() - timedelta(days=days)
    left = select(PoolMove.customer_id).where(
        PoolMove.customer_id.in_([customer.id for customer in wanted]), PoolMove.from_id == actor.user_id,
        PoolMove.act.in_(["release", "recycle"]), PoolMove.at > since,
    )  # fmt: skip
    back = set(session.scalars(left, execution_options=_COUNTED))
    for customer in wanted:
        if customer.id in back:
            raise Conflict(
                _(
                    "%(name)s was yours: for %(days)s days somebody else may take it.",
                    name=customer.name, days=days,
                )
            )  # fmt: skip


def _last_owners(session: Session, ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Customer -> whose it was before it came into the pool."""
    gone = (PoolMove.customer_id.in_(ids), PoolMove.act.in_(["release", "recycle"]), PoolMove.from_id.is_not(None))
    rows = session.execute(
        select(PoolMove.customer_id, PoolMove.from_id).where(*gone).order_by(PoolMove.at), execution_options=_COUNTED
    )
    return {row.customer_id: row.from_id for row in rows}


def may_release(actor: Actor, customer: Customer) -> bool:
    return customer.owner_id is not None and rights.holds(actor, RELEASE, customer)


def release(session: Session, actor: Actor, ids: Collection[UUID], reason: str, note: str = "") -> list[Customer]:
    """Give customers up to the pool of their department: all of them or none.

    Raises Invalid without a reason, Forbidden, and Conflict where work is under way.
    """
    entry = dictionaries.entries(session, REASONS).get(reason)
    if entry is None or not entry.active:
        message = _("Please choose from the list.")
        raise Invalid(_("Please check the marked fields."), fields={"reason": message})
    found = []
    for key in sorted(ids):
        customer = queries.get(session, key, lock=True)
        rights.require_unrestricted(customer)
        if customer.owner_id is None:
            raise Conflict(_("%(name)s is in the pool already.", name=customer.name))
        if not may_release(actor, customer):
            ask = Ask(RELEASE, (customer.owner_id,), customer.department_id)
            raise Forbidden(_("You may see this customer, but not give it up."), ask=ask)
        found.append(customer)
    busy = set(hooks_of(session).kept_from_pool(session, [customer.id for customer in found]))
    for customer in found:
        if customer.id in busy:
            raise Conflict(_("Work is under way with %(name)s: finish or hand it over first.", name=customer.name))
    names = labels.labels(session, [customer.owner_id for customer in found])
    for customer in found:
        owner = names.person(customer.owner_id)
        put(session, actor, customer, "release", owner, reason=reason, note=note[:_LONGEST_NOTE])
        audit.record(
            session, actor, "customers.release", customers.ref(customer), customer_id=customer.id,
            before={"owner_id": owner}, reason=f"{entry.label} {note}".strip()[:_LONGEST_NOTE],
        )  # fmt: skip
    return found


def put(
    session: Session, actor: Actor | None, customer: Customer, act: str, owner: str, *, reason: str = "",
    note: str = "",
) -> None:  # fmt: skip
    """Without an owner, in the department where it was. The caller has checked that it may be."""
    _note(session, actor, customer, act, customer.owner_id, owner, reason, note)
    customer.owner_id, customer.team_id = None, None
    by = actor.user_id if actor else None
    publish(session, Event("customers.released", customers.ref(customer), customer.id, by, {"act": act}))


def _note(  # noqa: PLR0917  one word for each column
    session: Session, actor: Actor | None, customer: Customer, act: str, from_id: UUID | None = None,
    from_label: str = "", reason: str = "", note: str = "",
) -> None:  # fmt: skip
    if from_id is not None and not from_label:
        from_label = labels.labels(session, [from_id]).person(from_id)
    session.add(
        PoolMove(
            customer_id=customer.id, act=act, by_id=actor.user_id if actor else None,
            by_label=actor.name if actor else "", from_id=from_id, from_label=from_label, reason=reason, note=note,
        )
    )  # fmt: skip


def convert(session: Session, actor: Actor, customer_id: UUID) -> Customer:
    """Make a lead a customer. Raises Conflict for one that is none."""
    lead = _to_change(session, actor, customer_id)
    if lead.lead_since is None:
        raise Conflict(_("This is a customer already."))
    values: dict[str, Any] = {"lead_since": None}
    if lead.classification == _POTENTIAL and _is_usable(session, _EXISTING):
        values["classification"] = _EXISTING
    return _turn(session, actor, lead, "convert", values)


def revert(session: Session, actor: Actor, customer_id: UUID) -> Customer:
    """The way back: only a lead after all."""
    customer = _to_change(session, actor, customer_id)
    if customer.lead_since is not None:
        raise Conflict(_("This is a lead already."))
    values: dict[str, Any] = {"lead_since": clock.now()}
    if customer.classification == _EXISTING and _is_usable(session, _POTENTIAL):
        values["classification"] = _POTENTIAL
    return _turn(session, actor, customer, "revert", values)


def _to_change(session: Session, actor: Actor, customer_id: UUID) -> Customer:
    customer = queries.get(session, customer_id, lock=True)
    rights.require(session, actor, "customers.edit", customer)
    return customer


def _is_usable(session: Session, code: str) -> bool:
    entry = dictionaries.entries(session, "customers.classification").get(code)
    return entry is not None and entry.active


def _turn(session: Session, actor: Actor, customer: Customer, act: str, values: dict[str, Any]) -> Customer:
    before, after = audit.changes({name: getattr(customer, name) for name in values}, values)
    for name, value in values.items():
        setattr(customer, name, value)
    _note(session, actor, customer, act)
    ref = customers.ref(customer)
    audit.record(session, actor, f"customers.{act}", ref, customer_id=customer.id, before=before, after=after)
    publish(session, Event(f"customers.{act}ed", ref, customer.id, actor.user_id))
    return customer


def sharing(session: Session, customer_id: UUID) -> Sequence[Customer]:
    """Customers that the actor sees and that have a number or account of this one: the same, perhaps."""
    own = select(ContactPoint.full_hash).where(ContactPoint.customer_id == customer_id)
    same = select(ContactPoint.customer_id).where(ContactPoint.full_hash.in_(own))
    statement = select(Customer).where(Customer.id.in_(same), Customer.id != customer_id).order_by(Customer.id).limit(5)
    return session.scalars(statement).all()


def moves(session: Session, customer_id: UUID, limit: int = 50) -> Sequence[PoolMove]:
    """Where it has been, newest first, for somebody who sees the customer or its card."""
    statement = select(PoolMove).where(PoolMove.customer_id == customer_id).order_by(PoolMove.at.desc(), PoolMove.id)
    shown = statement.where(PoolMove.act != "warn").limit(limit)
    return session.scalars(shown, execution_options=proven("of a customer whose card the actor was shown")).all()
