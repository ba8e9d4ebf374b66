"""Verbs that change a customer. They check, write, audit and publish; none of them commits."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from msgspec import UNSET, UnsetType
from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.events import Event
from platform_core.contracts.identity import Actor
from platform_core.customers import codes, contacts, fields, names, points, queries, quietly, rights, search_rows
from platform_core.customers.custom import values as own
from platform_core.customers.duplicates import possible_duplicates
from platform_core.customers.forms import POINT_FIELDS, CustomerInput, CustomerPatch, given
from platform_core.customers.mergemodels import Erasure, Merge
from platform_core.customers.models import Contact, ContactPoint, Customer, StatusChange
from platform_core.kernel import clock, dictionaries
from platform_core.kernel.database import vault_of
from platform_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.events import publish
from platform_core.kernel.i18n import translator
from platform_core.kernel.ids import new_id
from platform_core.kernel.scope import proven

__all__ = [
    "StaleCustomer", "binned", "create", "move_to_bin", "possible_duplicates", "ref", "restore",
    "set_status", "touch", "update",
]  # fmt: skip
_ = translator("customers")
_NEW = "new"
_STEPS = 3
"""Taken codes that are stepped over one by one."""


class StaleCustomer(Conflict):
    """Somebody else has changed the customer since the form was opened.

    `theirs`: field -> (value now, value in the form), of the fields that differ.
    """

    def __init__(self, customer: Customer, theirs: dict[str, tuple[Any, Any]]) -> None:
        message = _("Somebody else has changed this customer in the meantime.")
        super().__init__(message, fields={name: str(now or "") for name, (now, _yours) in theirs.items()})
        self.customer = customer
        self.theirs = theirs


def ref(customer: Customer) -> EntityRef:
    return EntityRef("customers", "customer", customer.id, customer.name)


def create(session: Session, actor: Actor, data: CustomerInput) -> Customer:
    """Add a customer; the actor owns it. Raises Invalid at the field, also for a code that is taken."""
    if not actor.can("customers.create"):
        raise Forbidden(_("You may not add customers."), lacks="customers.create")
    values = given(data)
    if values.pop("lead"):
        values["lead_since"] = clock.now()
    fields.check(session, values)
    custom = values.pop("custom", None)
    if custom is not None:  # whoever says nothing of own fields, such as a caller's card, asks for no code either
        codes.check(session, values.get("kind") or "organisation", values.get("code"))
    texts = {name: values.pop(name) for name in POINT_FIELDS if name in values}
    contact_name = values.pop("contact_name", "").strip()
    customer = Customer(
        **{"id": new_id(), "kind": "organisation", **values, "status": values.get("status") or _NEW},
        **names.keys(values["name"]),
        owner_id=actor.user_id,
        department_id=actor.department_id,
        team_id=next(iter(actor.team_ids)) if len(actor.team_ids) == 1 else None,
        created_by=actor.user_id,
    )
    filled = own.fill(session, customer, custom)
    contact = None
    if contact_name and customer.kind == "organisation":
        contact = contacts.unsaved(actor, contact_name, customer.id, is_primary=True)
    held = points.made_of(vault_of(session), texts, customer_id=customer.id, contact_id=contact.id if contact else None)
    points.summarise(customer, held, contact)
    _save(session, customer, typed_code=bool(customer.code))
    _save_children(session, actor, customer, contact, held)
    after = {**fields.plain(values), "code": customer.code, **filled.after, **_masks(held)}
    audit.record(session, actor, "customers.create", ref(customer), customer_id=customer.id, after=after)
    publish(session, Event("customers.created", ref(customer), customer.id, actor.user_id))
    return customer


def update(
    session: Session, actor: Actor, customer_id: UUID, data: CustomerPatch, version: int | None = None, *,
    may_lack: bool = False,
) -> Customer:  # fmt: skip
    """Change the given fields. A mask that comes back changes nothing. `may_lack`: see custom.values.changes.

    `version` is the one the form was opened with; raises StaleCustomer when it has passed and the form would undo
    what somebody else did, Invalid at the field, NotFound, Forbidden.
    """
    customer = queries.get(session, customer_id)
    rights.require(session, actor, "customers.edit", customer)
    values = given(data)
    values.pop("lead", None)  # of a form for new ones; what it is does not change by the way
    texts = {name: values.pop(name) for name in POINT_FIELDS if name in values}
    contact_name = (values.pop("contact_name", "") or "").strip()
    custom = values.pop("custom", {})
    values = {name: value for name, value in values.items() if getattr(customer, name) != value}
    for name in ("code", "status"):
        if not values.get(name, "given"):
            del values[name]  # these two cannot be empty
    if "code" in values:
        codes.check(session, customer.kind, values["code"])
    filled = own.changes(session, customer, custom, may_lack=may_lack)
    if version is not None and version != customer.version and (values or filled):
        theirs = {name: (getattr(customer, name), value) for name, value in values.items()}
        raise StaleCustomer(customer, theirs | {name: (filled.before[name], new) for name, new in filled.after.items()})
    fields.check(session, values)
    before, after = audit.changes({name: getattr(customer, name) for name in values}, fields.plain(values))
    status = values.pop("status", "")
    if "name" in values:
        values.update(names.keys(values["name"]))
    _assign(session, customer, values)
    own.apply(session, customer, filled)
    before, after = {**fields.masked(before), **filled.before}, {**fields.masked(after), **filled.after}
    after.update(_update_points(session, actor, customer, contact_name, texts))
    if status:
        set_status(session, actor, customer, status, "customers.update")
    if not after:
        return customer
    search_rows.reindex(session, customer.id)
    audit.record(session, actor, "customers.update", ref(customer), customer_id=customer.id, before=before, after=after)
    publish(session, Event("customers.updated", ref(customer), customer.id, actor.user_id))
    return customer


def set_status(session: Session, actor: Actor, customer: Customer, status: str, cause: str) -> bool:
    """Change the status and keep the change on record; `cause` is the act behind it, such as `activities.follow_up`.

    The calling service has checked that the actor may work on the customer. False when the status was that already.
    """
    status = dictionaries.current(session, "customers.status", status)
    if customer.status == status:
        return False
    fields.check(session, {"status": status})
    old, customer.status = customer.status, status
    session.add(_status_change(actor, customer, old, cause))
    if cause != "customers.update":
        audit.record(
            session, actor, "customers.set_status", ref(customer), customer_id=customer.id, before={"status": old},
            after={"status": status}, reason=cause,
        )  # fmt: skip
    data = {"old": old, "new": status, "cause": cause}
    publish(session, Event("customers.status_changed", ref(customer), customer.id, actor.user_id, data))
    return True


def touch(
    session: Session,
    customer: Customer,
    *,
    last_contact_at: datetime | UnsetType | None = UNSET,
    next_plan_at: datetime | UnsetType | None = UNSET,
) -> None:
    """Write down when the customer was last spoken to and is to be next; forms that are open stay valid."""
    given_times = {"last_contact_at": last_contact_at, "next_plan_at": next_plan_at}
    values = {name: value for name, value in given_times.items() if value is not UNSET}
    if values:
        quietly.write(session, customer.id, **values)


def move_to_bin(session: Session, actor: Actor, customer_id: UUID) -> Customer:
    """Hide a customer from everybody until it is restored."""
    customer = queries.get(session, customer_id)
    rights.require(session, actor, "customers.delete", customer)
    customer.deleted_at = clock.now()
    audit.record(session, actor, "customers.delete", ref(customer), customer_id=customer.id)
    publish(session, Event("customers.binned", ref(customer), customer.id, actor.user_id))
    return customer


def binned(session: Session, actor: Actor, customer_id: UUID, permission: str = "customers.delete") -> Customer:
    """A customer in the bin that the actor may restore, or what `permission` says. Raises NotFound for everybody else.

    What was merged or erased is in no bin.
    """
    customer = session.scalars(
        select(Customer).where(Customer.id == customer_id, Customer.deleted_at.is_not(None), ~gone_for_good()),
        execution_options=proven("the bin is behind the policy; the right to delete is checked below"),
    ).one_or_none()
    if customer is None or not rights.may(session, actor, permission, customer):
        raise NotFound(_("There is no such customer in the bin, or not for you."))
    return customer


def gone_for_good() -> ColumnElement[bool]:
    """SQL: the statement's row of Customer was merged into another one or erased."""
    return or_(
        exists().where(Merge.other_id == Customer.id, Merge.undone_at.is_(None)),
        exists().where(Erasure.customer_id == Customer.id),
    )


