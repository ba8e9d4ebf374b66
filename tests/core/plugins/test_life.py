"""The life of a plugin in a deployment: installed, updated, its package gone, its data taken away. Real processes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import inspect, select, text

from platform_core.app import Runtime
from platform_core.audit.models import AuditEntry
from platform_core.customers import erasing, merging
from platform_core.customers.mergemodels import KeptLine
from platform_core.kernel.models import DictionaryRow, PluginState
from platform_core.permissions.models import RoleGrant
from platform_core.testing import pytest_plugin as kit
from platform_core.testing import services
from platform_core.testing.browser import Browser
from platform_core.testing.factories import Factory
from platform_core.testing.serving import Served
from platform_core.testing.waiting import wait_until
from tests.core.plugins.life import Deployment


@pytest.fixture
def deployment(backend: str, request: pytest.FixtureRequest, tmp_path: Path, run_folder: Path) -> Iterator[Deployment]:
    """Migrated and seeded, without the specimen."""
    if backend == "sqlite":
        template = services.template_file(run_folder, lambda url: kit.migrate_and_seed(url, run_folder))
        yield Deployment(tmp_path, services.clone_file(template, tmp_path / "baton.sqlite3"))
        return
    server = request.getfixturevalue("postgres_url")
    ready = services.template_database(server, lambda url: kit.migrate_and_seed(url, run_folder))
    with services.clone_database(server, ready) as url:
        yield Deployment(tmp_path, url)


@pytest.fixture
def outside(deployment: Deployment) -> Iterator[Runtime]:
    """A process without the specimen: this one, on the deployment's database."""
    runtime = Runtime(kit.make_settings(deployment.url, deployment.folder, strict_plugins=False))
    runtime.follow()
    yield runtime
    runtime.database.dispose()


@pytest.fixture
def people(outside: Runtime) -> Factory:
    return Factory(outside)


@pytest.fixture
def served(deployment: Deployment) -> Iterator[Served]:
    """The deployment's server; start it when the scene is set."""
    server = Served(
        deployment.folder,
        {name: value for name, value in deployment.environment.items() if name.startswith(("BATON", "PYTHON"))},
    )
    yield server
    server.kill()


def rows(runtime: Runtime, statement: str) -> list[tuple[Any, ...]]:
    with runtime.database.system_session("look", write=False) as session:
        return [tuple(row) for row in session.execute(text(statement))]


def tables(runtime: Runtime) -> set[str]:
    with runtime.database.system_session("look", write=False) as session:
        return set(inspect(session.connection()).get_table_names())


@pytest.fixture
def signed_in(outside: Runtime, served: Served) -> Iterator[Callable[[Any], Browser]]:
    """`signed_in(user)`: a browser at the deployment's server."""
    clients: list[httpx.Client] = []

    def sign_in(user: Any) -> Browser:
        clients.append(httpx.Client(base_url=served.url, timeout=30))
        return Browser(outside, clients[-1]).sign_in(user)

    yield sign_in
    for client in clients:
        client.close()


def grant(outside: Runtime) -> None:
    with outside.database.system_session("the preset roles are there already") as session:
        for row in session.scalars(select(RoleGrant).where(RoleGrant.permission == "activities.view")).all():
            session.add(RoleGrant(role_id=row.role_id, permission="loyalty.view", scope=row.scope))


def given(deployment: Deployment, outside: Runtime, factory: Factory) -> Any:
    """A customer with a card, the plugin installed."""
    boss = factory.user("management", factory.department())
    customer = factory.customer(boss, name="Card Holder")
    deployment.install("loyalty")
    assert "loyalty" in deployment.baton("migrate")
    grant(outside)
    assert "given" in deployment.baton("loyalty", "give", customer.code)
    return boss, customer


