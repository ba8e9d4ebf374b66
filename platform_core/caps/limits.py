"""How many customers somebody may open on a day, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from platform_core.caps.models import Listed, Opened, RoleCap, UserCap
from platform_core.kernel.clock import now
from platform_core.kernel.types import UtcDateTime
from platform_core.permissions.models import Role, RoleAssignment
from platform_core.users.models import Freeze

OPEN, REVEAL, LIST, PRINT = "open", "reveal", "list", "print"
DEFAULTS = {OPEN: 150, REVEAL: 80, LIST: 3000, PRINT: 30}
"""Customers on a day, and rows for `list`, for whoever nothing else was decided about.

Beyond `print` nothing freezes, it is not printed.
"""
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
    used = select(func.coalesce(func.max(Opened.number), 0)).where(
        Opened.user_id == user_id, Opened.day == day, Opened.counter == counter
    )
    if counter == LIST:
        used = select(func.coalesce(func.max(Listed.number), 0)).where(Listed.user_id == user_id, Listed.day == day)
    row = session.execute(
        select(used.scalar_subquery().label("used"), cap_of(DEFAULTS[counter]).label("cap"),
               allowed_beyond(user_id, day, counter).label("extra")),
        {"user_id": user_id, "counter": counter, "now": now()},
    ).one()  # fmt: skip
    return Standing(counter, day, row.used, row.cap + row.extra)


def allowed_beyond(user_id: Any, day: Any, counter: Any) -> Any:
    """How many more customers those who unfroze a person allowed on that day."""
    allowed = select(func.coalesce(func.sum(Freeze.extra), 0)).where(
        Freeze.user_id == user_id, Freeze.day == day, Freeze.rule == counter, Freeze.thawed_at.is_not(None)
    )
    return allowed.scalar_subquery()


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
