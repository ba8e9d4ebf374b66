"""Plans with contacts that stand alone

Revision: activities_0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "activities_0019"
down_revision = "activities_0018"
branch_labels = None
depends_on = None
_ALONE = sa.text("customer_id IS NULL")
_TOLD = ("activities_reminder", "activities_told")


def upgrade() -> None:
    with op.batch_alter_table("activities_plan", schema=None) as batch_op:
        batch_op.alter_column("customer_id", existing_type=sa.Uuid(), nullable=True)
        batch_op.create_check_constraint(
            op.f("ck_activities_plan_with_somebody"), "customer_id IS NOT NULL OR contact_id IS NOT NULL"
        )
        batch_op.create_index(
            "ix_activities_plan_alone",
            ["contact_id", "due_at", "id"],
            unique=False,
            postgresql_where=_ALONE,
            sqlite_where=_ALONE,
        )
    for table in _TOLD:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column("customer_id", existing_type=sa.Uuid(), nullable=True)
            batch_op.add_column(sa.Column("contact_id", sa.Uuid(), nullable=True))
            batch_op.create_index(
                f"ix_{table}_alone", ["contact_id"], unique=False, postgresql_where=_ALONE, sqlite_where=_ALONE
            )


def downgrade() -> None:
    for table in reversed(_TOLD):
        op.execute(sa.delete(sa.table(table, sa.column("customer_id"))).where(sa.column("customer_id").is_(None)))
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_index(f"ix_{table}_alone")
            batch_op.drop_column("contact_id")
            batch_op.alter_column("customer_id", existing_type=sa.Uuid(), nullable=False)
    op.execute("DELETE FROM activities_plan WHERE customer_id IS NULL")
    with op.batch_alter_table("activities_plan", schema=None) as batch_op:
        batch_op.drop_index("ix_activities_plan_alone")
        batch_op.drop_constraint(op.f("ck_activities_plan_with_somebody"), type_="check")
        batch_op.alter_column("customer_id", existing_type=sa.Uuid(), nullable=False)
