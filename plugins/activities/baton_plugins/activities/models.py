"""Plans and follow-ups. Kinds and outcomes are dictionaries (presets.py)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.api import (
    COLUMN_TYPES,
    METADATA,
    DeclarativeBase,
    DictionaryCode,
    Identified,
    Json,
    Stamped,
    UtcDateTime,
    Versioned,
    now,
)

_OF_TASKS = text("task_id IS NOT NULL")  # nosemgrep: plugin-past-the-scope  of an index over part of the rows
_RATED = text("satisfaction <> ''")  # nosemgrep: plugin-past-the-scope  of an index over part of the rows
_ALONE = text("customer_id IS NULL")  # nosemgrep: plugin-past-the-scope  of an index over part of the rows
_OPEN = text("state = 'open'")  # nosemgrep: plugin-past-the-scope  of an index over part of the rows


class Base(DeclarativeBase):
    metadata = METADATA
    type_annotation_map = COLUMN_TYPES


class Plan(Identified, Stamped, Versioned, Base):
    """Something a colleague means to do with a customer at a time. Open until finished or cancelled."""

    __tablename__ = "activities_plan"

    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"))
    """None: with a contact that stands alone; it gets the customer to whom the contact is given"""
    engagement_id: Mapped[UUID | None] = mapped_column(Uuid(), index=True)
    opportunity_id: Mapped[UUID | None] = mapped_column(Uuid(), index=True)
    """Of another plugin, behind the port OPPORTUNITIES; its engagement is this plan's"""
    opportunity_label: Mapped[str] = mapped_column(String(120), default="", server_default="")
    """Its title when it was planned"""
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers_contact.id", ondelete="SET NULL"), index=True)
    contact_label: Mapped[str] = mapped_column(String(60), default="")
    assignee_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="RESTRICT"))
    department_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_department.id", ondelete="SET NULL"))
    kind: Mapped[str] = mapped_column(DictionaryCode("activities.kind"), default="call")
    subject: Mapped[str] = mapped_column(String(200))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime())
    all_day: Mapped[bool] = mapped_column(default=False)
    """Any time that day; `due_at` is then the end of its working hours."""
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    """When it will be over, of visits and meetings"""
    state: Mapped[str] = mapped_column(String(10), default="open")
    """open, done or cancelled; asked: part of a task that its person has not accepted yet"""
    task_id: Mapped[UUID | None] = mapped_column(Uuid(), index=True)
    """The same for everybody who got the task"""
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    follow_up_id: Mapped[UUID | None] = mapped_column(Uuid())
    """The record that answered the plan."""
    created_by: Mapped[UUID | None] = mapped_column(Uuid())
    created_by_label: Mapped[str] = mapped_column(String(120), default="")
    cause: Mapped[str] = mapped_column(String(60), default="")
    """What made it, when not a person by hand: `follow_up`, `relay.first_visit`, `cycle`."""
    passed_on_by_label: Mapped[str] = mapped_column(String(120), default="")
    """Who had it before the engagement was taken over by the present assignee."""
    questions: Mapped[int] = mapped_column(default=0, server_default="0")
    """How many colleagues have asked for something to be asked along"""
    repeat: Mapped[str] = mapped_column(String(8), default="", server_default="")
    """See series.REPEATS; empty: once"""
    repeat_until: Mapped[date | None] = mapped_column(Date())
    series_id: Mapped[UUID | None] = mapped_column(Uuid())
    """Of visits by a cycle the customer's run through it"""
    series_no: Mapped[int] = mapped_column(default=0, server_default="0")
    series_from: Mapped[date | None] = mapped_column(Date())
    """The first day of the series: the 31st comes back after a shorter month"""

    @property
    def person_id(self) -> UUID:
        """Whom it is with: the customer, or the contact that stands alone."""
        found = self.customer_id or self.contact_id
        assert found is not None
        return found

    __table_args__ = (
        CheckConstraint("customer_id IS NOT NULL OR contact_id IS NOT NULL", name="with_somebody"),
        Index("uq_activities_plan_series_id_series_no", "series_id", "series_no", unique=True),
        Index("ix_activities_plan_alone", "contact_id", "due_at", "id", postgresql_where=_ALONE, sqlite_where=_ALONE),
        Index("ix_activities_plan_assignee_id_state_due_at", "assignee_id", "state", "due_at", "id"),
        Index("ix_activities_plan_customer_id_state_due_at", "customer_id", "state", "due_at"),
        Index("ix_activities_plan_department_id_state_due_at", "department_id", "state", "due_at"),
        Index("ix_activities_plan_due_at", "due_at", "id"),
        Index("ix_activities_plan_done_at", "done_at", "id"),
        Index("ix_activities_plan_of_task", "due_at", "id", postgresql_where=_OF_TASKS, sqlite_where=_OF_TASKS),
        Index("ix_activities_plan_open", "due_at", "id", postgresql_where=_OPEN, sqlite_where=_OPEN),
    )


