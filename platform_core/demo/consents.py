"""What people of a small demo have agreed to (data/consents.toml), without which nobody would be greeted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from random import Random
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from platform_core.customers.models import Contact, Customer
from platform_core.demo import tables
from platform_core.demo.spec import Spec
from platform_core.kernel.bulkrows import Writer
from platform_core.kernel.ids import new_id
from platform_core.privacy.models import Consent
from platform_core.users.models import User


def write(session: Session, spec: Spec) -> None:
    """Of persons themselves, and of the first contact of each organisation."""
    first = and_(Contact.customer_id == Customer.id, Contact.is_primary.is_(True), Customer.kind == "organisation")
    people: Sequence[Any] = session.execute(
        select(Customer.id, Customer.code, Customer.kind, Customer.created_at, Contact.id, User.id, User.name)
        .join(User, User.id == Customer.owner_id)
        .outerjoin(Contact, first)
        .where(Customer.deleted_at.is_(None))
        .order_by(Customer.code)
    ).all()
    rows: list[dict[str, Any]] = []
    for customer, code, kind, since, contact, by, name in people:
        if kind == "person" or contact is not None:
            who = {"customer_id": None if contact is not None else customer, "contact_id": contact}
            random = Random(f"{spec.seed}/consents/{code}")  # of its own: what else a seed invents stays as it is
            found = ({**said, **who, "id": new_id(), "by_id": by, "by_label": name} for said in _said(random, since))
            rows.extend(found)
    Writer(session.connection()).write(Consent, rows)


def _said(random: Random, since: Any) -> Iterator[dict[str, Any]]:
    """A yes on the day they became known, and of some a no two weeks later."""
    told = tables.load("consents")
    for agreed in told["agreed"]:
        if random.random() >= agreed["share"]:
            continue
        yes = {name: agreed[name] for name in ("purpose", "channel", "source", "note")}
        yield {**yes, "given": True, "at": since, "recorded_at": since, "text_id": None}
        if random.random() < told["withdrawn"]:
            later = since + timedelta(days=14)
            no = {**yes, "source": "phone", "note": ""}
            yield {**no, "given": False, "at": later, "recorded_at": later, "text_id": None}
