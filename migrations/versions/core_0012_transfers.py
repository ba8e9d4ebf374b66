"""Customers pass from owner to owner by transfers, which keep what the way back needs.

Revision: core_0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "core_0012"
down_revision = "core_0011"
branch_labels = None
depends_on = None

_SUBTREE, _ALL = 4, 5
_GRANTS = {"department_head": _SUBTREE, "management": _ALL}
"""Of houses that have roles already: the right to transfer within the own branch, as fresh houses have it."""
_JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "customers_transfer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("by_label", sa.String(length=120), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=True),
        sa.Column("leaver_id", sa.Uuid(), nullable=True),
        sa.Column("conditions", _JSON, nullable=False),
        sa.Column("choices", _JSON, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("total", "moved", "refused", "undone", "kept")),
        sa.Column("along", _JSON, nullable=False),
        sa.Column("confirmed_at", _TIME, nullable=True),
        sa.Column("finished_at", _TIME, nullable=True),
        sa.Column("undone_at", _TIME, nullable=True),
        sa.Column("undone_by", sa.Uuid(), nullable=True),
        sa.Column("undone_label", sa.String(length=120), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers_transfer")),
        info={"owner": "customers"},
    )
    for column in ("by_id", "department_id", "leaver_id"):
        op.create_index(op.f(f"ix_customers_transfer_{column}"), "customers_transfer", [column])
    _create_rows()
    role = sa.table("permissions_role", sa.column("id", sa.Uuid()), sa.column("code", sa.String()))
    grant = sa.table(
        "permissions_role_grant", sa.column("role_id", sa.Uuid()), sa.column("permission", sa.String()),
        sa.column("scope", sa.Integer()),
    )  # fmt: skip
    for code, scope in _GRANTS.items():
        held = sa.select(role.c.id, sa.literal("customers.transfer"), sa.literal(scope)).where(role.c.code == code)
        op.execute(grant.insert().from_select(["role_id", "permission", "scope"], held))


def _create_rows() -> None:
    ids = ("from_id", "from_department_id", "from_team_id", "to_id", "to_department_id", "to_team_id")
    op.create_table(
        "customers_transfer_row",
        sa.Column("transfer_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("why", sa.String(length=12), nullable=False),
        *(sa.Column(name, sa.Uuid(), nullable=True) for name in ids),
        sa.Column("along", _JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["customers_transfer.id"], name=op.f("fk_customers_transfer_row_transfer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers_customer.id"], name=op.f("fk_customers_transfer_row_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("transfer_id", "number", name=op.f("pk_customers_transfer_row")),
        info={"owner": "customers"},
    )  # fmt: skip
    for column in ("customer_id", "from_id", "to_id"):
        op.create_index(op.f(f"ix_customers_transfer_row_{column}"), "customers_transfer_row", [column])
    op.create_index("ix_customers_transfer_row_state", "customers_transfer_row", ["transfer_id", "state", "why"])


def downgrade() -> None:
    op.execute("DELETE FROM permissions_role_grant WHERE permission LIKE 'customers.transfer%'")
    op.drop_table("customers_transfer_row")
    op.drop_table("customers_transfer")
