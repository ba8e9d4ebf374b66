"""Reading accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Row, and_, or_, select
from sqlalchemy.orm import Session

from platform_core.users.models import Department, User
from platform_core.web import cursors

PAGE = 50


@dataclass(frozen=True, slots=True)
class PeopleQuery:
    """Which accounts a list shows; empty fields do not narrow."""

    text: str = ""
    status: str = ""
    department_id: UUID | None = None
    cursor: str = ""
    limit: int = PAGE


def people(session: Session, query: PeopleQuery) -> tuple[Sequence[Row[User, str]], str]:
    """Rows of (User, department name) by name, and the cursor of the next page ("" on the last)."""
    statement = (
        select(User, Department.name.label("department"))
        .outerjoin(Department, Department.id == User.department_id)
        .order_by(User.name, User.id)
        .limit(query.limit + 1)
    )
    if query.text:
        needle = query.text.casefold().replace("\\", "").replace("%", "").replace("_", "\\_")
        statement = statement.where(
            or_(
                User.name.ilike(f"%{needle}%", escape="\\"),
                User.login.like(f"%{needle}%", escape="\\"),
                User.employee_no == query.text,
                User.extension == query.text,
            )
        )
    if query.status:
        statement = statement.where(User.status == query.status)
    if query.department_id:
        statement = statement.where(User.department_id == query.department_id)
    if query.cursor:
        name, last = cursors.decode(query.cursor, 2)
        statement = statement.where(or_(User.name > name, and_(User.name == name, User.id > last)))
    rows = session.execute(statement).all()
    shown = rows[: query.limit]
    more = cursors.encode([shown[-1].User.name, shown[-1].User.id]) if len(rows) > len(shown) else ""
    return shown, more


def called(session: Session, text: str) -> Sequence[User]:
    """Active people with this sign-in name, else with exactly this name: one, nobody, or up to three."""
    asked = text.strip()
    found = session.scalars(
        select(User).where(or_(User.login == asked.casefold(), User.name == asked), User.status == "active").limit(3)
    ).all()
    return [user for user in found if user.login == asked.casefold()] or found
