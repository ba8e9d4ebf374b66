"""Messages that leave the house

Revision: core_0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "core_0020"
down_revision = "core_0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outbox_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("driver", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("config", sa.LargeBinary(), nullable=False),
        sa.Column("serves", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("sort_order", sa.Integer(), nullable=False),
        sa.Column("per_second", sa.Integer(), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("filled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("troubles", sa.Integer(), nullable=False),
        sa.Column("down_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.String(length=200), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_account")),
        sa.UniqueConstraint("name", name=op.f("uq_outbox_account_name")),
        info={"owner": "outbox"},
    )
    op.create_table(
        "outbox_report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_report")),
        info={"owner": "outbox"},
    )
    with op.batch_alter_table("outbox_report", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_report_at", ["at"], unique=False)
        batch_op.create_index(
            "ix_outbox_report_new",
            ["next_at"],
            unique=False,
            postgresql_where=sa.text("state = 'new'"),
            sqlite_where=sa.text("state = 'new'"),
        )

    op.create_table(
        "outbox_exclusion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("occasion", sa.String(length=60), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("by_label", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers_customer.id"], name=op.f("fk_outbox_exclusion_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_exclusion")),
        info={"owner": "outbox"},
    )
    with op.batch_alter_table("outbox_exclusion", schema=None) as batch_op:
        batch_op.create_index("uq_outbox_exclusion_customer_id_occasion", ["customer_id", "occasion"], unique=True)

    op.create_table(
        "outbox_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("owner", sa.String(length=60), nullable=False),
        sa.Column("lane", sa.String(length=12), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=60), nullable=False),
        sa.Column("occasion", sa.String(length=60), nullable=False),
        sa.Column("route", sa.String(length=30), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("sender_id", sa.Uuid(), nullable=True),
        sa.Column("sender_label", sa.String(length=120), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("mask", sa.String(length=120), nullable=False),
        sa.Column("address_hash", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("ref", sa.Uuid(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("only_account_id", sa.Uuid(), nullable=True),
        sa.Column("provider_id", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers_customer.id"], name=op.f("fk_outbox_message_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_message_key")),
        sa.UniqueConstraint("ref", name=op.f("uq_outbox_message_ref")),
        info={"owner": "outbox"},
    )
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_message_address", ["address_hash", "sent_at"], unique=False)
        batch_op.create_index("ix_outbox_message_batch", ["batch_id", "state"], unique=False)
        batch_op.create_index("ix_outbox_message_customer", ["customer_id", "created_at"], unique=False)
        batch_op.create_index(
            "ix_outbox_message_due",
            ["lane", "priority", "next_at"],
            unique=False,
            postgresql_where=sa.text("state = 'queued'"),
            sqlite_where=sa.text("state = 'queued'"),
        )
        batch_op.create_index(
            "ix_outbox_message_lease",
            ["lease_until"],
            unique=False,
            postgresql_where=sa.text("state = 'sending'"),
            sqlite_where=sa.text("state = 'sending'"),
        )
        batch_op.create_index("ix_outbox_message_provider", ["account_id", "provider_id"], unique=False)
        batch_op.create_index(
            "ix_outbox_message_unknown",
            ["created_at"],
            unique=False,
            postgresql_where=sa.text("state = 'unknown'"),
            sqlite_where=sa.text("state = 'unknown'"),
        )

    role = sa.table("permissions_role", sa.column("id", sa.Uuid()), sa.column("code", sa.String()))
    grant = sa.table(
        "permissions_role_grant", sa.column("role_id", sa.Uuid()), sa.column("permission", sa.String()),
        sa.column("scope", sa.Integer()),
    )  # fmt: skip
    held = sa.select(role.c.id, sa.literal("outbox.manage"), sa.literal(5)).where(
        role.c.code.in_(["system_admin", "management"])
    )
    op.execute(grant.insert().from_select(["role_id", "permission", "scope"], held))


def downgrade() -> None:
    grant = sa.table("permissions_role_grant", sa.column("permission", sa.String()))
    op.execute(grant.delete().where(grant.c.permission == "outbox.manage"))
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_outbox_message_unknown",
            postgresql_where=sa.text("state = 'unknown'"),
            sqlite_where=sa.text("state = 'unknown'"),
        )
        batch_op.drop_index("ix_outbox_message_provider")
        batch_op.drop_index(
            "ix_outbox_message_lease",
            postgresql_where=sa.text("state = 'sending'"),
            sqlite_where=sa.text("state = 'sending'"),
        )
        batch_op.drop_index(
            "ix_outbox_message_due",
            postgresql_where=sa.text("state = 'queued'"),
            sqlite_where=sa.text("state = 'queued'"),
        )
        batch_op.drop_index("ix_outbox_message_customer")
        batch_op.drop_index("ix_outbox_message_batch")
        batch_op.drop_index("ix_outbox_message_address")

    op.drop_table("outbox_message")
    with op.batch_alter_table("outbox_exclusion", schema=None) as batch_op:
        batch_op.drop_index("uq_outbox_exclusion_customer_id_occasion")

    op.drop_table("outbox_exclusion")
    with op.batch_alter_table("outbox_report", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_outbox_report_new", postgresql_where=sa.text("state = 'new'"), sqlite_where=sa.text("state = 'new'")
        )
        batch_op.drop_index("ix_outbox_report_at")

    op.drop_table("outbox_report")
    op.drop_table("outbox_account")
