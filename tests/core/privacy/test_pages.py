"""Pages, register and package: what a person asks for is done, written down, and refused in a sentence where it is not."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import date, timedelta

import pytest
from baton_plugins.activities.forms import PlanInput
from baton_plugins.activities.models import FollowUp, Plan
from baton_plugins.activities.plans import create_plan
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.customers import erasing, merging, queries, reveal, services
from platform_core.customers.forms import CustomerInput, CustomerPatch
from platform_core.customers.models import Customer
from platform_core.exports import asking, lists
from platform_core.exports.asking import Asked
from platform_core.kernel import settingvalues
from platform_core.kernel.clock import now, today
from platform_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.model import METADATA
from platform_core.kernel.models import JobRow
from platform_core.privacy import register, restricting, settings
from platform_core.privacy.forms import Closing, Correction, RequestInput
from platform_core.privacy.models import Consent, PersonRequest, RequestAct, Suppression
from platform_core.relay.services import open_engagement
from platform_core.testing.serving import PASSWORD
from platform_core.users import passwords

PHONE = "13800006021"
REASON = {"reason": "the address is in dispute"}


@pytest.fixture
def customer(acting, boss):
    """Somebody with a number and a follow-up."""
    with acting() as session:
        data = CustomerInput(name="Wang Xiaoming", kind="person", phone=PHONE, city="Shanghai")
        made = services.create(session, acting.actor, data)
    with acting() as session:
        session.add(FollowUp(customer_id=made.id, author_label="Max", body="wants a course in March"))
        session.add(Plan(customer_id=made.id, assignee_id=boss.id, subject="call again", due_at=now()))
    return made.id


def asked(acting, customer, kind, **values):
    data = RequestInput(**{"kind": kind, "asked_by": "Wang Xiaoming", "source": "letter", **values})
    with acting() as session:
        return register.register(session, acting.actor, data, customer).id


@pytest.mark.any_database
def test_consent_and_opt_outs_on_their_page(runtime, max_, acting, customer, count_queries, browser, factory):
    page = f"/customers/{customer}/privacy"
    assert f'href="{page}"' in max_.get(f"/customers/{customer}").text
    form = {"purpose": "marketing", "source": "form", "given": "true", "note": "file 7"}
    assert max_.get(f"{page}/consent").status_code == 200
    refused = max_.post(f"{page}/consent", form | {"on": str(today() + timedelta(days=2)), "source": "?"})
    assert refused.status_code == 422
    assert "Please choose from the list." in refused.text
    assert max_.post(f"{page}/consent", form).status_code == 303
    with acting() as session:
        assert session.scalars(select(Consent.given)).one()
        point = queries.points_of(session, customer)[0].id
    assert max_.post(f"{page}/opt-out", {"point_id": str(point), "source": "phone"}).status_code == 303
    with count_queries(at_most=12):
        shown = max_.get(page).text
    assert "file 7" in shown
    assert "138****6021" in shown
    assert PHONE not in shown
    api = max_.get(f"/api/v1/privacy/customers/{customer}/allowed?channel=sms&purpose=marketing").json()
    assert (api["allowed"], api["code"]) == (False, "opted_out")
    with acting() as session:
        row = session.scalars(select(Suppression)).one()
    assert max_.post(f"{page}/opt-outs/{row.id}/lift", {"reason": ""}).status_code == 422
    assert max_.post(f"{page}/opt-outs/{row.id}/lift", {"reason": "asked at the desk"}).status_code == 303
    assert max_.get(f"/api/v1/privacy/customers/{customer}/allowed?channel=sms&purpose=marketing").json()["allowed"]
    stranger = browser.sign_in(factory.user("coordinator"))
    assert stranger.get(page).status_code == 404
    assert stranger.post(f"{page}/consent", form).status_code == 404
    assert max_.post("/privacy/texts", {"purpose": "marketing", "body": "short"}).status_code == 422
    assert max_.post("/privacy/texts", {"purpose": "marketing", "body": "I agree to <offers>."}).status_code == 303
    assert "I agree to &lt;offers&gt;." in max_.get("/privacy/texts").text


@pytest.mark.any_database
def test_a_restricted_record_is_seen_and_nothing_else(runtime, max_, acting, customer, factory, boss):
    page = f"/customers/{customer}/privacy"
    assert max_.post(f"{page}/restrict", {"reason": ""}).status_code == 422
    assert max_.post(f"{page}/restrict", REASON).status_code == 303
    assert max_.post(f"{page}/restrict", REASON).status_code == 409
    shown = max_.get(f"/customers/{customer}").text
    assert "This record is kept and not used" in shown
    assert f"/customers/{customer}/edit" not in shown
    actor = acting.actor
    other = factory.customer(boss)
    with acting() as session:
        point = queries.points_of(session, customer)[0].id
        held = queries.get(session, customer)
        version = held.version
    plan = PlanInput(on=today() + timedelta(days=1), kind="call", subject="x")
    for act in (
        lambda session: services.update(session, actor, customer, CustomerPatch(city="Beijing")),
        lambda session: services.move_to_bin(session, actor, customer),
        lambda session: reveal.reveal(session, actor, customer, point),
        lambda session: merging.merge(session, actor, other.id, customer),
        lambda session: create_plan(session, actor, customer, plan),
        lambda session: open_engagement(session, actor, queries.get(session, customer), None, "course"),
    ):
        with pytest.raises(Forbidden, match="This record is restricted"), acting() as session:
            act(session)
    refused = max_.post(f"/customers/{customer}/edit", {"name": "Somebody else", "version": str(version)})
    assert refused.status_code == 403
    assert "This record is restricted" in refused.text
    with acting() as session:
        source = lists.find(session, "customers")
        table = source.read(session, actor, "", ["name"], 100)
        assert set(table.customers) == {other.id}
    assert max_.post(f"{page}/lift", {"reason": "settled"}).status_code == 303
    with acting() as session:
        services.update(session, actor, customer, CustomerPatch(city="Beijing"))
    lines = _lines(runtime, customer)
    assert {"privacy.restrict", "privacy.lift_restriction"} <= lines.keys()
    assert lines["privacy.restrict"].reason == REASON["reason"]


def _lines(runtime, customer):
    with runtime.database.system_session("look", write=False) as session:
        found = session.scalars(select(AuditEntry).where(AuditEntry.customer_id == customer))
        return {line.action: line for line in found}


@pytest.mark.any_database
def test_days_are_counted_as_the_house_says(session):
    friday = date(2026, 11, 20)
    assert settings.due_on(session, friday) == date(2026, 12, 11)
    settingvalues.write(session, settings.KIND, "calendar")
    settingvalues.write(session, settings.DAYS, 30)
    assert settings.due_on(session, friday) == date(2026, 12, 20)
    assert settings.DAYS.check(0)
    assert not settings.DAYS.check(30)


def test_a_correction_keeps_what_was_said_before(runtime, max_, acting, customer, browser, factory):
    made = asked(acting, customer, "correction", details="I live in Beijing")
    page = f"/privacy/requests/{made}"
    assert "I live in Beijing" in max_.get(page).text
    with pytest.raises(Conflict, match="has not been done"), acting() as session:
        register.close(session, acting.actor, made, Closing(state="done", result="told her"))
    for wrong in (
        {"field": "owner_id", "value": "x"},
        {"field": "birth_year", "value": "last year"},
        {"field": "city"},
    ):
        assert max_.post(f"{page}/correct", wrong).status_code in (303, 422), wrong
    assert max_.post(f"{page}/correct", {"field": "code", "value": "C-1"}).status_code == 422
    for field, value in (("city", "Beijing"), ("birth_year", "1990"), ("phone", "13900007700")):
        assert max_.post(f"{page}/correct", {"field": field, "value": value}).status_code == 303
    with acting() as session:
        found = queries.get(session, customer)
        assert (found.city, found.birth_year, found.phone_mask) == ("Beijing", 1990, "139****7700")
        acts = [
            (act.before, act.after) for act in register.acts_of(session, register.find(session, acting.actor, made))
        ]
        assert ({"phone": "138****6021"}, {"phone": "139****7700"}) in acts
        with pytest.raises(Conflict, match="says so already"):
            register.correct(session, acting.actor, made, Correction(field="city", value="Beijing"))
    assert max_.post(f"{page}/close", {"state": "done", "result": "told her by letter"}).status_code == 303
    assert max_.post(f"{page}/close", {"state": "done", "result": "again"}).status_code == 422
    assert "told her by letter" in max_.get(page).text
    assert page in max_.get("/privacy/requests?closed=1").text
    assert "privacy.correct" in _lines(runtime, customer)
    coordinator = browser.sign_in(factory.user("coordinator"))
    assert coordinator.get("/privacy/requests").status_code == 403
    assert max_.post("/privacy/requests/new", {"kind": "access"}).status_code == 422
    assert max_.post("/privacy/requests/new", {"kind": "x", "customer": "no id"}).status_code == 404
    with pytest.raises(Invalid):
        asked(acting, customer, "access", received_on=today() + timedelta(days=1))


def test_programs_work_with_the_register_as_the_page_does(runtime, factory, boss, browser, customer):
    program, url = browser.token(boss), "/api/v1/privacy/requests"
    asked_for = {"asked_by": "Wang Xiaoming", "source": "letter", "customer_id": str(customer)}
    made = program.request("POST", url, json={"kind": "correction", **asked_for})
    assert (made.status_code, made.json()["state"], made.json()["customer_id"]) == (201, "open", str(customer))
    one = f"{url}/{made.json()['id']}"
    assert [row["code"] for row in program.get(url).json()["items"]] == [made.json()["code"]]
    early = program.request("POST", f"{one}/close", json={"state": "done", "result": "told him"})
    assert (early.status_code, "has not been done yet" in early.json()["title"]) == (409, True)
    wrong = program.request("POST", f"{one}/correct", json={"field": "status", "value": "new"})
    assert (wrong.status_code, "field" in str(wrong.json())) == (422, True)
    done = program.request("POST", f"{one}/correct", json={"field": "city", "value": "Suzhou"}).json()
    assert [(act["what"], act["after"]) for act in done["acts"]] == [("correct", {"city": "Suzhou"})]
    closed = program.request("POST", f"{one}/close", json={"state": "done", "result": "told him"})
    assert (closed.status_code, closed.json()["closed_by"]) == (200, "Max")
    assert program.get(url).json()["items"] == []
    assert [row["code"] for row in program.get(f"{url}?show=closed").json()["items"]] == [made.json()["code"]]
    held = program.request("POST", url, json={"kind": "restriction", **asked_for}).json()
    kept = program.request("POST", f"{url}/{held['id']}/restrict", json=REASON).json()
    assert [act["what"] for act in kept["acts"]] == ["restrict"]
    assert factory.read(Customer, customer).restricted_at is not None
    assert {"privacy.request", "privacy.correct", "privacy.restrict"} <= _lines(runtime, customer).keys()
    stranger = browser.token(factory.user("coordinator"))
    assert stranger.get(url).status_code == 403
    assert program.get(f"{url}/{customer}").status_code == 404  # no request has this id
    nobody = program.request("POST", url, json={"kind": "access", **asked_for, "customer_id": str(boss.id)})
    assert nobody.status_code == 404


def test_everything_that_is_kept_leaves_as_a_package_that_two_people_answer_for(
    runtime, max_, acting, customer, browser, factory
):
    made = asked(acting, customer, "access")
    page = f"/privacy/requests/{made}"
    second = factory.user("management", name="Ann", password_hash=passwords.hash_password(PASSWORD))
    form = {"source": f"person:{made}", "form": "zip", "reason": "P-1"}
    assert max_.post("/exports/new", form | {"form": "xlsx"}).status_code == 422
    assert max_.post("/exports/new", form | {"source": f"person:{customer}"}).status_code == 404
    place = max_.post("/exports/new", form).headers["location"]
    assert f'href="{place}"' in max_.get(page).text
    assert max_.post(f"{place}/decide", {"verdict": "approve", "password": PASSWORD}).status_code == 403
    ann = browser.sign_in(second)
    assert ann.post(f"{place}/decide", {"verdict": "approve", "password": "wrong"}).status_code == 200  # asks again
    assert ann.post(f"{place}/decide", {"verdict": "approve", "password": PASSWORD}).status_code == 303
    _work(runtime)
    got = max_.post(f"{place}/fetch")
    assert got.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(got.content)) as package:
        data = json.loads(package.read("data.json"))
        text = package.read("index.html").decode()
        book = CalamineWorkbook.from_filelike(io.BytesIO(package.read("data.xlsx")))
        sheets = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    everything = json.dumps(data, ensure_ascii=False)
    for word in ("Wang Xiaoming", f"+86{PHONE}", "Shanghai", "wants a course in March", "call again"):
        assert word in everything, word
        assert word in text, word
        assert word in str(sheets), word
    assert str(next(iter(sheets.values()))[0][0]).startswith("For Max alone, ")
    assert "full_hash" not in everything
    assert max_.post(f"{page}/close", {"state": "done", "result": "sent by post"}).status_code == 422  # who was it?
    answer = {"state": "done", "result": "sent by post", "identity": "identity card at the desk"}
    assert max_.post(f"{page}/close", answer).status_code == 303
    assert {"exports.make", "exports.approve", "exports.ask", "exports.download"} <= _actions(runtime)


def _work(runtime):
    with runtime.database.system_session("look", write=False) as session:
        waiting = list(
            session.scalars(select(JobRow.id).where(JobRow.name == "exports.make", JobRow.state == "pending"))
        )
    assert waiting
    assert all(runtime.jobs.run(key) for key in waiting)


def _actions(runtime):
    with runtime.database.system_session("look", write=False) as session:
        return set(session.scalars(select(AuditEntry.action)))


def test_erasing_is_told_to_the_request_and_leaves_no_name_in_the_register(runtime, acting, customer, factory):
    factory.user("management")  # somebody has to be there to decide about the copy
    copy = asked(acting, customer, "access")
    with acting() as session:
        asking.ask(session, acting.actor, Asked(source=f"person:{copy}", form="zip", reason="P-1"))
    made = asked(acting, customer, "erasure", details="forget me, Wang")
    other = asked(acting, customer, "correction")
    with acting() as session:
        register.correct(session, acting.actor, other, Correction(field="city", value="Wangjing"))
        restricting.restrict(session, acting.actor, customer, "Wang disputes it")  # erasing works all the same
    with acting() as session:
        erasing.erase(session, acting.actor, customer, "asked for in writing")
    with acting() as session:
        answer = Closing(state="done", result="told", identity="identity card at the desk")
        register.close(session, acting.actor, made, answer)
        with pytest.raises(NotFound):
            register.find(session, acting.actor, customer)
    with runtime.database.system_session("look", write=False) as session:
        found = session.get_one(PersonRequest, made)
        assert (found.state, found.asked_by, found.details) == ("done", "", "")
        acts = session.scalars(select(RequestAct)).all()
        assert [act.what for act in acts if act.request_id == made] == ["erase", "close"]
        assert not re.search("Wang", repr([(act.before, act.after) for act in acts]))
        assert session.get_one(Customer, customer).restricted_at is None
    with runtime.database.connection("look for what was erased") as connection:
        for table in METADATA.sorted_tables:
            assert "Wang" not in repr(connection.execute(table.select()).all()), table.name
