"""Follow-ups of contacts that stand alone

Revision: activities_0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "activities_0018"
down_revision = "activities_0017"
branch_labels = None
depends_on = None
_ALONE = sa.text("customer_id IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("activities_follow_up", schema=None) as batch_op:
        batch_op.alter_column("customer_id", existing_type=sa.Uuid(), nullable=True)
        batch_op.create_index(
            "ix_activities_follow_up_alone",
            ["contact_id", "at", "id"],
            unique=False,
            postgresql_where=_ALONE,
            sqlite_where=_ALONE,
        )
    with op.batch_alter_table("activities_follow_up_revision", schema=None) as batch_op:
        batch_op.alter_column("customer_id", existing_type=sa.Uuid(), nullable=True)
        batch_op.add_column(sa.Column("contact_id", sa.Uuid(), nullable=True))
        batch_op.create_index("ix_activities_follow_up_revision_contact_id", ["contact_id"], unique=False)


def downgrade() -> None:
    op.execute("DELETE FROM activities_follow_up_revision WHERE customer_id IS NULL")
    op.execute("DELETE FROM activities_follow_up WHERE customer_id IS NULL")
    with op.batch_alter_table("activities_follow_up_revision", schema=None) as batch_op:
        batch_op.drop_index("ix_activities_follow_up_revision_contact_id")
        batch_op.drop_column("contact_id")
        batch_op.alter_column("customer_id", existing_type=sa.Uuid(), nullable=False)
    with op.batch_alter_table("activities_follow_up", schema=None) as batch_op:
        batch_op.drop_index("ix_activities_follow_up_alone")
        batch_op.alter_column("customer_id", existing_type=sa.Uuid(), nullable=False)
