"""The kernel's tables: plugin states, settings, jobs, schedules, idempotency keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from platform_core.kernel.clock import now
from platform_core.kernel.model import Base, Identified, Stamped
from platform_core.kernel.types import Json, UtcDateTime


class PluginState(Base):
    """Whether an admin has switched a plugin on; code and tables stay either way."""

    __tablename__ = "core_plugin"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    enabled: Mapped[bool]
    version: Mapped[str] = mapped_column(String(40), default="")
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)


class OwnerRecord(Base):
    """What a plugin declared when this database last met it, for the time when its package is gone."""

    __tablename__ = "core_owner"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    version: Mapped[str] = mapped_column(String(40), default="")
    digest: Mapped[str] = mapped_column(String(64), default="")
    """Of `content`: a process that loads the same plugin writes nothing."""
    content: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """plugins.catalogue.Content"""
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    purged_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    """Its tables are gone; the words for its lines stay."""


class PluginFault(Identified, Base):
    """Something that failed inside a plugin, once per place and process-wide: what administrators and doctors look at.

    Neither values nor texts that may hold them: a class, a place and the line of code.
    """

    __tablename__ = "core_plugin_fault"

    owner: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(20))
    """hook, job, listener, page, template, migration, scope"""
    name: Mapped[str] = mapped_column(String(120))
    error: Mapped[str] = mapped_column(String(300))
    place: Mapped[str] = mapped_column(String(200), default="")
    code: Mapped[str] = mapped_column(String(200), default="")
    count: Mapped[int] = mapped_column(default=1)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)

    __table_args__ = (
        Index("uq_core_plugin_fault_what", "owner", "kind", "name", "error", "place", unique=True),
        Index("ix_core_plugin_fault_last_at", "last_at"),
    )


class Counter(Base):
    """Named version numbers that processes follow (plugins, permissions, dictionaries) and code sequences."""

    __tablename__ = "core_counter"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    value: Mapped[int] = mapped_column(default=0)


class SettingValue(Base):
    __tablename__ = "core_setting"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    value: Mapped[Any] = mapped_column(Json)


class JobRow(Identified, Base):
    """The record of a piece of background work; a broker message is only a hint to look here."""

    __tablename__ = "core_job"

    name: Mapped[str] = mapped_column(String(100))
    owner: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(12), default="pending")
    """pending, running, done, failed, cancelled"""
    arguments: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    user_id: Mapped[UUID | None] = mapped_column(Uuid())
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime())
    fence: Mapped[int] = mapped_column(default=0)
    """Counts claims: a worker whose lease ran out no longer holds the current number."""
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    message: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    not_before: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime())

    __table_args__ = (Index("ix_core_job_state_not_before", "state", "not_before"),)


class ScheduleRow(Base):
    __tablename__ = "core_schedule"

    job: Mapped[str] = mapped_column(String(100), primary_key=True)
    next_run: Mapped[datetime] = mapped_column(UtcDateTime())


class IdempotencyKey(Base, Stamped):
    """The answer to a POST, kept with the change it made, so that a repeated request replays instead of repeating."""

    __tablename__ = "core_idempotency"

    user_id: Mapped[UUID] = mapped_column(Uuid(), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int] = mapped_column(default=0)
    location: Mapped[str] = mapped_column(Text, default="")
    media_type: Mapped[str] = mapped_column(String(100), default="")
    body: Mapped[bytes] = mapped_column(LargeBinary, default=b"")


class DictionaryRow(Identified, Base):
    """A value of an admin-kept list. Rows refer to it by `code`; a disabled value stays readable."""

    __tablename__ = "core_dictionary_entry"

    dictionary: Mapped[str] = mapped_column(String(60))
    code: Mapped[str] = mapped_column(String(60))
    label: Mapped[str] = mapped_column(String(120))
    tone: Mapped[str] = mapped_column(String(12), default="")
    order: Mapped[int] = mapped_column("sort_order", default=50)
    active: Mapped[bool] = mapped_column(default=True)
    merged_into: Mapped[str] = mapped_column(String(60), default="", server_default="")
    """Code of the entry that it has become part of: imports, saved views and old addresses that name it mean that."""
    data: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    __table_args__ = (Index("uq_core_dictionary_entry_dictionary_code", "dictionary", "code", unique=True),)


class DictionaryMerge(Identified, Base):
    """One entry that is made part of another, with its way back. States: running, done, undoing, undone."""

    __tablename__ = "core_dictionary_merge"

    dictionary: Mapped[str] = mapped_column(String(60))
    code: Mapped[str] = mapped_column(String(60))
    label: Mapped[str] = mapped_column(String(120))
    into: Mapped[str] = mapped_column(String(60))
    into_label: Mapped[str] = mapped_column(String(120))
    was_active: Mapped[bool] = mapped_column(default=True)
    fields: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Key of an own field whose definition named the entry -> its data before."""
    state: Mapped[str] = mapped_column(String(10), default="running")
    job_id: Mapped[UUID | None] = mapped_column(Uuid())
    """The latest job; an older one that wakes up finds that it is not this and stops."""
    cursor: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """How far its rows have been walked (admin.merging.walking)."""
    total: Mapped[int] = mapped_column(default=0)
    moved: Mapped[int] = mapped_column(default=0)
    undone: Mapped[int] = mapped_column(default=0)
    kept: Mapped[int] = mapped_column(default=0)
    """Rows that somebody has changed since, or that are gone."""
    by_id: Mapped[UUID | None] = mapped_column(Uuid())
    by_label: Mapped[str] = mapped_column(String(120), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime())

    __table_args__ = (Index("ix_core_dictionary_merge_dictionary_at", "dictionary", "at"),)


class DictionaryMergeLine(Base):
    """A row that was changed: which column, and the row's key."""

    __tablename__ = "core_dictionary_merge_line"

    merge_id: Mapped[UUID] = mapped_column(ForeignKey("core_dictionary_merge.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    place: Mapped[str] = mapped_column(String(140))
    """`table.column`, with `:key` of an own field"""
    key: Mapped[list[Any]] = mapped_column(Json)
