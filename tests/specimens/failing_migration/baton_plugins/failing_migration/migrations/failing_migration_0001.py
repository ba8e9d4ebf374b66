"""Makes one table, and then fails."""

import sqlalchemy as sa
from alembic import op

revision = "failing_migration_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "failing_migration_thing", sa.Column("id", sa.Uuid(), primary_key=True), sa.Column("name", sa.String())
    )
    op.execute("UPDATE failing_migration_nothing SET name = ''")  # the fault


def downgrade() -> None:
    op.drop_table("failing_migration_thing")
