"""What somebody who leaves has looked at lately, for the page and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from platform_core.audit import seen
from platform_core.audit import services as audit
from platform_core.contracts.identity import Actor
from platform_core.customers.leaving import services
from platform_core.customers.models import Customer
from platform_core.kernel import clock
from platform_core.kernel.idlists import among
from platform_core.users import accounts
from platform_core.users.models import User

DAYS = 30


@dataclass(frozen=True, slots=True)
class Looked:
    """A page of it. `known`: id -> (id, code, name) of those that the reader sees; `older`: cursor of the next page."""

    user: User
    query: seen.SeenQuery
    found: Sequence[seen.Seen]
    known: Mapping[UUID, Row[UUID, str, str]]
    older: str


def at(session: Session, actor: Actor, user_id: UUID, before: str) -> Looked:
    """Customers that the person has seen in the last DAYS days, the latest first. Audited; not a list that counts."""
    user, until = services.leaver(session, actor, user_id), clock.today()
    query = seen.SeenQuery(user_id, until - timedelta(days=DAYS - 1), until, before)
    found, older = seen.customers(session, query)
    ids = [item.customer_id for item in found]
    days = {"since": str(query.since), "until": str(query.until)}
    audit.record(session, actor, "customers.leaving_seen", accounts.ref(user), ids=ids, after=days, shown=False)
    named = select(Customer.id, Customer.code, Customer.name).where(among(Customer.id, ids))
    return Looked(user, query, found, {row.id: row for row in session.execute(named)}, older)
