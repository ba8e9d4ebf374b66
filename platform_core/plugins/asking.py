"""How services reach the ask hooks: the process that owns a database says which hooks go with it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from platform_core.kernel.database import Database, database_of
from platform_core.plugins.hooks import Hooks

_hooks: dict[str, Hooks] = {}


def ask_through(database: Database, hooks: Hooks) -> None:
    """Called once when a process puts its platform together."""
    _hooks[database.url] = hooks


def hooks_of(session: Session) -> Hooks:
    return _hooks[database_of(session).url]
