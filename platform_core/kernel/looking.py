"""While somebody looks at Baton as another person sees it, nothing is written but who looked at what.

The routes refuse whatever is not a GET; this refuses what a GET would write in the name of the person looked at.
"""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import event, inspect
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction

from platform_core.kernel.errors import Forbidden
from platform_core.kernel.i18n import translator
from platform_core.kernel.scope import ScopedSession

_ = translator("kernel")
T = TypeVar("T", bound=type[Any])
_ledgers: set[str] = set()


def ledger(model: T) -> T:
    """Class decorator: rows of this table say who did what, and are written of those who look as well."""
    _ledgers.add(model.__tablename__)
    return model


def _looks(session: Session) -> bool:
    actor = session.info.get("actor")
    return actor is not None and actor.seen_by is not None


def _refuse(table: str) -> None:
    if table not in _ledgers:
        raise Forbidden(_("You only look at Baton as somebody else sees it. Go back to yourself to change anything."))


@event.listens_for(ScopedSession, "do_orm_execute")
def _statement(state: ORMExecuteState) -> None:
    if (state.is_insert or state.is_update or state.is_delete) and _looks(state.session):
        _refuse(state.statement.table.name)  # type: ignore[attr-defined]


@event.listens_for(ScopedSession, "before_flush")
def _flush(session: Session, context: UOWTransaction, instances: Any) -> None:
    if _looks(session):
        for row in (*session.new, *session.deleted, *(row for row in session.dirty if session.is_modified(row))):
            _refuse(inspect(row).mapper.local_table.name)
