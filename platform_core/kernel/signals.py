"""Telling a user's open pages to look again. Ids at most: the page fetches what its reader may see."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from sqlalchemy.orm import Session

from platform_core.kernel.unitofwork import on_commit

_send: list[Callable[[UUID, str, str], None]] = []


def send_through(send: Callable[[UUID, str, str], None]) -> None:
    """How signals leave this process; a process without one (command line) stays silent."""
    _send[:] = [send]


def signal(session: Session, user_id: UUID, kind: str, value: str = "") -> None:
    """Signal a user's browsers after commit. Kinds: `notify`, `job` (value: the job's id), `ended`."""
    on_commit(session, _deliver, user_id, kind, value)


def _deliver(user_id: UUID, kind: str, value: str) -> None:
    for send in _send:
        send(user_id, kind, value)
