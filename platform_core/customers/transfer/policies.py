"""Who sees transfers: whoever did one, whom it concerned, and those whose right to transfer covers the department."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, exists, or_

from platform_core.contracts.identity import Actor
from platform_core.customers.transfer.models import TransferRow
from platform_core.customers.transfer.rules import PERMISSION, is_general
from platform_core.customers.transfer.rules import parties as transferring
from platform_core.kernel.idlists import among

_rows = TransferRow.__table__.alias("scope_transfer_row")


class TransferPolicy:
    """The transfer as such: who, when, why, how many. Its customers are seen by whoever sees each of them."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def predicate(self, actor: Actor) -> ColumnElement[bool] | None:
        if is_general(actor):
            return None
        mine = or_(_rows.c.from_id == actor.user_id, _rows.c.to_id == actor.user_id)
        concerned = exists().where(_rows.c.transfer_id == self._model.id, _rows.c.state != "pending", mine)
        parts: list[ColumnElement[bool]] = [self._model.by_id == actor.user_id, concerned]
        for party in transferring(actor):
            departments = party.departments_for(PERMISSION)
            if departments:
                parts.append(among(self._model.department_id, departments))
        return or_(*parts)
