"""The tables of this plugin."""

from __future__ import annotations

from uuid import UUID

from platform_core.api import COLUMN_TYPES, METADATA, DeclarativeBase, Identified, Stamped, Versioned
from sqlalchemy import ForeignKey, Index, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column


class Base(DeclarativeBase):
    metadata = METADATA
    type_annotation_map = COLUMN_TYPES


class Entry(Identified, Stamped, Versioned, Base):
    """Something written down about a customer."""

    __tablename__ = "@name@_entry"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    amount: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(Text, default="")
    author_id: Mapped[UUID | None] = mapped_column(Uuid(), index=True)
    author_label: Mapped[str] = mapped_column(String(120), default="")
    """The name as it was then: it stays readable when the account is gone."""

    __table_args__ = (Index("ix_@name@_entry_updated_at_id", "updated_at", "id"),)
