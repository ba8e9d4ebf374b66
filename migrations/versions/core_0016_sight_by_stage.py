"""Steps of a route say from when and until when their department sees the customer.

Revision: core_0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0016"
down_revision = "core_0015"
branch_labels = None
depends_on = None

_DEFAULTS = {"sees_from": "offer", "sees_until": "always"}
"""As it was before."""


def upgrade() -> None:
    for table in ("relay_route_step", "relay_leg"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name, default in _DEFAULTS.items():
                batch_op.add_column(sa.Column(name, sa.String(length=8), server_default=default, nullable=False))


def downgrade() -> None:
    for table in ("relay_leg", "relay_route_step"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in _DEFAULTS:
                batch_op.drop_column(name)
