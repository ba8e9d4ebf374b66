"""The department tree. Its closure table holds every pair of ancestor and descendant, so a subtree is one lookup."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.kernel import counters
from platform_core.kernel.errors import Conflict, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.users.accounts import RIGHTS_COUNTER, require
from platform_core.users.models import Department, DepartmentClosure, User

_ = translator("users")


class DepartmentInput(msgspec.Struct, kw_only=True):
    """`code` is what imports and programs call the department."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    code: Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r"^[\w.-]+$")]
    order: Annotated[int, msgspec.Meta(ge=0, le=9999)] = 50


def ref(department: Department) -> EntityRef:
    return EntityRef("users", "department", department.id, department.name)


def get_department(session: Session, department_id: UUID) -> Department:
    department = session.get(Department, department_id)
    if department is None:
        raise NotFound(_("There is no such department."))
    return department


def create(
    session: Session, actor: Actor | None, data: DepartmentInput, *, parent_id: UUID | None = None
) -> Department:
    """Raises Invalid for a code that is taken, NotFound for a parent that is not there."""
    require(actor, "users.manage")
    _check_code(session, data.code, None)
    parent = get_department(session, parent_id) if parent_id else None
    department = Department(name=data.name, code=data.code, order=data.order, parent_id=parent_id)
    session.add(department)
    session.flush()  # closure rows refer to it
    _attach(session, [(department.id, 0)], parent.id if parent else None)
    itself = {"ancestor_id": department.id, "descendant_id": department.id, "depth": 0}
    session.execute(insert(DepartmentClosure), itself)
    counters.bump(session, RIGHTS_COUNTER)
    after = {"name": data.name, "code": data.code, "parent": parent.name if parent else ""}
    audit.record(session, actor, "users.create_department", ref(department), after=after)
    return department


def rename(session: Session, actor: Actor | None, department_id: UUID, data: DepartmentInput) -> Department:
    require(actor, "users.manage")
    department = get_department(session, department_id)
    _check_code(session, data.code, department)
    values = msgspec.structs.asdict(data)
    before, after = audit.changes({name: getattr(department, name) for name in values}, values)
    if after:
        for name, value in values.items():
            setattr(department, name, value)
        audit.record(session, actor, "users.edit_department", ref(department), before=before, after=after)
    return department


def move(session: Session, actor: Actor | None, department_id: UUID, parent_id: UUID | None) -> Department:
    """Hang a department with everything below it elsewhere. Raises Conflict when that would close a circle."""
    require(actor, "users.manage")
    # Two moves at once could make a circle together; the counter's row makes them wait for each other.
    counters.bump(session, RIGHTS_COUNTER)
    department = get_department(session, department_id)
    if department.parent_id == parent_id:
        return department
    below = session.execute(
        select(DepartmentClosure.descendant_id, DepartmentClosure.depth).where(
            DepartmentClosure.ancestor_id == department_id
        )
    ).all()
    inside = [row.descendant_id for row in below]
    if parent_id in inside:
        raise Conflict(_("A department cannot be moved below itself."))
    parent = get_department(session, parent_id) if parent_id else None
    former = session.get(Department, department.parent_id) if department.parent_id else None
    session.execute(
        delete(DepartmentClosure)
        .where(DepartmentClosure.descendant_id.in_(inside), DepartmentClosure.ancestor_id.not_in(inside))
        .execution_options(synchronize_session=False)
    )
    _attach(session, [(row.descendant_id, row.depth) for row in below], parent_id)
    department.parent_id = parent_id
    audit.record(
        session, actor, "users.move_department", ref(department),
        before={"parent": former.name if former else ""}, after={"parent": parent.name if parent else ""},
    )  # fmt: skip
    return department


def set_active(session: Session, actor: Actor | None, department_id: UUID, *, active: bool) -> Department:
    """A department that is closed takes no new people and customers; what it has stays. Raises Conflict if in use."""
    require(actor, "users.manage")
    department = get_department(session, department_id)
    if department.active == active:
        return department
    if not active:
        people = session.scalar(
            select(func.count(User.id)).where(User.department_id == department_id, User.status != "left")
        )
        children = session.scalar(
            select(func.count(Department.id)).where(Department.parent_id == department_id, Department.active)
        )
        if people or children:
            raise Conflict(_("Move its people and the departments below it elsewhere first."))
    department.active = active
    audit.record(
        session,
        actor,
        "users.edit_department",
        ref(department),
        before={"active": not active},
        after={"active": active},
    )
    return department


def _attach(session: Session, below: list[tuple[UUID, int]], parent_id: UUID | None) -> None:
    """Closure rows from every ancestor of `parent_id` and itself to (descendant, depth) pairs."""
    if parent_id is None:
        return
    above = session.execute(
        select(DepartmentClosure.ancestor_id, DepartmentClosure.depth).where(
            DepartmentClosure.descendant_id == parent_id
        )
    ).all()
    pairs = [
        {"ancestor_id": ancestor, "descendant_id": descendant, "depth": up + 1 + down}
        for ancestor, up in above
        for descendant, down in below
    ]
    session.execute(insert(DepartmentClosure), pairs)


def _check_code(session: Session, code: str, department: Department | None) -> None:
    found = session.scalars(select(Department).where(Department.code == code)).one_or_none()
    if found is not None and (department is None or found.id != department.id):
        raise Invalid(_("Please check the marked fields."), fields={"code": _("This code is taken.")})


def tree(session: Session) -> list[tuple[Department, int]]:
    """All departments, parents before children, with their depth (0 is the top)."""
    children: dict[UUID | None, list[Department]] = {}
    for department in session.scalars(select(Department).order_by(Department.order, Department.name, Department.id)):
        children.setdefault(department.parent_id, []).append(department)
    found: list[tuple[Department, int]] = []
    waiting = [(department, 0) for department in reversed(children.get(None, []))]
    while waiting:
        department, depth = waiting.pop()
        found.append((department, depth))
        waiting += [(child, depth + 1) for child in reversed(children.get(department.id, []))]
    return found


def choices(session: Session, *, current: UUID | None = None) -> list[tuple[str, str]]:
    """(id, indented name) pairs for a form: the open ones and the current one."""
    return [
        (str(department.id), "\u3000" * depth + department.name)
        for department, depth in tree(session)
        if department.active or department.id == current
    ]


def head_counts(session: Session) -> dict[Any, int]:
    """Department -> how many people work there."""
    rows = session.execute(
        select(User.department_id, func.count(User.id)).where(User.status != "left").group_by(User.department_id)
    )
    return {department_id: count for department_id, count in rows if department_id}
