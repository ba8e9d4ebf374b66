"""Taking the person out of the lines about a customer who was erased: the one change that lines undergo."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, update
from sqlalchemy.orm import Session

from platform_core.audit import digests, lines
from platform_core.audit.lines import Line
from platform_core.audit.models import AuditEntry
from platform_core.audit.services import record
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor

ACTION = "audit.blank"
"""The line that says of whom, by whom and when; without it, blanked lines are a forgery."""
_AT_ONCE = 1000


def blank(session: Session, actor: Actor | None, customer_id: UUID, label: str) -> int:
    """Take labels, values and reasons out of every line about a customer. Returns how many lines.

    Who did what when stays, and so do the names of fields: one sees what was spoken of (docs/decisions/0007). `label`
    stands where the customer's name stood. The database lets exactly this through (migration core_0007), and each line
    keeps the digest of what it said, so that it still fits its seal.
    """
    count = _blank(session, [lines.TABLE.c.customer_id == customer_id], customer_id, label)
    ref = EntityRef("customers", "customer", customer_id, label)
    record(session, actor, ACTION, ref, customer_id=customer_id, after={"lines": count})
    return count


def blank_contact(session: Session, actor: Actor | None, contact_id: UUID, label: str) -> int:
    """The same for lines about a contact that belongs to no customer."""
    mine = [lines.TABLE.c.entity_id == contact_id, lines.TABLE.c.customer_id.is_(None)]
    count = _blank(session, mine, contact_id, label)
    record(session, actor, ACTION, EntityRef("customers", "contact", contact_id, label), after={"lines": count})
    return count


def _blank(session: Session, mine: list[ColumnElement[bool]], key: UUID, label: str) -> int:
    count = 0
    while found := lines.read(session, *mine, lines.TABLE.c.blanked.is_(None), limit=_AT_ONCE):
        session.execute(update(AuditEntry), [_without_person(line, key, label) for line in found])
        count += len(found)
    return count


def _without_person(line: Line, key: UUID, label: str) -> dict[str, Any]:
    return {
        "id": _uuid(line.id),
        "entity_label": label if line.entity_id and _uuid(line.entity_id) == key else "",
        "before": digests.blanks(line.before),
        "after": digests.blanks(line.after),
        "reason": "",
        "salt": None,
        "blanked": digests.of_personal(line),
    }


def _uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)
