"""Follow-ups and tasks in order

Revision: activities_0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "activities_0016"
down_revision = "activities_0015"
branch_labels = None
depends_on = None
_OF_TASKS = sa.text("task_id IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("activities_follow_up", schema=None) as batch_op:
        batch_op.create_index("ix_activities_follow_up_at", ["at", "id"], unique=False)

    with op.batch_alter_table("activities_plan", schema=None) as batch_op:
        batch_op.create_index(
            "ix_activities_plan_of_task",
            ["due_at", "id"],
            unique=False,
            postgresql_where=_OF_TASKS,
            sqlite_where=_OF_TASKS,
        )


def downgrade() -> None:
    with op.batch_alter_table("activities_plan", schema=None) as batch_op:
        batch_op.drop_index("ix_activities_plan_of_task")

    with op.batch_alter_table("activities_follow_up", schema=None) as batch_op:
        batch_op.drop_index("ix_activities_follow_up_at")
