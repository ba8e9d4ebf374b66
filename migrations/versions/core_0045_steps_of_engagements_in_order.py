"""Steps of engagements in order

Revision: core_0045
"""

from __future__ import annotations

from alembic import op

revision = "core_0045"
down_revision = "core_0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("relay_event", schema=None) as batch_op:
        batch_op.create_index("ix_relay_event_at", ["at", "id"], unique=False)
        batch_op.create_index("ix_relay_event_actor_id_at", ["actor_id", "at", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("relay_event", schema=None) as batch_op:
        batch_op.drop_index("ix_relay_event_actor_id_at")
        batch_op.drop_index("ix_relay_event_at")
