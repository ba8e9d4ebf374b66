"""Unfreezing: by those who may, never oneself or one's own manager, with a reason; counters go on where they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from sqlalchemy import Row, and_, case, func, select
from sqlalchemy.orm import Session, aliased

from platform_core.audit import services as audit
from platform_core.caps.limits import Standing, standing_of
from platform_core.caps.models import Opened
from platform_core.contracts.identity import Actor, Scope
from platform_core.contracts.naming import CUSTOMER_NAMES
from platform_core.kernel import counters
from platform_core.kernel.clock import now
from platform_core.kernel.declared import service_of
from platform_core.kernel.errors import Ask, Conflict, Forbidden, NotFound
from platform_core.kernel.i18n import translator
from platform_core.permissions.admission import UNFREEZE
from platform_core.permissions.assignments import live
from platform_core.permissions.models import RoleAssignment, RoleGrant
from platform_core.permissions.rights import COUNTER
from platform_core.users import accounts
from platform_core.users.models import DepartmentClosure, Freeze, User

_ = translator("caps")
SHEET = 200
"""Customers that the sheet shows, the latest first."""
_KEPT_LETTERS = 2


class UnfreezeInput(msgspec.Struct, kw_only=True):
    """`extra` customers are allowed beyond the cap on the day that it was reached."""

    reason: Annotated[str, msgspec.Meta(min_length=3, max_length=500)]
    extra: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 0


@dataclass(frozen=True, slots=True)
class Viewed:
    """A customer, or a contact that stands alone, by a masked name. `revealed`: a number of it was seen."""

    url: str
    name: str
    at: datetime
    revealed: bool


def frozen(session: Session) -> Sequence[Row[Freeze, User]]:
    """(Freeze, User) of accounts that wait for somebody's decision, the latest first."""
    return session.execute(
        select(Freeze, User).join(User, User.id == Freeze.user_id).where(Freeze.thawed_at.is_(None))
        .order_by(Freeze.at.desc()).limit(100)
    ).all()  # fmt: skip


def decided(session: Session) -> Sequence[Row[Freeze, str, str]]:
    """(Freeze, name, name of who unfroze) of the latest decisions."""
    helper = aliased(User)
    return session.execute(
        select(Freeze, User.name, helper.name.label("by")).join(User, User.id == Freeze.user_id)
        .outerjoin(helper, helper.id == Freeze.thawed_by)
        .where(Freeze.thawed_at.is_not(None)).order_by(Freeze.thawed_at.desc()).limit(20)
    ).all()  # fmt: skip


def waiting(session: Session, user_id: UUID) -> tuple[Freeze, User, Standing]:
    """Raises NotFound where nothing waits for a decision."""
    found = accounts.frozen_by_rule(session, user_id)
    if found is None:
        raise NotFound(_("No cap has frozen this account, or somebody has unfrozen it."))
    return found, accounts.get_user(session, user_id), standing_of(session, user_id, found.day, found.rule)


def sheet(session: Session, actor: Actor, freeze: Freeze, user: User) -> list[Viewed]:
    """What the person had opened on that day, with masked names. Reading it is audited."""
    revealed = func.max(case((Opened.counter == "reveal", 1), else_=0))
    rows = session.execute(
        select(
            Opened.customer_id, func.min(Opened.at).label("at"), revealed.label("revealed"),
        )
        .where(Opened.user_id == user.id, Opened.day == freeze.day)
        .group_by(Opened.customer_id).order_by(func.min(Opened.at).desc(), Opened.customer_id).limit(SHEET)
    ).all()  # fmt: skip
    ids = [row.customer_id for row in rows]
    audit.record(session, actor, "caps.sheet", accounts.ref(user), ids=ids, shown=False)
    known = service_of(session, CUSTOMER_NAMES)
    names = known.names(session, ids)
    people = known.contacts(session, [key for key in ids if key not in names])
    return [
        Viewed(
            f"/{'contacts' if row.customer_id in people else 'customers'}/{row.customer_id}",
            masked(names.get(row.customer_id) or people.get(row.customer_id, "")), row.at, bool(row.revealed),
        )
        for row in rows
    ]  # fmt: skip


def masked(name: str) -> str:
    """Enough to talk about a record, not enough to call: the first letters, and the code in brackets."""
    text, separator, code = name.rpartition(" (")
    shown = text if separator else name
    kept = min(_KEPT_LETTERS, len(shown) // 2)
    return f"{shown[:kept]}***{separator}{code if separator else ''}" if name else "***"


def unfreeze(session: Session, actor: Actor, user_id: UUID, data: UnfreezeInput) -> None:
    """Raises Forbidden for oneself and for one's own manager, NotFound and Conflict where there is nothing to do."""
    if not actor.can(UNFREEZE):
        raise Forbidden(lacks=UNFREEZE)
    user = session.get(User, user_id, with_for_update=True)
    freeze = accounts.frozen_by_rule(session, user_id)
    if user is None or freeze is None:
        raise NotFound(_("No cap has frozen this account, or somebody has unfrozen it."))
    if user.status != "frozen":
        raise Conflict(
            _("This person has left. Whoever manages accounts takes the account back first."), ask=Ask("users.manage")
        )
    if user.id == actor.user_id:
        raise Forbidden(_("Nobody unfreezes themselves."), ask=Ask(UNFREEZE))
    if _is_manager_of(session, user, actor):
        raise Forbidden(
            _("This person heads your department. Somebody outside of it has to decide."), ask=Ask(UNFREEZE)
        )
    freeze.thawed_at, freeze.thawed_by = now(), actor.user_id
    freeze.reason, freeze.extra = data.reason.strip(), data.extra
    user.status = "active"
    counters.bump(session, COUNTER)  # what the person lends others is lent again
    audit.record(
        session, actor, "caps.unfreeze", accounts.ref(user),
        before={"status": "frozen"}, after={"status": "active", "extra": data.extra}, reason=freeze.reason,
    )  # fmt: skip


def _is_manager_of(session: Session, user: User, actor: Actor) -> bool:
    """Whether the person's right to see customers is that of a department, or of one above, that the actor is in."""
    if actor.department_id is None:
        return False
    department = func.coalesce(RoleAssignment.department_id, user.department_id)
    found = session.scalar(
        select(RoleAssignment.id)
        .join(
            RoleGrant,
            and_(
                RoleGrant.role_id == RoleAssignment.role_id,
                RoleGrant.permission == "customers.view",
                RoleGrant.scope == Scope.SUBTREE,
            ),
        )
        .join(DepartmentClosure, DepartmentClosure.ancestor_id == department)
        .where(RoleAssignment.user_id == user.id, live(now()), DepartmentClosure.descendant_id == actor.department_id)
        .limit(1)
    )
    return found is not None
