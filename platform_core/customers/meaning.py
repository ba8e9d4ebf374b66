"""Which customer somebody means who types its code, its name or a part of it into a form."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from platform_core.contracts.identity import Actor
from platform_core.customers import searching
from platform_core.customers.models import Customer
from platform_core.kernel.errors import Invalid
from platform_core.kernel.i18n import translator

_ = translator("customers")
_OFFERED = 8
"""Customers that a part of a name may mean"""


def named(session: Session, text: str, field: str) -> Customer:
    """By code, else by exact name if only one that the actor sees has it. Raises Invalid at `field`."""
    wanted = text.strip()
    kept = select(Customer).where(Customer.deleted_at.is_(None))
    found = session.scalars(kept.where(Customer.code == wanted)).all()
    found = found or session.scalars(kept.where(Customer.name == wanted).limit(2)).all()
    if len(found) != 1:
        message = _("There are several of this name: type the code.") if found else _("There is no such customer.")
        raise Invalid(message, fields={field: message})
    return found[0]


def meant(session: Session, actor: Actor, words: str, besides: Collection[UUID] = ()) -> Sequence[Any]:
    """Whom the words may mean, to choose one: by part of a name, pinyin, code, contact, number or a slip."""
    found = searching.find(session, actor, words, _OFFERED + 1)
    if not found.rows and not found.many:
        found = searching.near(session, actor, words, _OFFERED + 1)
    return [row for row in found.rows if row.id not in besides][:_OFFERED]
