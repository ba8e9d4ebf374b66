"""An import: the batch, its rows as they were read, and how a user mapped such a table before."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.contracts.entities import EntityRef
from platform_core.customers.models import Base
from platform_core.kernel.clock import now
from platform_core.kernel.model import Identified, Stamped
from platform_core.kernel.types import Json, UtcDateTime

RUNNING = frozenset({"checking", "importing", "reverting"})
UNFINISHED = frozenset({"uploaded", "checking", "checked", "importing"})
"""The batch still needs its file or may need it again."""


class ImportBatch(Identified, Stamped, Base):
    """One uploaded table on its way into the house, and the way back.

    States: uploaded, checking, checked, importing, done, cancelled (part of the rows are in), reverting, reverted,
    expired (never committed; its file is gone).
    """

    __tablename__ = "customers_import_batch"

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="RESTRICT"), index=True)
    department_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users_department.id", ondelete="RESTRICT"), index=True
    )
    filename: Mapped[str] = mapped_column(String(200))
    stored_as: Mapped[str] = mapped_column(String(80), unique=True)
    size: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10), default="uploaded")
    headers: Mapped[list[Any]] = mapped_column(Json, default=list)
    samples: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    """Encrypted JSON: for each column up to three cells as text. Empty once they are not needed."""
    mapping: Mapped[list[Any]] = mapped_column(Json, default=list)
    """For each column the key of its target (columns.TARGETS), "" for none."""
    options: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """columns.Options"""
    job_id: Mapped[UUID | None] = mapped_column(Uuid())
    """The latest job of this batch; an older one that wakes up finds that it is not this and stops."""
    total: Mapped[int] = mapped_column(default=0)
    new_rows: Mapped[int] = mapped_column(default=0)
    duplicate_rows: Mapped[int] = mapped_column(default=0)
    error_rows: Mapped[int] = mapped_column(default=0)
    imported: Mapped[int] = mapped_column(default=0)
    update_rows: Mapped[int] = mapped_column(default=0, server_default="0")
    """Of customers that are in the house and would be changed."""
    updated: Mapped[int] = mapped_column(default=0, server_default="0")
    restored: Mapped[int] = mapped_column(default=0, server_default="0")
    """Customers given back what they were."""
    skipped: Mapped[int] = mapped_column(default=0)
    """Duplicates left out, among them those that came into the house after the check."""
    removed: Mapped[int] = mapped_column(default=0)
    kept: Mapped[int] = mapped_column(default=0)
    """Taken back, and left standing since somebody had worked on them."""
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    """When the last customer came in; the way back is open for 30 days from then."""

    @property
    def ref(self) -> EntityRef:
        return EntityRef("customers", "import", self.id, self.filename)


class ImportRow(Base):
    """One row of the table. `payload` is encrypted, since it holds phone numbers (rows.Payload)."""

    __tablename__ = "customers_import_row"

    batch_id: Mapped[UUID] = mapped_column(
        ForeignKey("customers_import_batch.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """As the spreadsheet program shows it."""
    verdict: Mapped[str] = mapped_column(String(10))
    """new, update, duplicate or error"""
    state: Mapped[str] = mapped_column(String(10), default="pending")
    """pending, imported, updated, skipped, removed, restored or kept. Set in the transaction that does it."""
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    customer_id: Mapped[UUID | None] = mapped_column(Uuid())
    """The customer made of the row, or changed by it."""
    found_by: Mapped[str] = mapped_column(String(8), default="")
    """How a duplicate was found: phone, name or code."""
    found_id: Mapped[UUID | None] = mapped_column(Uuid())
    """The customer it duplicates, or"""
    found_row: Mapped[int | None]
    """the earlier row of the same table."""

    __table_args__ = (
        # None over what is set afterwards, and room for it: see core_0044.
        Index("ix_customers_import_row_batch_id_verdict", "batch_id", "verdict", "number"),
    )


class ImportMapping(Identified, Base):
    """How a user mapped a table with these titles the last time."""

    __tablename__ = "customers_import_mapping"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users_user.id", ondelete="CASCADE"))
    signature: Mapped[str] = mapped_column(String(64))
    """columns.signature of the titles"""
    targets: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Folded title -> key of its target."""
    options: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    used_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)

    __table_args__ = (UniqueConstraint("user_id", "signature"),)
