"""Many rows into a GIN index of PostgreSQL: the index takes them in beside whoever writes them.

New entries wait in a list of the index. Whoever fills it, at 4 MB, merges all of it before its own row is written: a
third of what an import takes of the database's time. Here another connection merges meanwhile.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
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
def merged_beside(database: Database, indexes: Sequence[str]) -> Iterator[Callable[[Session], None]]:
    """While the block runs. What it gives is called first in each transaction that writes rows of their tables.

    Those transactions are of system sessions. Nothing of it on SQLite, nor where an index belongs to another role:
    its owner alone may have it merged.
    """
    if database.is_sqlite or not all(_may_merge(database, index) for index in indexes):
        yield _leave_it
        return
    over = threading.Event()
    merging = threading.Thread(target=_merge, args=(database, indexes, over), name="merge-words", daemon=True)
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
    with database.connection("whether this role owns an index") as connection:
        return bool(connection.scalar(_MAY, {"name": index}))


def _merge(database: Database, indexes: Sequence[str], over: threading.Event) -> None:
    """Once more at the end, so that no search reads what an import left behind."""
    try:
        while not over.wait(_SECONDS):
            _merge_once(database, indexes)
        _merge_once(database, indexes)
    except SQLAlchemyError:
        # Nothing is lost: the list is merged by whoever fills it, or by the next vacuum.
        _log.warning("the indexes %s are not merged beside an import", ", ".join(indexes), exc_info=True)


def _merge_once(database: Database, indexes: Sequence[str]) -> None:
    for index in indexes:
        with database.connection("merge what waits for an index") as connection:
            connection.execute(_MERGE, {"name": index})
