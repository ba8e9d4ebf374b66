"""A contact is left alone by itself, whatever holds for its customer.

Revision: core_0037
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0037"
down_revision = "core_0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("outbox_exclusion", schema=None) as batch_op:
        batch_op.alter_column("customer_id", existing_type=sa.Uuid(), nullable=True)
        batch_op.add_column(sa.Column("contact_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_outbox_exclusion_contact_id"), "customers_contact", ["contact_id"], ["id"], ondelete="CASCADE"
        )
        batch_op.create_index("uq_outbox_exclusion_contact_id_occasion", ["contact_id", "occasion"], unique=True)


def downgrade() -> None:
    op.execute("DELETE FROM outbox_exclusion WHERE customer_id IS NULL")
    with op.batch_alter_table("outbox_exclusion", schema=None) as batch_op:
        batch_op.drop_index("uq_outbox_exclusion_contact_id_occasion")
        batch_op.drop_constraint(op.f("fk_outbox_exclusion_contact_id"), type_="foreignkey")
        batch_op.drop_column("contact_id")
        batch_op.alter_column("customer_id", existing_type=sa.Uuid(), nullable=False)
