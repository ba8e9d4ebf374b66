"""Versions of files

Every file that is there becomes the first version of a document of its own: whether two of the same name were meant
to be one, nobody can say afterwards.

Revision: core_0048
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0048"
down_revision = "core_0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customers_attachment", sa.Column("document_id", sa.Uuid(), nullable=True))
    op.add_column("customers_attachment", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.execute("UPDATE customers_attachment SET document_id = id")
    with op.batch_alter_table("customers_attachment") as batch:
        batch.alter_column("document_id", existing_type=sa.Uuid(), nullable=False)
        batch.alter_column("version", existing_type=sa.Integer(), server_default=None)
        batch.create_unique_constraint(op.f("uq_customers_attachment_document_id_version"), ["document_id", "version"])


def downgrade() -> None:
    with op.batch_alter_table("customers_attachment") as batch:
        batch.drop_constraint(op.f("uq_customers_attachment_document_id_version"), type_="unique")
        batch.drop_column("version")
        batch.drop_column("document_id")
