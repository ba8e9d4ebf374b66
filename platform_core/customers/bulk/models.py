"""A change of many rows of a list, one line for each, with all that the way back needs."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.contracts.entities import EntityRef
from platform_core.customers.models import Base
from platform_core.kernel.model import Identified, Stamped, Versioned
from platform_core.kernel.types import Json, UtcDateTime

RUNNING = frozenset({"running", "undoing"})


class BulkChange(Identified, Stamped, Versioned, Base):
    """One act, from its preview to its receipt. States: draft, running, done, undoing, undone."""

    __tablename__ = "customers_bulk_change"

    by_id: Mapped[UUID] = mapped_column(Uuid(), index=True)
    by_label: Mapped[str] = mapped_column(String(120))
    view: Mapped[str] = mapped_column(String(60), default="customers", server_default="customers")
    """Key of the list whose rows these are."""
    conditions: Mapped[list[Any]] = mapped_column(Json, default=list)
    """Of the list, where everything that met them was chosen."""
    wanted: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """judging.Wanted; empty until somebody has chosen."""
    preview: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """going, same, staying: how many rows, as it was when somebody chose."""
    state: Mapped[str] = mapped_column(String(10), default="draft")
    job_id: Mapped[UUID | None] = mapped_column(Uuid())
    """The latest job; an older one that wakes up finds that it is not this and stops."""
    total: Mapped[int] = mapped_column(default=0)
    same: Mapped[int] = mapped_column(default=0)
    """Rows that were so already."""
    changed: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    undone: Mapped[int] = mapped_column(default=0)
    kept: Mapped[int] = mapped_column(default=0)
    """Of those that were changed: rows that somebody has changed again since."""
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime())

    @property
    def ref(self) -> EntityRef:
        return EntityRef("customers", "bulk_change", self.id)

    @property
    def url(self) -> str:
        return f"/customers/changes/{self.id}"


class BulkLine(Base):
    """One row of it. States: pending, changed, same, refused, undone, kept."""

    __tablename__ = "customers_bulk_line"

    change_id: Mapped[UUID] = mapped_column(
        ForeignKey("customers_bulk_change.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    row_id: Mapped[UUID] = mapped_column(Uuid())
    customer_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True
    )
    """Whose row it is: erasing somebody takes these lines along."""
    state: Mapped[str] = mapped_column(String(10), default="pending")
    why: Mapped[str] = mapped_column(String(12), default="")
    """judging.WORDS, or a word of the list's own: why it stays as it is."""
    before: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Of a line that waits: as the preview has shown it."""
    after: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Field -> value, of the fields that were changed; `tags` holds names."""

    __table_args__ = (Index("ix_customers_bulk_line_state", "change_id", "state", "number"),)
