"""The indexes of a PostgreSQL put aside while rows come in by the million."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from sqlalchemy import text

from platform_core.kernel.database import Database


@contextmanager
def without_indexes(database: Database) -> Iterator[None]:
    """Drop foreign keys and plain indexes of a PostgreSQL, make them anew at the end, two at a time.

    The rows are checked then, all at once. Killed in between, the database stays without them: make a new one.
    """
    if database.is_sqlite:
        yield
        return
    with database.connection("note the indexes") as connection:
        keys = connection.execute(text(_FOREIGN_KEYS)).all()
        indexes = connection.execute(text(_INDEXES)).all()
        for table, name, _definition in keys:
            connection.execute(text(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'))
        for name, _definition in indexes:
            connection.execute(text(f'DROP INDEX "{name}"'))
    yield
    # The largest first, so that the last to finish is a small one; foreign keys are checked by the indexes.
    statements = sorted((definition for _name, definition in indexes), key=_cost)
    constraints = [f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}' for table, name, definition in keys]
    with ThreadPoolExecutor(2) as pool:
        for found in (statements, constraints):
            list(pool.map(lambda statement: _execute(database, statement), found))


def _cost(definition: str) -> int:
    order = ("USING gin", " ON public.customers_", " ON public.activities_")
    return next((place for place, part in enumerate(order) if part in definition), len(order))


def _execute(database: Database, statement: str) -> None:
    # A colon in an index definition (a cast) is no parameter.
    with database.connection("make indexes") as connection:
        connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        # Two foreign keys to one table wait for each other, and the first one may take minutes.
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text(re.sub(r"(?<!:):(?!:)", r"\:", statement)))


def analyse(database: Database) -> None:
    """Statistics for the planner; without them it takes a million rows for a thousand."""
    with database.engine.connect() as plain:
        connection = plain.execution_options(isolation_level="AUTOCOMMIT")
        cursor = connection.connection.cursor()
        cursor.execute("ANALYZE" if database.is_sqlite else "VACUUM ANALYZE")


_FOREIGN_KEYS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    FROM pg_constraint
    WHERE contype = 'f' AND connamespace = current_schema()::regnamespace
    ORDER BY conname
"""
_INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE relnamespace = current_schema()::regnamespace AND NOT indisprimary AND NOT indisunique
    ORDER BY 1
"""
