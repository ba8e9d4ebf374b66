"""Settings of plugins over the JSON API: typed, checked, audited as the form's, secrets only go in."""

from __future__ import annotations

import json

import pytest
from baton_plugins.activities.settings import FIRST_VISIT_DAYS
from litestar.testing import TestClient
from sqlalchemy import select

from platform_core.api import read_setting
from platform_core.app import create_app
from platform_core.audit.models import AuditEntry
from platform_core.testing.browser import Browser
from tests.core.admin.test_plugin_settings import SPECIMEN
from tests.core.plugins.conftest import install  # noqa: F401  a fixture

URL = "/api/v1/plugins/activities/settings"
SPECIMENS = "/api/v1/plugins/specimen/settings"


@pytest.fixture
def admin(browser, factory):
    return browser.token(factory.user("system_admin"))


@pytest.fixture
def specimen(install, start, factory):  # noqa: F811
    """A program of an administrator's, and the process in which the specimen runs."""
    install("specimen", SPECIMEN)
    user, other = factory.user("system_admin"), start()
    with TestClient(create_app(other, background=False)) as client:
        yield Browser(other, client).token(user), other


def audited(runtime):
    with runtime.database.system_session("look", write=False) as session:
        statement = select(AuditEntry).where(AuditEntry.action == "admin.plugin_settings").order_by(AuditEntry.id)
        return [(line.before, line.after) for line in session.scalars(statement)]


def value_of(runtime, setting):
    with runtime.database.system_session("look", write=False) as session:
        return read_setting(session, setting)


def by_name(answer):
    return {item["name"]: item for item in answer.json()["settings"]}


def test_a_program_reads_and_changes_what_the_form_does(runtime, admin):
    assert by_name(admin.get(URL))["first_visit_days"] == {
        "name": "first_visit_days", "label": "Working days until the first return visit",
        "help": "Planned for whoever takes over a leg that asks for such a visit.",
        "kind": "number", "value": 3, "default": 3, "is_set": False, "choices": [],
    }  # fmt: skip
    changed = admin.request("PATCH", URL, json={"first_visit_days": 5})
    assert changed.status_code == 200
    assert (by_name(changed)["first_visit_days"]["value"], value_of(runtime, FIRST_VISIT_DAYS)) == (5, 5)
    back = admin.request("PATCH", URL, json={"first_visit_days": None})
    assert by_name(back)["first_visit_days"]["is_set"] is False
    assert value_of(runtime, FIRST_VISIT_DAYS) == 3
    assert audited(runtime) == [
        ({"first_visit_days": 3}, {"first_visit_days": 5}),
        ({"first_visit_days": 5}, {"first_visit_days": 3}),
    ]


@pytest.mark.parametrize("value", ["5", True, 1.5, 10**30, 61, -1, [3], {"days": 3}])
def test_what_is_no_such_value_is_refused_at_its_field(runtime, admin, value):
    answer = admin.request("PATCH", URL, json={"first_visit_days": value})
    assert answer.status_code == 422, answer.text
    assert any("first_visit_days" in error["field"] for error in answer.json()["errors"]), answer.text
    assert value_of(runtime, FIRST_VISIT_DAYS) == 3
    assert not audited(runtime)


def test_all_or_nothing_and_every_mistake_at_once(runtime, specimen):
    admin, other = specimen
    sent = {"title": "abc", "mode": "warp", "loud": 1, "token": 5, "volume": 3}
    refused = admin.request("PATCH", SPECIMENS, json=sent)
    assert refused.status_code == 422
    errors = {error["field"]: error["message"] for error in refused.json()["errors"]}
    assert errors.keys() == sent.keys()
    assert errors["title"] == "At least four letters, please."
    assert admin.request("PATCH", SPECIMENS, json={"mode": "fast", "title": "boom"}).status_code == 422
    assert "check of specimen.title" in repr(other.manager.faults.latest("specimen"))
    assert by_name(admin.get(SPECIMENS))["mode"]["value"] == "slow"
    assert not audited(runtime)


def test_a_secret_is_never_read_back(runtime, specimen):
    admin, _other = specimen
    saved = admin.request("PATCH", SPECIMENS, json={"token": "s3cret", "loud": False})
    assert saved.status_code == 200
    for answer in (saved, admin.get(SPECIMENS)):
        assert "s3cret" not in answer.text
        token = by_name(answer)["token"]
        assert (token["kind"], token["value"], token["is_set"]) == ("secret", None, True)
    assert by_name(saved)["mode"]["choices"] == ["slow", "fast"]
    forgotten = admin.request("PATCH", SPECIMENS, json={"token": None})
    assert by_name(forgotten)["token"]["is_set"] is False
    assert by_name(forgotten)["loud"]["value"] is False, "what is not named stays"
    assert "s3cret" not in json.dumps(audited(runtime))
    assert audited(runtime)[1] == ({"token": "***"}, {"token": ""})


def test_it_takes_the_right_of_the_form_and_a_plugin_that_runs(browser, factory, admin):
    other = browser.token(factory.user("management"))
    assert other.get(URL).status_code == 403
    assert other.request("PATCH", URL, json={"first_visit_days": 4}).status_code == 403
    for name in ("opportunity", "outbox"):
        assert admin.get(f"/api/v1/plugins/{name}/settings").status_code == 404
    admin.post("/api/v1/plugins/activities/disable")
    assert admin.get(URL).status_code == 404
