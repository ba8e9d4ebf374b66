"""Who has a role at a moment, in SQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, or_, select

from platform_core.contracts.identity import Scope
from platform_core.kernel.clock import now
from platform_core.permissions.models import Role, RoleAssignment, RoleGrant
from platform_core.users.models import User


def live(moment: datetime) -> Any:
    """The assignment holds at the moment."""
    return and_(
        RoleAssignment.valid_from <= moment, or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > moment)
    )


def holding(permission: str, *columns: Any) -> Select[Any]:
    """Columns of everybody whose account is active and who holds the permission now; somebody may come up twice."""
    return (
        select(*columns)
        .select_from(User)
        .join(RoleAssignment, RoleAssignment.user_id == User.id)
        .join(Role, Role.id == RoleAssignment.role_id)
        .join(RoleGrant, RoleGrant.role_id == RoleAssignment.role_id)
        .where(
            RoleGrant.permission == permission, RoleGrant.scope > Scope.NONE, Role.retired_at.is_(None),
            User.status == "active", live(now()),
        )
    )  # fmt: skip
