"""Tables that become rows of a plugin: all of them or none, every fault with its row and column."""

from __future__ import annotations

import pytest
from litestar.testing import TestClient
from sqlalchemy import select

from platform_core.admin import services
from platform_core.app import create_app
from platform_core.audit.models import AuditEntry
from platform_core.permissions.models import Role, RoleGrant
from platform_core.testing.browser import Browser
from platform_core.users.models import Department
from tests.core.plugins.conftest import install  # noqa: F401  a fixture

SPECIMEN = """
import msgspec
from datetime import date
from platform_core.api import Department

class ThingInput(msgspec.Struct, kw_only=True):
    name: str
    amount: int = 0
    on: date | None = None

def create(session, actor, data):
    if data.name == "boom":
        raise LookupError("boom")
    if data.name == "poison":
        session.connection().exec_driver_sql("select nothing from nowhere")
    if data.amount < 0:
        raise Invalid("no", fields={"amount": "Not below nothing."})
    session.add(Department(code=data.name, name=data.name))

@hookimpl
def baton_permissions():
    return [Permission("specimen.write", "Write", scoped=False)]

@hookimpl
def baton_import_targets():
    columns = {"name": "Name", "amount": "Amount", "on": "Day"}
    return [ImportTarget("specimen.things", "Things", "specimen.write", ThingInput, columns, create, "/customers")]
"""
URL = "/import/specimen.things"


@pytest.fixture
def served(install, start, factory):  # noqa: F811
    install("specimen", SPECIMEN)
    with factory.runtime.database.system_session("grant") as session:
        role_id = session.scalars(select(Role.id).where(Role.code == "office")).one()
        session.add(RoleGrant(role_id=role_id, permission="specimen.write", scope=5))
    runtime = start()
    with TestClient(create_app(runtime, background=False)) as client:
        nobody = Browser(runtime, client)
        yield runtime, nobody.sign_in(factory.user("office")), nobody.sign_in(factory.user("coordinator"))


def departments(runtime):
    with runtime.database.system_session("look", write=False) as session:
        return set(session.scalars(select(Department.name)))


def upload(browser, text, name="things.csv"):
    return browser.post(URL, {}, files={"file": (name, text.encode(), "text/csv")})


def test_a_table_is_added_and_written_down(served):
    runtime, browser, _other = served
    page = browser.get(URL)
    assert page.status_code == 200
    assert "Name, Amount, Day" in page.text
    assert browser.get(f"{URL}/table").text == "\ufeffName,Amount,Day\r\n"
    done = upload(browser, "Day,name,Amount\n2026-11-22,North,3\n,South,\n")
    assert done.status_code == 303
    assert done.headers["location"] == "/customers"
    assert {"North", "South"} <= departments(runtime)
    with runtime.database.system_session("look", write=False) as session:
        line = session.scalars(select(AuditEntry).where(AuditEntry.action == "admin.import")).one()
    assert line.after == {"target": "specimen.things", "rows": 2}


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("Name,Amount,Day\nNorth,x,never\nSouth,-1,\n,2,\n", ["whole number", "2026-11-22", "Not below nothing.", "fill this in"]),
        ("Name,Weight\nNorth,1\n", ["Weight", "not known"]),
        ("Amount\n1\n", ["Name", "This column is missing."]),
        ("", ["empty"]),
        ("Name\nboom\n", ["The plugin failed"]),
        ("Name\npoison\n", ["The plugin failed"]),
    ],
)  # fmt: skip
def test_a_fault_keeps_everything_out_and_is_named(served, text, messages):
    runtime, browser, _other = served
    before = departments(runtime)
    page = upload(browser, text)
    assert page.status_code == 422
    for message in messages:
        assert message in page.text, message
    assert departments(runtime) == before


def test_who_may_not_and_what_is_not_there(served):
    runtime, browser, other = served
    for path in (URL, f"{URL}/table"):
        assert other.get(path).status_code == 403
    assert upload(other, "Name\nNorth\n").status_code == 403
    assert browser.get("/import/specimen.others").status_code == 404
    assert browser.post(URL, {}).status_code == 422
    assert upload(browser, "Name\nNorth\n", "things.pdf").status_code == 422
    with runtime.database.system_session("test") as session:
        services.set_plugin(session, None, runtime.platform, "specimen", enabled=False)
    assert browser.get(URL).status_code == 404
