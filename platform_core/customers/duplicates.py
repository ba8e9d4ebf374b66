"""Is somebody in the house already? Of rows the actor may not see, only that they exist and whom to ask.

The answer could be used to find out whose number the house has, so every question is counted and limited.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.audit.models import AuditEntry
from platform_core.contracts.identity import Actor
from platform_core.customers import names, points
from platform_core.customers.models import ContactPoint, Customer
from platform_core.kernel import phones
from platform_core.kernel.clock import now
from platform_core.kernel.database import vault_of
from platform_core.kernel.errors import TooManyRequests
from platform_core.kernel.i18n import translator
from platform_core.kernel.scope import proven
from platform_core.users.models import Department, User

_ = translator("customers")
PER_HOUR = 300
_SHOWN = 5
_REASON = "duplicate check: of foreign rows only the department leaves this module"


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A customer that is in the house already. Of one the actor may not see, only `department` is filled."""

    by: str
    """phone or name"""
    department: str = ""
    customer_id: UUID | None = None
    name: str = ""
    code: str = ""
    owner: str = ""

    @property
    def text(self) -> str:
        """A sentence for people."""
        if self.customer_id is not None:
            owner = self.owner or _("nobody")
            if self.by == "phone":
                return _("%(name)s has this number; owner: %(owner)s.", name=self.name, owner=owner)
            return _("%(name)s is in the house already; owner: %(owner)s.", name=self.name, owner=owner)
        if self.department:
            return _("Exists already. Ask the department %(department)s.", department=self.department)
        return _("Exists already. Ask your department head.")


def possible_duplicates(session: Session, actor: Actor, name: str, phone: str) -> list[Duplicate]:
    """Customers with exactly this name or one of these numbers, as far as the actor may know of them.

    Incomplete numbers and names of one character are not looked up. Raises TooManyRequests.
    """
    norm = names.norm(name)
    vault = vault_of(session)
    hashes = [made for part in points.split("phone", phone) if (made := points.lookup(vault, "phone", part))]
    if not hashes and len(norm) < 2:
        return []
    _check(session, actor)
    found: dict[UUID, tuple[str, Any]] = {}
    if hashes:
        by_phone = (
            select(ContactPoint.customer_id).where(ContactPoint.full_hash.in_(hashes)).limit(_SHOWN * 4).subquery()
        )
        found |= {row.id: ("phone", row) for row in _rows(session, Customer.id.in_(select(by_phone.c.customer_id)))}
    if len(norm) >= 2:
        by_name = [row for row in _rows(session, Customer.name_norm == norm) if row.id not in found]
        found |= {row.id: ("name", row) for row in by_name}
    visible = set(session.scalars(select(Customer.id).where(Customer.id.in_(found)))) if found else set()
    known = [
        Duplicate(by, row.department or "", row.id, row.name, row.code, row.owner or "")
        for by, row in found.values()
        if row.id in visible
    ][:_SHOWN]
    foreign = {Duplicate(by, row.department or ""): None for by, row in found.values() if row.id not in visible}
    _note(session, actor, norm, phone, [each.customer_id for each in known if each.customer_id])
    return [*known, *list(foreign)[:_SHOWN]]


def _rows(session: Session, condition: Any) -> list[Any]:
    statement = (
        select(Customer.id, Customer.name, Customer.code, User.name.label("owner"), Department.name.label("department"))
        .outerjoin(User, User.id == Customer.owner_id)
        .outerjoin(Department, Department.id == Customer.department_id)
        .where(Customer.deleted_at.is_(None), condition)
        .order_by(Customer.updated_at.desc())
        .limit(_SHOWN * 2)
    )
    return list(session.execute(statement, execution_options=proven(_REASON)))


def _check(session: Session, actor: Actor) -> None:
    asked = session.scalar(
        select(func.count())
        .select_from(AuditEntry)
        .where(
            AuditEntry.actor_id == actor.user_id,
            AuditEntry.at > now() - timedelta(hours=1),
            AuditEntry.action == "customers.check_duplicates",
        )
    )
    if (asked or 0) >= PER_HOUR:
        raise TooManyRequests(_("Too many questions for duplicates. Try again in an hour."), retry_after=3600)


def _note(session: Session, actor: Actor, norm: str, phone: str, shown: list[UUID]) -> None:
    masks = [phones.mask(number.e164) for part in points.split("phone", phone) if (number := phones.normalise(part))]
    asked = {"name": norm, "phone": ", ".join(masks)}
    audit.record(session, actor, "customers.check_duplicates", ids=shown, after=asked)
