"""Routes count their versions and keep the earlier ones; the house has a calendar of working days.

Revision: core_0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "core_0026"
down_revision = "core_0025"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "relay_calendar_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("works", sa.Boolean(), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_relay_calendar_day")),
    )
    op.create_table(
        "relay_route_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("route_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("steps", _JSON, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_label", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["route_id"], ["relay_route.id"], name=op.f("fk_relay_route_version_route_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relay_route_version")),
    )
    op.create_index(
        "uq_relay_route_version_route_id_version", "relay_route_version", ["route_id", "version"], unique=True
    )
    op.add_column("relay_route", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("relay_engagement", sa.Column("route_version", sa.Integer(), nullable=True))
    op.create_index("ix_relay_engagement_route_id", "relay_engagement", ["route_id", "state", "route_version"])


def downgrade() -> None:
    op.drop_index("ix_relay_engagement_route_id", table_name="relay_engagement")
    op.drop_column("relay_engagement", "route_version")
    op.drop_column("relay_route", "version")
    op.drop_index("uq_relay_route_version_route_id_version", table_name="relay_route_version")
    op.drop_table("relay_route_version")
    op.drop_table("relay_calendar_day")
