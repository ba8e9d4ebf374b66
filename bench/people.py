"""Who asks: one person for each scope, signed in, with the words they search for."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from platform_core.app import Runtime
from platform_core.caps.models import Listed, Opened
from platform_core.contracts.identity import Actor, Scope
from platform_core.customers.models import Contact, ContactPoint, Customer
from platform_core.kernel import counters
from platform_core.kernel.ids import new_id
from platform_core.kernel.searchtokens import index_tokens
from platform_core.permissions import actors
from platform_core.permissions.models import Role, RoleAssignment, RoleGrant
from platform_core.users import sessions
from platform_core.users.models import Department, User

_SAMPLE = 24
MANY = 100_000
"""So many customers are counted."""
_ROLE = "bench_department"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of a scope, signed in.

    `terms`: kind of search -> words that find something of theirs; `customers`: some that they see, with how many they
    see, of at most MANY.
    """

    scope: str
    user_id: UUID
    cookie: str
    csrf: str
    terms: dict[str, list[str]]
    customers: list[UUID]
    sees: int
    department: UUID | None
    """Their own, if they may see what stands in everybody's calendar there."""


def of_every_scope(runtime: Runtime) -> list[Person]:
    with runtime.database.system_session("benchmark: who asks") as session:
        chosen = _choose(session)
        _begin_a_day(session, list(chosen.values()))
        counters.bump(session, actors.COUNTER)
    return [_person(runtime, scope, user_id) for scope, user_id in chosen.items()]


def _choose(session: Session) -> dict[str, UUID]:
    owners = session.execute(
        select(Customer.owner_id, User.department_id)
        .join(User, User.id == Customer.owner_id)
        .join(RoleAssignment, RoleAssignment.user_id == User.id)
        .join(Role, Role.id == RoleAssignment.role_id)
        .where(User.status == "active", Role.code == "coordinator")
        .group_by(Customer.owner_id, User.department_id)
        .order_by(func.count(), Customer.owner_id)
    ).all()
    middle = owners[len(owners) // 2]
    root = session.scalars(select(Department).where(Department.parent_id.is_(None))).one()
    logins = {user.login: user.id for user in session.scalars(select(User).where(User.login.in_(_LOGINS)))}
    return {
        "own": middle.owner_id,
        "department": _colleague(session, "bench.department", middle.department_id, _department_role(session)),
        "subtree": logins.get("branch1.head") or logins["collector.head"],
        "whole house": _colleague(session, "bench.house", root.id, "department_head"),
        "all": logins["manager"],
    }


_LOGINS = ("branch1.head", "collector.head", "manager")


def _begin_a_day(session: Session, persons: list[UUID]) -> None:
    """What earlier runs of the same day have looked at would freeze them."""
    for counted in (Opened, Listed):
        session.execute(delete(counted).where(counted.user_id.in_(persons)))
    session.execute(update(User).where(User.id.in_(persons)).values(status="active"))


def _department_role(session: Session) -> str:
    """A role that views its department: none of the presets does just that."""
    if session.scalar(select(Role.id).where(Role.code == _ROLE)) is None:
        role = Role(code=_ROLE, name="Benchmark")
        session.add(role)
        session.flush()  # grants refer to it
        heads = select(RoleGrant).join(Role, Role.id == RoleGrant.role_id).where(Role.code == "department_head")
        for grant in session.scalars(heads).all():
            scope = min(grant.scope, Scope.DEPARTMENT)
            session.add(RoleGrant(role_id=role.id, permission=grant.permission, scope=scope))
    return _ROLE


def _colleague(session: Session, login: str, department_id: UUID, role: str) -> UUID:
    user = session.scalars(select(User).where(User.login == login)).one_or_none()
    if user is None:
        user = User(login=login, name=login, department_id=department_id)
        session.add(user)
        session.flush()  # the assignment refers to it
        role_id = session.scalars(select(Role.id).where(Role.code == role)).one()
        session.add(RoleAssignment(user_id=user.id, role_id=role_id))
    return user.id


def _person(runtime: Runtime, scope: str, user_id: UUID) -> Person:
    actor, cookie, csrf = signed_in(runtime, user_id)
    customers, terms, sees = _sample(runtime, actor)
    covered = actor.departments_for("activities.view") if actor.scope("activities.view") < Scope.ALL else None
    own = actor.department_id if covered is None or actor.department_id in covered else None
    return Person(scope, user_id, cookie, csrf, terms, customers, sees, own)


def actor_of(runtime: Runtime, user_id: UUID) -> Actor:
    with runtime.database.system_session("benchmark: rights", write=False) as session:
        actor = actors.load_actor(session, user_id)
    assert actor is not None
    return actor


def newcomer(runtime: Runtime) -> Person:
    """Somebody who has done nothing yet, and so has met no limit of an hour or a day."""
    with runtime.database.system_session("benchmark: somebody new") as session:
        department_id = session.scalars(select(User.department_id).where(User.login == "collector")).one()
        assert department_id is not None
        user_id = _colleague(session, f"bench.{new_id().hex[-12:]}", department_id, "coordinator")
        counters.bump(session, actors.COUNTER)
    _actor, cookie, csrf = signed_in(runtime, user_id)
    return Person("own", user_id, cookie, csrf, {}, [], 0, department_id)


def signed_in(runtime: Runtime, user_id: UUID) -> tuple[Actor, str, str]:
    """A session: who it is, the cookie as `name=value`, and the token that goes with its forms."""
    with runtime.database.system_session("benchmark: sign in") as session:
        user = session.get_one(User, user_id)
        user.language = "zh"
        cookie = sessions.open_session(session, runtime.settings, user, ip="127.0.0.1", agent="bench")
        session.flush()
        identity = sessions.by_cookie(session, runtime.settings, str(cookie.value))
        actor = actors.load_actor(session, user_id)
    assert identity is not None
    assert actor is not None
    return actor, f"{cookie.key}={cookie.value}", runtime.vault.sign("csrf", str(identity.session_id))


def _sample(runtime: Runtime, actor: Actor) -> tuple[list[UUID], dict[str, list[str]], int]:
    """Customers spread over what the actor sees, and words to find them by."""
    random = Random(1)
    with runtime.database.actor_session(actor, write=False) as session:
        ids = session.scalars(select(Customer.id).limit(MANY)).all()
        chosen = random.sample(list(ids), min(_SAMPLE, len(ids)))
        found = session.execute(
            select(Customer.id, Customer.name, Customer.short_name, Contact.name.label("contact"), ContactPoint.cipher)
            .join(Contact, Contact.customer_id == Customer.id)
            .join(ContactPoint, ContactPoint.contact_id == Contact.id)
            .where(Customer.id.in_(chosen), ContactPoint.kind == "mobile", Contact.is_primary)
        ).all()
    kinds = ("two characters", "pinyin", "initials", "phone tail", "pinyin and a number's beginning")
    terms: dict[str, list[str]] = {kind: [] for kind in kinds}
    for row in found:
        number = runtime.vault.decrypt(row.cipher).removeprefix("+86")
        spelled = sorted((token for token in index_tokens(row.contact) if token.isascii()), key=len)
        terms["two characters"].append(row.short_name or row.name[:2])
        terms["pinyin"].append(spelled[-1])
        terms["initials"].append("".join(_initials(row.contact)))
        terms["phone tail"].append(number[-4:])
        terms["pinyin and a number's beginning"].append(f"{spelled[-1]} {number[:3]}")
    return chosen, terms, len(ids)


def _initials(name: str) -> list[str]:
    """First letters in pinyin, one for each character."""
    return [min(token for token in index_tokens(char) if token.isascii())[:1] for char in name]
