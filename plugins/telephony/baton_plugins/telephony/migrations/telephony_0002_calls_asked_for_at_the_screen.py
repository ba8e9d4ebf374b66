"""calls asked for at the screen

Revision: telephony_0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "telephony_0002"
down_revision = "telephony_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "telephony_asked",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("extension", sa.String(length=40), nullable=False),
        sa.Column("number_cipher", sa.LargeBinary(), nullable=True),
        sa.Column("number_mask", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["telephony_source.id"], name=op.f("fk_telephony_asked_source_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users_user.id"], name=op.f("fk_telephony_asked_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telephony_asked")),
        info={"owner": "telephony"},
    )
    with op.batch_alter_table("telephony_asked", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_telephony_asked_source_id"), ["source_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_telephony_asked_user_id"), ["user_id"], unique=False)

    with op.batch_alter_table("telephony_source", schema=None) as batch_op:
        batch_op.add_column(sa.Column("user_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("locks", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.create_index(batch_op.f("ix_telephony_source_user_id"), ["user_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_telephony_source_user_id"), "users_user", ["user_id"], ["id"], ondelete="SET NULL"
        )


def downgrade() -> None:
    with op.batch_alter_table("telephony_source", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_telephony_source_user_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_telephony_source_user_id"))
        batch_op.drop_column("locks")
        batch_op.drop_column("user_id")

    with op.batch_alter_table("telephony_asked", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_telephony_asked_user_id"))
        batch_op.drop_index(batch_op.f("ix_telephony_asked_source_id"))

    op.drop_table("telephony_asked")
