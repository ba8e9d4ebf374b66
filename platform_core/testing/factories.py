"""Rows for tests, made and committed through one object: `factory.user(role="coordinator")`."""

from __future__ import annotations

from itertools import count
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select

from platform_core.app import Runtime
from platform_core.contracts.identity import Actor
from platform_core.customers.models import Customer
from platform_core.kernel import counters
from platform_core.permissions import actors
from platform_core.permissions.models import Role, RoleAssignment
from platform_core.users.models import Department, DepartmentClosure, User

T = TypeVar("T")


class Factory:
    """Names are numbered, so that nothing clashes; pass what a test cares about."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._numbers = count(1)

    def add(self, *rows: Any) -> None:
        """Insert any mapped rows and commit."""
        with self.runtime.database.system_session("factory") as session:
            session.add_all(rows)

    def department(self, name: str = "", parent: Department | None = None) -> Department:
        number = next(self._numbers)
        department = Department(
            code=f"d{number}", name=name or f"Department {number}", parent_id=parent.id if parent else None
        )
        with self.runtime.database.system_session("factory") as session:
            session.add(department)
            session.flush()
            session.add(DepartmentClosure(ancestor_id=department.id, descendant_id=department.id, depth=0))
            if parent is not None:
                above = session.execute(
                    select(DepartmentClosure.ancestor_id, DepartmentClosure.depth).where(
                        DepartmentClosure.descendant_id == parent.id
                    )
                ).all()
                session.add_all(
                    DepartmentClosure(ancestor_id=ancestor, descendant_id=department.id, depth=depth + 1)
                    for ancestor, depth in above
                )
        return department

    def user(self, role: str = "coordinator", department: Department | None = None, **fields: Any) -> User:
        """An active user; `role` is the code of a preset role, "" for none."""
        number = next(self._numbers)
        values: dict[str, Any] = {"login": f"user{number}", "name": f"User {number}", "language": "en"}
        user = User(**{**values, **fields}, department_id=department.id if department else None)
        with self.runtime.database.system_session("factory") as session:
            session.add(user)
            session.flush()
            if role:
                role_id = session.scalars(select(Role.id).where(Role.code == role)).one()
                session.add(RoleAssignment(user_id=user.id, role_id=role_id))
            counters.bump(session, actors.COUNTER)
        return user

    def actor(self, user: User) -> Actor:
        """The user's actor with the rights of this moment."""
        with self.runtime.database.system_session("factory") as session:
            actor = actors.load_actor(session, user.id)
        assert actor is not None
        return actor

    def customer(self, owner: User | None = None, **fields: Any) -> Customer:
        number = next(self._numbers)
        values: dict[str, Any] = {
            "code": f"C-{number:05}",
            "name": f"Customer {number}",
            "name_key": f"customer {number}",
            "owner_id": owner.id if owner else None,
            "department_id": owner.department_id if owner else None,
        }
        customer = Customer(**{**values, **fields})
        self.add(customer)
        return customer

    def read(self, model: type[T], key: UUID) -> T | None:
        """A row as the database has it now."""
        with self.runtime.database.system_session("factory", write=False) as session:
            return session.get(model, key)
