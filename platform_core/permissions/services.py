"""Who holds which role. Every change acts on the next request everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.holding import HANDS_OVER, HOLDINGS
from platform_core.contracts.identity import Actor, Scope
from platform_core.kernel import counters
from platform_core.kernel.clock import now
from platform_core.kernel.declared import service_of
from platform_core.kernel.errors import Ask, Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.permissions import admission
from platform_core.permissions.actors import COUNTER
from platform_core.permissions.assignments import holding
from platform_core.permissions.models import Role, RoleAssignment, RoleGrant
from platform_core.users import accounts
from platform_core.users.models import Department, User

_ = translator("permissions")
KEEPERS = {
    "users.manage": _.lazy("Somebody must remain who can manage accounts."),
    "permissions.manage": _.lazy("Somebody must remain who can assign roles."),
}
"""Rights that may never be left without a holder who can sign in."""


def require(actor: Actor | None) -> None:
    if actor is not None and not actor.can("permissions.manage"):
        raise Forbidden(lacks="permissions.manage")


def assign_role(
    session: Session,
    actor: Actor | None,
    user_id: UUID,
    role_code: str,
    *,
    department_id: UUID | None = None,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
) -> RoleAssignment:
    """Give a role, also for another department than the user's own (`department_id`) or for a time.

    Raises NotFound for an unknown user, Invalid for an unknown or retired role, an unknown department or days in the
    wrong order, Forbidden where somebody would give a role to themselves. Giving it twice changes nothing.
    """
    require(actor)
    if actor is not None and actor.user_id == user_id:
        raise Forbidden(_("Nobody gives roles to themselves."), ask=Ask("permissions.manage"))
    user = accounts.get_user(session, user_id)
    role = session.scalars(select(Role).where(Role.code == role_code, Role.retired_at.is_(None))).one_or_none()
    if role is None:
        raise Invalid(_("Choose a role."), fields={"role": _("Choose a role.")})
    if department_id is not None and session.get(Department, department_id) is None:
        raise Invalid(_("Choose a department."), fields={"department_id": _("Choose a department.")})
    if valid_to is not None and valid_to <= now():
        raise Invalid(_("This day is over."), fields={"valid_to": _("This day is over.")})
    if valid_from is not None and valid_to is not None and valid_to <= valid_from:
        message = _("It would end before it begins.")
        raise Invalid(message, fields={"valid_to": message})
    begins = max(valid_from or now(), now())
    same = session.scalars(
        select(RoleAssignment).where(
            RoleAssignment.user_id == user.id,
            RoleAssignment.role_id == role.id,
            RoleAssignment.department_id.is_(None)
            if department_id is None
            else RoleAssignment.department_id == department_id,
            RoleAssignment.valid_from <= begins,
            RoleAssignment.valid_to.is_(None) if valid_to is None else RoleAssignment.valid_to == valid_to,
        )
    ).first()
    if same is not None:
        return same
    assignment = RoleAssignment(
        user_id=user.id, role_id=role.id, department_id=department_id, valid_from=begins, valid_to=valid_to
    )
    session.add(assignment)
    counters.bump(session, COUNTER)
    after = {
        "role": role.name, "department": str(department_id or ""), "from": str(valid_from or ""),
        "until": str(valid_to or ""),
    }  # fmt: skip
    audit.record(session, actor, "permissions.assign", accounts.ref(user), after=after)
    return assignment


def unassign_role(session: Session, actor: Actor | None, assignment_id: UUID) -> None:
    """Take a role away now. Raises Conflict when nobody could manage accounts or roles afterwards."""
    require(actor)
    assignment = session.get(RoleAssignment, assignment_id)
    if assignment is None:
        raise NotFound(_("This role is no longer held."))
    role = session.get_one(Role, assignment.role_id)
    user = accounts.get_user(session, assignment.user_id)
    with keeping(session):
        session.delete(assignment)
    before = {"role": role.name, "from": str(assignment.valid_from), "until": str(assignment.valid_to or "")}
    audit.record(session, actor, "permissions.unassign", accounts.ref(user), before=before)


def change_status(
    session: Session, actor: Actor | None, user_id: UUID, status: str, *, reason: str = "",
    permission: str = "users.manage",
) -> User:  # fmt: skip
    """`accounts.set_status`, unless it would leave nobody who can manage accounts or roles (Conflict).

    By `users.manage` nobody is marked as left who still holds work (Conflict says whom to ask); those who hand over
    what leavers hold act by another `permission`, and the operator (no actor) by none.
    """
    if status == "left" and permission == "users.manage" and actor is not None:
        _refuse_holders(session, user_id)
    with keeping(session):
        return accounts.set_status(session, actor, user_id, status, reason=reason, permission=permission)


def _refuse_holders(session: Session, user_id: UUID) -> None:
    held = service_of(session, HOLDINGS).of(session, user_id)
    if held:
        told = _(
            "This person still holds work: %(what)s. Others take it over first, by Leaving on the page of the account; "
            "freeze it until then.",
            what=_(", ").join(f"{kind} {number}" for kind, number in held),
        )  # fmt: skip
        raise Conflict(admission.with_advice(session, told, HANDS_OVER))


def issue_reset(session: Session, actor: Actor | None, user_id: UUID) -> str:
    """A one-time code for choosing the user's password.

    Raises Forbidden when the user gives roles and the actor does not: a reset link would lend them that right.
    """
    user = accounts.get_user(session, user_id)
    held = select(RoleGrant.role_id).where(RoleGrant.permission == "permissions.manage", RoleGrant.scope > Scope.NONE)
    gives_roles = session.scalar(
        select(RoleAssignment.id).where(RoleAssignment.user_id == user_id, RoleAssignment.role_id.in_(held)).limit(1)
    )
    if gives_roles is not None and actor is not None and not actor.can("permissions.manage"):
        told = _("Who gives roles is reset by somebody else who does, or by the operator.")
        raise Forbidden(told, ask=Ask("permissions.manage"))
    return accounts.issue_code(session, actor, user)


def _has_holder(session: Session, permission: str, *, for_good: bool = False) -> bool:
    """Whether somebody who can sign in holds it now, `for_good`: by a role without an end."""
    signing_in = (User.password_hash != "", RoleAssignment.credential_id.is_(None))  # keys are lost
    found = holding(permission, User.id).where(*signing_in)
    if for_good:
        found = found.where(RoleAssignment.valid_to.is_(None))
    return session.scalar(found.limit(1)) is not None


def has_administrator(session: Session) -> bool:
    """Whether anybody can sign in who may manage accounts."""
    return _has_holder(session, "users.manage")


@contextmanager
def keeping(session: Session) -> Iterator[None]:
    """Raises Conflict when the block takes a right of KEEPERS from its last holder, now or by the end of a role.

    Changes of rights wait for each other, so that two administrators cannot take it from one another; they act on the
    next request everywhere.
    """
    counters.bump(session, COUNTER)
    asked = [(permission, for_good) for permission in KEEPERS for for_good in (False, True)]
    held = [one for one in asked if _has_holder(session, one[0], for_good=one[1])]
    yield
    session.flush()  # what the block has changed must count
    for permission, for_good in held:
        if not _has_holder(session, permission, for_good=for_good):
            raise Conflict(str(KEEPERS[permission]))


def roles_of(session: Session, user_id: UUID) -> list[tuple[RoleAssignment, Role, str]]:
    """Live and coming assignments of a user, each with its role and the name of its department ("" for their own)."""
    rows = session.execute(
        select(RoleAssignment, Role, Department.name)
        .join(Role, Role.id == RoleAssignment.role_id)
        .outerjoin(Department, Department.id == RoleAssignment.department_id)
        .where(
            RoleAssignment.user_id == user_id,
            or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > now()),
        )
        .order_by(Role.name, RoleAssignment.id)
    )
    return [(assignment, role, name or "") for assignment, role, name in rows]


def roles(session: Session, *, retired: bool = False) -> list[Role]:
    """Those that can be given; with `retired` also the others, last."""
    kept = () if retired else (Role.retired_at.is_(None),)
    order = (Role.retired_at.is_not(None), Role.preset.desc(), Role.name)
    return list(session.scalars(select(Role).where(*kept).order_by(*order)))
