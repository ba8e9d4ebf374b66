"""The shared MetaData and what every owner's declarative base starts from.

Each owner has one `DeclarativeBase` (so a broken mapper poisons nobody else) over this one MetaData (so foreign keys
by name work across owners):

    class Base(DeclarativeBase):
        metadata = METADATA
        type_annotation_map = COLUMN_TYPES
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import MetaData, String, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from platform_core.kernel.clock import now
from platform_core.kernel.ids import new_id
from platform_core.kernel.types import Json, Money, UtcDateTime

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
COLUMN_TYPES: dict[Any, Any] = {
    UUID: Uuid(),
    datetime: UtcDateTime(),
    Decimal: Money(),
    str: String(),
    dict[str, Any]: Json,
    list[Any]: Json,
}


class Base(DeclarativeBase):
    """The kernel's own tables (`core_*`)."""

    metadata = METADATA
    type_annotation_map = COLUMN_TYPES


class Identified:
    """Mix-in: a random, time-ordered primary key."""

    id: Mapped[UUID] = mapped_column(Uuid(), primary_key=True, default=new_id, sort_order=-10)


class Stamped:
    """Mix-in: when the row was made and last touched."""

    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now, sort_order=90)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now, onupdate=now, sort_order=91)


class Versioned:
    """Mix-in: optimistic lock. A form carries `version`; a stale one raises StaleDataError on flush."""

    version: Mapped[int] = mapped_column(default=1, sort_order=92)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805  SQLAlchemy calls it on the class
        return {"version_id_col": cls.version}
