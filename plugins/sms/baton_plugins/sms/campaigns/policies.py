"""Who sees mass messages: whoever prepared one, who approves them, and those who may write to every customer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement

from platform_core.api import Actor, Scope

SEND = "sms.send"
MASS = "sms.mass"
APPROVE = "sms.approve"


class CampaignPolicy:
    """The act as such; its customers are seen by whoever sees each of them."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def predicate(self, actor: Actor) -> ColumnElement[bool] | None:
        if actor.can(APPROVE) or (actor.can(MASS) and actor.scope(SEND) == Scope.ALL):
            return None
        mine: ColumnElement[bool] = self._model.by_id == actor.user_id
        return mine