class FollowUp(Identified, Stamped, Versioned, Base):
    """One contact with a customer: who, when, how, what was said, what came of it."""

    __tablename__ = "activities_follow_up"

    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers_customer.id", ondelete="CASCADE"))
    """None: with a contact that stands alone; it gets the customer to whom the contact is given"""
    engagement_id: Mapped[UUID | None] = mapped_column(Uuid(), index=True)
    leg_id: Mapped[UUID | None] = mapped_column(Uuid())
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers_contact.id", ondelete="SET NULL"), index=True)
    contact_label: Mapped[str] = mapped_column(String(60), default="")
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_user.id", ondelete="SET NULL"))
    author_label: Mapped[str] = mapped_column(String(120), default="")
    department_id: Mapped[UUID | None] = mapped_column(ForeignKey("users_department.id", ondelete="SET NULL"))
    """The author's department at the time; its head may correct the text."""
    department_label: Mapped[str] = mapped_column(String(80), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    kind: Mapped[str] = mapped_column(DictionaryCode("activities.kind"), default="call")
    direction: Mapped[str] = mapped_column(String(4), default="out")
    """out or in"""
    body: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(DictionaryCode("activities.outcome"), default="")
    old_status: Mapped[str] = mapped_column(DictionaryCode("customers.status"), default="")
    new_status: Mapped[str] = mapped_column(DictionaryCode("customers.status"), default="")
    next_plan_id: Mapped[UUID | None] = mapped_column(Uuid())
    next_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    next_all_day: Mapped[bool] = mapped_column(default=False)
    unplanned: Mapped[bool] = mapped_column(default=False)
    """Answers no plan."""
    details: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, server_default="{}")
    """Answers to the fields of its kind: field id -> text"""
    promised: Mapped[str] = mapped_column(String(300), default="", server_default="")
    """What the customer was promised"""
    files: Mapped[list[Any]] = mapped_column(Json, default=list, server_default="[]")
    """Files of the customer that belong to it: [{"id": hex, "name"}, …]"""
    satisfaction: Mapped[str] = mapped_column(DictionaryCode("activities.satisfaction"), default="", server_default="")
    """What the customer said of it, where they were asked"""
    reason: Mapped[str] = mapped_column(String(200), default="")
    """Why an important customer was left without a next plan."""
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    edited_by_label: Mapped[str] = mapped_column(String(120), default="")

    __table_args__ = (
        Index("ix_activities_follow_up_customer_id_at", "customer_id", "at", "id"),
        Index("ix_activities_follow_up_author_id_at", "author_id", "at"),
        Index("ix_activities_follow_up_at", "at", "id"),
        Index("ix_activities_follow_up_of_rated", "at", "id", postgresql_where=_RATED, sqlite_where=_RATED),
        Index("ix_activities_follow_up_alone", "contact_id", "at", "id", postgresql_where=_ALONE, sqlite_where=_ALONE),
    )


class FollowUpRevision(Identified, Base):
    """The text of a follow-up before an edit."""

    __tablename__ = "activities_follow_up_revision"

    follow_up_id: Mapped[UUID] = mapped_column(ForeignKey("activities_follow_up.id", ondelete="CASCADE"), index=True)
    customer_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("customers_customer.id", ondelete="CASCADE"), index=True
    )
    contact_id: Mapped[UUID | None] = mapped_column(Uuid(), index=True)
    """Of one with a contact that stands alone"""
    engagement_id: Mapped[UUID | None] = mapped_column(Uuid())
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    by_label: Mapped[str] = mapped_column(String(120), default="")
    body: Mapped[str] = mapped_column(Text)
    promised: Mapped[str] = mapped_column(String(300), default="", server_default="")
    kind: Mapped[str] = mapped_column(DictionaryCode("activities.kind"), default="", server_default="")
    """Empty in rows of before fields were kept"""
    details: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, server_default="{}")
