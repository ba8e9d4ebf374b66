"""Who sees imports: batches their owner and, by scope, those above; rows, with their clear numbers, the owner only."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, false, or_, select

from platform_core.contracts.identity import Actor, Scope
from platform_core.customers.importing.models import ImportBatch
from platform_core.kernel.idlists import among

_batches = ImportBatch.__table__.alias("scope_import_batch")


class BatchPolicy:
    """The owner's, and by the scope of customers.view those of the departments below."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def predicate(self, actor: Actor) -> ColumnElement[bool] | None:
        if not actor.can("customers.import"):
            return false()
        if actor.scope("customers.view") == Scope.ALL:
            return None
        parts = [self._model.owner_id == actor.user_id]
        departments = actor.departments_for("customers.view")
        if departments:
            parts.append(among(self._model.department_id, departments))
        return or_(*parts)


class OwnPolicy:
    """Rows of whoever made them: of their batch, or of their own `user_id`."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def predicate(self, actor: Actor) -> ColumnElement[bool] | None:
        if hasattr(self._model, "user_id"):
            own: ColumnElement[bool] = self._model.user_id == actor.user_id
            return own
        batches = select(_batches.c.id).where(_batches.c.owner_id == actor.user_id)
        of_batch: ColumnElement[bool] = self._model.batch_id.in_(batches)
        return of_batch
