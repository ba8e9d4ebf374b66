"""Contacts that stand alone are restricted, and ask for what persons have a right to.

Revision: core_0024
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0024"
down_revision = "core_0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customers_contact", sa.Column("restricted_at", sa.DateTime(timezone=True), nullable=True))
    # Without a reference: it would take a new table on SQLite, and acts would go with the old one.
    for table in ("privacy_request", "privacy_request_act"):
        op.add_column(table, sa.Column("contact_id", sa.Uuid(), nullable=True))
        op.create_index(f"ix_{table}_contact_id", table, ["contact_id"])
    with op.batch_alter_table("privacy_restriction") as batch_op:
        batch_op.alter_column("customer_id", existing_type=sa.Uuid(), nullable=True)
        batch_op.add_column(sa.Column("contact_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            "fk_privacy_restriction_contact_id", "customers_contact", ["contact_id"], ["id"], ondelete="CASCADE"
        )
        batch_op.create_index("ix_privacy_restriction_contact_id", ["contact_id"])


def downgrade() -> None:
    with op.batch_alter_table("privacy_restriction") as batch_op:
        batch_op.drop_index("ix_privacy_restriction_contact_id")
        batch_op.drop_constraint("fk_privacy_restriction_contact_id", type_="foreignkey")
        batch_op.drop_column("contact_id")
        batch_op.alter_column("customer_id", existing_type=sa.Uuid(), nullable=False)
    for table in ("privacy_request_act", "privacy_request"):
        op.drop_index(f"ix_{table}_contact_id", table)
        op.drop_column(table, "contact_id")
    op.drop_column("customers_contact", "restricted_at")
