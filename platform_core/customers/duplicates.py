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
from platform_core.customers import matching, names, points
from platform_core.customers.forms import DuplicateQuery
from platform_core.customers.models import Contact, ContactPoint, Customer
from platform_core.kernel import phones
from platform_core.kernel.clock import now
from platform_core.kernel.database import vault_of
from platform_core.kernel.errors import TooManyRequests
from platform_core.kernel.i18n import translator
from platform_core.kernel.scope import proven
from platform_core.kernel.searchtokens import QueryTerm, SearchQuery, spoken
from platform_core.users.models import Department, User

_ = translator("customers")
PER_HOUR = 300
_SHOWN = 5
_FEW = 20
"""More customers whose names sound the same say nothing: it is a common name."""
_ORDER = ("phone", "email", "name", "sound")
_KNOWN = {
    "phone": _.lazy("%(name)s has this number; owner: %(owner)s."),
    "email": _.lazy("%(name)s has this mail address; owner: %(owner)s."),
    "name": _.lazy("%(name)s is in the house already; owner: %(owner)s."),
    "sound": _.lazy("%(name)s sounds the same; owner: %(owner)s."),
}
_REASON = "duplicate check: of foreign rows only the department leaves this module"


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A customer, or a contact without one, that is in the house already.

    Of one the actor may not see, only `department` is filled.
    """

    by: str
    """phone, email, name, or sound: a name of the same pinyin"""
    department: str = ""
    customer_id: UUID | None = None
    name: str = ""
    code: str = ""
    owner: str = ""
    contact_id: UUID | None = None

    @property
    def url(self) -> str:
        """Of what the actor may see; else empty."""
        if self.contact_id is not None:
            return f"/contacts/{self.contact_id}"
        return f"/customers/{self.customer_id}" if self.customer_id is not None else ""

    @property
    def text(self) -> str:
        """A sentence for people."""
        if self.contact_id is not None:
            owner = self.owner or _("nobody")
            return _("%(name)s has this and belongs to no customer yet; owner: %(owner)s.", name=self.name, owner=owner)
        if self.customer_id is not None:
            owner = self.owner or _("nobody")
            return str(_KNOWN[self.by]) % {"name": self.name, "owner": owner}
        if self.department:
            return _("Exists already. Ask the department %(department)s.", department=self.department)
        return _("Exists already. Ask your department head.")


def possible_duplicates(session: Session, actor: Actor, asked: DuplicateQuery) -> list[Duplicate]:
    """Customers with exactly this name, one of these numbers or mail addresses, as far as the actor may know of them.

    Names that only sound the same are told of customers that the actor sees. Incomplete numbers and names of one
    character are not looked up. Raises TooManyRequests.
    """
    norm = names.norm(asked.name)
    hashes = {kind: _hashes(session, kind, getattr(asked, kind)) for kind in ("phone", "email")}
    if not any(hashes.values()) and len(norm) < 2:
        return []
    _check(session, actor)
    found: dict[UUID, tuple[str, Any]] = {}
    for kind, known in hashes.items():
        if known:
            by_point = select(ContactPoint.customer_id).where(ContactPoint.full_hash.in_(known)).limit(_SHOWN * 4)
            rows = _rows(session, Customer.id.in_(select(by_point.subquery().c.customer_id)))
            found = {row.id: (kind, row) for row in rows} | found
    if len(norm) >= 2:
        found = {row.id: ("name", row) for row in _rows(session, Customer.name_norm == norm)} | found
        found = {row.id: ("sound", row) for row in _sounding(session, asked.name)} | found
    visible = set(session.scalars(select(Customer.id).where(Customer.id.in_(found)))) if found else set()
    known_ones = [
        Duplicate(by, row.department or "", row.id, row.name, row.code, row.owner or "")
        for by, row in sorted(found.values(), key=lambda item: _ORDER.index(item[0]))
        if row.id in visible
    ][:_SHOWN]
    foreign = {
        Duplicate(by, row.department or ""): None
        for by, row in found.values()
        if row.id not in visible and by != "sound"
    }
    _note(session, actor, norm, asked, [each.customer_id for each in known_ones if each.customer_id])
    alone = _alone(session, [value for known in hashes.values() for value in known])
    return [*known_ones, *alone[:_SHOWN], *list(foreign)[:_SHOWN]]


def _alone(session: Session, hashes: list[int]) -> list[Duplicate]:
    """Contacts without a customer who have one of the numbers or addresses."""
    if not hashes:
        return []
    points_of = select(ContactPoint.contact_id).where(
        ContactPoint.full_hash.in_(hashes), ContactPoint.customer_id.is_(None)
    )
    statement = (
        select(Contact.id, Contact.name, User.name.label("owner"), Department.name.label("department"))
        .outerjoin(User, User.id == Contact.owner_id)
        .outerjoin(Department, Department.id == Contact.department_id)
        .where(Contact.id.in_(points_of), Contact.deleted_at.is_(None))
        .order_by(Contact.id.desc())
        .limit(_SHOWN * 2)
    )
    rows = list(session.execute(statement, execution_options=proven(_REASON)))
    seen = set(session.scalars(select(Contact.id).where(Contact.id.in_([row.id for row in rows])))) if rows else set()
    known = [
        Duplicate("phone", row.department or "", name=row.name, owner=row.owner or "", contact_id=row.id)
        for row in rows
        if row.id in seen
    ]
    foreign = dict.fromkeys(Duplicate("phone", row.department or "") for row in rows if row.id not in seen)
    return [*known, *foreign]


def _hashes(session: Session, kind: str, text: str) -> list[int]:
    vault = vault_of(session)
    return [made for part in points.split(kind, text) if (made := points.lookup(vault, kind, part))]


def _sounding(session: Session, name: str) -> list[Any]:
    """Rows of customers whose name has the same pinyin; none when these are many."""
    token = spoken(name)
    matcher = matching.matcher(session, SearchQuery([[QueryTerm(token)]])) if token else None
    if matcher is None:
        return []
    some = matcher.ids.order_by(None).limit(_FEW + 1).subquery("some")
    rows = _rows(session, Customer.id.in_(select(some.c.customer_id)), _FEW + 1)
    return [row for row in rows if spoken(row.name) == token] if len(rows) <= _FEW else []


def _rows(session: Session, condition: Any, limit: int = _SHOWN * 2) -> list[Any]:
    statement = (
        select(Customer.id, Customer.name, Customer.code, User.name.label("owner"), Department.name.label("department"))
        .outerjoin(User, User.id == Customer.owner_id)
        .outerjoin(Department, Department.id == Customer.department_id)
        .where(Customer.deleted_at.is_(None), condition)
        .order_by(Customer.updated_at.desc())
        .limit(limit)
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


def _note(session: Session, actor: Actor, norm: str, asked: DuplicateQuery, shown: list[UUID]) -> None:
    parts = points.split("phone", asked.phone)
    masks = [phones.mask(number.e164) for part in parts if (number := phones.normalise(part))]
    after = {"name": norm, "phone": ", ".join(masks), "email": phones.mask_mail(asked.email) if asked.email else ""}
    audit.record(session, actor, "customers.check_duplicates", ids=shown, after=after)
