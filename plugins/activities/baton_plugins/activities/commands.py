"""What operators run as `baton activities …`."""

from __future__ import annotations

import click
import pluggy
from baton_plugins.activities import plans
from baton_plugins.activities.models import Plan
from sqlalchemy import func, select

from platform_core.api import Customer, Session

hookimpl = pluggy.HookimplMarker("baton")


@click.command()
@click.pass_obj
def refresh(session: Session) -> None:
    """Correct the next date of every customer that does not agree with the open plans, as after a restore."""
    earliest = (
        select(Plan.customer_id, func.min(Plan.due_at).label("at"))
        .where(Plan.state == "open")
        .group_by(Plan.customer_id)
        .subquery("earliest")
    )
    wrong = (
        select(Customer.id)
        .outerjoin(earliest, earliest.c.customer_id == Customer.id)
        .where(Customer.next_plan_at.is_distinct_from(earliest.c.at))
    )
    found = session.scalars(wrong).all()
    for customer_id in found:
        plans.refresh_next(session, customer_id)
    click.echo(f"corrected: {len(found)}")


@hookimpl
def baton_commands() -> list[click.Command]:
    return [refresh]
