"""What roles ask of people who sign in, and roles that hold only with one key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy import Row, case, func, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.contracts.signingin import KEY, NONE, PASSKEY, STRENGTH, Demand
from platform_core.kernel import counters
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Ask, Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.permissions import admission
from platform_core.permissions.actors import COUNTER
from platform_core.permissions.assignments import live
from platform_core.permissions.models import Role, RoleAssignment, SignInRule
from platform_core.permissions.services import keeping, require
from platform_core.users import accounts, keyhelp
from platform_core.users.keymodels import Credential
from platform_core.users.models import User

_ = translator("permissions")
LABELS = {
    NONE: _.lazy("Password is enough"),
    PASSKEY: _.lazy("Password and a passkey or security key"),
    KEY: _.lazy("Password and a security key"),
}
GRACE_DAYS = 7
MOST_GRACE = 90
_MOST_NAMES = 5


class RuleInput(msgspec.Struct, kw_only=True):
    demand: str
    grace_days: Annotated[int, msgspec.Meta(ge=0, le=MOST_GRACE)] = GRACE_DAYS


@dataclass(frozen=True, slots=True)
class Readiness:
    """How many people hold a role, and how many of them have a key that its rule asks for."""

    people: int = 0
    ready: int = 0


class Rules:
    """Answers what sign-in asks through its port."""

    def of(self, session: Session, user_id: UUID) -> Demand:
        rows = session.execute(
            select(SignInRule.demand, SignInRule.since, SignInRule.grace_days, RoleAssignment.valid_from,
                   RoleAssignment.credential_id)
            .select_from(RoleAssignment)
            .join(Role, Role.id == RoleAssignment.role_id)
            .outerjoin(SignInRule, SignInRule.role_id == Role.id)
            .where(RoleAssignment.user_id == user_id, Role.retired_at.is_(None), live(now()))
        ).all()  # fmt: skip
        present = coming = NONE
        by = None
        for row in rows:
            if row.demand not in STRENGTH:
                continue
            ends = max(row.since, row.valid_from) + timedelta(days=row.grace_days)
            if ends <= now():
                present = max(present, row.demand, key=STRENGTH.__getitem__)
            elif STRENGTH[row.demand] > STRENGTH[coming] or (row.demand == coming and by is not None and ends < by):
                coming, by = row.demand, ends
        if STRENGTH[coming] <= STRENGTH[present]:
            coming, by = NONE, None
        return Demand(present, coming, by, any(row.credential_id is not None for row in rows))

    def helpers(self, session: Session) -> list[str]:
        return [person.name for person in admission.holders(session, keyhelp.PERMISSION)[:_MOST_NAMES]]


def of_roles(session: Session) -> Mapping[UUID, SignInRule]:
    return {row.role_id: row for row in session.scalars(select(SignInRule))}


def readiness(session: Session) -> Mapping[UUID, Readiness]:
    """By role; those without a rule are ready whatever they have."""
    hardware = func.max(case((Credential.kind == KEY, 1), else_=0)).label("hardware")
    best_of = (
        select(Credential.user_id, hardware)
        .where(Credential.removed_at.is_(None))
        .group_by(Credential.user_id)
        .subquery()
    )
    rows = session.execute(
        select(RoleAssignment.role_id, RoleAssignment.user_id, best_of.c.hardware, SignInRule.demand)
        .join(User, User.id == RoleAssignment.user_id)
        .outerjoin(best_of, best_of.c.user_id == RoleAssignment.user_id)
        .outerjoin(SignInRule, SignInRule.role_id == RoleAssignment.role_id)
        .where(User.status == "active", live(now()))
        .distinct()
    )
    found: dict[UUID, Readiness] = {}
    for role_id, _user_id, hardware, demand in rows:
        ready = demand is None or bool(hardware) or (demand == PASSKEY and hardware is not None)
        before = found.get(role_id, Readiness())
        found[role_id] = Readiness(before.people + 1, before.ready + int(ready))
    return found


def decide(session: Session, actor: Actor, role_id: UUID, data: RuleInput) -> None:
    """What holders of a role sign in with. A stronger demand begins its days of grace now. Raises Invalid."""
    require(actor)
    role = session.get(Role, role_id)
    if role is None:
        raise NotFound(_("There is no such role."))
    if data.demand not in STRENGTH:
        raise Invalid(_("Please choose from the list."), fields={"demand": _("Please choose from the list.")})
    rule = session.get(SignInRule, role_id)
    before = {"demand": rule.demand, "grace_days": rule.grace_days} if rule else {"demand": NONE}
    after = {"demand": data.demand} | ({"grace_days": data.grace_days} if data.demand != NONE else {})
    if before == after:
        return
    if data.demand == NONE:
        session.delete(rule)
    elif rule is None:
        session.add(SignInRule(role_id=role_id, demand=data.demand, grace_days=data.grace_days))
    else:
        if STRENGTH[data.demand] > STRENGTH[rule.demand]:
            rule.since = now()
        rule.demand, rule.grace_days = data.demand, data.grace_days
    ref = EntityRef("permissions", "role", role.id, role.name)
    audit.record(session, actor, "permissions.sign_in_rule", ref, before=before, after=after)


def bind(session: Session, actor: Actor, assignment_id: UUID, key_id: UUID | None) -> None:
    """Let an assignment hold only in sessions opened with the key, or (None) in all of its owner's again.

    Raises NotFound, Forbidden where somebody would widen their own rights, Conflict where somebody must remain who has
    a right without a key, since keys are lost.
    """
    require(actor)
    assignment = session.get(RoleAssignment, assignment_id)
    if assignment is None:
        raise NotFound(_("This role is no longer held."))
    if assignment.user_id == actor.user_id:
        raise Forbidden(_("Nobody decides about their own roles."), ask=Ask("permissions.manage"))
    key = None if key_id is None else session.get(Credential, key_id)
    if key_id is not None and (key is None or key.user_id != assignment.user_id or key.removed_at is not None):
        raise Conflict(_("This key has been removed. Choose another."))
    if assignment.credential_id == key_id:
        return
    with keeping(session):
        before, assignment.credential_id = assignment.credential_id, key_id
    counters.bump(session, COUNTER)
    role = session.get_one(Role, assignment.role_id)
    held = session.get(Credential, before) if before else None
    audit.record(
        session, actor, "permissions.bind_role", accounts.ref(accounts.get_user(session, assignment.user_id)),
        before={"role": role.name, "key": held.name if held else ""},
        after={"role": role.name, "key": key.name if key else ""},
    )  # fmt: skip


def bound_keys(session: Session, user_id: UUID) -> Sequence[Row[UUID, str, bool]]:
    """(assignment, name of the key, is the key still there) of roles of somebody that hang on a key."""
    return session.execute(
        select(RoleAssignment.id, Credential.name, Credential.removed_at.is_(None).label("there"))
        .join(Credential, Credential.id == RoleAssignment.credential_id)
        .where(RoleAssignment.user_id == user_id)
    ).all()
