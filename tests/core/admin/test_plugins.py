"""Switching plugins on and off while everything runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from queue import Empty, Queue

import pytest
from sqlalchemy import select

from platform_core.admin import plugin_view, services
from platform_core.audit.models import AuditEntry
from platform_core.contracts.events import Listener
from platform_core.kernel import events
from platform_core.kernel.errors import Conflict, Forbidden, NotFound
from platform_core.kernel.models import PluginState

FOLLOWER = """
import os, sys, threading
from platform_core.app import Runtime
from platform_core.settings import load_settings
runtime = Runtime(load_settings())
runtime.follow()
runtime.start_background(work=False, schedule=False)
print("on" if "activities" in runtime.manager.enabled else "off", flush=True)
last = runtime.manager.enabled
while True:
    threading.Event().wait(0.02)
    if runtime.manager.enabled is not last:
        last = runtime.manager.enabled
        print("on" if "activities" in last else "off", flush=True)
"""


def look(runtime, statement):
    with runtime.database.system_session("look", write=False) as session:
        return list(session.scalars(statement))


@pytest.fixture
def admin(browser, factory):
    return browser.sign_in(factory.user("system_admin"))


@pytest.fixture
def needing(runtime):
    """Opportunities need activities, for the length of a test."""
    plugin = runtime.manager.plugins["opportunities"]
    before = plugin.requires
    plugin.requires = frozenset({"activities"})
    yield
    plugin.requires = before


def page_of(runtime, owner):
    """The path of a page of a plugin that needs no parameter."""
    names = (name for name in runtime.platform.urls if name.startswith(f"{owner}:"))
    paths = sorted(runtime.platform.urls[name] for name in names)
    return next(path for path in paths if "{" not in path and path.startswith("/api/"))


def test_the_page_lists_every_plugin_with_its_state(runtime, admin, count_queries):
    with count_queries(at_most=12):
        page = admin.get("/settings/plugins")
    assert page.status_code == 200
    for name in runtime.manager.plugins:
        assert f">{name}</code>" in page.text
    assert "Switch off" in page.text


def test_off_takes_routes_navigation_and_rights_away_and_on_brings_them_back(runtime, browser, factory, admin):
    user = factory.user("management")
    program = browser.token(user)
    path = page_of(runtime, "activities")
    assert program.get(path).status_code != 404
    items = {item.value.key for item in runtime.manager.declared.navigation.installed() if item.owner == "activities"}

    def shown():
        return {item.key for item in runtime.manager.declared.navigation} & items

    assert shown() == items
    assert admin.post("/settings/plugins/activities", {"enabled": "0"}).status_code == 303
    assert program.get(path).status_code == 404
    assert shown() == set()
    assert not factory.actor(user).can("activities.view")
    assert runtime.manager.declared.jobs.get("activities.remind") is None
    assert "Switch on" in admin.get("/settings/plugins").text
    assert admin.get("/healthz").json()["plugins"]["activities"] == "disabled"
    assert admin.post("/settings/plugins/activities", {"enabled": "1"}).status_code == 303
    assert program.get(path).status_code != 404
    assert shown() == items
    assert factory.actor(user).can("activities.view")
    actions = look(runtime, select(AuditEntry.action).where(AuditEntry.action.like("admin.%")).order_by(AuditEntry.id))
    assert actions == ["admin.disable_plugin", "admin.enable_plugin"]


def test_a_switch_tells_listeners_and_switching_twice_does_nothing(runtime):
    heard = []
    listeners = [
        Listener(name, lambda _session, event: heard.append((event.name, event.data["plugin"])))
        for name in ("admin.plugin_enabled", "admin.plugin_disabled")
    ]
    events.listen_through(lambda: listeners)
    try:
        for enabled in (False, False, True):
            with runtime.database.system_session("test") as session:
                services.set_plugin(session, None, runtime.platform, "activities", enabled=enabled)
    finally:
        events.listen_through(lambda: runtime.manager.declared.listeners)
    assert heard == [("admin.plugin_disabled", "activities"), ("admin.plugin_enabled", "activities")]


def test_nothing_is_switched_when_the_transaction_fails(runtime):
    def switch_and_fail():
        with runtime.database.system_session("test") as session:
            services.set_plugin(session, None, runtime.platform, "activities", enabled=False)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        switch_and_fail()
    runtime.follow()
    assert "activities" in runtime.manager.enabled


def test_dependants_are_named_first_and_go_along_when_asked(runtime, admin, needing):
    refused = admin.post("/settings/plugins/activities", {"enabled": "0"})
    assert refused.status_code == 409
    assert "would stop as well" in refused.text
    assert 'name="together"' in refused.text
    assert {"activities", "opportunities"} <= runtime.manager.enabled
    assert admin.post("/settings/plugins/activities", {"enabled": "0", "together": "1"}).status_code == 303
    assert not {"activities", "opportunities"} & runtime.manager.enabled
    refused = admin.post("/settings/plugins/opportunities", {"enabled": "1"})
    assert refused.status_code == 409
    assert "It needs these" in refused.text
    assert admin.post("/settings/plugins/opportunities", {"enabled": "1", "together": "1"}).status_code == 303
    assert {"activities", "opportunities"} <= runtime.manager.enabled
    states = {row.name: row.enabled for row in look(runtime, select(PluginState))}
    assert states == {"activities": True, "opportunities": True}


def test_core_packages_unknown_and_broken_plugins_cannot_be_switched(runtime, session, factory):
    actor = factory.actor(factory.user())
    for name in ("customers", "unheard_of"):
        with pytest.raises(NotFound):
            services.set_plugin(session, None, runtime.platform, name, enabled=False)
    with pytest.raises(Forbidden):
        services.set_plugin(session, actor, runtime.platform, "activities", enabled=False)
    plugin = runtime.manager.plugins["activities"]
    before = plugin.state
    plugin.state, plugin.reason = "broken", "NameError: x"
    try:
        with pytest.raises(Conflict, match="NameError: x"):
            services.set_plugin(session, None, runtime.platform, "activities", enabled=True)
    finally:
        plugin.state, plugin.reason = before, ""


def test_others_may_not_switch(browser, factory):
    other = browser.sign_in(factory.user("management"))
    assert other.get("/settings/plugins").status_code == 403
    assert other.post("/settings/plugins/activities", {"enabled": "0"}).status_code == 403


def test_programs_list_and_switch_plugins(runtime, browser, factory):
    program = browser.token(factory.user("system_admin"))
    listed = {item["name"]: item for item in program.get("/api/v1/plugins").json()["items"]}
    assert listed["activities"]["state"] == "enabled"
    assert listed["customers"]["builtin"] is True
    off = program.request("POST", "/api/v1/plugins/activities/disable")
    assert off.json() == {"switched": ["activities"]}
    assert program.get("/api/v1/plugins/activities").json()["state"] == "disabled"
    assert program.request("POST", "/api/v1/plugins/activities/disable").json() == {"switched": []}
    assert program.request("POST", "/api/v1/plugins/activities/enable").json() == {"switched": ["activities"]}
    assert program.request("POST", "/api/v1/plugins/nothing/enable").status_code == 404
    assert browser.token(factory.user()).get("/api/v1/plugins").status_code == 403


def test_another_process_follows_within_two_seconds(runtime):
    settings = runtime.settings
    env = {
        **os.environ,
        "BATON_DATABASE_URL": settings.database_url,
        "BATON_DATA_DIR": str(settings.data_dir),
        "BATON_SECRET_FILE": str(settings.secret_file),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    process = subprocess.Popen([sys.executable, "-c", FOLLOWER], env=env, stdout=subprocess.PIPE, text=True)
    said: Queue[str] = Queue()

    def listen():
        for line in process.stdout:
            said.put(line.strip())

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        assert said.get(timeout=60) == "on"
        for enabled, word in ((False, "off"), (True, "on")):
            with runtime.database.system_session("test") as session:
                services.set_plugin(session, None, runtime.platform, "activities", enabled=enabled)
            started = time.monotonic()
            try:
                assert said.get(timeout=20) == word
            except Empty:
                pytest.fail("the other process did not follow")
            assert time.monotonic() - started < 2
    finally:
        process.kill()
        process.wait(10)
        thread.join(10)
        process.stdout.close()


def test_each_plugin_has_a_page_of_its_own(runtime, admin, browser, factory, count_queries):
    for name in runtime.manager.plugins:
        with count_queries(at_most=12):
            page = admin.get(f"/settings/plugins/{name}")
        assert page.status_code == 200
        assert f"<code>{name}</code>" in page.text
    text = admin.get("/settings/plugins/activities").text
    for piece in ("activities_plan", "activities.view", "customer_panels", "GET /plans", "Nothing has failed"):
        assert piece in text
    assert admin.get("/settings/plugins/unheard_of").status_code == 404
    assert browser.sign_in(factory.user("management")).get("/settings/plugins/activities").status_code == 403
    chinese = browser.sign_in(factory.user("system_admin", language="zh")).get("/settings/plugins/activities").text
    assert "Nothing has failed" not in chinese


def test_rows_are_counted_up_to_a_limit(runtime, admin, factory, monkeypatch):
    monkeypatch.setattr(plugin_view, "MOST_ROWS", 2)
    owner = factory.user(department=factory.department())
    for _ in range(4):
        factory.customer(owner)
    text = admin.get("/settings/plugins/customers").text
    assert re.search(r"<code>customers_customer</code></th><td class=\"num\">2\+</td>", text)


def test_faults_are_shown_and_forgotten(runtime, admin, factory):
    try:
        runtime.manager.faults.note("activities", "hook", "baton_customer_facts", LookupError("Zhang San"))
        runtime.follow()
        text = admin.get("/settings/plugins/activities").text
        assert "LookupError" in text
        assert "Zhang San" not in text
        assert "1 fault" in admin.get("/settings/plugins").text
        assert "LookupError" in admin.get("/healthz").json()["reasons"]["activities"]
        assert admin.post("/settings/plugins/activities/faults/forget").status_code == 303
        assert "Nothing has failed" in admin.get("/settings/plugins/activities").text
        assert admin.get("/healthz").json()["status"] == "ok"
    finally:
        runtime.manager.faults.drop("activities")


def test_the_page_tells_what_a_switch_takes_along(admin, needing):
    assert "would stop as well: opportunities" in admin.get("/settings/plugins/activities").text
    data = {"enabled": "0", "together": "1", "back": "1"}
    assert admin.post("/settings/plugins/activities", data).headers["location"] == "/settings/plugins/activities"
    assert "It needs these, which are switched off: activities" in admin.get("/settings/plugins/opportunities").text
