"""What is under the bells of a small demo: the batons that wait."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.customers.models import Customer
from platform_core.demo.spec import Spec
from platform_core.kernel.bulkrows import Writer
from platform_core.kernel.ids import new_id
from platform_core.relay.models import Engagement, Leg
from platform_core.users.models import Notification, User

_DAYS = 30
HANDED_OVER = "%(who)s hands “%(title)s” of %(customer)s over to you"
"""A message of the relay's catalogue."""


def write(session: Session, spec: Spec) -> None:
    """One line for each person a waiting baton is offered to, as the relay's services write it."""
    offered = session.execute(
        select(Leg, Engagement, Customer.name)
        .join(Engagement, Engagement.id == Leg.engagement_id)
        .join(Customer, Customer.id == Leg.customer_id)
        .where(Leg.state == "offered", Leg.offered_at > spec.now - timedelta(days=_DAYS))
        .order_by(Leg.offered_at)
    ).all()
    names: dict[UUID | None, str] = {user.id: user.name for user in session.scalars(select(User))}
    people = {place.id: [person.id for person in place.people] for place in spec.house.departments}
    Writer(session.connection()).write(
        Notification,
        [
            {
                "id": new_id(),
                "user_id": user_id,
                "at": leg.offered_at,
                "domain": "relay",
                "message": HANDED_OVER,
                "parameters": {"who": names[leg.offered_by], "title": engagement.title, "customer": name},
                "url": f"/engagements/{engagement.id}?leg={leg.id}",
                "icon": "transfer",
            }
            for leg, engagement, name in offered
            for user_id in ([leg.offered_to] if leg.offered_to else people[leg.department_id])
        ],
    )
