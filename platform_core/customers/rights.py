"""May this actor do that with this customer? Seeing is the policies' business; this is about everything else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from platform_core.contracts.emergency import KIND
from platform_core.contracts.emergency import RIGHT as EMERGENCY
from platform_core.contracts.identity import Actor, Scope
from platform_core.customers.models import Contact, Customer
from platform_core.kernel.errors import Ask, Forbidden
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import among
from platform_core.kernel.scope import proven
from platform_core.permissions.models import Access
from platform_core.permissions.policies import live
from platform_core.web import whom

_ = translator("customers")
_REMEMBERED = "customers.writable"
_EDIT = "customers.edit"
_WHILE_RESTRICTED = frozenset({"customers.erase", "customers.transfer", "privacy.consent", "privacy.handle"})
"""What may still be done with a restricted record: what the person has a right to, and giving it an owner."""
_SHOWN = proven("rows of a list that the actor has just been shown")


def may(session: Session, actor: Actor, permission: str, customer: Customer) -> bool:
    """By the scope of `permission` over owner, team and department, or by access with the right to write.

    Of a restricted record nobody may do more than what is left to the person.
    """
    if _is_closed(customer, permission):
        return False
    if any(party.can(permission) and _in_scope(party, permission, customer) for party in actor.parties):
        return True
    if not actor.can(permission):
        return False
    # Only holders of the right to it pay for asking: the customer page has no statement to spare.
    in_need = permission == "customers.reveal" and actor.can(EMERGENCY)
    return _has_access(session, actor, customer.id) or (in_need and _in_emergency(session, actor, customer.id))


def holds(actor: Actor, permission: str, customer: Customer) -> bool:
    """As `may`, by scope alone: a part in its relay does not count."""
    return not _is_closed(customer, permission) and any(
        party.can(permission) and _in_scope(party, permission, customer) for party in actor.parties
    )


def may_contact(session: Session, actor: Actor, permission: str, contact: Contact) -> bool:
    """For contacts that stand alone; those of a customer follow their customer."""
    if contact.customer_id is not None:
        customer = session.get(Customer, contact.customer_id)
        return customer is not None and may(session, actor, permission, customer)
    return not _is_closed(contact, permission) and any(
        _alone_in_scope(party, permission, contact) for party in actor.parties
    )


def _alone_in_scope(actor: Actor, permission: str, contact: Contact) -> bool:
    if actor.scope(permission) == Scope.ALL:
        return True
    own = actor.can(permission) and contact.owner_id == actor.user_id
    return own or contact.department_id in actor.departments_for(permission)


def require(session: Session, actor: Actor, permission: str, customer: Customer) -> None:
    """Raises Forbidden with a sentence that says whom to ask."""
    if _is_closed(customer, permission):
        require_unrestricted(customer)
    if not may(session, actor, permission, customer):
        raise refusal(customer)


def require_contact(session: Session, actor: Actor, permission: str, contact: Contact) -> None:
    """The same for a contact, whether it stands alone or not."""
    if contact.customer_id is None and _is_closed(contact, permission):
        require_unrestricted(contact)
    if not may_contact(session, actor, permission, contact):
        raise not_yours(contact)


def require_unrestricted(record: Customer | Contact) -> None:
    """For what needs no right to the customer itself, such as a note about it. Raises Forbidden with a sentence."""
    if record.restricted_at is not None:
        raise Forbidden(
            _("This record is restricted: it is kept, but not used. Who handles requests of persons can lift that."),
            ask=Ask("privacy.handle"),
        )


def _is_closed(record: Customer | Contact, permission: str) -> bool:
    return record.restricted_at is not None and permission not in _WHILE_RESTRICTED


def allowed_among(session: Session, actor: Actor, permission: str, customers: Sequence[Customer]) -> set[UUID]:
    """Ids of those with which the actor may do that; as `may`, for many at once. Seeing them is another matter."""
    able = [party for party in actor.parties if party.can(permission)]
    customers = [customer for customer in customers if not _is_closed(customer, permission)]
    allowed = {each.id for each in customers if any(_in_scope(party, permission, each) for party in able)}
    if not actor.can(permission):
        return allowed
    rest = [customer.id for customer in customers if customer.id not in allowed]
    if rest:
        allowed |= set(session.scalars(select(Customer.id).where(Customer.id.in_(rest), writable(actor, Customer.id))))
    return allowed


def rows_to_edit(session: Session, actor: Actor, rows: Sequence[Any]) -> set[UUID] | None:
    """Ids of the customers of a list, which has shown them to the actor, that they may edit; None is all.

    Rows have id, owner_id and department_id. Only those that these do not settle are asked for, in one statement.
    """
    able = [party for party in actor.parties if party.can(_EDIT)]
    if any(party.scope(_EDIT) == Scope.ALL for party in able):
        return None
    owners = {party.user_id for party in able}
    departments = frozenset().union(*(party.departments_for(_EDIT) for party in able))
    found = {row.id for row in rows if row.owner_id in owners or row.department_id in departments}
    rest = [row.id for row in rows if row.id not in found]
    if rest:
        mine = select(Customer.id).where(among(Customer.id, rest), _editable(actor))
        found |= set(session.scalars(mine, execution_options=_SHOWN))
    return found


def contacts_to_edit(session: Session, actor: Actor, rows: Sequence[Any]) -> set[UUID] | None:
    """As `rows_to_edit`, of contacts: those of a customer follow it, the others their own owner and department."""
    able = [party for party in actor.parties if party.can(_EDIT)]
    if any(party.scope(_EDIT) == Scope.ALL for party in able):
        return None
    mine = select(Contact.id).where(among(Contact.id, [row.id for row in rows]), contact_editable(actor))
    return set(session.scalars(mine, execution_options=_SHOWN))


def contact_editable(actor: Actor) -> ColumnElement[bool]:
    """SQL: as `may_contact` to change the statement's row of Contact; of a customer in the bin it is nobody's."""
    alone: list[ColumnElement[bool]] = [false()]
    for party in (party for party in actor.parties if party.can(_EDIT)):
        if party.scope(_EDIT) == Scope.ALL:
            alone.append(true())
        alone.append(Contact.owner_id == party.user_id)
        departments = party.departments_for(_EDIT)
        if departments:
            alone.append(among(Contact.department_id, departments))
    kept = (Customer.id == Contact.customer_id, Customer.deleted_at.is_(None), _editable(actor))
    theirs = Contact.customer_id.in_(select(Customer.id).where(*kept))
    return or_(theirs, and_(Contact.customer_id.is_(None), Contact.restricted_at.is_(None), or_(*alone)))


def _editable(actor: Actor) -> ColumnElement[bool]:
    return doable(actor, _EDIT)


def doable(actor: Actor, permission: str) -> ColumnElement[bool]:
    """SQL: as `may` of the statement's row of Customer, for rights that end where one is restricted."""
    parts: list[ColumnElement[bool]] = [writable(actor, Customer.id)] if actor.can(permission) else [false()]
    for party in actor.parties:
        if not party.can(permission):
            continue
        if party.scope(permission) == Scope.ALL:
            return Customer.restricted_at.is_(None)
        parts.append(Customer.owner_id == party.user_id)
        if party.scope(permission) >= Scope.TEAM and party.team_ids:
            parts.append(among(Customer.team_id, party.team_ids))
        departments = party.departments_for(permission)
        if departments:
            parts.append(among(Customer.department_id, departments))
    return and_(Customer.restricted_at.is_(None), or_(*parts))


