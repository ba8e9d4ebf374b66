"""Words of titles and contract numbers have rows of their own, which both search engines index.

Revision: opportunities_0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from platform_core.api import create_word_index, drop_word_index

revision = "opportunities_0003"
down_revision = "opportunities_0002"
branch_labels = None
depends_on = None

_KIND = sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql")
_BEFORE = ("opportunities_opportunity", "opportunities_contract")


def upgrade() -> None:
    op.create_table(
        "opportunities_words",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=True),
        sa.Column("tokens", _KIND, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers_customer.id"],
            name=op.f("fk_opportunities_words_customer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["opportunity_id"],
            ["opportunities_opportunity.id"],
            name=op.f("fk_opportunities_words_opportunity_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"],
            ["opportunities_contract.id"],
            name=op.f("fk_opportunities_words_contract_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opportunities_words")),
        sa.UniqueConstraint("contract_id", name=op.f("uq_opportunities_words_contract_id")),
    )
    op.execute(
        "INSERT INTO opportunities_words (customer_id, opportunity_id, tokens)"
        " SELECT customer_id, id, tokens FROM opportunities_opportunity"
    )
    op.execute(
        "INSERT INTO opportunities_words (customer_id, opportunity_id, contract_id, tokens)"
        " SELECT customer_id, opportunity_id, id, tokens FROM opportunities_contract"
    )
    op.create_index(op.f("ix_opportunities_words_customer_id"), "opportunities_words", ["customer_id"])
    op.create_index(op.f("ix_opportunities_words_opportunity_id"), "opportunities_words", ["opportunity_id"])
    create_word_index(op, "opportunities_words")
    for name in _BEFORE:
        if op.get_bind().dialect.name == "postgresql":
            op.drop_index(f"ix_{name}_tokens", name)
        with op.batch_alter_table(name) as batch_op:
            batch_op.drop_column("tokens")


def downgrade() -> None:
    for name in _BEFORE:
        with op.batch_alter_table(name) as batch_op:
            batch_op.add_column(sa.Column("tokens", _KIND, nullable=False, server_default=""))
        with op.batch_alter_table(name) as batch_op:
            batch_op.alter_column("tokens", server_default=None)
    theirs = "SELECT tokens FROM opportunities_words AS found WHERE found."
    op.execute(
        "UPDATE opportunities_opportunity SET tokens = coalesce(("
        f"{theirs}opportunity_id = opportunities_opportunity.id AND found.contract_id IS NULL), tokens)"
    )
    op.execute(
        f"UPDATE opportunities_contract SET tokens = coalesce(({theirs}contract_id = opportunities_contract.id), tokens)"
    )
    if op.get_bind().dialect.name == "postgresql":
        for name in _BEFORE:
            op.create_index(f"ix_{name}_tokens", name, ["tokens"], postgresql_using="gin")
    drop_word_index(op, "opportunities_words")
    op.drop_table("opportunities_words")
