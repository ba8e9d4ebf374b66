"""Lines as they are hashed: read past the ORM, since millions of them are gone through."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import JSON, ColumnElement, String, Text, Uuid, cast, select, type_coerce
from sqlalchemy.orm import Session

from platform_core.audit.models import AuditEntry

TABLE = AuditEntry.__table__
_decode = msgspec.json.Decoder().decode
_EMPTY: dict[str, Any] = {"{}": {}, "[]": []}


class Line(NamedTuple):
    """The columns of a line. Ids are UUIDs or their 32 hex digits, which is the same once hashed."""

    id: UUID | str
    seq: int
    at: str
    """As `moment` writes it"""
    actor_id: UUID | str | None
    actor_label: str
    session_id: UUID | str | None
    via: str
    ip: str
    request_id: str
    action: str
    result: str
    entity: str
    entity_id: UUID | str | None
    entity_label: str
    customer_id: UUID | str | None
    ids: list[Any]
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str
    salt: bytes | None
    blanked: bytes | None


def moment(at: datetime) -> str:
    """`2026-11-22T08:00:00.000000`, always UTC and always with microseconds."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def read(session: Session, *where: ColumnElement[bool], limit: int | None = None) -> Sequence[Line]:
    """In the order of their numbers."""
    statement = select(*(_raw(session, name) for name in Line._fields)).where(*where).order_by(TABLE.c.seq).limit(limit)
    return [
        Line._make((*row[:2], _moment(row[2]), *row[3:15], _json(row[15]), _json(row[16]), _json(row[17]), *row[18:]))
        for row in session.execute(statement)
    ]


def _raw(session: Session, name: str) -> Any:
    """What the driver gives, without objects made of it: this is half of the time otherwise."""
    column = TABLE.c[name]
    if isinstance(column.type, JSON):
        return cast(column, Text)
    if session.get_bind().dialect.name != "sqlite":
        return column
    return type_coerce(column, String) if isinstance(column.type, Uuid) or name == "at" else column


def _moment(at: str | datetime) -> str:
    return moment(at) if isinstance(at, datetime) else at.replace(" ", "T")


def _json(text: str) -> Any:
    return _EMPTY[text] if text in _EMPTY else _decode(text)
