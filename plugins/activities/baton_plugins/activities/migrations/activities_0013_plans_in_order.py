"""The list of all plans is ordered by when they are due and by when they were done

Revision: activities_0013
"""

from __future__ import annotations

from alembic import op

revision = "activities_0013"
down_revision = "activities_0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_activities_plan_due_at", "activities_plan", ["due_at", "id"])
    op.create_index("ix_activities_plan_done_at", "activities_plan", ["done_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_activities_plan_done_at", "activities_plan")
    op.drop_index("ix_activities_plan_due_at", "activities_plan")
