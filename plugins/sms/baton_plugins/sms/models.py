"""Templates, and what people answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.api import COLUMN_TYPES, METADATA, DeclarativeBase, Identified, Json, Stamped, Versioned


class Base(DeclarativeBase):
    metadata = METADATA
    type_annotation_map = COLUMN_TYPES


class Template(Identified, Stamped, Versioned, Base):
    """A text with places to fill, and under which code each provider has approved it."""

    __tablename__ = "sms_template"

    name: Mapped[str] = mapped_column(String(60), unique=True)
    purpose: Mapped[str] = mapped_column(String(60), default="service")
    body: Mapped[str] = mapped_column(Text)
    codes: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Driver -> the provider's code"""
    names: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, server_default="{}")
    """Driver -> our place -> the provider's name of it, where that is another"""
    active: Mapped[bool] = mapped_column(default=True)

    def approved(self) -> dict[str, tuple[str, dict[str, str]]]:
        """Driver -> code and names, as `rendering.Codes`."""
        return {driver: (code, dict(self.names.get(driver, {}))) for driver, code in self.codes.items()}


class Reply(Identified, Base):
    """What somebody wrote back. Numbers are not kept, only the mask."""

    __tablename__ = "sms_reply"

    key: Mapped[str] = mapped_column(String(200), unique=True)
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"))
    contact_id: Mapped[UUID | None] = mapped_column(Uuid())
    answers_id: Mapped[UUID | None] = mapped_column(Uuid())
    mask: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    opted_out: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        Index("ix_sms_reply_customer_id_at", "customer_id", "at"),
        Index("ix_sms_reply_at", "at", "id"),
        Index("ix_sms_reply_contact_id_at", "contact_id", "at"),
    )
