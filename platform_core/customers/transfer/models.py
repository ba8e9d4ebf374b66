"""A transfer: customers that pass from their owners to others, one line for each, with all that the way back needs."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.contracts.entities import EntityRef
from platform_core.customers.models import Base
from platform_core.kernel.model import Identified, Stamped, Versioned
from platform_core.kernel.types import Json, UtcDateTime

RUNNING = frozenset({"moving", "undoing"})


class Transfer(Identified, Stamped, Versioned, Base):
    """One act, from its preview to its receipt. States: draft, moving, done, undoing, undone."""

    __tablename__ = "customers_transfer"

    kind: Mapped[str] = mapped_column(String(10))
    """one, list (chosen or found in a list) or leaving"""
    by_id: Mapped[UUID] = mapped_column(Uuid(), index=True)
    by_label: Mapped[str] = mapped_column(String(120))
    department_id: Mapped[UUID | None] = mapped_column(Uuid(), index=True)
    """Of whoever did it, at the time."""
    leaver_id: Mapped[UUID | None] = mapped_column(Uuid(), index=True)
    conditions: Mapped[list[Any]] = mapped_column(Json, default=list)
    """Of the list that the customers were found in."""
    choices: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Department id, or "" for all -> who gets its customers: `person:<id>`, or `department:<id>` in turn."""
    reason: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(10), default="draft")
    job_id: Mapped[UUID | None] = mapped_column(Uuid())
    """The latest job; an older one that wakes up finds that it is not this and stops."""
    total: Mapped[int] = mapped_column(default=0)
    moved: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    undone: Mapped[int] = mapped_column(default=0)
    kept: Mapped[int] = mapped_column(default=0)
    """Of those that moved: customers that could not be given back."""
    along: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Table and column -> how many rows passed along."""
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    undone_by: Mapped[UUID | None] = mapped_column(Uuid())
    undone_label: Mapped[str] = mapped_column(String(120), default="")

    @property
    def ref(self) -> EntityRef:
        return EntityRef("customers", "transfer", self.id)

    @property
    def url(self) -> str:
        return f"/customers/transfers/{self.id}"


class TransferRow(Base):
    """One customer of a transfer. States: pending, moved, refused, undone, kept."""

    __tablename__ = "customers_transfer_row"

    transfer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_transfer.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(String(10), default="pending")
    why: Mapped[str] = mapped_column(String(12), default="")
    """rules.WORDS: why it is refused, or could not be given back."""
    from_id: Mapped[UUID | None] = mapped_column(Uuid(), index=True)
    from_department_id: Mapped[UUID | None] = mapped_column(Uuid())
    from_team_id: Mapped[UUID | None] = mapped_column(Uuid())
    to_id: Mapped[UUID | None] = mapped_column(Uuid(), index=True)
    to_department_id: Mapped[UUID | None] = mapped_column(Uuid())
    to_team_id: Mapped[UUID | None] = mapped_column(Uuid())
    along: Mapped[list[Any]] = mapped_column(Json, default=list)
    """passing.Along: the rows that passed along, as they were."""

    __table_args__ = (Index("ix_customers_transfer_row_state", "transfer_id", "state", "why"),)