def writable(
    actor: Actor, customer_id: ColumnElement[UUID] | InstrumentedAttribute[UUID] | UUID
) -> ColumnElement[bool]:
    """SQL: the actor has access with the right to write, through the relay or a share."""
    who = [Access.user_id == actor.user_id]
    departments = actor.departments_for("customers.edit")
    if departments:
        who.append(among(Access.department_id, departments))
    return exists().where(and_(Access.customer_id == customer_id, Access.may_write, live(), or_(*who)))


def remember(session: Session, customer_id: UUID, *, is_writable: bool) -> None:
    """A page that has asked for `writable` along with the customer spares the checks that follow their query."""
    session.info.setdefault(_REMEMBERED, {})[customer_id] = is_writable


def _in_scope(actor: Actor, permission: str, customer: Customer) -> bool:
    scope = actor.scope(permission)
    if scope == Scope.ALL or customer.owner_id == actor.user_id:
        return True
    if scope >= Scope.TEAM and customer.team_id in actor.team_ids:
        return True
    return customer.department_id in actor.departments_for(permission)


def _in_emergency(session: Session, actor: Actor, customer_id: UUID) -> bool:
    mine = (Access.user_id == actor.user_id, Access.customer_id == customer_id, Access.kind == KIND, live())
    return session.scalar(select(Access.id).where(*mine).limit(1)) is not None


def _has_access(session: Session, actor: Actor, customer_id: UUID) -> bool:
    remembered: dict[UUID, bool] = session.info.setdefault(_REMEMBERED, {})
    if customer_id not in remembered:
        remembered[customer_id] = bool(session.scalar(select(writable(actor, customer_id))))
    return remembered[customer_id]


def refusal(customer: Customer) -> Forbidden:
    """For somebody who sees the customer and may not do something with it: its owner can, and who may give it away."""
    ask = Ask("customers.transfer", (customer.owner_id,), customer.department_id)
    return Forbidden(_("You may see this customer, but not do this with it."), ask=ask)


def not_yours(contact: Contact) -> Forbidden:
    """The same of a contact that stands alone."""
    ask = Ask("customers.transfer", (contact.owner_id,), contact.department_id)
    return Forbidden(_("You may see this contact, but not change it."), ask=ask)


def whom_to_ask(session: Session, customer: Customer) -> str:
    """For a page that has no statement to spare: its owner alone, else as `refusal` says it."""
    error = refusal(customer)
    if customer.owner_id is not None:
        error.ask = Ask(people=(customer.owner_id,))
    return whom.told(session, None, error)
