"""Filters, exports and archives through the pages, and that no filter walks through the whole trail."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Uuid, bindparam, select, text
from sqlalchemy.dialects import postgresql, sqlite

from platform_core.audit import queries
from platform_core.audit.models import AuditEntry
from platform_core.audit.queries import AuditQuery
from platform_core.contracts.entities import EntityRef
from platform_core.kernel.clock import freeze
from platform_core.kernel.ids import new_id
from platform_core.kernel.models import JobRow
from platform_core.testing.browser import HTMX
from tests.core.audit.forging import seal
from tests.core.audit.forging import write as write_lines
from tests.core.audit.test_page import look, write


@pytest.fixture
def auditor(browser, factory):
    return browser.sign_in(factory.user("audit_admin", name="The auditor"))


def test_device_way_and_sign_in_narrow(runtime, factory, auditor):
    ann = factory.actor(factory.user(name="Ann"))
    at_desk = replace(ann, ip="10.0.0.1", session_id=new_id())
    on_phone = replace(ann, ip="10.0.0.2", session_id=new_id(), via="api")
    listed = new_id()
    write(
        runtime,
        (at_desk, "test.desk", {}),
        (on_phone, "test.phone", {"ids": [listed, new_id()]}),
        (None, "test.failed", {"ip": "10.0.0.9", "result": "failed"}),
    )

    def shown(**filters):
        page = auditor.get("/audit", params=filters, headers=HTMX).text
        return {name for name in ("test.desk", "test.phone", "test.failed") if f">{name}<" in page}

    assert shown(what="test.") == {"test.desk", "test.phone", "test.failed"}
    assert shown(ip="10.0.0.1") == {"test.desk"}
    assert shown(via="api") == {"test.phone"}
    assert shown(session=str(on_phone.session_id), actor=str(ann.user_id)) == {"test.phone"}
    assert shown(listed=str(listed)) == {"test.phone"}
    assert shown(result="failed") == {"test.failed"}
    assert shown(who="an", ip="10.0.0.2") == {"test.phone"}
    assert shown(who="nobody of that name") == set()


def test_numbers_of_people_are_not_searched_for_and_long_searches_are_shortened(runtime, auditor):
    page = auditor.get("/audit", params={"thing": "13900001234", "since": "2026-01-01", "until": "2026-11-22"}).text
    assert "13900001234" not in page
    assert "are not searched for here" in page
    assert "13900001234" not in str([entry.after for entry in look(runtime, select(AuditEntry))])
    page = auditor.get("/audit", params={"customer": "Acme", "since": "2020-01-01", "until": "2026-11-22"}).text
    assert "at most 92 days" in page
    assert 'value="2026-08-23"' in page


def test_export_is_by_right_complete_and_written_down(runtime, browser, factory, auditor):
    acme = new_id()
    ref = EntityRef("customers", "customer", acme, "=Acme")
    line = {"ref": ref, "customer_id": acme, "before": {"city": "Qingdao"}, "after": {"city": "Jinan"}}
    write(runtime, *[(None, "customers.update", line)] * 60)
    page = auditor.get("/audit", params={"what": "customers.update"}).text
    link = page.partition('href="/audit/export?')[2].partition('"')[0]
    assert "what=customers.update" in link
    answer = auditor.get("/audit/export?" + link.replace("&amp;", "&"))
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert len(rows) == 60
    assert rows[0]["About"] == "'=Acme"
    assert rows[0]["Changes"] == "City: Qingdao -> Jinan"
    assert [int(row["Number"]) for row in rows] == sorted((int(row["Number"]) for row in rows), reverse=True)
    (noted,) = look(runtime, select(AuditEntry).where(AuditEntry.action == "audit.export"))
    assert noted.after["lines"] == 60
    assert noted.after["what"] == "customers.update"
    manager = browser.sign_in(factory.user("management"))
    assert manager.get("/audit/export").status_code == 403
    assert "/audit/export" not in manager.get("/audit").text


def test_archiving_shows_asks_and_begins(runtime, browser, factory, auditor):
    with freeze(datetime(2024, 1, 10, tzinfo=UTC)):
        write_lines(runtime, 12)
    seal(runtime)
    page = auditor.get("/audit/retention", params={"months": "6"}).text
    assert "2024-01" in page
    assert "12 lines before " in page
    data = {"months": "6", "until": "2024-01", "lines": "12"}
    assert auditor.post("/audit/retention", data).status_code == 422
    assert auditor.post("/audit/retention", {**data, "lines": "11", "sure": "1"}).status_code == 409
    assert auditor.post("/audit/retention", {**data, "months": "5", "sure": "1"}).status_code == 422
    assert look(runtime, select(JobRow).where(JobRow.name == "audit.archive")) == []
    answer = auditor.post("/audit/retention", {**data, "sure": "1"})
    (job,) = look(runtime, select(JobRow).where(JobRow.name == "audit.archive"))
    assert answer.headers["location"] == f"/jobs/{job.id}"
    assert runtime.jobs.run(job.id)
    page = auditor.get("/audit/retention").text
    assert "audit-2024-01_seals-1-2.jsonl.gz" in page
    for role in ("management", "system_admin", "security_admin"):
        other = browser.sign_in(factory.user(role))
        assert other.get("/audit/retention").status_code == 403
        assert other.post("/audit/retention", {**data, "sure": "1"}).status_code == 403


FILTERS = {
    "none": {},
    "person": {"actor_id": "actor"},
    "customer": {"customer_id": "customer"},
    "action": {"what": "test.rare", "is_whole": True},
    "object": {"thing": "thing"},
    "device": {"ip": "10.9.9.9"},
    "refused": {"result": "denied"},
}


@pytest.fixture
def long_trail(runtime, factory):
    """40,000 lines of three years, a few of which are of interest, written past the application."""
    rare = {"actor": new_id(), "customer": new_id(), "thing": new_id()}
    moment = "datetime('2023-11-22', '+' || (n * 39) || ' minutes') || '.000000'"
    random = "lower(hex(randomblob(16)))"
    numbers = "WITH RECURSIVE line(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM line WHERE n < 40000)"
    if not runtime.database.is_sqlite:
        moment, random = "timestamptz '2023-11-22' + n * interval '39 minutes'", "gen_random_uuid()"
    is_rare = "n % 10000 = 7"
    with runtime.database.connection("a long trail") as connection:
        connection.execute(
            text(
                f"{numbers} INSERT INTO audit_entry (id, seq, at, actor_id, actor_label, via, ip, request_id, action,"
                f" result, entity, entity_id, entity_label, customer_id, ids, before, after, reason)"
                f" SELECT {random}, n, {moment}, CASE WHEN {is_rare} THEN :actor ELSE {random} END, 'Somebody',"
                f" 'page', CASE WHEN {is_rare} THEN '10.9.9.9' ELSE '10.0.0.1' END, '',"
                f" CASE WHEN {is_rare} THEN 'test.rare' ELSE 'test.line' END,"
                f" CASE WHEN {is_rare} THEN 'denied' ELSE 'ok' END, 'x/y',"
                f" CASE WHEN {is_rare} THEN :thing ELSE {random} END, 'Label',"
                f" CASE WHEN {is_rare} THEN :customer ELSE {random} END, '[]', '{{}}', '{{}}', '' FROM line"
            ).bindparams(*(bindparam(name, key, type_=Uuid()) for name, key in rare.items()))
        )
        connection.execute(text("ANALYZE audit_entry"))
    return rare


@pytest.mark.parametrize("name", FILTERS)
def test_no_filter_reads_more_than_its_page(runtime, long_trail, name):
    given = {key: long_trail.get(value, value) for key, value in FILTERS[name].items()}
    if "thing" in given:
        given["thing"] = str(given["thing"])
    query = AuditQuery(date(2023, 1, 1), date(2026, 12, 31), **given)
    with runtime.database.system_session("test", write=False) as session:
        found, cursor = queries.entries(session, query)
        assert len(found) == (queries.PAGE if name == "none" else 4)
        if cursor:
            query = replace(query, cursor=cursor)
        statement = queries.statement(session, query, queries.PAGE + 1)
        plan = explain(session, statement)
    if runtime.database.is_sqlite:
        assert "SCAN audit_entry" not in plan.replace("SCAN audit_entry USING INDEX ix_audit_entry_at", "")
        assert name == "object" or "TEMP B-TREE" not in plan, plan
    else:
        assert "Seq Scan" not in plan
        read = re.findall(r"actual .*rows=(\d+)|Rows Removed by Filter: (\d+)", plan)
        assert max(int(kept or removed) for kept, removed in read) <= queries.PAGE + 1, plan


def explain(session, statement):
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    dialect = sqlite.dialect() if is_sqlite else postgresql.dialect()
    sql = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    words = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN ANALYZE"
    rows = session.connection().exec_driver_sql(
        f"{words} {sql}".replace("%", "%%") if not is_sqlite else f"{words} {sql}"
    )
    return "\n".join(str(row[-1]) for row in rows)


def test_people_are_found_without_reading_their_lines(runtime, factory, auditor):
    actors = [factory.actor(factory.user(name=name)) for name in ("Ann", "Bob", "Anna")]
    write(runtime, *[(actor, "test.line", {}) for actor in actors for _ in range(3)])
    with runtime.database.system_session("test", write=False) as session:
        assert [name for _key, name in queries.people(session, "ANN")] == ["Ann", "Anna"]
        assert {name for _key, name in queries.people(session)} >= {"Ann", "Anna", "Bob"}
