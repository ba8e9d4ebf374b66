"""What psycopg has to know of our values. Imported only for a PostgreSQL database: SQLite needs none of it."""

from __future__ import annotations

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.pq import Format

from platform_core.kernel.idlists import Packed


class _PackedDumper(Dumper):
    format = Format.BINARY
    oid = psycopg.adapters.types["uuid"].array_oid

    def dump(self, obj: Packed) -> Buffer:
        return obj


def register() -> None:
    """For every connection that is made from now on."""
    psycopg.adapters.register_dumper(Packed, _PackedDumper)
