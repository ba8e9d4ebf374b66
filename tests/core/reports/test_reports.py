"""Reports: declared columns and rows, isolated, narrowed, printed and exported by right; tiles above them."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from litestar.testing import TestClient
from sqlalchemy import select

from platform_core.admin import services
from platform_core.api import Linked, Report, ReportColumn, today
from platform_core.app import create_app
from platform_core.audit.models import AuditEntry
from platform_core.kernel.models import JobRow
from platform_core.permissions.models import Role, RoleGrant
from platform_core.testing.browser import Browser
from platform_core.users import passwords
from platform_core.users.models import User
from tests.core.plugins.conftest import install  # noqa: F401  a fixture

SPECIMEN = """
from datetime import date
from decimal import Decimal
from platform_core.api import SIGNED_IN

COLUMNS = (
    ReportColumn("What"), ReportColumn("Number", "number", total=True), ReportColumn("Worth", "money", total=True),
    ReportColumn("Share", "percent"), ReportColumn("Day", "day"), ReportColumn("At", "moment"),
)

def rows(session, actor, query):
    found = [("=1+1", Linked(number, "/customers"), Decimal("2.50"), 10, query.first, now()) for number in (1, 2)]
    return [row for row in found if query.chosen.get("which", "all") == "all" or row[1].value == 1]

def bad(session, actor, query):
    return [("x", "three", None, None, None, None)]

def poisoned(session, actor, query):
    session.connection().exec_driver_sql("select nothing from nowhere")

def many(session, actor, query):
    return [("row", number, None, None, None, None) for number in range(query.limit)]

def which(session, actor):
    return [("all", "Everything"), ("first", "Only the first")]

@hookimpl
def baton_permissions():
    return [Permission("specimen.view", "View", scoped=False)]

@hookimpl
def baton_reports():
    def report(name, function, **more):
        return Report(f"specimen.{name}", f"Report {name}", "specimen.view", COLUMNS, function, **more)
    chosen = (ReportFilter("which", "Which", which),)
    return [
        report("fine", rows, filters=chosen, dated=True), report("bad", bad), report("poisoned", poisoned),
        report("many", many),
    ]

@hookimpl
def baton_dashboard_widgets(session, actor):
    return [
        Widget("specimen.tile", "Tile", "42", "more than ever", "/customers", "jade"),
        Widget("specimen.broken", "Broken tile", template="specimen/_nothing.html"),
    ]
