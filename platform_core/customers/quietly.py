"""Writing what is only kept along with a customer, without taking part in its optimistic lock.

A logged call or a changed main number must not make the form stale that a colleague has open at that moment.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from platform_core.customers.models import Customer
from platform_core.kernel.clock import now


def write(session: Session, customer_id: UUID, **values: Any) -> None:
    """Set columns of a saved customer; its `version` stays."""
    values["updated_at"] = now()
    session.execute(
        update(Customer).where(Customer.id == customer_id).values(**values),
        execution_options={"synchronize_session": False},
    )
    loaded = session.identity_map.get(session.identity_key(Customer, customer_id))
    if loaded is not None:
        for name, value in values.items():
            set_committed_value(loaded, name, value)
