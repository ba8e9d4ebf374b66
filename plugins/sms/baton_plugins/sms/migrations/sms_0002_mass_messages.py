"""mass messages

Revision: sms_0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "sms_0002"
down_revision = "sms_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sms_campaign",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("by_label", sa.String(length=120), nullable=False),
        sa.Column("conditions", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("purpose", sa.String(length=60), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("preview", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("queued", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=120), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refusal", sa.String(length=200), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_campaign")),
        info={"owner": "sms"},
    )
    with op.batch_alter_table("sms_campaign", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sms_campaign_by_id"), ["by_id"], unique=False)

    op.create_table(
        "sms_campaign_line",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="pending", nullable=False),
        sa.Column("why", sa.String(length=12), server_default="", nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["sms_campaign.id"], name=op.f("fk_sms_campaign_line_campaign_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers_customer.id"],
            name=op.f("fk_sms_campaign_line_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("campaign_id", "number", name=op.f("pk_sms_campaign_line")),
        info={"owner": "sms"},
    )
    with op.batch_alter_table("sms_campaign_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sms_campaign_line_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sms_campaign_line_message_id"), ["message_id"], unique=False)
        batch_op.create_index("ix_sms_campaign_line_state", ["campaign_id", "state", "why", "number"], unique=False)

    with op.batch_alter_table("sms_template", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "names", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), server_default="{}", nullable=False
            )
        )


def downgrade() -> None:
    with op.batch_alter_table("sms_template", schema=None) as batch_op:
        batch_op.drop_column("names")

    with op.batch_alter_table("sms_campaign_line", schema=None) as batch_op:
        batch_op.drop_index("ix_sms_campaign_line_state")
        batch_op.drop_index(batch_op.f("ix_sms_campaign_line_message_id"))
        batch_op.drop_index(batch_op.f("ix_sms_campaign_line_customer_id"))

    op.drop_table("sms_campaign_line")
    with op.batch_alter_table("sms_campaign", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sms_campaign_by_id"))

    op.drop_table("sms_campaign")