def restore(session: Session, actor: Actor, customer_id: UUID) -> Customer:
    """Take a customer out of the bin again."""
    customer = binned(session, actor, customer_id)
    customer.deleted_at = None
    audit.record(session, actor, "customers.restore", ref(customer), customer_id=customer.id)
    publish(session, Event("customers.restored", ref(customer), customer.id, actor.user_id))
    return customer


def _save(session: Session, customer: Customer, *, typed_code: bool) -> None:
    for turn in count():
        if turn == _STEPS:
            codes.skip(session, customer.kind)
        if not typed_code:
            customer.code = codes.fresh(session, customer.kind)[0]
        try:
            # Within a savepoint, so that a code somebody typed earlier costs a number and not the transaction.
            with session.begin_nested():
                session.add(customer)
        except IntegrityError as error:
            if "code" not in str(error.orig):
                raise
            if typed_code:
                raise _code_taken() from error
        else:
            return


def _assign(session: Session, customer: Customer, values: dict[str, Any]) -> None:
    if "code" not in values:
        for name, value in values.items():
            setattr(customer, name, value)
        return
    try:
        # Only the database knows whether the code is free: its holder may be invisible here.
        with session.begin_nested():
            for name, value in values.items():
                setattr(customer, name, value)
    except IntegrityError as error:
        raise _code_taken() from error


