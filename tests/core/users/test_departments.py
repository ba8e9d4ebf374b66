"""The department tree and its closure table."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.ids import new_id
from platform_core.users import departments
from platform_core.users.departments import DepartmentInput
from platform_core.users.models import Department, DepartmentClosure


def oracle(session):
    """Every (ancestor, descendant, depth), from the parents alone."""
    parents = dict(session.execute(select(Department.id, Department.parent_id)).all())
    pairs = set()
    for department in parents:
        at, depth = department, 0
        while at is not None:
            pairs.add((at, department, depth))
            at, depth = parents[at], depth + 1
    return pairs


def closure(session):
    columns = (DepartmentClosure.ancestor_id, DepartmentClosure.descendant_id, DepartmentClosure.depth)
    return set(session.execute(select(*columns)).all())


step = st.tuples(st.sampled_from(["create", "move"]), st.integers(0, 11), st.integers(-1, 11))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(step, max_size=24))
def test_the_closure_is_what_the_parents_say(session, steps):
    try:
        made = []
        for verb, first, second in steps:
            parent = made[second % len(made)] if made and second >= 0 else None
            if verb == "create" or not made:
                data = DepartmentInput(name=f"d{len(made)}", code=f"d{len(made)}")
                made.append(departments.create(session, None, data, parent_id=parent).id)
            else:
                moved = made[first % len(made)]
                inside = {row[1] for row in oracle(session) if row[0] == moved}
                if parent in inside and session.get_one(Department, moved).parent_id != parent:
                    with pytest.raises(Conflict):
                        departments.move(session, None, moved, parent)
                else:
                    departments.move(session, None, moved, parent)
            session.flush()
            assert closure(session) == oracle(session)
    finally:
        session.rollback()
        session.expunge_all()


def test_the_tree_lists_parents_before_children_in_order(session):
    top = departments.create(session, None, DepartmentInput(name="Top", code="top", order=2))
    first = departments.create(session, None, DepartmentInput(name="First", code="first", order=1))
    below = departments.create(session, None, DepartmentInput(name="Below", code="below"), parent_id=top.id)
    session.flush()
    assert [(row.id, depth) for row, depth in departments.tree(session)] == [(first.id, 0), (top.id, 0), (below.id, 1)]


def test_codes_are_unique_and_parents_must_exist(session):
    departments.create(session, None, DepartmentInput(name="A", code="a"))
    with pytest.raises(Invalid) as error:
        departments.create(session, None, DepartmentInput(name="B", code="a"))
    assert set(error.value.fields) == {"code"}
    with pytest.raises(NotFound):
        departments.create(session, None, DepartmentInput(name="B", code="b"), parent_id=new_id())


def test_a_department_in_use_cannot_be_closed(session, factory):
    top = factory.department("Top")
    factory.department("Below", parent=top)
    staffed, empty = factory.department("Staffed"), factory.department("Empty")
    factory.user(department=staffed)
    for department in (top, staffed):
        with pytest.raises(Conflict):
            departments.set_active(session, None, department.id, active=False)
    assert not departments.set_active(session, None, empty.id, active=False).active
    assert str(empty.id) not in {key for key, _name in departments.choices(session)}
    assert str(empty.id) in {key for key, _name in departments.choices(session, current=empty.id)}


def test_only_holders_of_the_right_change_the_tree(session, factory):
    actor = factory.actor(factory.user())
    department = factory.department()
    for call in (
        lambda: departments.create(session, actor, DepartmentInput(name="A", code="a")),
        lambda: departments.rename(session, actor, department.id, DepartmentInput(name="A", code="a")),
        lambda: departments.move(session, actor, department.id, None),
        lambda: departments.set_active(session, actor, department.id, active=False),
    ):
        with pytest.raises(Forbidden):
            call()


def test_moving_changes_what_a_subtree_scope_reaches_on_the_next_request(runtime, factory):
    top, other = factory.department("Top"), factory.department("Other")
    head = factory.user("department_head", top)
    assert other.id not in factory.actor(head).subtree_ids
    with runtime.database.system_session("test") as session:
        departments.move(session, None, other.id, top.id)
    assert other.id in factory.actor(head).subtree_ids


def look(runtime, statement):
    with runtime.database.system_session("look", write=False) as session:
        return list(session.scalars(statement))


def test_the_pages_add_rename_move_and_refuse(runtime, browser, factory, count_queries):
    admin = browser.sign_in(factory.user("system_admin"))
    assert admin.post("/settings/departments", {"name": "Sales", "code": "sales", "order": "10"}).status_code == 303
    sales = look(runtime, select(Department).where(Department.code == "sales"))[0]
    form = {"name": "East", "code": "east", "order": "10", "parent_id": str(sales.id)}
    assert admin.post("/settings/departments", form).status_code == 303
    east = look(runtime, select(Department).where(Department.code == "east"))[0]
    assert east.parent_id == sales.id
    with count_queries(at_most=12):
        page = admin.get("/settings/departments")
    assert "East" in page.text
    with count_queries(at_most=12):
        assert admin.get(f"/settings/departments/{east.id}").status_code == 200
    circle = {"name": "New name", "code": "sales", "order": "10", "parent_id": str(east.id)}
    assert admin.post(f"/settings/departments/{sales.id}", circle).status_code == 409
    assert factory.read(Department, sales.id).name == "Sales", "a refused move takes the name back"
    taken = {"name": "East", "code": "sales", "order": "10"}
    assert admin.post(f"/settings/departments/{east.id}", taken).status_code == 422
    assert admin.post(f"/settings/departments/{east.id}", {**taken, "code": "east", "parent_id": ""}).status_code == 303
    assert admin.post(f"/settings/departments/{east.id}/active", {"active": "0"}).status_code == 303
    actions = set(look(runtime, select(AuditEntry.action)))
    assert {"users.create_department", "users.move_department", "users.edit_department"} <= actions
    assert browser.sign_in(factory.user()).get("/settings/departments").status_code == 403
