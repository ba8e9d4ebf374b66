"""Telling users' open pages to look again. Ids at most: the page fetches what its reader may see."""

from __future__ import annotations

from collections.abc import Callable, Collection
from uuid import UUID

from sqlalchemy.orm import Session

from platform_core.kernel.unitofwork import on_commit

Send = Callable[[Collection[UUID], str, str], None]
_send: list[Send] = []


def send_through(send: Send) -> None:
    """How signals leave this process; a process without one (command line) stays silent."""
    _send[:] = [send]


def signal(session: Session, user_id: UUID, kind: str, value: str = "") -> None:
    """Signal a user's browsers after commit.

    Kinds: `notify`, `job` (value: the job's id), `call`, `team` (value: the
    department in which something was done), `ended` (value: the sign-in session that ended; none: all).
    """
    signal_all(session, [user_id], kind, value)


def signal_all(session: Session, user_ids: Collection[UUID], kind: str, value: str = "") -> None:
    """The same for many people in one message: a line for two thousand must not cost two thousand round trips."""
    if user_ids:
        on_commit(session, _deliver, tuple(user_ids), kind, value)


def _deliver(user_ids: tuple[UUID, ...], kind: str, value: str) -> None:
    for send in _send:
        send(user_ids, kind, value)
