"""Runs one owner's migrations on the connection that `platform_core.plugins.migrations` provides."""

from __future__ import annotations

from typing import Any

from alembic import context

_config = context.config
_connection = _config.attributes["connection"]
_owns = _config.attributes["owns"]
_table: str = _config.attributes["version_table"]
_OF_OWN_FIELDS = "ix_customers_custom_"
"""Indexes that a job makes and drops as fields are defined (customers.custom.indexes)."""
_OF_CONDITIONS = "ix_customers_customer_by_"
"""Indexes for what lists are asked for, on PostgreSQL alone."""


def _own_names(name: str | None, kind: str, parents: Any) -> bool:
    """Only the owner's tables: everybody else's are neither compared nor dropped."""
    return kind != "table" or (name is not None and _owns(name) and not _is_search_index(name))


def _own_objects(item: Any, name: str | None, kind: str, reflected: Any, other: Any) -> bool:
    if kind == "table":
        return name is not None and _owns(name) and not _is_search_index(name)
    made_by_hand = (name or "").startswith((_OF_OWN_FIELDS, _OF_CONDITIONS))
    return not (kind == "index" and reflected and (made_by_hand or _is_of_words(item)))


def _frozen_type(kind: str, item: Any, autogenerate: Any) -> str | bool:
    """Our column types as plain SQLAlchemy ones: a migration must not change its meaning with our code."""
    if kind != "type":
        return False
    name = type(item).__name__
    if name == "JSON":
        autogenerate.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    if name == "SearchTokens":
        autogenerate.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql")'
    return {"UtcDateTime": "sa.DateTime(timezone=True)", "Money": "sa.BigInteger()"}.get(name, False)


def _is_of_words(index: Any) -> bool:
    """Indexes over search tokens are made by hand, where there is such a thing: on PostgreSQL."""
    return bool(index.dialect_options["postgresql"].get("using") == "gin")


def _is_search_index(name: str) -> bool:
    """FTS5 keeps its shadow tables beside the virtual table; both are made by hand in migrations."""
    return "_fts" in name


context.configure(
    connection=_connection,
    target_metadata=_config.attributes["metadata"],
    version_table=_table,
    include_name=_own_names,
    include_object=_own_objects,
    render_as_batch=True,
    transactional_ddl=True,
    # All pending revisions of an owner or none: a plugin is never half-way between two versions.
    transaction_per_migration=False,
    compare_type=False,
    render_item=_frozen_type,
)
with context.begin_transaction():
    context.run_migrations()
