"""The audit trail is numbered, sealed, and refuses to be changed.

Revision: core_0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0007"
down_revision = "core_0006"
branch_labels = None
depends_on = None

_FIXED = (
    "id", "seq", "at", "actor_id", "actor_label", "session_id", "via", "ip", "request_id", "action", "result", "entity",
    "entity_id", "customer_id", "ids",
)  # fmt: skip
_PERSONAL = ("entity_label", "before", "after", "reason", "salt", "blanked")
_SEALED = (
    "number", "first_seq", "last_seq", "lines", "first_at", "last_at", "sealed_at", "root", "previous", "head",
    "signature",
)  # fmt: skip
_REFUSED = sa.text("result <> 'ok'")
_INDEXES = ("actor_id", "customer_id", "action")


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    _number_lines()
    _make_tables()
    if is_sqlite:
        for trigger in _sqlite_triggers():
            op.execute(trigger)
        return
    for statement in _postgresql_guards():
        op.execute(statement)


def _number_lines() -> None:
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seq", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("salt", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("blanked", sa.LargeBinary(), nullable=True))
        for name in _INDEXES:
            batch_op.drop_index(f"ix_audit_entry_{name}_at")
    op.execute(
        "UPDATE audit_entry SET seq = numbered.seq"
        " FROM (SELECT id AS line, row_number() OVER (ORDER BY at, id) AS seq FROM audit_entry) AS numbered"
        " WHERE numbered.line = audit_entry.id"
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.alter_column("seq", nullable=False, existing_type=sa.BigInteger())
        batch_op.create_index("uq_audit_entry_seq", ["seq"], unique=True)
        for name in (*_INDEXES, "entity_id", "ip"):
            batch_op.create_index(f"ix_audit_entry_{name}_at", [name, "at", "id"], unique=False)
        batch_op.create_index(
            "ix_audit_entry_refused_at",
            ["result", "at", "id"],
            unique=False,
            sqlite_where=_REFUSED,
            postgresql_where=_REFUSED,
        )


def _make_tables() -> None:
    op.create_table(
        "audit_seal",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=True),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_seal")),
    )
    op.create_index(op.f("ix_audit_seal_last_seq"), "audit_seal", ["last_seq"], unique=False)
    op.create_table(
        "audit_archive",
        sa.Column("first_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.String(length=120), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("by_label", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("first_number", name=op.f("pk_audit_archive")),
    )
    op.create_index(op.f("ix_audit_archive_last_seq"), "audit_archive", ["last_seq"], unique=False)


def _archived(column: str, value: str) -> str:
    return f"SELECT 1 FROM audit_archive a WHERE {value} BETWEEN a.first_{column} AND a.last_{column}"


def _differ(columns: tuple[str, ...], sign: str) -> str:
    """Whether one of these columns is to change."""
    return " OR ".join(f'NEW."{name}" {sign} OLD."{name}"' for name in columns)


def _sqlite_triggers() -> list[str]:
    def trigger(table: str, verb: str, condition: str, what: str) -> str:
        return (
            f"CREATE TRIGGER {table}_{verb.lower()} BEFORE {verb} ON {table} WHEN {condition}"
            f" BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only: {what}'); END"
        )

    spoken = " OR ".join(
        f"EXISTS (SELECT 1 FROM json_each(NEW.{side}) WHERE value IS NOT '')"
        f" OR (SELECT group_concat(key, char(0)) FROM (SELECT key FROM json_each(NEW.{side}) ORDER BY key))"
        f" IS NOT (SELECT group_concat(key, char(0)) FROM (SELECT key FROM json_each(OLD.{side}) ORDER BY key))"
        for side in ("before", "after")
    )
    is_no_erasure = (
        f"{_differ(_FIXED, 'IS NOT')} OR OLD.blanked IS NOT NULL OR NEW.blanked IS NULL OR length(NEW.blanked) <> 32"
        f" OR NEW.salt IS NOT NULL OR NEW.reason <> '' OR {spoken}"
    )
    young = "OLD.at > strftime('%Y-%m-%d %H:%M:%f', 'now', '-6 months')"
    not_archived = f"NOT EXISTS ({_archived('number', 'OLD.number')})"
    return [
        trigger("audit_entry", "UPDATE", is_no_erasure, "no line is changed"),
        trigger("audit_entry", "DELETE", f"{young} OR NOT EXISTS ({_archived('seq', 'OLD.seq')})", "no line goes"),
        trigger(
            "audit_seal", "UPDATE",
            f"{_differ(_SEALED, 'IS NOT')} OR NEW.members IS NOT NULL OR {not_archived}", "no seal is changed",
        ),
        trigger("audit_seal", "DELETE", "1", "no seal goes"),
        trigger("audit_archive", "UPDATE", "1", "no archive is changed"),
        trigger("audit_archive", "DELETE", "1", "no archive goes"),
    ]  # fmt: skip


def _postgresql_guards() -> list[str]:
    def function(name: str, body: str) -> str:
        return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"

    def trigger(table: str, verb: str, call: str, each: str = "ROW") -> str:
        return (
            f"CREATE TRIGGER {table}_{verb.lower()} BEFORE {verb} ON {table} FOR EACH {each} EXECUTE FUNCTION {call}()"
        )

    refuse = "RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'insufficient_privilege';"
    spoken = " OR ".join(
        f"EXISTS (SELECT 1 FROM jsonb_each(NEW.{side}) WHERE value <> '\"\"'::jsonb)"
        f" OR NOT (NEW.{side} ?& ARRAY(SELECT jsonb_object_keys(OLD.{side})))"
        f" OR NOT (OLD.{side} ?& ARRAY(SELECT jsonb_object_keys(NEW.{side})))"
        for side in ("before", "after")
    )
    is_no_erasure = (
        f"{_differ(_FIXED, 'IS DISTINCT FROM')} OR OLD.blanked IS NOT NULL OR NEW.blanked IS NULL"
        f" OR octet_length(NEW.blanked) <> 32 OR NEW.salt IS NOT NULL OR NEW.reason <> '' OR {spoken}"
    )
    not_archived = f"NOT EXISTS ({_archived('number', 'OLD.number')})"
    return [
        "CREATE SEQUENCE audit_entry_seq OWNED BY audit_entry.seq",
        "SELECT setval('audit_entry_seq', coalesce(max(seq), 0) + 1, false) FROM audit_entry",
        # The transaction's number comes first: who has a smaller line number is older (audit.sealing relies on it).
        function(
            "audit_entry_number",
            "PERFORM pg_current_xact_id(); NEW.seq := nextval('audit_entry_seq'); RETURN NEW;",
        ),
        function("audit_refuse", refuse),
        function("audit_entry_erasure", f"IF {is_no_erasure} THEN {refuse} END IF; RETURN NEW;"),
        function(
            "audit_entry_removal",
            f"IF OLD.at > now() - interval '6 months' OR NOT EXISTS ({_archived('seq', 'OLD.seq')})"
            f" THEN {refuse} END IF; RETURN OLD;",
        ),
        function(
            "audit_seal_emptying",
            f"IF {_differ(_SEALED, 'IS DISTINCT FROM')} OR NEW.members IS NOT NULL OR {not_archived}"
            f" THEN {refuse} END IF; RETURN NEW;",
        ),
        trigger("audit_entry", "INSERT", "audit_entry_number"),
        trigger("audit_entry", "UPDATE", "audit_entry_erasure"),
        trigger("audit_entry", "DELETE", "audit_entry_removal"),
        trigger("audit_seal", "UPDATE", "audit_seal_emptying"),
        trigger("audit_seal", "DELETE", "audit_refuse"),
        trigger("audit_archive", "UPDATE", "audit_refuse"),
        trigger("audit_archive", "DELETE", "audit_refuse"),
        *(
            trigger(table, "TRUNCATE", "audit_refuse", "STATEMENT")
            for table in ("audit_entry", "audit_seal", "audit_archive")
        ),
        # Where the application owns its tables it gives these rights away; only an ALTER or GRANT brings them back.
        "REVOKE UPDATE, TRUNCATE ON audit_entry, audit_seal, audit_archive FROM CURRENT_USER",
        "REVOKE DELETE ON audit_seal, audit_archive FROM CURRENT_USER",
        f"GRANT UPDATE ({', '.join(_PERSONAL)}) ON audit_entry TO CURRENT_USER",
        "GRANT UPDATE (members) ON audit_seal TO CURRENT_USER",
    ]


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    triggers = {
        "audit_entry": ("update", "delete"),
        "audit_seal": ("update", "delete"),
        "audit_archive": ("update", "delete"),
    }
    if is_sqlite:
        for table, verbs in triggers.items():
            for verb in verbs:
                op.execute(f"DROP TRIGGER {table}_{verb}")
    else:
        for table, verbs in triggers.items():
            for verb in (*verbs, "truncate", *(["insert"] if table == "audit_entry" else [])):
                op.execute(f"DROP TRIGGER {table}_{verb} ON {table}")
        for name in (
            "audit_entry_number", "audit_refuse", "audit_entry_erasure", "audit_entry_removal", "audit_seal_emptying",
        ):  # fmt: skip
            op.execute(f"DROP FUNCTION {name}")
        op.execute("GRANT UPDATE, TRUNCATE ON audit_entry TO CURRENT_USER")
    op.drop_table("audit_archive")
    op.drop_table("audit_seal")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        for name in ("refused", "ip", "entity_id", *_INDEXES):
            batch_op.drop_index(f"ix_audit_entry_{name}_at")
        batch_op.drop_index("uq_audit_entry_seq")
        for name in _INDEXES:
            batch_op.create_index(f"ix_audit_entry_{name}_at", [name, "at"], unique=False)
        batch_op.drop_column("blanked")
        batch_op.drop_column("salt")
        batch_op.drop_column("seq")
