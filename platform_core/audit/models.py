"""The audit trail: one append-only table without foreign keys, so that it outlives what it speaks of."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String, Text, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from platform_core.kernel.clock import now
from platform_core.kernel.model import COLUMN_TYPES, METADATA, Identified
from platform_core.kernel.types import Json, UtcDateTime


class Base(DeclarativeBase):
    metadata = METADATA
    type_annotation_map = COLUMN_TYPES


class AuditEntry(Identified, Base):
    """Who did what to which rows, when, from where, and with what result."""

    __tablename__ = "audit_entry"

    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    actor_id: Mapped[UUID | None] = mapped_column(Uuid())
    actor_label: Mapped[str] = mapped_column(String(120), default="")
    session_id: Mapped[UUID | None] = mapped_column(Uuid())
    via: Mapped[str] = mapped_column(String(10), default="page")
    ip: Mapped[str] = mapped_column(String(45), default="")
    request_id: Mapped[str] = mapped_column(String(40), default="")
    action: Mapped[str] = mapped_column(String(80))
    """`owner.verb`, e.g. `customers.view`, `relay.accept`, `users.login`."""
    result: Mapped[str] = mapped_column(String(10), default="ok")
    """ok, denied or failed"""
    entity: Mapped[str] = mapped_column(String(80), default="")
    entity_id: Mapped[UUID | None] = mapped_column(Uuid())
    entity_label: Mapped[str] = mapped_column(String(200), default="")
    customer_id: Mapped[UUID | None] = mapped_column(Uuid())
    ids: Mapped[list[Any]] = mapped_column(Json, default=list)
    """Rows shown by a list, search or export page, as hex strings."""
    before: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Changed fields; sensitive values as masks, never clear."""
    reason: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        Index("ix_audit_entry_at", "at", "id"),
        Index("ix_audit_entry_actor_id_at", "actor_id", "at"),
        Index("ix_audit_entry_customer_id_at", "customer_id", "at"),
        Index("ix_audit_entry_action_at", "action", "at"),
    )
