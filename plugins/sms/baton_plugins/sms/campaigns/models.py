"""A mass message and its recipients."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from baton_plugins.sms.models import Base
from sqlalchemy import ForeignKey, Index, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.api import EntityRef, Identified, Json, Stamped, Versioned


class Campaign(Identified, Stamped, Versioned, Base):
    """States: draft, waiting (for a second person), running, paused, done (all in the outbox), cancelled."""

    __tablename__ = "sms_campaign"

    name: Mapped[str] = mapped_column(String(60))
    by_id: Mapped[UUID] = mapped_column(Uuid(), index=True)
    by_label: Mapped[str] = mapped_column(String(120))
    conditions: Mapped[list[Any]] = mapped_column(Json, default=list)
    """Of the customer list, where everything that met them was chosen."""
    template_id: Mapped[UUID | None] = mapped_column(Uuid())
    body: Mapped[str] = mapped_column(Text, default="")
    purpose: Mapped[str] = mapped_column(String(60), default="")
    not_before: Mapped[datetime | None]
    preview: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """judging.Tally, as it was when somebody looked; empty until then."""
    state: Mapped[str] = mapped_column(String(10), default="draft")
    job_id: Mapped[UUID | None] = mapped_column(Uuid())
    """The latest job; an older one that wakes up finds that it is not this and stops."""
    total: Mapped[int] = mapped_column(default=0)
    queued: Mapped[int] = mapped_column(default=0)
    left_out: Mapped[int] = mapped_column(default=0)
    submitted_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(String(120), default="")
    decided_at: Mapped[datetime | None]
    refusal: Mapped[str] = mapped_column(String(200), default="")
    finished_at: Mapped[datetime | None]

    @property
    def ref(self) -> EntityRef:
        return EntityRef("sms", "campaign", self.id, self.name)

    @property
    def url(self) -> str:
        return f"/sms/campaigns/{self.id}"


class CampaignLine(Base):
    """One customer of it. States: pending, queued (in the outbox), left."""

    __tablename__ = "sms_campaign_line"

    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("sms_campaign.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(String(10), default="pending", server_default="pending")
    why: Mapped[str] = mapped_column(String(12), default="", server_default="")
    """judging.WORDS: why it was left out."""
    message_id: Mapped[UUID | None] = mapped_column(Uuid(), index=True)

    __table_args__ = (Index("ix_sms_campaign_line_state", "campaign_id", "state", "why", "number"),)
