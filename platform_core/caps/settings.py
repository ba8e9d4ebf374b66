"""Deciding caps: for a role, or for one person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.caps.limits import DEFAULTS
from platform_core.caps.models import RoleCap, UserCap
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.kernel import counters
from platform_core.kernel.errors import Ask, Forbidden, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.permissions.models import Role
from platform_core.permissions.rights import COUNTER
from platform_core.users import accounts

_ = translator("caps")
MANAGE = "caps.manage"
MOST = 100_000
LABELS = {
    "open": _.lazy("Customers opened"),
    "reveal": _.lazy("Numbers revealed, customers"),
    "list": _.lazy("Rows shown by lists and searches"),
    "print": _.lazy("Printed, customers"),
}
Caps = Mapping[str, int | None]
"""Counter -> cap; None where nothing was decided."""


def of_roles(session: Session) -> dict[UUID, dict[str, int]]:
    found: dict[UUID, dict[str, int]] = {}
    for row in session.scalars(select(RoleCap)):
        found.setdefault(row.role_id, {})[row.counter] = row.cap
    return found


def of_user(session: Session, user_id: UUID) -> dict[str, int]:
    return {row.counter: row.cap for row in session.scalars(select(UserCap).where(UserCap.user_id == user_id))}


def read(values: Mapping[str, str]) -> dict[str, int | None]:
    """What was typed, by counter; empty is none. Raises Invalid at the counters that are no such number."""
    found: dict[str, int | None] = {}
    wrong: dict[str, str] = {}
    for counter, text in values.items():
        typed = text.strip()
        if typed and not (typed.isascii() and typed.isdecimal() and int(typed[:9]) <= MOST and len(typed) < 9):
            wrong[counter] = _("Write a whole number up to %(most)d, or nothing.", most=MOST)
        found[counter] = int(typed) if typed and counter not in wrong else None
    if wrong:
        raise Invalid(_("Please check the marked fields."), fields=wrong)
    return found


def set_role(session: Session, actor: Actor, role_id: UUID, caps: Caps) -> None:
    _require(actor)
    role = session.get(Role, role_id)
    if role is None:
        raise NotFound(_("There is no such role."))
    ref = EntityRef("permissions", "role", role.id, role.name)
    _set(session, actor, RoleCap, {"role_id": role.id}, ref, caps)


def set_user(session: Session, actor: Actor, user_id: UUID, caps: Caps) -> None:
    _require(actor)
    user = accounts.get_user(session, user_id)
    if user.id == actor.user_id:
        raise Forbidden(_("Nobody decides their own cap."), ask=Ask(MANAGE))
    _set(session, actor, UserCap, {"user_id": user.id}, accounts.ref(user), caps)


def _require(actor: Actor) -> None:
    if not actor.can(MANAGE):
        raise Forbidden(lacks=MANAGE)


def _set(session: Session, actor: Actor, model: Any, key: dict[str, UUID], ref: EntityRef, caps: Caps) -> None:
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for counter, cap in caps.items():
        if counter not in DEFAULTS:
            raise NotFound(_("There is no such cap."))
        row = session.get(model, (*key.values(), counter))
        old = row.cap if row else None
        if cap == old:
            continue
        before[counter], after[counter] = old, cap
        if row is None:
            session.add(model(**key, counter=counter, cap=cap))
        elif cap is None:
            session.delete(row)
        else:
            row.cap = cap
    if after:
        counters.bump(session, COUNTER)  # caps are remembered along with rights
        audit.record(session, actor, "caps.set", ref, before=before, after=after)
