"""What was opened on a day carries its number, so that one statement counts; the table of day's numbers goes.

Revision: core_0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0010"
down_revision = "core_0009"
branch_labels = None
depends_on = None

_NUMBERED = """
UPDATE caps_opened SET
    number = (
        SELECT count(*) FROM caps_opened AS earlier
        WHERE earlier.user_id = caps_opened.user_id AND earlier.day = caps_opened.day
            AND earlier.counter = caps_opened.counter
            AND (earlier.at, earlier.customer_id) <= (caps_opened.at, caps_opened.customer_id)
    ),
    cap = coalesce((
        SELECT cap FROM caps_day
        WHERE caps_day.user_id = caps_opened.user_id AND caps_day.day = caps_opened.day
            AND caps_day.counter = caps_opened.counter
    ), 0)
"""
_COUNTED = """
INSERT INTO caps_day (user_id, day, counter, used, cap, extra)
SELECT user_id, day, counter, max(number), max(cap), coalesce((
    SELECT sum(extra) FROM users_freeze
    WHERE users_freeze.user_id = caps_opened.user_id AND users_freeze.day = caps_opened.day
        AND users_freeze.rule = caps_opened.counter AND thawed_at IS NOT NULL
), 0)
FROM caps_opened GROUP BY user_id, day, counter
"""
_NAMES = ("number", "cap")
_UNIQUE = "uq_caps_opened_user_id_day_counter_number"


def upgrade() -> None:
    with op.batch_alter_table("caps_opened") as batch:
        for name in _NAMES:
            batch.add_column(sa.Column(name, sa.Integer(), nullable=True))
    op.execute(_NUMBERED)
    with op.batch_alter_table("caps_opened") as batch:
        for name in _NAMES:
            batch.alter_column(name, existing_type=sa.Integer(), nullable=False)
        batch.create_unique_constraint(op.f(_UNIQUE), ["user_id", "day", "counter", "number"])
    op.drop_table("caps_day")


def downgrade() -> None:
    op.create_table(
        "caps_day",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("counter", sa.String(length=8), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("cap", sa.Integer(), nullable=False),
        sa.Column("extra", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users_user.id"], name=op.f("fk_caps_day_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "day", "counter", name=op.f("pk_caps_day")),
        info={"owner": "caps"},
    )
    op.execute(_COUNTED)
    with op.batch_alter_table("caps_opened") as batch:
        batch.drop_constraint(op.f(_UNIQUE), type_="unique")
        for name in _NAMES:
            batch.drop_column(name)