"""


def read(runtime, statement):
    with runtime.database.system_session("look", write=False) as session:
        return list(session.scalars(statement))


def grant(factory, role, *permissions):
    with factory.runtime.database.system_session("grant") as session:
        role_id = session.scalars(select(Role.id).where(Role.code == role)).one()
        session.add_all(RoleGrant(role_id=role_id, permission=name, scope=5) for name in permissions)


@pytest.fixture
def served(install, start, factory):  # noqa: F811
    """A platform with the specimen; somebody who may read its reports, and somebody who may export too."""
    install("specimen", SPECIMEN)
    grant(factory, "coordinator", "specimen.view")
    grant(factory, "management", "specimen.view")
    other = start()
    with TestClient(create_app(other, background=False)) as client:
        nobody = Browser(other, client)
        reader, manager = (nobody.sign_in(factory.user(role)) for role in ("coordinator", "management"))
        yield other, reader, manager


def test_the_page_lists_what_one_may_read_with_tiles(served, factory):
    runtime, reader, _manager = served
    page = reader.get("/reports")
    assert page.status_code == 200
    assert "Report fine" in page.text
    assert "more than ever" in page.text
    assert "Broken tile" in page.text
    assert any("widget specimen.broken" in str(fault) for fault in runtime.manager.faults.latest("specimen"))
    outsider = Browser(runtime, reader._client).sign_in(factory.user("audit_admin"))
    assert "Report fine" not in outsider.get("/reports").text
    assert outsider.get("/reports/specimen.fine").status_code == 403
    assert outsider.get("/reports/specimen.unheard").status_code == 404


def test_a_report_shows_typed_values_totals_links_and_is_narrowed(served):
    _runtime, reader, _manager = served
    page = reader.get("/reports/specimen.fine?first=2026-03-01&last=2026-03-05")
    assert page.status_code == 200
    for text in ('href="/customers">1</a>', "¥2.50", "10%", "03-01", "<b>3</b>", "¥5.00"):
        assert text in page.text, text
    narrowed = reader.get("/reports/specimen.fine?which=first")
    assert 'href="/customers">2</a>' not in narrowed.text
    assert '<option value="first" selected>' in narrowed.text
    assert 'href="/customers">2</a>' in reader.get("/reports/specimen.fine?which=nonsense&first=never").text
    odd = reader.get("/reports/specimen.fine?first=0001-01-01&last=9999-12-31")
    assert f'value="{today()}"' in odd.text
    far = reader.get("/reports/specimen.fine?first=2020-01-01&last=2026-03-05")
    assert f'value="{today().replace(2026, 3, 5) - timedelta(91)}"' in far.text


@pytest.mark.parametrize("name", ["bad", "poisoned"])
def test_a_failing_report_says_so_and_the_rest_serves(served, name):
    runtime, reader, manager = served
    page = reader.get(f"/reports/specimen.{name}")
    assert page.status_code == 200
    assert "cannot be made now" in page.text
    assert any(f"specimen.{name}" in str(fault) for fault in runtime.manager.faults.latest("specimen"))
    asked = {"source": f"report:specimen.{name}", "reason": "For the board"}
    assert manager.post("/exports/new", asked).status_code == 409
    assert reader.get("/reports").status_code == 200


def test_more_rows_than_fit_are_cut_and_said(served):
    page = served[1].get("/reports/specimen.many")
    assert "these are the first 500" in page.text
    assert page.text.count("<td>row</td>") == 500


def test_paper_and_file_need_the_right_a_reason_and_somebody_else(served, factory):
    runtime, reader, manager = served
    boss = factory.user("management")
    with runtime.database.system_session("a password") as session:
        session.get_one(User, boss.id).password_hash = passwords.hash_password("correct horse battery")
    of = "report:specimen.fine"
    query = "first=2026-03-01&last=2026-03-05"
    assert "of=report" not in reader.get("/reports/specimen.fine").text
    assert f"/exports/new?of={of}&amp;first=" in manager.get("/reports/specimen.fine").text
    for path in ("exports", "papers"):
        assert reader.post(f"/{path}/new", {"source": of, "reason": "For the board"}).status_code == 404
    paper = manager.post("/papers/new", {"source": of, "query": "which=first", "reason": "For the board"})
    text = manager.get(paper.headers["location"]).text
    assert " printable" in text
    assert "Only the first" in text
    asked = manager.post("/exports/new", {"source": of, "query": query, "reason": "For the board", "form": "csv"})
    url = asked.headers["location"]
    approver = Browser(runtime, reader._client).sign_in(boss)
    decided = approver.post(f"{url}/decide", {"verdict": "approve", "password": "correct horse battery"})
    assert decided.status_code == 303
    for key in read(runtime, select(JobRow.id).where(JobRow.name == "exports.make")):
        assert runtime.jobs.run(key)
    file = manager.post(f"{url}/fetch")
    assert file.headers["content-disposition"].startswith('attachment; filename="specimen.fine-')
    lines = list(csv.reader(io.StringIO(file.text.removeprefix("\ufeff"))))
    assert lines[0][0].startswith("For User")
    assert lines[1] == ["What", "Number", "Worth", "Share", "Day", "At"]
    assert lines[2][:5] == ["'=1+1", "1", "2.50", "10", "2026-03-01"]
    noted = read(runtime, select(AuditEntry).where(AuditEntry.action == "exports.ask"))[0]
    assert noted.after["what"] == of
    assert noted.after["rows"] == 2


def test_reports_go_and_come_with_their_plugin(served):
    runtime, reader, _manager = served
    for enabled, status in ((False, 404), (True, 200)):
        with runtime.database.system_session("test") as session:
            services.set_plugin(session, None, runtime.platform, "specimen", enabled=enabled)
        assert reader.get("/reports/specimen.fine").status_code == status
        assert ("more than ever" in reader.get("/reports").text) is enabled


def test_a_column_that_cannot_be_summed_is_refused():
    with pytest.raises(ValueError, match="cannot be summed"):
        Report("x.y", "X", "x.view", (ReportColumn("Day", "day", total=True),), lambda *_: [])
    assert Linked(1, "/x").value == 1
