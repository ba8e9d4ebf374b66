"""The account that docs/security/audit.md describes: made by the very statements of that page."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from platform_core.app import Runtime
from platform_core.audit import blanking, services
from platform_core.contracts.entities import EntityRef
from platform_core.kernel.ids import new_id
from platform_core.testing import services as servers
from platform_core.testing.pytest_plugin import make_settings, migrate_and_seed
from tests.core.audit.forging import found, seal, write

PAGE = Path(__file__).resolve().parents[3] / "docs" / "security" / "audit.md"


@pytest.fixture
def app(postgres_url, tmp_path):
    """A platform that serves as an account without property."""
    name = f"baton_app_{secrets.token_hex(4)}"
    with servers.clone_database(postgres_url) as url:
        migrate_and_seed(url, tmp_path)
        owner = create_engine(url, isolation_level="AUTOCOMMIT")
        statements = re.search(r"```sql\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)[1]
        with owner.connect() as connection:
            connection.execute(text(statements.replace("baton_app", name)))
        theirs = make_url(url).set(username=name, password="choose one").render_as_string(hide_password=False)
        runtime = Runtime(replace(make_settings(theirs, tmp_path)))
        yield runtime
        runtime.database.dispose()
        with owner.connect() as connection:
            connection.execute(text(f"DROP OWNED BY {name}"))
            connection.execute(text(f"DROP ROLE {name}"))
        owner.dispose()


def test_it_writes_seals_and_erases(app):
    app.follow()
    customer = new_id()
    with app.database.system_session("test") as session:
        ref = EntityRef("customers", "customer", customer, "Acme")
        services.record(session, None, "test.line", ref, customer_id=customer, after={"city": "A"}, reason="x")
    write(app, 5)
    assert seal(app, 100).lines >= 6
    with app.database.system_session("test") as session:
        assert blanking.blank(session, None, customer, "Erased") == 1
    assert found(app) == []


@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        ("UPDATE audit_entry SET actor_label = 'x'", "permission denied"),
        ("UPDATE audit_entry SET reason = 'x'", "append-only"),
        ("DELETE FROM audit_entry", "permission denied"),
        ("TRUNCATE audit_entry", "permission denied"),
        ("UPDATE audit_seal SET head = 'x'", "permission denied"),
        ("UPDATE audit_seal SET members = NULL", "append-only"),
        ("DELETE FROM audit_seal", "permission denied"),
        ("DELETE FROM audit_archive", "permission denied"),
        ("ALTER TABLE audit_entry DISABLE TRIGGER ALL", "must be owner"),
        ("DROP TRIGGER audit_entry_update ON audit_entry", "must be owner"),
        (
            "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
            "permission denied|must be owner",
        ),
        ("SET session_replication_role = replica", "permission denied"),
        ("SELECT setval('audit_entry_seq', 1)", "permission denied"),
    ],
)
def test_it_can_do_nothing_else(app, statement, refusal):
    write(app, 1)
    seal(app)
    with pytest.raises(DBAPIError, match=refusal), app.database.connection("attack") as connection:
        connection.execute(text(statement))
    assert found(app) == []
