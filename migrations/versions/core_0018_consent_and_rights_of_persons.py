"""Consent, opt-outs, restrictions and the register of what persons ask for.

Revision: core_0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "core_0018"
down_revision = "core_0017"
branch_labels = None
depends_on = None

_ALL, _SUBTREE, _OWN = 5, 4, 1
_HOUSE = {"management": _ALL, "office": _ALL}
_GRANTS = {
    "privacy.consent": {**_HOUSE, "department_head": _SUBTREE, "coordinator": _OWN},
    "privacy.handle": _HOUSE,
    "privacy.texts": _HOUSE,
}
"""Of houses that have roles already: without them nobody could write an objection down."""


def upgrade() -> None:
    op.create_table(
        "privacy_text",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("by_label", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_text")),
        sa.UniqueConstraint("purpose", "version", name=op.f("uq_privacy_text_purpose_version")),
        info={"owner": "privacy"},
    )
    op.create_table(
        "privacy_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("asked_by", sa.String(length=120), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("identity", sa.String(length=200), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("by_label", sa.String(length=120), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers_customer.id"], name=op.f("fk_privacy_request_customer_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_request")),
        sa.UniqueConstraint("code", name=op.f("uq_privacy_request_code")),
        info={"owner": "privacy"},
    )
    with op.batch_alter_table("privacy_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_privacy_request_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index("ix_privacy_request_state", ["state", "due_on", "id"], unique=False)

    op.create_table(
        "privacy_restriction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("by_label", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.String(length=120), nullable=False),
        sa.Column("lift_reason", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers_customer.id"],
            name=op.f("fk_privacy_restriction_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_restriction")),
        info={"owner": "privacy"},
    )
    with op.batch_alter_table("privacy_restriction", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_privacy_restriction_customer_id"), ["customer_id"], unique=False)

    op.create_table(
        "privacy_consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("purpose", sa.String(length=60), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("text_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("by_label", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["customers_contact.id"], name=op.f("fk_privacy_consent_contact_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers_customer.id"], name=op.f("fk_privacy_consent_customer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["text_id"], ["privacy_text.id"], name=op.f("fk_privacy_consent_text_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_consent")),
        info={"owner": "privacy"},
    )
    with op.batch_alter_table("privacy_consent", schema=None) as batch_op:
        batch_op.create_index("ix_privacy_consent_contact_id", ["contact_id", "at"], unique=False)
        batch_op.create_index("ix_privacy_consent_customer_id", ["customer_id", "at"], unique=False)

    op.create_table(
        "privacy_request_act",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("by_label", sa.String(length=120), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("before", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("after", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("link", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers_customer.id"],
            name=op.f("fk_privacy_request_act_customer_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["privacy_request.id"], name=op.f("fk_privacy_request_act_request_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_request_act")),
        info={"owner": "privacy"},
    )
    with op.batch_alter_table("privacy_request_act", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_privacy_request_act_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_privacy_request_act_request_id"), ["request_id"], unique=False)

    op.create_table(
        "privacy_suppression",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("point_hash", sa.BigInteger(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("mask", sa.String(length=120), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("purpose", sa.String(length=60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("by_label", sa.String(length=120), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.String(length=120), nullable=False),
        sa.Column("lift_reason", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["customers_contact.id"], name=op.f("fk_privacy_suppression_contact_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers_customer.id"],
            name=op.f("fk_privacy_suppression_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_suppression")),
        info={"owner": "privacy"},
    )
    with op.batch_alter_table("privacy_suppression", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_privacy_suppression_contact_id"), ["contact_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_privacy_suppression_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_privacy_suppression_point_hash"), ["point_hash"], unique=False)

    with op.batch_alter_table("customers_customer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("restricted_at", sa.DateTime(timezone=True), nullable=True))

    role = sa.table("permissions_role", sa.column("id", sa.Uuid()), sa.column("code", sa.String()))
    grant = sa.table(
        "permissions_role_grant", sa.column("role_id", sa.Uuid()), sa.column("permission", sa.String()),
        sa.column("scope", sa.Integer()),
    )  # fmt: skip
    for permission, scopes in _GRANTS.items():
        for code, scope in scopes.items():
            held = sa.select(role.c.id, sa.literal(permission), sa.literal(scope)).where(role.c.code == code)
            op.execute(grant.insert().from_select(["role_id", "permission", "scope"], held))


def downgrade() -> None:
    op.execute("DELETE FROM permissions_role_grant WHERE permission LIKE 'privacy.%'")
    with op.batch_alter_table("customers_customer", schema=None) as batch_op:
        batch_op.drop_column("restricted_at")

    with op.batch_alter_table("privacy_suppression", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_privacy_suppression_point_hash"))
        batch_op.drop_index(batch_op.f("ix_privacy_suppression_customer_id"))
        batch_op.drop_index(batch_op.f("ix_privacy_suppression_contact_id"))

    op.drop_table("privacy_suppression")
    with op.batch_alter_table("privacy_request_act", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_privacy_request_act_request_id"))
        batch_op.drop_index(batch_op.f("ix_privacy_request_act_customer_id"))

    op.drop_table("privacy_request_act")
    with op.batch_alter_table("privacy_consent", schema=None) as batch_op:
        batch_op.drop_index("ix_privacy_consent_customer_id")
        batch_op.drop_index("ix_privacy_consent_contact_id")

    op.drop_table("privacy_consent")
    with op.batch_alter_table("privacy_restriction", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_privacy_restriction_customer_id"))

    op.drop_table("privacy_restriction")
    with op.batch_alter_table("privacy_request", schema=None) as batch_op:
        batch_op.drop_index("ix_privacy_request_state")
        batch_op.drop_index(batch_op.f("ix_privacy_request_customer_id"))

    op.drop_table("privacy_request")
    op.drop_table("privacy_text")
