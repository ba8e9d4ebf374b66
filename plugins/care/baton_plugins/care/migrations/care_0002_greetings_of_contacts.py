"""Greetings of contacts: a greeting is known by the person, who is a customer or one of its contacts.

Its key changes, so the rows move into a table of the new shape.

Revision: care_0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "care_0002"
down_revision = "care_0001"
branch_labels = None
depends_on = None

_MOVED = "occasion_id, year, customer_id, day, state, why, message_id"


def upgrade() -> None:
    _aside("ix_care_greeting_day", "uq_care_greeting_customer_id_day")
    _create(
        "person_id",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["customers_contact.id"], name=op.f("fk_care_greeting_contact_id"), ondelete="CASCADE"
        ),
    )
    op.execute(
        f"INSERT INTO care_greeting ({_MOVED}, person_id) SELECT {_MOVED}, customer_id FROM care_greeting_before"
    )
    op.drop_table("care_greeting_before")
    op.create_index("ix_care_greeting_contact_id", "care_greeting", ["contact_id"])
    op.create_index("ix_care_greeting_customer_id_day", "care_greeting", ["customer_id", "day"])
    op.create_index("ix_care_greeting_day", "care_greeting", ["day", "state", "occasion_id", "person_id"])
    op.create_index("uq_care_greeting_person_id_day", "care_greeting", ["person_id", "day"], unique=True)


def downgrade() -> None:
    _aside(
        "ix_care_greeting_contact_id", "ix_care_greeting_customer_id_day", "ix_care_greeting_day",
        "uq_care_greeting_person_id_day",
    )  # fmt: skip
    _create("customer_id")
    op.execute(
        f"INSERT INTO care_greeting ({_MOVED}) SELECT {_MOVED} FROM care_greeting_before WHERE contact_id IS NULL"
    )
    op.drop_table("care_greeting_before")
    op.create_index("ix_care_greeting_day", "care_greeting", ["day", "state", "customer_id"])
    op.create_index("uq_care_greeting_customer_id_day", "care_greeting", ["customer_id", "day"], unique=True)


def _aside(*indexes: str) -> None:
    for name in indexes:
        op.drop_index(name, table_name="care_greeting")
    op.rename_table("care_greeting", "care_greeting_before")
    if op.get_bind().dialect.name == "postgresql":  # where names of keys are taken in the whole schema
        op.drop_constraint("pk_care_greeting", "care_greeting_before")


def _create(person: str, *more: sa.schema.SchemaItem) -> None:
    """`person`: the column that says whose greeting it is."""
    op.create_table(
        "care_greeting",
        sa.Column("occasion_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="planned", nullable=False),
        sa.Column("why", sa.String(length=12), server_default="", nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        *more,
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers_customer.id"], name=op.f("fk_care_greeting_customer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["occasion_id"], ["care_occasion.id"], name=op.f("fk_care_greeting_occasion_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("occasion_id", person, "year", name=op.f("pk_care_greeting")),
        info={"owner": "care"},
    )
