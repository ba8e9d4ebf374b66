"""Plans, follow-ups and outcome presets."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.api import COLUMN_TYPES, METADATA, DeclarativeBase, Identified, Json, Stamped, UtcDateTime, Versioned, now


class Base(DeclarativeBase):
    metadata = METADATA
    type_annotation_map = COLUMN_TYPES


class Plan(Identified, Stamped, Versioned, Base):
    """Something a colleague means to do with a customer at a time. Open until finished, cancelled or merged."""

    __tablename__ = "activities_plan"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"))
    engagement_id: Mapped[UUID | None] = mapped_column(Uuid(), index=True)
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers_contact.id", ondelete="SET NULL"))
    assignee_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="RESTRICT"))
    department_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_department.id", ondelete="SET NULL"))
    kind: Mapped[str] = mapped_column(String(60), default="call")
    """Code of the dictionary `activities.kind`."""
    subject: Mapped[str] = mapped_column(String(200))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime())
    all_day: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(10), default="open")
    """open, done or cancelled"""
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    follow_up_id: Mapped[UUID | None] = mapped_column(Uuid())
    """The record that answered the plan."""
    created_by: Mapped[UUID | None] = mapped_column(Uuid())
    created_by_label: Mapped[str] = mapped_column(String(120), default="")
    cause: Mapped[str] = mapped_column(String(60), default="")
    """What made it, when not a person by hand: `follow_up`, `relay.first_visit`."""

    __mapper_args__ = {"version_id_col": "version"}  # noqa: RUF012
    __table_args__ = (
        Index("ix_activities_plan_assignee_id_state_due_at", "assignee_id", "state", "due_at", "id"),
        Index("ix_activities_plan_customer_id_state_due_at", "customer_id", "state", "due_at"),
        Index("ix_activities_plan_department_id_state_due_at", "department_id", "state", "due_at"),
    )


class FollowUp(Identified, Stamped, Versioned, Base):
    """One contact with a customer: who, when, how, what was said, what came of it."""

    __tablename__ = "activities_follow_up"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"))
    engagement_id: Mapped[UUID | None] = mapped_column(Uuid(), index=True)
    leg_id: Mapped[UUID | None] = mapped_column(Uuid())
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers_contact.id", ondelete="SET NULL"))
    contact_label: Mapped[str] = mapped_column(String(60), default="")
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_user.id", ondelete="SET NULL"), index=True)
    author_label: Mapped[str] = mapped_column(String(120), default="")
    department_label: Mapped[str] = mapped_column(String(80), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    kind: Mapped[str] = mapped_column(String(60), default="call")
    direction: Mapped[str] = mapped_column(String(4), default="out")
    """out or in"""
    body: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(String(60), default="")
    """Code of the outcome preset that was chosen."""
    old_status: Mapped[str] = mapped_column(String(60), default="")
    new_status: Mapped[str] = mapped_column(String(60), default="")
    next_plan_id: Mapped[UUID | None] = mapped_column(Uuid())
    next_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    unplanned: Mapped[bool] = mapped_column(default=False)
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime())

    __mapper_args__ = {"version_id_col": "version"}  # noqa: RUF012
    __table_args__ = (Index("ix_activities_follow_up_customer_id_at", "customer_id", "at", "id"),)


class FollowUpRevision(Identified, Base):
    """The text of a follow-up before an edit."""

    __tablename__ = "activities_follow_up_revision"

    follow_up_id: Mapped[UUID] = mapped_column(ForeignKey("activities_follow_up.id", ondelete="CASCADE"), index=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True)
    engagement_id: Mapped[UUID | None] = mapped_column(Uuid())
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    by_label: Mapped[str] = mapped_column(String(120), default="")
    body: Mapped[str] = mapped_column(Text)


class OutcomePreset(Identified, Base):
    """One click after a contact: sets the customer's status and proposes the next plan."""

    __tablename__ = "activities_outcome_preset"

    code: Mapped[str] = mapped_column(String(60), unique=True)
    label: Mapped[str] = mapped_column(String(60))
    tone: Mapped[str] = mapped_column(String(12), default="")
    status: Mapped[str] = mapped_column(String(60), default="")
    """Status the customer gets; empty keeps the present one."""
    next_in: Mapped[str] = mapped_column(String(12), default="")
    """`3d` days, `mon` next Monday, `none` no further plan, empty asks."""
    next_kind: Mapped[str] = mapped_column(String(60), default="call")
    order: Mapped[int] = mapped_column("sort_order", default=50)
    active: Mapped[bool] = mapped_column(default=True)
    extra: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
