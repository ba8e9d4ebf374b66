"""What customers are to each other.

Revision: core_0029
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0029"
down_revision = "core_0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customers_relation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("second_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [column], ["customers_customer.id"], name=op.f(f"fk_customers_relation_{column}"), ondelete="CASCADE"
            )
            for column in ("first_id", "second_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers_relation")),
        info={"owner": "customers"},
    )
    for column in ("first_id", "second_id"):
        op.create_index(f"ix_customers_relation_{column}", "customers_relation", [column, "kind"])


def downgrade() -> None:
    op.drop_table("customers_relation")
