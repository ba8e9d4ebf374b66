"""Side effects after commit: jobs, events and pushes leave only when their transaction is really in the database."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from platform_core.kernel.scope import ScopedSession

P = ParamSpec("P")
_log = logging.getLogger(__name__)
_REFUSED = "refused"


def on_commit(session: Session, call: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Run `call` once the outermost transaction has committed; forget it on rollback. Failures are logged."""
    session.info.setdefault("on_commit", []).append(lambda: call(*args, **kwargs))


def on_rollback(session: Session, call: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Undo with `call` what the database cannot, such as a file that was written; forget it on commit."""
    session.info.setdefault("on_rollback", []).append(lambda: call(*args, **kwargs))


def refuse(session: Session) -> None:
    """Roll back a request whose answer is shown all the same, such as a form with its mistakes."""
    session.info[_REFUSED] = True
    session.rollback()


def on_refusal(session: Session, call: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Run `call` once the transaction was rolled back by `refuse`: what somebody was shown stays written down."""
    on_rollback(session, lambda: call(*args, **kwargs) if session.info.get(_REFUSED) else None)


@contextmanager
def tried(session: Session) -> Iterator[None]:
    """Do what stands within and take it back, with its side effects: for a look at what would happen."""
    before = {ending: len(session.info.get(ending, ())) for ending in ("on_commit", "on_rollback")}
    attempt = session.begin_nested()
    try:
        yield
    finally:
        attempt.rollback()
        session.info.get("on_commit", [])[before["on_commit"] :] = []
        undone = session.info.get("on_rollback", [])[before["on_rollback"] :]
        session.info.get("on_rollback", [])[before["on_rollback"] :] = []
        for call in undone:
            call()


@event.listens_for(ScopedSession, "after_commit")
def _mark(session: Session) -> None:
    # SQLAlchemy fires this for released SAVEPOINTs as well.
    if not session.in_nested_transaction():
        session.info["committed"] = True


@event.listens_for(ScopedSession, "after_transaction_end")
def _dispatch(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is not None:
        return
    after = {ending: session.info.pop(ending, []) for ending in ("on_commit", "on_rollback")}
    ending = "on_commit" if session.info.pop("committed", False) else "on_rollback"
    for call in after[ending]:
        try:
            call()
        except Exception:
            _log.exception("a side effect %s failed", ending)
