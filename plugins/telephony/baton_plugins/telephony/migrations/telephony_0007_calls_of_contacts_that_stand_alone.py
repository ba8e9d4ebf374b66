"""calls of contacts that stand alone

Revision: telephony_0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "telephony_0007"
down_revision = "telephony_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    alone = sa.text("customer_id IS NULL AND contact_id IS NOT NULL")
    op.create_index(
        "ix_telephony_call_of_alone", "telephony_call", ["contact_id"], postgresql_where=alone, sqlite_where=alone
    )


def downgrade() -> None:
    op.drop_index("ix_telephony_call_of_alone", table_name="telephony_call")
