"""Plans and follow-ups are found by contact: each contact that was removed had both tables read

Revision: activities_0006
"""

from __future__ import annotations

from alembic import op

revision = "activities_0006"
down_revision = "activities_0005"
branch_labels = None
depends_on = None
_TABLES = ("activities_follow_up", "activities_plan")


def upgrade() -> None:
    for table in _TABLES:
        op.create_index(f"ix_{table}_contact_id", table, ["contact_id"])


def downgrade() -> None:
    for table in _TABLES:
        op.drop_index(f"ix_{table}_contact_id", table)
