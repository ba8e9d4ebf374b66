"""Many rows into a word index of PostgreSQL: the index takes them in beside whoever writes them.

New entries wait in a list of the index. Whoever fills it, at 4 MB, merges all of it before its own row is written: a
third of what an import takes of the database's time. Here another connection merges meanwhile.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import bindparam, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from platform_core.kernel.database import Database

_log = logging.getLogger(__name__)
_SECONDS = 1.5
"""Between two merges. Searches read the list whole, so it stays short; the more are merged at once the cheaper."""
_PATIENCE = text("SET LOCAL gin_pending_list_limit = '64MB'")
_MAY = text("SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass(:name)").bindparams(
    bindparam("name")
)
_MERGE = text("SELECT gin_clean_pending_list(to_regclass(:name))").bindparams(bindparam("name"))


@contextmanager
def merged_beside(database: Database, table: str) -> Iterator[Callable[[Session], None]]:
    """While the block runs. What it gives is called first in each transaction that writes rows of `table`.

    Those transactions are of system sessions. Nothing of it on SQLite, nor where the index belongs to another role:
    its owner alone may have it merged.
    """
    index = f"ix_{table}_tokens"
    if database.is_sqlite or not _may_merge(database, index):
        yield _leave_it
        return
    over = threading.Event()
    merging = threading.Thread(target=_merge, args=(database, index, over), name="merge-words", daemon=True)
    merging.start()
    try:
        yield _put_off
    finally:
        over.set()
        merging.join()


def _leave_it(session: Session) -> None:
    """Whoever writes merges, as always."""


def _put_off(session: Session) -> None:
    session.execute(_PATIENCE)


def _may_merge(database: Database, index: str) -> bool:
    with database.connection("whether this role owns a word index") as connection:
        return bool(connection.scalar(_MAY, {"name": index}))


def _merge(database: Database, index: str, over: threading.Event) -> None:
    """Once more at the end, so that no search reads what an import left behind."""
    try:
        while not over.wait(_SECONDS):
            _merge_once(database, index)
        _merge_once(database, index)
    except SQLAlchemyError:
        # Nothing is lost: the list is merged by whoever fills it, or by the next vacuum.
        _log.warning("the word index %s is not merged beside an import", index, exc_info=True)


def _merge_once(database: Database, index: str) -> None:
    with database.connection("merge what waits for a word index") as connection:
        connection.execute(_MERGE, {"name": index})
