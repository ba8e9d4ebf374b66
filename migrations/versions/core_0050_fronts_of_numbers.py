"""What masks of numbers show at their front

`zhang 138` finds the Zhangs whose numbers begin so: what every mask shows is a word of the search index.

Revision: core_0050
"""

from __future__ import annotations

from alembic import op

revision = "core_0050"
down_revision = "core_0049"
branch_labels = None
depends_on = None
_SHOWN = "kind IN ('mobile', 'phone', 'fax') AND customer_id IS NOT NULL AND mask"
# The index is written anew: row by row takes longer.
_POSTGRESQL = (
    "DROP INDEX ix_customers_search_tokens",
    f"""
    UPDATE customers_search SET tokens = tokens || numbers.fronts FROM (
      SELECT customer_id, array_to_tsvector(array_agg(DISTINCT '_' || split_part(mask, '*', 1))) AS fronts
      FROM customers_contact_point WHERE {_SHOWN} ~ '^[0-9]+[*]' GROUP BY customer_id
    ) AS numbers WHERE numbers.customer_id = customers_search.customer_id
    """,
    "CREATE INDEX ix_customers_search_tokens ON customers_search USING gin (tokens)",
)
_SQLITE = (
    "DROP TRIGGER customers_search_update",
    f"""
    UPDATE customers_search SET tokens = tokens || numbers.fronts FROM (
      SELECT customer_id, group_concat(front, '') AS fronts FROM (
        SELECT DISTINCT customer_id, ' _' || substr(mask, 1, instr(mask, '*') - 1) AS front
        FROM customers_contact_point WHERE {_SHOWN} GLOB '[0-9]*[*]*'
      ) GROUP BY customer_id
    ) AS numbers WHERE numbers.customer_id = customers_search.customer_id
    """,
    "INSERT INTO customers_fts(customers_fts) VALUES ('rebuild')",
    (
        "CREATE TRIGGER customers_search_update AFTER UPDATE OF tokens ON customers_search BEGIN"
        " INSERT INTO customers_fts(customers_fts, rowid, tokens) VALUES ('delete', old.id, old.tokens);"
        " INSERT INTO customers_fts(rowid, tokens) VALUES (new.id, new.tokens); END"
    ),
)


def upgrade() -> None:
    for statement in _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)


def downgrade() -> None:
    """Nothing: programs before this one never ask for such a word."""
