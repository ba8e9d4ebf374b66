"""Who sees lists of customers to call. Each customer of one is seen by whoever sees that customer."""

from __future__ import annotations

from typing import Any

from baton_plugins.telephony.calling.models import CallList
from baton_plugins.telephony.policies import DIAL
from sqlalchemy import ColumnElement, and_, false, or_

from platform_core.api import Actor, Scope, among

SCRIPTS = "telephony.scripts"


class CallListPolicy:
    """One's own, those shared with one's department, and by the scope of `telephony.dial` those of departments."""

    by_kind = True

    def predicate(self, actor: Actor) -> ColumnElement[bool] | None:
        scope = actor.scope(DIAL)
        if scope == Scope.ALL:
            return None
        if scope == Scope.NONE:
            return false()
        parts: list[Any] = [CallList.by_id == actor.user_id]
        if actor.department_ids:
            parts.append(and_(CallList.shared.is_(True), among(CallList.department_id, actor.department_ids)))
        departments = actor.departments_for(DIAL)
        if departments:
            parts.append(among(CallList.department_id, departments))
        return or_(*parts)
