"""How many customers somebody may open on a day, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from platform_core.caps.models import CountedDay, RoleCap, UserCap
from platform_core.kernel.clock import now
from platform_core.kernel.types import UtcDateTime
from platform_core.permissions.models import Role, RoleAssignment

OPEN, REVEAL = "open", "reveal"
DEFAULTS = {OPEN: 150, REVEAL: 80}
"""Customers on a day, for whoever nothing else was decided about."""
_WARN_PERCENT = 80


@dataclass(frozen=True, slots=True)
class Standing:
    """`limit` is the cap with what was allowed beyond it today."""

    counter: str
    day: date
    used: int
    limit: int

    @property
    def is_near(self) -> bool:
        return self.used * 100 >= self.limit * _WARN_PERCENT


def standing_of(session: Session, user_id: UUID, day: date, counter: str) -> Standing:
    """Where somebody stands, for reading."""
    day_row = session.get(CountedDay, (user_id, day, counter), populate_existing=True)
    cap: int = session.scalars(
        select(cap_of(DEFAULTS[counter])), {"user_id": user_id, "counter": counter, "now": now()}
    ).one()
    used, extra = (day_row.used, day_row.extra) if day_row else (0, 0)
    return Standing(counter, day, used, cap + extra)


def cap_of(default: int) -> Any:
    """The person's own cap, else the highest of their roles, else the default."""
    own = select(UserCap.cap).where(
        UserCap.user_id == bindparam("user_id", type_=Uuid()), UserCap.counter == bindparam("counter")
    )
    of_roles = (
        select(func.max(func.coalesce(RoleCap.cap, default)))
        .select_from(RoleAssignment)
        .join(Role, and_(Role.id == RoleAssignment.role_id, Role.retired_at.is_(None)))
        .outerjoin(RoleCap, and_(RoleCap.role_id == RoleAssignment.role_id, RoleCap.counter == bindparam("counter")))
        .where(
            RoleAssignment.user_id == bindparam("user_id", type_=Uuid()),
            RoleAssignment.valid_from <= bindparam("now", type_=UtcDateTime()),
            or_(
                RoleAssignment.valid_to.is_(None),
                RoleAssignment.valid_to > bindparam("now", type_=UtcDateTime()),
            ),
        )
    )
    return func.coalesce(own.scalar_subquery(), of_roles.scalar_subquery(), default)
