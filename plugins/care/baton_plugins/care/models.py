"""Occasions, what is written on them, and whom the house greets when."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, ForeignKey, Index, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.api import (
    COLUMN_TYPES,
    METADATA,
    DeclarativeBase,
    DictionaryCode,
    EntityRef,
    Identified,
    Json,
    Stamped,
    UtcDateTime,
    Versioned,
    now,
)

_CUSTOMER = "customers_customer.id"


class Base(DeclarativeBase):
    metadata = METADATA
    type_annotation_map = COLUMN_TYPES


class Occasion(Identified, Stamped, Versioned, Base):
    """A birthday, a kind of anniversary or a holiday. Kinds: birthday, anniversary, fixed, nth, lunar, eve, term."""

    __tablename__ = "care_occasion"

    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    rule: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Of a holiday, for calendars.holiday"""
    moved: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Year -> ISO day on which it is kept instead, "" for not at all"""
    sensitive: Mapped[bool] = mapped_column(default=False)
    """Only for customers of whom somebody has said so"""
    hour: Mapped[int] = mapped_column(default=9)
    order: Mapped[int] = mapped_column("sort_order", default=50)
    """Which of two on one day is kept: the smaller"""
    active: Mapped[bool] = mapped_column(default=False)

    @property
    def ref(self) -> EntityRef:
        return EntityRef("care", "occasion", self.id, self.name)


class Wording(Base):
    """What is written on an occasion to customers of a grade or of a classification; with neither: everybody else."""

    __tablename__ = "care_wording"

    occasion_id: Mapped[UUID] = mapped_column(ForeignKey("care_occasion.id", ondelete="CASCADE"), primary_key=True)
    grade: Mapped[str] = mapped_column(DictionaryCode("customers.grade"), primary_key=True, default="")
    classification: Mapped[str] = mapped_column(
        DictionaryCode("customers.classification"), primary_key=True, default="", server_default=""
    )
    template_id: Mapped[UUID] = mapped_column(Uuid())
    """Of the plugin that sends"""


class TagWording(Base):
    """What is written on an occasion to customers with a tag."""

    __tablename__ = "care_tag_wording"

    occasion_id: Mapped[UUID] = mapped_column(ForeignKey("care_occasion.id", ondelete="CASCADE"), primary_key=True)
    tag_id: Mapped[UUID] = mapped_column(
        ForeignKey("customers_tag.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    template_id: Mapped[UUID] = mapped_column(Uuid())


class CustomerDate(Identified, Base):
    """An anniversary of a customer: its graduation, its first contract. Year, month and day of its calendar."""

    __tablename__ = "care_date"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey(_CUSTOMER, ondelete="CASCADE"))
    occasion_id: Mapped[UUID] = mapped_column(ForeignKey("care_occasion.id", ondelete="CASCADE"))
    year: Mapped[int]
    month: Mapped[int]
    day: Mapped[int]
    lunar: Mapped[bool] = mapped_column(default=False)
    leap: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        UniqueConstraint("customer_id", "occasion_id"),
        Index("ix_care_date_occasion_id_month_day", "occasion_id", "month", "day"),
    )


class Wish(Base):
    """Somebody has said that this customer is glad of a sensitive occasion."""

    __tablename__ = "care_wish"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey(_CUSTOMER, ondelete="CASCADE"), primary_key=True)
    occasion_id: Mapped[UUID] = mapped_column(
        ForeignKey("care_occasion.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    by_label: Mapped[str] = mapped_column(String(120), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)


class Greeting(Base):
    """One person on one occasion of one year: a customer, or on a birthday a contact, which may stand alone.

    States: planned, queued, personal (a plan), left, expired.
    """

    __tablename__ = "care_greeting"

    occasion_id: Mapped[UUID] = mapped_column(ForeignKey("care_occasion.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(Uuid(), primary_key=True)
    """Of the contact, or else of the customer"""
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Lunar for lunar dates: what makes two of them the same"""
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey(_CUSTOMER, ondelete="CASCADE"))
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("customers_contact.id", ondelete="CASCADE"), index=True)
    day: Mapped[date] = mapped_column(Date())
    state: Mapped[str] = mapped_column(String(10), default="planned", server_default="planned")
    why: Mapped[str] = mapped_column(String(12), default="", server_default="")
    message_id: Mapped[UUID | None] = mapped_column(Uuid())

    __table_args__ = (
        # At most one greeting a day
        Index("uq_care_greeting_person_id_day", "person_id", "day", unique=True),
        Index("ix_care_greeting_customer_id_day", "customer_id", "day"),
        Index("ix_care_greeting_day", "day", "state", "occasion_id", "person_id"),
    )
