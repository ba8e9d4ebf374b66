"""Files in encrypted pieces in the database: never whole in memory, gone with their request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from platform_core.exports.models import FileRequest, Piece
from platform_core.kernel.database import Database, vault_of

_BYTES = 1024 * 1024
Row = list[str | int | float | None]


def add(session: Session, request_id: UUID, content: bytes) -> None:
    """The next part of the file."""
    following = select(func.coalesce(func.max(Piece.number), -1) + 1).where(Piece.request_id == request_id)
    _insert(session, request_id, session.scalar(following) or 0, content)


def add_rows(session: Session, request_id: UUID, rows: Sequence[Row]) -> None:
    """The next rows of what will be a sheet."""
    following = select(func.coalesce(func.min(Piece.number), 0) - 1).where(Piece.request_id == request_id)
    _insert(session, request_id, session.scalar(following) or -1, msgspec.json.encode(rows))


def _insert(session: Session, request_id: UUID, number: int, content: bytes) -> None:
    values = {"request_id": request_id, "number": number, "content": vault_of(session).encrypt_bytes(content)}
    session.execute(insert(Piece), values)


def is_empty(session: Session, request_id: UUID) -> bool:
    return session.scalars(select(Piece.number).where(Piece.request_id == request_id).limit(1)).first() is None


def rows(database: Database, request_id: UUID) -> Iterator[Row]:
    """All rows that were added."""
    number = 0
    while (content := _content(database, request_id, number - 1)) is not None:
        number -= 1
        yield from msgspec.json.decode(content, type=list[Row])


def content(database: Database, request_id: UUID) -> Iterator[bytes]:
    """The file, part by part, each read in a moment of its own."""
    number = 0
    while (part := _content(database, request_id, number)) is not None:
        number += 1
        yield part


def _content(database: Database, request_id: UUID, number: int) -> bytes | None:
    with database.system_session("a file goes to who asked for it", write=False) as session:
        found = session.scalar(select(Piece.content).where(Piece.request_id == request_id, Piece.number == number))
        return None if found is None else vault_of(session).decrypt_bytes(found)


def cut(source: Any) -> Iterator[bytes]:
    """A file on disk in pieces of one size."""
    while part := source.read(_BYTES):
        yield part


def replace_rows(session: Session, request_id: UUID, parts: Iterable[bytes]) -> None:
    """The file itself instead of the rows that it was made of."""
    shred_pieces(session, [request_id])
    for part in parts:
        add(session, request_id, part)


def shred_pieces(session: Session, ids: Sequence[UUID]) -> None:
    session.execute(delete(Piece).where(Piece.request_id.in_(ids)).execution_options(synchronize_session=False))


def shred(session: Session, ids: Sequence[UUID]) -> None:
    """Nobody can fetch these files any more."""
    session.execute(
        update(FileRequest).where(FileRequest.id.in_(ids)).values(state="gone")
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    shred_pieces(session, ids)


def handed_out(database: Database, request_id: UUID, *, is_last: bool) -> Iterator[bytes]:
    """As `content`; after the last download that is allowed the file is shredded, also when that breaks off."""
    try:
        yield from content(database, request_id)
    finally:
        if is_last:
            with database.system_session("shred a file that was fetched") as session:
                shred(session, [request_id])
