"""Requests for files, the files while they may be fetched, and what was printed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String, Text, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from platform_core.kernel.clock import now
from platform_core.kernel.model import COLUMN_TYPES, METADATA, Identified
from platform_core.kernel.types import Json, UtcDateTime


class Base(DeclarativeBase):
    metadata = METADATA
    type_annotation_map = COLUMN_TYPES


class FileRequest(Identified, Base):
    """Somebody asks for rows as a file: which, narrowed how, with which columns, and why."""

    __tablename__ = "exports_request"

    requester_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    source: Mapped[str] = mapped_column(String(120))
    """`list:customers`, `report:activities.by_person`"""
    title: Mapped[str] = mapped_column(String(200))
    query: Mapped[str] = mapped_column(Text)
    """The conditions, as the address of the page has them"""
    conditions: Mapped[list[Any]] = mapped_column(Json)
    """The same in words"""
    columns: Mapped[list[Any]] = mapped_column(Json)
    form: Mapped[str] = mapped_column(String(4))
    """csv or xlsx"""
    reason: Mapped[str] = mapped_column(String(500))
    expected: Mapped[int]
    """Rows when it was asked for"""
    state: Mapped[str] = mapped_column(String(10), default="asked")
    """asked, declined, withdrawn, approved, written (all rows are there), ready, failed, gone"""
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("users_user.id", ondelete="SET NULL"))
    decided_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(String(500), default="")
    """What the approver wrote"""
    ready_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    rows: Mapped[int] = mapped_column(default=0)
    """Made so far, or in the file"""
    cursor: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Behind which row the job goes on"""
    sha256: Mapped[str] = mapped_column(String(64), default="")
    downloads: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        Index("ix_exports_request_requester_id", "requester_id", "asked_at"),
        Index("ix_exports_request_state", "state", "asked_at"),
    )


class Piece(Base):
    """A part of a file, encrypted with the key of the house; goes when the request is over."""

    __tablename__ = "exports_piece"

    request_id: Mapped[UUID] = mapped_column(ForeignKey("exports_request.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """0 and up: a part of the file as it is fetched. Below: rows that still have to become a sheet, -1 the first."""
    content: Mapped[bytes] = mapped_column(LargeBinary())


class Paper(Identified, Base):
    """Somebody prints rows, and why. The page opens for a quarter of an hour, for that person alone.

    A draft says only which rows; it becomes paper when it has its reason.
    """

    __tablename__ = "exports_paper"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    source: Mapped[str] = mapped_column(String(120))
    query: Mapped[str] = mapped_column(Text)
    columns: Mapped[list[Any]] = mapped_column(Json)
    reason: Mapped[str] = mapped_column(String(500))
    kind: Mapped[str] = mapped_column(String(10), default="table", server_default="table")
    """table, addresses, phones, labels or letters"""
    state: Mapped[str] = mapped_column(String(10), default="ready", server_default="ready")
    """draft, making, ready or failed"""
    ids: Mapped[list[Any] | None] = mapped_column(Json)
    """Keys of the rows, where it is these and not those that meet the conditions"""
    options: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """What the kind needs, as `printing.Printing` has it"""


class PaperFile(Base):
    """Labels or letters, encrypted with the key of the house; they go with their paper's quarter of an hour."""

    __tablename__ = "exports_paper_file"

    paper_id: Mapped[UUID] = mapped_column(ForeignKey("exports_paper.id", ondelete="CASCADE"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary())


class LetterTemplate(Identified, Base):
    """A letter with fields, as somebody wrote it in Word."""

    __tablename__ = "exports_letter"

    name: Mapped[str] = mapped_column(String(80), unique=True)
    content: Mapped[bytes] = mapped_column(LargeBinary())
    uploaded_by: Mapped[UUID | None] = mapped_column(ForeignKey("users_user.id", ondelete="SET NULL"))
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)


class Printed(Base):
    """A customer that somebody has printed on a day of the organisation; no foreign key, it was printed."""

    __tablename__ = "exports_printed"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(Uuid(), primary_key=True)
