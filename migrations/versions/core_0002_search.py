"""The search index: GIN on PostgreSQL; on SQLite an FTS5 table that triggers keep in step.

Revision: core_0002
"""

from __future__ import annotations

from alembic import op

revision = "core_0002"
down_revision = "core_0001"
branch_labels = None
depends_on = None

_TRIGGERS = {
    "insert": ("AFTER INSERT", "INSERT INTO customers_fts(rowid, tokens) VALUES (new.id, new.tokens);"),
    "delete": (
        "AFTER DELETE",
        "INSERT INTO customers_fts(customers_fts, rowid, tokens) VALUES ('delete', old.id, old.tokens);",
    ),
    "update": (
        "AFTER UPDATE OF tokens",
        (
            "INSERT INTO customers_fts(customers_fts, rowid, tokens) VALUES ('delete', old.id, old.tokens);"
            " INSERT INTO customers_fts(rowid, tokens) VALUES (new.id, new.tokens);"
        ),
    ),
}


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE INDEX ix_customers_search_tokens ON customers_search USING gin (tokens)")
        # With the default statistics the planner takes two-character names for common and walks the wrong index.
        op.execute("ALTER TABLE customers_search ALTER tokens SET STATISTICS 1000")
        return
    op.execute(
        "CREATE VIRTUAL TABLE customers_fts USING fts5(tokens, content='customers_search', content_rowid='id',"
        " detail=none, prefix='1 2', tokenize=\"unicode61 remove_diacritics 0 tokenchars '_'\")"
    )
    for name, (moment, action) in _TRIGGERS.items():
        op.execute(f"CREATE TRIGGER customers_search_{name} {moment} ON customers_search BEGIN {action} END")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP INDEX ix_customers_search_tokens")
        return
    for name in _TRIGGERS:
        op.execute(f"DROP TRIGGER customers_search_{name}")
    op.execute("DROP TABLE customers_fts")
