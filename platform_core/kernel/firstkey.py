"""The first key file of a house. Never a second one beside a database that is filled: nothing in it could be read."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, create_engine, inspect, literal, make_url, select, table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from platform_core.kernel import keyfile
from platform_core.kernel.keyfile import WeakSecretError

_TRACES = ("users_user", "customers_customer", "audit_seal")
"""A row in any of them, and keys have been in use. What the first migration fills in needs none."""


def ensure(path: Path, database_url: str) -> None:
    """Make the key file of a new house, and leave one that is there as it is. Raises WeakSecretError."""
    if path.exists():
        return
    try:
        is_filled = _is_filled(database_url)
    except SQLAlchemyError as error:
        message = (
            f"{path} is missing, and the database does not answer, so that it cannot be told from a new one: "
            f"{str(error).splitlines()[0]}"
        )
        raise WeakSecretError(message) from error
    if is_filled:
        message = (
            f"{path} is missing, and the database is filled: numbers, addresses and secrets in it are encrypted with "
            "the keys of that file, and cannot be read with others. Put the file back, from the other machines of "
            "this house or from the backup of keys, or name its place in BATON_SECRET_FILE. Nothing was changed"
        )
        raise WeakSecretError(message)
    keyfile.create(path)


def _is_filled(database_url: str) -> bool:
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return False  # asking would make an empty one
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        there = set(inspect(connection).get_table_names())
        return any(_has_rows(connection, name) for name in _TRACES if name in there)


def _has_rows(connection: Connection, name: str) -> bool:
    return connection.execute(select(literal(1)).select_from(table(name)).limit(1)).first() is not None