def test_a_newer_version_waits_for_its_migration_and_is_never_half_run(
    deployment: Deployment, outside: Runtime, people: Factory
) -> None:
    given(deployment, outside, people)
    before = rows(outside, "SELECT by_label, note FROM loyalty_card")
    deployment.install("loyalty", "3")
    listed = deployment.baton("plugin", "list")
    assert "loyalty\t3.0\tunmigrated\tits tables wait for loyalty_0003" in listed
    assert "loyalty is unmigrated" in deployment.baton("loyalty", "give", "x", fails=True)
    failed = deployment.baton("plugin", "upgrade", "loyalty", fails=True)
    assert "nothing was changed" in failed
    assert "loyalty_0003.py" in failed
    # Neither the revision that failed nor the good one before it has left a trace.
    assert rows(outside, "SELECT by_label, note FROM loyalty_card") == before
    with outside.database.system_session("look", write=False) as session:
        assert "level" not in {column["name"] for column in inspect(session.connection()).get_columns("loyalty_card")}
    assert "loyalty_half" not in tables(outside)
    assert rows(outside, "SELECT version_num FROM alembic_version_loyalty") == [("loyalty_0001",)]
    assert "loyalty is broken" in deployment.baton("migrate")
    assert "the last time it failed" in deployment.baton("plugin", "list")
    deployment.install("loyalty", "2")
    assert "upgraded loyalty 2.0" in deployment.baton("plugin", "upgrade", "loyalty")
    assert "loyalty\t2.0\tenabled" in deployment.baton("plugin", "list")
    assert rows(outside, "SELECT note, level FROM loyalty_card") == [("a gold one", "plain")]
    assert "up to date" in deployment.baton("plugin", "upgrade", "loyalty")
    assert "no plugin" in deployment.baton("plugin", "upgrade", "customers", fails=True)


def test_a_running_process_notices_a_migration(
    deployment: Deployment, outside: Runtime, people: Factory, served: Served, signed_in: Callable[[Any], Browser]
) -> None:
    boss, customer = given(deployment, outside, people)
    deployment.install("loyalty", "2")
    served.environ["BATON_STRICT_PLUGINS"] = "0"
    served.start()
    page = signed_in(boss)
    url = f"/customers/{customer.id}"
    assert "2 1" not in page.get(url).text  # the fact of version 2
    deployment.baton("plugin", "upgrade", "loyalty")
    wait_until(lambda: "2 1" in page.get(url).text, seconds=10)
    # And of one that its code does not know: the package was updated under the running process.
    deployment.install("loyalty", "3")
    with outside.database.system_session("a third revision, that works") as session:
        session.execute(text("UPDATE alembic_version_loyalty SET version_num = 'loyalty_0004'"))
        session.execute(text("UPDATE core_counter SET value = value + 1 WHERE name = 'plugins'"))
    wait_until(lambda: "2 1" not in page.get(url).text, seconds=10)
    admin = signed_in(people.user("system_admin"))
    assert "newer than the code" in admin.get("/settings/plugins").text


def test_an_uninstalled_plugin_is_orphaned_and_its_lines_are_still_read(
    deployment: Deployment, outside: Runtime, people: Factory, served: Served, signed_in: Callable[[Any], Browser]
) -> None:
    boss, customer = given(deployment, outside, people)
    deployment.uninstall("loyalty")
    assert "loyalty\t1.0\torphaned\tits package is gone" in deployment.baton("plugin", "list")
    told = deployment.baton("plugin", "info", "loyalty")
    assert "table\tloyalty_card\t1 rows" in told
    assert "permission\tloyalty.view" in told
    served.start()
    admin = signed_in(people.user("system_admin"))
    overview = admin.get("/settings/plugins")
    assert "baton plugin purge loyalty" in overview.text
    for name in ("loyalty_card", "loyalty_stamp"):
        assert re.search(rf"<code>{name}</code>\s*1 row\b", overview.text)
    page = signed_in(boss)
    shown = page.get(f"/customers/{customer.id}")
    assert shown.status_code == 200
    for words in ("gave a card", "a gold one", "Old Hand", ">Loyalty<"):
        assert words in shown.text, words
    assert "a gold one" not in page.get(f"/customers/{customer.id}?by=customers").text
    assert "a gold one" in page.get(f"/customers/{customer.id}?by=loyalty").text
    history = page.get(f"/customers/{customer.id}?tab=history").text
    assert "gave a customer a card" in history
    auditor = signed_in(people.user("audit_admin"))
    audit = auditor.get("/audit?what=loyalty").text
    assert "gave a customer a card" in audit
    lines = re.findall(r'hx-get="(/audit/lines/[^"]+)"', audit)
    assert any("Colour of the card" in auditor.get(line).text for line in lines)
    # Whoever may not see cards does not see them now either.
    clerk = signed_in(people.user("finance"))
    with outside.database.system_session("take a right") as session:
        session.execute(text("DELETE FROM permissions_role_grant WHERE permission = 'loyalty.view'"))
        session.execute(text("UPDATE core_counter SET value = value + 1 WHERE name = 'permissions'"))
    seen = clerk.get(f"/customers/{customer.id}")
    assert (seen.status_code, "a gold one" in seen.text) == (200, False)
    assert "orphaned" in deployment.baton("doctor", fails=True)  # it complains of other things here
    assert "problem: plugin loyalty" not in deployment.baton("doctor", fails=True)


