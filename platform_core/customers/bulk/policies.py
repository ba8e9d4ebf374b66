"""Who sees changes of many rows: whoever made one, and those who may change every customer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select

from platform_core.contracts.identity import Actor, Scope


class ChangePolicy:
    """The act as such; its rows are seen by whoever sees each of them."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def predicate(self, actor: Actor) -> ColumnElement[bool] | None:
        if actor.scope("customers.edit") == Scope.ALL:
            return None
        mine: ColumnElement[bool] = self._model.by_id == actor.user_id
        return mine


class LinePolicy:
    """With its change; what is shown of a line is joined with its row, which has a policy of its own."""

    def __init__(self, line: Any, change: Any) -> None:
        self._line, self._change = line, change

    def predicate(self, actor: Actor) -> ColumnElement[bool] | None:
        allowed = ChangePolicy(self._change).predicate(actor)
        return None if allowed is None else self._line.change_id.in_(select(self._change.id).where(allowed))
