"""Which customers somebody has opened on a day of the organisation, and how many they may."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, ForeignKey, String, UniqueConstraint, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from platform_core.kernel.clock import now
from platform_core.kernel.looking import ledger
from platform_core.kernel.model import COLUMN_TYPES, METADATA
from platform_core.kernel.types import UtcDateTime


class Base(DeclarativeBase):
    metadata = METADATA
    type_annotation_map = COLUMN_TYPES


@ledger
class Opened(Base):
    """A customer that somebody has opened (`open`) or seen a number of (`reveal`) on a day of the organisation.

    No foreign key to the customer: what was seen stays counted when the record goes.
    """

    __tablename__ = "caps_opened"
    __table_args__ = (UniqueConstraint("user_id", "day", "counter", "number"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    counter: Mapped[str] = mapped_column(String(8), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(Uuid(), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    """The first time on that day."""
    number: Mapped[int]
    """The how manieth customer of that day, without gaps."""
    cap: Mapped[int]
    """What held for the person at that moment, without what was allowed beyond it."""


@ledger
class Listed(Base):
    """How many rows lists and searches have shown somebody on the latest day that they showed any."""

    __tablename__ = "caps_listed"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(Date)
    number: Mapped[int]


class RoleCap(Base):
    """The cap of those who hold a role; without a row the default holds."""

    __tablename__ = "caps_role"

    role_id: Mapped[UUID] = mapped_column(ForeignKey("permissions_role.id", ondelete="CASCADE"), primary_key=True)
    counter: Mapped[str] = mapped_column(String(8), primary_key=True)
    cap: Mapped[int]


class UserCap(Base):
    """The cap of one person, whatever their roles."""

    __tablename__ = "caps_user"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"), primary_key=True)
    counter: Mapped[str] = mapped_column(String(8), primary_key=True)
    cap: Mapped[int]
