"""What earlier and new owners are told about a transfer: how many, by whom; the receipt says the rest."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers.transfer.drafts import OWN_ROWS
from platform_core.customers.transfer.models import Transfer, TransferRow
from platform_core.kernel.i18n import noop
from platform_core.users.notifications import notify

_GOT = noop("%(who)s gave you customers: %(count)s")
_LOST = noop("%(who)s gave customers of yours to others: %(count)s")
_TAKEN = noop("%(who)s leaves. Plans, legs and other work that you take over: %(count)s")
_BACK = noop("%(who)s took a transfer back. Customers that are yours again: %(count)s")
_RETURNED = noop("%(who)s took a transfer back. Customers that are no longer yours: %(count)s")


def moved(session: Session, actor: Actor, transfer: Transfer) -> None:
    _tell(session, actor, transfer, "moved", _GOT, _LOST)


def took_over(session: Session, actor: Actor, transfer: Transfer, leaver: str, counts: Mapping[UUID, int]) -> None:
    """Whoever takes over work of somebody who leaves, beside customers."""
    for user_id, number in counts.items():
        if user_id != actor.user_id:
            parameters: dict[str, str | int] = {"who": leaver, "count": number}
            notify(session, [user_id], "customers", _TAKEN, parameters, url=transfer.url, icon="switch-horizontal")


def undone(session: Session, actor: Actor, transfer: Transfer) -> None:
    _tell(session, actor, transfer, "undone", _RETURNED, _BACK)


def _tell(session: Session, actor: Actor, transfer: Transfer, state: str, to_new: str, to_old: str) -> None:
    """One line for each person, with their number. Who did it knows."""
    for column, message in ((TransferRow.to_id, to_new), (TransferRow.from_id, to_old)):
        counted = (
            select(column, func.count())
            .where(TransferRow.transfer_id == transfer.id, TransferRow.state == state, column.is_not(None))
            .group_by(column)
        )
        for user_id, number in session.execute(counted, execution_options=OWN_ROWS).all():
            if user_id is not None and user_id not in {actor.user_id, transfer.leaver_id}:
                parameters: dict[str, str | int] = {"who": actor.name, "count": number}
                notify(session, [user_id], "customers", message, parameters, url=transfer.url, icon="switch-horizontal")
