"""Who sees a meeting: those invited, and whoever may see the plans of a department from which somebody is."""

from __future__ import annotations

from typing import Any

from baton_plugins.activities.diary.whose import RIGHT
from baton_plugins.activities.meetings.models import Invitation
from sqlalchemy import ColumnElement, exists, false, or_

from platform_core.api import Actor, Scope, among

_asked = Invitation.__table__.alias("scope_invitation")


class MeetingPolicy:
    """`column` holds the meeting's id: of a meeting, or of an invitation to one."""

    by_kind = True
    delegable = True

    def __init__(self, column: Any) -> None:
        self._column = column

    def predicate(self, actor: Actor) -> ColumnElement[bool] | None:
        scope = actor.scope(RIGHT)
        if scope == Scope.ALL:
            return None
        if scope == Scope.NONE:
            return false()
        parts: list[Any] = [_asked.c.user_id == actor.user_id]
        departments = actor.departments_for(RIGHT)
        if departments:
            parts.append(among(_asked.c.department_id, departments))
        found: ColumnElement[bool] = exists().where(_asked.c.meeting_id == self._column, or_(*parts)).is_(True)
        return found
