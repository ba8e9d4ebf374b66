"""The audit trail: one append-only table without foreign keys, so that it outlives what it speaks of, and its seals.

The database itself refuses to change or delete lines (triggers, migration core_0007). docs/security/audit.md.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Compiled, Index, Integer, LargeBinary, String, Text, Uuid, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.sql.functions import FunctionElement

from platform_core.kernel.clock import now
from platform_core.kernel.looking import ledger
from platform_core.kernel.model import COLUMN_TYPES, METADATA, Identified
from platform_core.kernel.types import Json, UtcDateTime

_REFUSED = "result <> 'ok'"


class Base(DeclarativeBase):
    metadata = METADATA
    type_annotation_map = COLUMN_TYPES


class _NextNumber(FunctionElement[int]):
    """The number of a new line. Writers never wait for each other: on SQLite they take turns anyway."""

    inherit_cache = True


@compiles(_NextNumber, "sqlite")
def _on_sqlite(element: _NextNumber, compiler: Compiled, **options: Any) -> str:
    return (
        "(SELECT max(coalesce((SELECT max(seq) FROM audit_entry), 0),"
        " coalesce((SELECT max(last_seq) FROM audit_seal), 0)) + 1)"
    )


@compiles(_NextNumber, "postgresql")
def _on_postgresql(element: _NextNumber, compiler: Compiled, **options: Any) -> str:
    return "0"  # a trigger takes the next one of a sequence, whatever is asked for


@ledger
class AuditEntry(Identified, Base):
    """Who did what to which rows, when, from where, and with what result."""

    __tablename__ = "audit_entry"

    seq: Mapped[int] = mapped_column(BigInteger, default=_NextNumber())
    """Number of the line, in the order of writing whatever clocks say; rolled back transactions leave gaps."""
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
    salt: Mapped[bytes | None] = mapped_column(LargeBinary())
    """16 random bytes that go with what an erasure takes out: nobody can find by guessing what stood there."""
    blanked: Mapped[bytes | None] = mapped_column(LargeBinary())
    """After an erasure: the digest of what stood there, so that the line still fits its seal."""

    __table_args__ = (
        Index("uq_audit_entry_seq", "seq", unique=True),
        Index("ix_audit_entry_at", "at", "id"),
        Index("ix_audit_entry_actor_id_at", "actor_id", "at", "id"),
        Index("ix_audit_entry_customer_id_at", "customer_id", "at", "id"),
        Index("ix_audit_entry_action_at", "action", "at", "id"),
        Index("ix_audit_entry_entity_id_at", "entity_id", "at", "id"),
        Index("ix_audit_entry_ip_at", "ip", "at", "id"),
        Index(
            "ix_audit_entry_refused_at", "result", "at", "id",
            sqlite_where=text(_REFUSED), postgresql_where=text(_REFUSED),
        ),
    )  # fmt: skip


class AuditSeal(Base):
    """Lines `first_seq` to `last_seq`, and everything before them, as they were at `sealed_at`.

    Digests are SHA-256 (`audit.digests`); whoever has the lines can compute them without any key.
    """

    __tablename__ = "audit_seal"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    """1, 2, 3 … without gaps"""
    first_seq: Mapped[int] = mapped_column(BigInteger)
    last_seq: Mapped[int] = mapped_column(BigInteger, index=True)
    lines: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    sealed_at: Mapped[datetime]
    members: Mapped[bytes | None] = mapped_column(LargeBinary(), deferred=True)
    """Number (8 bytes) and digest (32 bytes) of every line; None once they were archived and removed."""
    root: Mapped[bytes] = mapped_column(LargeBinary())
    """Digest of `members`"""
    previous: Mapped[bytes] = mapped_column(LargeBinary())
    """`head` of the seal before; zeros for the first"""
    head: Mapped[bytes] = mapped_column(LargeBinary())
    signature: Mapped[str] = mapped_column(String(64))
    """Of `head`, with the deployment's key file, which the database does not hold."""


class AuditArchive(Base):
    """Seals whose lines were written to a file; only they may be removed from the table."""

    __tablename__ = "audit_archive"

    first_number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    last_number: Mapped[int] = mapped_column(Integer)
    first_seq: Mapped[int] = mapped_column(BigInteger)
    last_seq: Mapped[int] = mapped_column(BigInteger, index=True)
    month: Mapped[str] = mapped_column(String(7))
    lines: Mapped[int] = mapped_column(BigInteger)
    file: Mapped[str] = mapped_column(String(120))
    """Its name in the folder of archives"""
    sha256: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    by_id: Mapped[UUID | None]
    by_label: Mapped[str] = mapped_column(String(120))
