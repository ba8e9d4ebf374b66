"""What follows when a contact that stood alone has its customer."""

from __future__ import annotations

from baton_plugins.activities import presets, queries
from baton_plugins.activities.models import FollowUp
from sqlalchemy import func, select

from platform_core.api import Customer, Event, Session, customer_touch


def arrived(session: Session, event: Event) -> None:
    """Its follow-ups and plans are the customer's now: the last contact and the next plan may be among them."""
    customer = session.get(Customer, event.customer_id)
    if customer is None:
        return
    due = queries.earliest_open(session, customer.id)
    if customer.next_plan_at != due:
        customer_touch(session, customer, next_plan_at=due)
    counted = [kind.code for kind in presets.kinds(session) if kind.is_contact]
    said = select(func.max(FollowUp.at)).where(
        FollowUp.customer_id == event.customer_id, FollowUp.contact_id == event.ref.id, FollowUp.kind.in_(counted)
    )
    last = session.scalar(said)
    if last is not None and (customer.last_contact_at is None or customer.last_contact_at < last):
        customer_touch(session, customer, last_contact_at=last)
