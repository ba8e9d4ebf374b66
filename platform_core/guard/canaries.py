"""Bait: customers that look like any other and that nobody has a reason to touch.

Whether the customer of an audit line is bait is answered by the statement that writes the line: opening, revealing,
changing or taking one along alerts in the same transaction, and ordinary requests pay for no statement.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor, Scope
from platform_core.customers import services as customers
from platform_core.customers.forms import CustomerInput
from platform_core.customers.models import Customer
from platform_core.guard import alerts, rules
from platform_core.guard.models import Alert, Canary
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Forbidden, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.scope import proven
from platform_core.permissions import actors

_ = translator("guard")
MANAGE = "guard.canaries"
PROBE = select(Canary.customer_id).where(Canary.customer_id == audit.WATCHED).exists()
"""Added to what the statement that writes an audit line returns."""
_OWNERS = ("customers.view", "customers.contacts", "customers.timeline", "customers.update")
"""What its owner may do without an alert: it stands among their own."""
_SAME = timedelta(hours=1)
_PROOF = proven("codes and names of bait, for who lays it")


class CanaryInput(msgspec.Struct, kw_only=True):
    """`phone` should be a number of the firm, so that a call to it is noticed as well."""

    owner_id: UUID
    name: Annotated[str, msgspec.Meta(min_length=2, max_length=120)]
    contact_name: Annotated[str, msgspec.Meta(max_length=60)] = ""
    phone: Annotated[str, msgspec.Meta(max_length=40)] = ""
    city: Annotated[str, msgspec.Meta(max_length=60)] = ""
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


def make(session: Session, actor: Actor, data: CanaryInput) -> UUID:
    """A customer as its future owner would have added it, so that its history shows nothing else.

    The audit trail keeps who really did it. Raises Forbidden, Invalid.
    """
    _require(actor)
    owner = actors.load_actor(session, data.owner_id)
    if owner is None:
        raise Invalid(_("Please check the marked fields."), fields={"owner_id": _("Somebody who works here.")})
    stand_in = dataclasses.replace(
        owner, session_id=None, via=actor.via, request_id=actor.request_id,
        grants={**owner.grants, "customers.create": Scope.ALL},
    )  # fmt: skip
    given = CustomerInput(name=data.name.strip(), contact_name=data.contact_name, phone=data.phone, city=data.city)
    with _working_for(session, stand_in):
        customer = customers.create(session, stand_in, given)
    session.add(Canary(customer_id=customer.id, owner_id=owner.user_id, made_by=actor.name, note=data.note.strip()))
    _note(session, actor, "guard.lay", customer.id, customer.code, owner.name)
    return customer.id


def adopt(session: Session, actor: Actor, code: str, note: str) -> None:
    """Make an existing customer bait, such as one that came with an import. Raises Forbidden, Invalid."""
    _require(actor)
    found = session.execute(
        select(Customer.id, Customer.owner_id, Customer.code).where(Customer.code == code.strip()),
        execution_options=_PROOF,
    ).one_or_none()
    if found is None:
        raise Invalid(_("Please check the marked fields."), fields={"code": _("There is no customer with this code.")})
    if session.get(Canary, found.id) is None:
        session.add(Canary(customer_id=found.id, owner_id=found.owner_id, made_by=actor.name, note=note.strip()[:500]))
        _note(session, actor, "guard.lay", found.id, found.code, "")


def release(session: Session, actor: Actor, customer_id: UUID) -> None:
    """An ordinary customer from now on; whoever may deletes it like any other."""
    _require(actor)
    canary = session.get(Canary, customer_id)
    if canary is None:
        raise NotFound(_("This customer is no bait."))
    session.delete(canary)
    _note(session, actor, "guard.release", customer_id, "", "")


def laid(session: Session) -> Sequence[Row[Canary, str, str]]:
    """(Canary, code, name), the latest first."""
    return session.execute(
        select(Canary, Customer.code, Customer.name).join(Customer, Customer.id == Canary.customer_id)
        .order_by(Canary.made_at.desc()).limit(500),
        execution_options=_PROOF,
    ).all()  # fmt: skip


@contextmanager
def _working_for(session: Session, actor: Actor) -> Iterator[None]:
    """For a moment the session works for somebody else: the owner of bait to be, or who is really there."""
    before = session.info.get("actor")
    if before is None:  # the platform's own session, such as that which writes down a refusal
        yield
        return
    session.info["actor"] = actor
    try:
        yield
        session.flush()  # the rows are written while the session works for them
    finally:
        session.info["actor"] = before


def _require(actor: Actor) -> None:
    if not actor.can(MANAGE):
        raise Forbidden(lacks=MANAGE)


def _note(session: Session, actor: Actor, action: str, customer_id: UUID, code: str, owner: str) -> None:
    """Without the column `customer_id`: the history of the customer must not show it."""
    after = {"customer": str(customer_id), **({"owner": owner} if owner else {})}
    audit.record(session, actor, action, EntityRef("guard", "canary", customer_id, code), after=after)


def touched(session: Session, actor: Actor | None, line: Mapping[str, Any]) -> None:
    """An audit line about bait has just been written."""
    canary = session.get(Canary, line["customer_id"])
    if actor is None or canary is None or line["action"].startswith("guard."):
        return
    if actor.user_id == canary.owner_id and line["action"] in _OWNERS:
        return
    with _working_for(session, actor):  # also where they look as somebody else, which writes nothing but lines
        _alert(session, actor, canary.customer_id, line["action"])


def taken(session: Session, actor: Actor, ids: Iterable[UUID], action: str) -> None:
    """These customers leave on paper or in a file."""
    wanted = set(ids)
    for key in session.scalars(select(Canary.customer_id)):
        if key in wanted:
            _alert(session, actor, key, action)


def _alert(session: Session, actor: Actor, customer_id: UUID, action: str) -> None:
    alerts.raise_alert(
        session,
        Alert(
            rule=rules.CANARY, user_id=actor.user_id, user_label=actor.name, since=now() - _SAME, number=1,
            threshold=0, minutes=0, customer_id=customer_id, action=action,
        ),
    )  # fmt: skip
