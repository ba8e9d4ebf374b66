"""Publishing events: after commit, each listener isolated from the others and from the publisher."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from sqlalchemy.orm import Session

from platform_core.contracts.events import Event, Listener
from platform_core.kernel.database import Database, database_of
from platform_core.kernel.unitofwork import on_commit

_log = logging.getLogger(__name__)
_source: list[tuple[Callable[[], Iterable[Listener]], Callable[[Listener, Session, Event], None]]] = []


def _plainly(listener: Listener, session: Session, event: Event) -> None:
    listener.handle(session, event)


def listen_through(
    source: Callable[[], Iterable[Listener]], call: Callable[[Listener, Session, Event], None] = _plainly
) -> None:
    """The platform tells where the listeners of the enabled plugins are, and how they are called."""
    _source[:] = [(source, call)]


def publish(session: Session, event: Event) -> None:
    """Tell the listeners once the session's transaction has committed."""
    on_commit(session, _deliver, database_of(session), event)


def _deliver(database: Database, event: Event) -> None:
    for listener, call in [(found, call) for source, call in _source for found in source()]:
        if listener.event != event.name:
            continue
        try:
            with database.system_session(f"listener of {event.name}") as session:
                call(listener, session, event)
        except Exception:
            _log.exception("listener of %s failed", event.name)
