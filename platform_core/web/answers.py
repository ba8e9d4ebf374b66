"""Answers to POSTs that are kept for a repeated request: forgotten with a person they speak of, and after a while."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from html import escape
from typing import Any

from sqlalchemy import LargeBinary, delete, func, literal, or_, update
from sqlalchemy.orm import Session

from platform_core.kernel.clock import now
from platform_core.kernel.models import IdempotencyKey

LIFE = timedelta(days=7)
"""A client that repeats a request does so within minutes; what it wrote is long known by then."""
ERASED = 404
"""Status of an answer that was taken out; otherwise only those below 400 are kept."""
_PLAIN = {"synchronize_session": False}


def forget_about(session: Session, texts: Iterable[str]) -> None:
    """Take out every answer that holds one of these texts, as plain text or as HTML. Repeated, it answers 404."""
    needles = {part.encode() for text in texts if text for part in (text, escape(text))}
    if not needles:
        return
    body: Any = func.instr if session.get_bind().dialect.name == "sqlite" else func.pg_catalog.position
    found = [body(IdempotencyKey.body, literal(needle, LargeBinary)) > 0 for needle in sorted(needles)]
    session.execute(
        update(IdempotencyKey).where(or_(*found)).values(status=ERASED, body=b"", location="", media_type="text/plain"),
        execution_options=_PLAIN,
    )


def forget_old(session: Session) -> None:
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now() - LIFE), execution_options=_PLAIN)