def _code_taken() -> Invalid:
    message = _("This code is taken.")
    return Invalid(message, fields={"code": message})


def _save_children(
    session: Session, actor: Actor, customer: Customer, contact: Contact | None, held: list[ContactPoint]
) -> None:
    if contact is not None:
        session.add(contact)
        session.flush()  # points refer to their contact, and nothing tells the session so
    session.add_all(held)
    session.add(_status_change(actor, customer, "", "customers.create"))
    search_rows.add(session, customer, [contact.name] if contact else [], held)


def _update_points(
    session: Session, actor: Actor, customer: Customer, contact_name: str, texts: dict[str, str]
) -> dict[str, str]:
    """Returns what changed, for the audit: the name as it is, points as masks."""
    changed: dict[str, str] = {}
    people = queries.contacts_of(session, customer.id) if contact_name or any(texts.values()) else []
    main = people[0] if people else None
    if contact_name and (main is None or main.name != contact_name):
        main = contacts.make_main(session, actor, customer.id, contact_name, people)
        changed["contact_name"] = contact_name
    if any(texts.values()):
        held = queries.points_of(session, customer.id)
        contact_id = main.id if main and customer.kind == "organisation" else None
        kinds = points.change(session, held, texts, customer_id=customer.id, contact_id=contact_id)
        if kinds:
            after = queries.points_of(session, customer.id)
            changed.update(_masks([point for point in after if point.is_primary and _field_of(point) in kinds]))
    if changed:
        points.refresh(session, customer.id)
    return changed


def _masks(held: list[ContactPoint]) -> dict[str, str]:
    return {_field_of(point): point.mask for point in reversed(held)}


def _field_of(point: ContactPoint) -> str:
    return "phone" if point.kind in points.PHONES else point.kind


def _status_change(actor: Actor, customer: Customer, old: str, cause: str) -> StatusChange:
    return StatusChange(
        customer_id=customer.id, by_id=actor.user_id, by_label=actor.name, old=old, new=customer.status, cause=cause
    )
