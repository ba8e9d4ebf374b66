"""Who sees changes of many customers: whoever made one, and those who may change every customer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement

from platform_core.contracts.identity import Actor, Scope


class ChangePolicy:
    """The act as such; its customers are seen by whoever sees each of them."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def predicate(self, actor: Actor) -> ColumnElement[bool] | None:
        if actor.scope("customers.edit") == Scope.ALL:
            return None
        mine: ColumnElement[bool] = self._model.by_id == actor.user_id
        return mine