@pytest.mark.parametrize("breaks", ["code", "tables"])
def test_lines_are_still_read_while_an_installed_version_cannot_run(
    deployment: Deployment, outside: Runtime, people: Factory, served: Served, signed_in: Callable[[Any], Browser],
    breaks: str,
) -> None:  # fmt: skip
    """Somebody installs a version that does not load, or whose tables wait: what was done stays in sight."""
    boss, customer = given(deployment, outside, people)
    deployment.install("loyalty", "2")
    if breaks == "code":
        (deployment.site / "baton_plugins" / "loyalty" / "plugin.py").write_text("import nothing_of_that_name\n")
    assert f"2.0\t{'broken' if breaks == 'code' else 'unmigrated'}" in deployment.baton("plugin", "list")
    served.environ["BATON_STRICT_PLUGINS"] = "0"
    served.start()
    page = signed_in(boss)
    shown = page.get(f"/customers/{customer.id}").text
    for words in ("gave a card", "a gold one", "Old Hand", ">Loyalty<"):
        assert words in shown, words
    assert "a gold one" in page.get(f"/customers/{customer.id}?by=loyalty").text
    assert "gave a customer a card" in page.get(f"/customers/{customer.id}?tab=history").text


def test_what_was_kept_at_a_purge_is_read_whatever_becomes_of_the_package(
    deployment: Deployment, outside: Runtime, people: Factory, served: Served, signed_in: Callable[[Any], Browser]
) -> None:
    boss, customer = given(deployment, outside, people)
    deployment.baton("plugin", "disable", "loyalty")
    deployment.baton("plugin", "purge", "loyalty", "--yes")
    served.start()
    page = signed_in(boss)

    def told() -> int:
        return page.get(f"/customers/{customer.id}").text.count("gave a card")

    assert told() == 1, "installed, switched off and purged"
    deployment.baton("migrate")
    deployment.baton("plugin", "enable", "loyalty")
    assert "given" in deployment.baton("loyalty", "give", customer.code)
    served.kill()
    served.start()
    assert told() == 1, "it runs again, and tells of its rows itself: this one has no timeline"
    grant(outside)
    deployment.uninstall("loyalty")
    served.kill()
    served.start()
    assert "loyalty\t1.0\torphaned" in deployment.baton("plugin", "list")
    assert told() == 2, "gone once more: the old line and the new one"


def test_merge_and_erase_reach_an_orphan(deployment: Deployment, outside: Runtime, people: Factory) -> None:
    boss, customer = given(deployment, outside, people)
    deployment.uninstall("loyalty")
    other = people.customer(boss, name="The same one")
    actor = people.actor(boss)
    with outside.database.actor_session(actor) as session:
        shown = merging.preview(session, actor, other.id, customer.id)
        assert {("Loyalty", "Cards", 1), ("Loyalty", "Stamps", 1)} <= {
            (share.title, share.label, share.count) for share in shown.shares
        }
        merging.merge(session, actor, other.id, customer.id)
    key = other.id.hex if outside.database.is_sqlite else str(other.id)
    assert [str(row[0]) for row in rows(outside, "SELECT customer_id FROM loyalty_card")] == [key]
    with outside.database.actor_session(actor) as session:
        erasing.erase(session, actor, other.id, "asked for")
    assert rows(outside, "SELECT note FROM loyalty_card") == [("",)]
    assert rows(outside, "SELECT id FROM loyalty_stamp") == []


