"""A faulty plugin is set aside with a reason; the platform serves, and strict mode refuses to start."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from litestar.testing import TestClient

from platform_core.app import Runtime, create_app
from platform_core.testing.browser import Browser
from platform_core.testing.factories import Factory
from tests.core.plugins.conftest import HEAD, Install

Start = Callable[..., Runtime]

FAULTY = {
    "import error": ("import nothing_of_that_name", "nothing_of_that_name"),
    "exit on import": ("raise SystemExit(3)", "SystemExit"),
    "misspelt hook": ("@hookimpl\ndef baton_custmer_panels(): ...", "baton_custmer_panels"),
    "unknown argument": ("@hookimpl\ndef baton_customer_facts(session, weather): ...", "weather"),
    "wrong declaration": ("@hookimpl\ndef baton_permissions(): return ['x']", "expected Permission"),
    "permission outside its prefix": (
        "@hookimpl\ndef baton_permissions(): return [Permission('customers.steal', 'x')]",
        "must start with 'specimen.'",
    ),
    "job outside its prefix": ("@hookimpl\ndef baton_jobs(): return [Job('relay.x', print)]", "must start with"),
    "somebody else's permission": (
        "@hookimpl\ndef baton_permissions(): return [Permission('specimen.a', 'a'), Permission('specimen.a', 'b')]",
        "declared twice",
    ),
}


@pytest.mark.parametrize("name", FAULTY)
def test_a_faulty_plugin_is_broken_with_its_reason(install: Install, start: Start, name: str) -> None:
    code, reason = FAULTY[name]
    install("specimen", code)
    plugin = start().manager.plugins["specimen"]
    assert plugin.state == "broken"
    assert reason in plugin.reason
    with pytest.raises((Exception, SystemExit)):
        start(strict=True)


MODELS = """
from sqlalchemy.orm import Mapped, mapped_column
from platform_core.api import DeclarativeBase, Identified
from sqlalchemy import MetaData

class Base(DeclarativeBase):
    metadata = MetaData()

class Thing(Identified, Base):
    __tablename__ = "{table}"
"""


@pytest.mark.parametrize(
    ("table", "reason"),
    [("customers_stolen", "must start with 'specimen_'"), ("specimen_thing", "is not declared in baton_entities")],
)
def test_a_table_needs_its_prefix_and_a_policy(install: Install, start: Start, table: str, reason: str) -> None:
    install("specimen", models=MODELS.format(table=table))
    plugin = start().manager.plugins["specimen"]
    assert plugin.state == "broken"
    assert reason in plugin.reason


def test_a_missing_dependency_and_a_wrong_version_are_incompatible(install: Install, start: Start) -> None:
    install("needy", requires=("baton-crm", "baton-absent"))
    install("modern", requires=("baton-crm>=99",))
    plugins = start().manager.plugins
    assert (plugins["needy"].state, plugins["needy"].reason) == ("incompatible", "needs absent")
    assert plugins["modern"].state == "incompatible"
    assert ">=99" in plugins["modern"].reason


def test_a_wrong_name_is_refused(install: Install, start: Start) -> None:
    install("specimen", head=HEAD.replace('PluginInfo("{name}"', 'PluginInfo("another"'))
    assert "must return a PluginInfo named 'specimen'" in start().manager.plugins["specimen"].reason


UNGUARDED = """
import litestar

@litestar.get("/", name="specimen:open", sync_to_thread=False)
def unguarded() -> str:
    return "everything"

@hookimpl
def baton_routes():
    return [Routes("/specimen", [unguarded])]
"""


def test_a_route_without_permission_is_not_mounted_and_the_rest_serves(install: Install, start: Start) -> None:
    install("specimen", UNGUARDED)
    runtime = start()
    with TestClient(create_app(runtime, background=False)) as client:
        assert client.get("/specimen/").status_code == 404
        health = client.get("/healthz").json()
    assert health["status"] == "degraded"
    assert health["plugins"]["specimen"] == "broken"
    assert "names no permission" in runtime.manager.plugins["specimen"].reason


HOOKS = """
@hookimpl
def baton_customer_facts(session, actor, customer):
    {body}
"""


@pytest.mark.parametrize(
    "body",
    [
        "raise LookupError('oh')",
        "return ['not a fact']",
        "from sqlalchemy import text\n    session.connection().exec_driver_sql('select nothing from nowhere')",
    ],
)
def test_a_failing_hook_costs_only_its_own_piece(install: Install, start: Start, factory: Factory, body: str) -> None:
    install("specimen", HOOKS.format(body=body))
    owner = factory.user(department=factory.department())
    customer = factory.customer(owner)
    runtime = start()
    with TestClient(create_app(runtime, background=False)) as client:
        page = Browser(runtime, client).sign_in(owner).get(f"/customers/{customer.id}")
    assert page.status_code == 200
    assert customer.name in page.text
    assert runtime.manager.faults.latest("specimen")


def test_a_slow_hook_is_counted(install: Install, start: Start, factory: Factory) -> None:
    install("specimen", HOOKS.format(body="import time\n    time.sleep(0.1)\n    return []"))
    owner = factory.user(department=factory.department())
    customer = factory.customer(owner)
    runtime = start()
    with TestClient(create_app(runtime, background=False)) as client:
        Browser(runtime, client).sign_in(owner).get(f"/customers/{customer.id}")
    assert runtime.hooks.timings["specimen", "baton_customer_facts"].over_budget == 1


WORKBENCH = """
@hookimpl
def baton_workbench(session, actor):
    raise LookupError("nothing to do")


@hookimpl
def baton_customer_panels(session, actor, customer):
    raise LookupError("no panel")
"""


def test_a_card_stands_for_what_is_missing_and_leads_administrators_to_the_reason(
    install: Install, start: Start, factory: Factory
) -> None:
    install("specimen", WORKBENCH)
    shown = start()
    head = factory.user("management", factory.department())
    customer = factory.customer(head)
    with TestClient(create_app(shown, background=False)) as client:
        page = Browser(shown, client).sign_in(factory.user("system_admin")).get("/").text
        assert page.count("left-out") == 1
        assert 'href="/settings/plugins/specimen">What went wrong' in page
        reader = Browser(shown, client).sign_in(head)
        page = reader.get("/").text
        assert "specimen could not show its part here" in page
        assert "/settings/plugins/specimen" not in page
        assert reader.get(f"/customers/{customer.id}").text.count("left-out") == 1
        page = reader.get(f"/customers/{customer.id}?tab=specimen")
        assert (page.status_code, page.text.count("left-out")) == (200, 1)


def test_what_an_administrator_has_seen_to_is_not_written_down_afterwards(runtime: Runtime) -> None:
    faults = runtime.manager.faults
    for owner in ("activities", "opportunities"):
        faults.note(owner, "hook", "baton_customer_facts", LookupError())
    faults.drop("activities")
    assert faults.latest("activities") == []
    assert faults.save(runtime.database) == 1
    assert list(faults.fresh()) == ["opportunities"]
