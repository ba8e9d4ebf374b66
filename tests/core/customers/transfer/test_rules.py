"""Whoever transfers whatever to whom: nothing leaves the branch, nobody gains more than by rule, undo is exact."""

from __future__ import annotations

from uuid import UUID

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from platform_core.contracts.identity import Scope
from platform_core.customers import rights
from platform_core.customers.models import Customer
from platform_core.customers.transfer import drafts, rules, services
from platform_core.kernel import counters
from platform_core.kernel.clock import now
from platform_core.kernel.errors import BatonError
from platform_core.kernel.i18n import speaking
from platform_core.permissions.actors import COUNTER, load_actor
from platform_core.permissions.models import Access, Role, RoleAssignment, RoleGrant
from platform_core.users.models import Department, DepartmentClosure, Team, TeamMember, User

SHAPES = ((None, 0, 0, 1), (None, 0, 1, 0), (None, 0, 1, 2))
"""Parents of four departments."""
people = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=3, max_size=6)
"""(department, kind of role)"""
customers = st.lists(
    st.tuples(st.integers(-1, 5), st.integers(-1, 3), st.booleans(), st.booleans()), min_size=1, max_size=6
)
"""(owner or nobody, department or none, whether the team's, whether shared with the actor)"""


def build(session, shape, staff, records, scope, general):
    """Returns ids of departments, users, customers; `staff[0]` acts."""
    places = [Department(code=f"p{number}", name=f"P{number}") for number in range(4)]
    session.add_all(places)
    session.flush()
    for number, parent in enumerate(shape):
        above, depth = number, 0
        while above is not None:
            row = DepartmentClosure(ancestor_id=places[above].id, descendant_id=places[number].id, depth=depth)
            session.add(row)
            above, depth = shape[above], depth + 1
        places[number].parent_id = places[parent].id if parent is not None else None
    grants = [
        {"customers.view": scope, "customers.transfer": scope, **({rules.GENERAL: Scope.ALL} if general else {})},
        {"customers.view": Scope.OWN, "customers.edit": Scope.OWN},
        {"customers.view": Scope.SUBTREE, "customers.edit": Scope.SUBTREE},
        {"users.manage": Scope.ALL},
    ]
    roles = [Role(code=f"r{number}", name=f"R{number}") for number in range(4)]
    session.add_all(roles)
    team = Team(name="T")
    session.add(team)
    session.flush()
    for role, held in zip(roles, grants, strict=True):
        session.add_all(RoleGrant(role_id=role.id, permission=key, scope=value) for key, value in held.items())
    users = [
        User(login=f"u{number}", name=f"U{number}", department_id=places[department].id)
        for number, (department, _kind) in enumerate(staff)
    ]
    session.add_all(users)
    session.flush()
    for number, (user, (_department, kind)) in enumerate(zip(users, staff, strict=True)):
        session.add(RoleAssignment(user_id=user.id, role_id=roles[0 if number == 0 else kind].id))
        if number % 2 == 0:
            session.add(TeamMember(team_id=team.id, user_id=user.id))
    made = []
    for number, (owner, department, is_team, is_shared) in enumerate(records):
        customer = Customer(
            code=f"K{number}", name=f"K{number}", owner_id=users[owner].id if 0 <= owner < len(users) else None,
            department_id=places[department].id if department >= 0 else None, team_id=team.id if is_team else None,
        )  # fmt: skip
        session.add(customer)
        session.flush()
        made.append(customer.id)
        if is_shared:
            session.add(Access(kind="share", user_id=users[0].id, customer_id=customer.id, may_write=True, since=now()))
    counters.bump(session, COUNTER)
    return [place.id for place in places], [user.id for user in users], made


def places_of(session):
    columns = (Customer.id, Customer.owner_id, Customer.department_id, Customer.team_id)
    return {row.id: tuple(row)[1:] for row in session.execute(select(*columns))}


def writers(session, users):
    """(user, customer) for all who may change it, by the same rules as the pages'."""
    found = set()
    for user_id in users:
        actor = load_actor(session, user_id)
        for customer in session.scalars(select(Customer)):
            session.info.pop("customers.writable", None)
            if actor is not None and rights.may(session, actor, "customers.edit", customer):
                found.add((user_id, customer.id))
    return found


def by_rule(session, user_id: UUID, place) -> bool:
    """Written out once more: who may change a customer at this place."""
    actor = load_actor(session, user_id)
    owner, department, team = place
    scope = actor.scope("customers.edit")
    if scope == Scope.NONE:
        return False
    mine = owner == user_id or (scope >= Scope.TEAM and team in actor.team_ids)
    return mine or (scope >= Scope.SUBTREE and department in actor.subtree_ids)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shape=st.sampled_from(SHAPES), staff=people, records=customers, to=st.integers(0, 5),
    scope=st.sampled_from([Scope.OWN, Scope.TEAM, Scope.DEPARTMENT, Scope.SUBTREE, Scope.ALL]), general=st.booleans(),
)  # fmt: skip
def test_nothing_leaves_the_branch_and_undo_is_exact(runtime, shape, staff, records, to, scope, general):
    database = runtime.database
    with speaking("en"), database.open_session() as session, session.begin() as transaction:
        session.info["system"] = "a house of its own, taken back at the end"
        _places, users, made = build(session, shape, staff, records, scope, general)
        session.flush()
        actor = load_actor(session, users[0])
        before, wrote = places_of(session), writers(session, users)
        seen = set(before)
        receiver = users[to % len(users)]
        try:
            transfer = _transfer(session, actor, made, receiver)
        except BatonError:
            assert places_of(session) == before  # refused as a whole: nothing has moved
            transaction.rollback()
            return
        after = places_of(session)
        for key in seen:
            if after[key] == before[key]:
                continue
            assert after[key][0] == receiver
            if not general:
                branch = {*actor.subtree_ids, None} if before[key][0] == actor.user_id else actor.subtree_ids
                assert before[key][1] in branch
                assert after[key][1] in actor.subtree_ids
        event(f"moved {sum(1 for key in seen if after[key] != before[key])}")
        gained = writers(session, users) - wrote
        assert all(by_rule(session, user_id, after[key]) for user_id, key in gained)
        if transfer is not None:
            services.undo(session, actor, transfer.id)
            session.flush()
            kept = transfer.kept
            event(f"kept {kept}")
            assert kept == 0 or any(before[key][0] not in _able(session, users) for key in seen)
            undone = {key for key in seen if places_of(session)[key] == before[key]}
            assert len(seen) - len(undone) == kept
            if not kept:
                assert writers(session, users) == wrote
        transaction.rollback()


def _able(session, users):
    actors = {user_id: load_actor(session, user_id) for user_id in users}
    return {key for key, actor in actors.items() if actor is not None and actor.can("customers.view")} | {None}


def _transfer(session, actor, made, receiver):
    """As the pages do it, within the actor's own sight."""
    session.info.pop("system")
    session.info["actor"] = actor
    try:
        transfer = drafts.begin(session, actor, made, "list")
        drafts.choose(session, actor, transfer.id, {drafts.EVERYTHING: f"person:{receiver}"})
        services.confirm(session, actor, transfer.id, "a reason")
        session.flush()
    finally:
        session.info.pop("actor")
        session.info["system"] = "a house of its own, taken back at the end"
        session.expire_all()
    return transfer