@pytest.mark.parametrize("orphaned", [True, False], ids=["orphaned", "installed"])
def test_purge_takes_what_is_its_own_and_nothing_else(
    deployment: Deployment,
    outside: Runtime,
    people: Factory,
    served: Served,
    signed_in: Callable[[Any], Browser],
    orphaned: bool,
) -> None:
    boss, customer = given(deployment, outside, people)
    deployment.install("loyalty_plus", title="Plus")
    deployment.baton("migrate")
    deployment.baton("loyalty_plus", "give", customer.code)
    assert "Switch it off first" in deployment.baton("plugin", "purge", "loyalty", "--yes", fails=True)
    if orphaned:
        deployment.uninstall("loyalty")
    else:
        deployment.baton("plugin", "disable", "loyalty")
    others = {
        name: rows(outside, f"SELECT count(*) FROM {name}")
        for name in tables(outside)
        if not name.startswith(
            ("core_", "audit_", "alembic", "permissions_role_grant", "loyalty_card", "loyalty_stamp", "customers_kept")
        )
    }
    asked = deployment.baton("plugin", "purge", "loyalty", fails=True, stdin="n\n")
    assert "table\tloyalty_card\t1 rows" in asked
    assert "loyalty_plus" not in asked
    assert "loyalty_card" in tables(outside)
    folder = deployment.folder / "export"
    done = deployment.baton("plugin", "purge", "loyalty", "--yes", "--export", str(folder))
    assert "purged loyalty" in done
    assert {path.name for path in folder.iterdir()} == {"loyalty_card.jsonl", "loyalty_stamp.jsonl"}
    card = json.loads((folder / "loyalty_card.jsonl").read_text())
    assert (card["note"], card["by_label"]) == ("a gold one", "Old Hand")
    assert (folder / "loyalty_card.jsonl").stat().st_mode & 0o077 == 0
    left = tables(outside)
    assert not {"loyalty_card", "loyalty_stamp", "alembic_version_loyalty"} & left
    assert {"loyalty_plus_card", "loyalty_plus_stamp", "alembic_version_loyalty_plus"} <= left
    assert {name: rows(outside, f"SELECT count(*) FROM {name}") for name in others} == others
    with outside.database.system_session("look", write=False) as session:
        assert session.scalars(select(RoleGrant).where(RoleGrant.permission.startswith("loyalty."))).all() == []
        kept = {
            row.dictionary for row in session.scalars(select(DictionaryRow)) if row.dictionary.startswith("loyalty")
        }
        assert kept == {"loyalty_plus.colour"}
        states = {row.name: row.enabled for row in session.scalars(select(PluginState))}
        assert states.get("loyalty") is (None if orphaned else False)
        assert session.scalars(
            select(AuditEntry.entity_label).where(AuditEntry.action == "admin.purge_plugin")
        ).all() == ["Loyalty"]
        assert [line.who for line in session.scalars(select(KeptLine))] == ["Old Hand"]
    deployment.uninstall("loyalty")
    assert "loyalty\t" not in deployment.baton("plugin", "list")
    assert "holds nothing" in deployment.baton("plugin", "purge", "loyalty")
    served.start()
    page = signed_in(boss).get(f"/customers/{customer.id}").text
    assert "gave a card" in page
    assert "Old Hand" in page
    history = signed_in(boss).get(f"/customers/{customer.id}?tab=history").text
    assert "gave a customer a card" in history


def test_purge_refuses_the_core_and_the_unknown(deployment: Deployment) -> None:
    for name in ("customers", "nobody"):
        assert "no plugin" in deployment.baton("plugin", "purge", name, "--yes", fails=True)
    assert "no plugin" in deployment.baton("plugin", "info", "nobody", fails=True)
    assert "table\tactivities_plan" in deployment.baton("plugin", "info", "activities")


def test_csv_and_what_is_in_the_way(deployment: Deployment, outside: Runtime, people: Factory) -> None:
    given(deployment, outside, people)
    deployment.uninstall("loyalty")
    folder = deployment.folder / "export"
    folder.mkdir()
    (folder / "loyalty_stamp.csv").touch()
    command = ("plugin", "purge", "loyalty", "--yes", "--export", str(folder), "--format", "csv")
    assert "nothing was deleted" in deployment.baton(*command, fails=True)
    assert rows(outside, "SELECT count(*) FROM loyalty_card") == [(1,)]
    for path in folder.iterdir():
        path.unlink()
    assert "purged" in deployment.baton(*command)
    assert "a gold one" in (folder / "loyalty_card.csv").read_text()
