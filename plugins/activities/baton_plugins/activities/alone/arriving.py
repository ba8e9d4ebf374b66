"""What follows when a contact that stood alone has its customer."""

from __future__ import annotations

from baton_plugins.activities import presets
from baton_plugins.activities.models import FollowUp
from sqlalchemy import func, select

from platform_core.api import Customer, Event, Session, customer_touch


def arrived(session: Session, event: Event) -> None:
    """Its follow-ups are the customer's now: the last contact may be one of them."""
    customer = session.get(Customer, event.customer_id)
    counted = [kind.code for kind in presets.kinds(session) if kind.is_contact]
    said = select(func.max(FollowUp.at)).where(
        FollowUp.customer_id == event.customer_id, FollowUp.contact_id == event.ref.id, FollowUp.kind.in_(counted)
    )
    last = session.scalar(said)
    if customer is None or last is None:
        return
    if customer.last_contact_at is None or customer.last_contact_at < last:
        customer_touch(session, customer, last_contact_at=last)
