"""Changing many plans of the list: preview with reasons, rights of each plan, the job, the way back."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from baton_plugins.activities.models import Plan
from sqlalchemy import func, select

from platform_core.api import CustomerInput, customer_create, local, today
from platform_core.audit.models import AuditEntry
from platform_core.customers.bulk import services
from platform_core.customers.bulk.models import BulkChange, BulkLine
from platform_core.permissions.models import Access

_LIST = "/customers/changes?of=all_plans"


@pytest.fixture
def desk(house, browser):
    """The head's browser, and three open plans, one finished and one of a colleague elsewhere."""
    otto = house.people["other_collector"]
    house.factory.add(Access(kind="share", user_id=otto.id, customer_id=house.customer.id, may_write=True))
    mine = [house.plan("collector", f"Plan {number}") for number in range(3)]
    over = house.plan("collector", "Over", on=today() + timedelta(days=1))
    house.finish("collector", over.id)
    house.plans = [*mine, over]
    house.browser = browser.sign_in(house.people["collect_head"])
    return house


def begun(house, **form):
    ids = form.pop("ids", None) or [str(plan.id) for plan in house.plans]
    return house.browser.post(_LIST, {"ids": ids, **form}).headers["location"]


def confirmed(house, url):
    version = re.search(r'name="version" value="(\d+)"', house.browser.get(url).text)[1]
    return house.browser.post(f"{url}/confirm", {"version": version})


def test_the_day_of_a_plan_that_is_late_is_moved_in_its_cell_and_back(desk):
    late = desk.plans[0]
    was = today() - timedelta(days=3)
    with desk.runtime.database.system_session("test") as session:
        session.get_one(Plan, late.id).due_at -= local(late.due_at).date() - was
    url, wanted = f"/plans/all/cells/{late.id}/due", str(today() + timedelta(days=4))
    assert (
        desk.browser.post(url, {"value": str(was - timedelta(days=1)), "was": str(was)}, htmx=True).status_code == 422
    )
    saved = desk.browser.post(url, {"value": wanted, "was": str(was)}, htmx=True)
    assert str(local(desk.factory.read(Plan, late.id).due_at).date()) == wanted
    seal = re.search(r'name="seal" value="([^"]+)"', saved.text)[1]
    forged = {"value": str(was), "was": wanted, "seal": seal[::-1]}
    assert desk.browser.post(url, forged, htmx=True).status_code == 422
    assert desk.browser.post(url, {**forged, "seal": seal}, htmx=True).status_code == 200
    assert local(desk.factory.read(Plan, late.id).due_at).date() == was
    over = desk.browser.get(f"/plans/all/cells/{desk.plans[3].id}/due", htmx=True)
    assert over.status_code == 409
    assert "It is not open" in over.text


def test_due_person_and_kind_of_many_plans_with_preview_and_the_way_back(desk, session, count_queries):
    assert 'formaction="/customers/changes?of=all_plans"' in desk.browser.get("/plans/all").text
    day, otto = today() + timedelta(days=9), desk.people["other_collector"]
    url = begun(desk)
    assert desk.browser.post(f"{url}/choose", {"due": str(today() - timedelta(days=1))}).status_code == 422
    assert desk.browser.post(f"{url}/choose", {"due": "soon"}).status_code == 422
    assert desk.browser.post(f"{url}/choose", {"kind": "nothing"}).status_code == 422
    wanted = {"due": str(day), "assignee": str(otto.id), "kind": "visit"}
    assert desk.browser.post(f"{url}/choose", wanted).headers["location"] == url
    with count_queries(at_most=12):
        preview = desk.browser.get(url).text
    assert "Change 3 plans" in preview
    assert "It is not open: finished" in preview
    assert "Otto" in preview
    before = {plan.id: local(plan.due_at) for plan in desk.plans}
    assert confirmed(desk, url).status_code == 303
    for plan in desk.plans[:3]:
        held = desk.read_plan(plan.id)
        assert (local(held.due_at).date(), held.assignee_id, held.kind) == (day, otto.id, "visit")
        assert local(held.due_at).time() == before[plan.id].time()
    assert desk.read_plan(desk.plans[3].id).kind != "visit"
    for action in ("activities.move_plan", "activities.give_plan", "activities.plan_kind"):
        counted = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == action)
        assert session.scalar(counted) == 3
    session.rollback()  # on SQLite nobody writes while it reads
    assert desk.browser.post(f"{url}/undo").status_code == 303
    for plan in desk.plans[:3]:
        held = desk.read_plan(plan.id)
        assert (local(held.due_at), held.assignee_id, held.kind) == (before[plan.id], plan.assignee_id, plan.kind)
    assert "All plans" in desk.browser.get("/customers/changes").text


def test_all_that_meet_the_conditions_in_the_background(desk, monkeypatch):
    monkeypatch.setattr(services, "AT_ONCE", 2)
    url = begun(desk, whole="1", state="f=state:is:open")
    desk.browser.post(f"{url}/choose", {"kind": "visit"})
    confirmed(desk, url)
    with desk.runtime.database.system_session("test") as session:
        change = session.scalars(select(BulkChange)).one()
    assert (change.view, change.total, change.state, change.changed) == ("all_plans", 3, "running", 0)
    desk.runtime.jobs.run(change.job_id)
    assert {desk.read_plan(plan.id).kind for plan in desk.plans[:3]} == {"visit"}


def test_rights_go_by_the_plan_and_a_person_only_gets_what_they_see(desk, browser):
    otto = browser.sign_in(desk.people["other_collector"])
    desk.browser, head = otto, desk.browser
    url = begun(desk)
    otto.post(f"{url}/choose", {"kind": "visit"})
    assert "None of these would change" in otto.get(url).text
    assert "Only the person who has it" in otto.get(url).text
    desk.browser = head
    url = begun(desk)
    trainer = str(desk.people["trainer"].id)
    head.post(f"{url}/choose", {"assignee": trainer})
    assert "The chosen person does not see its customer." in head.get(url).text
    assert browser.sign_in(desk.people["finance"]).post(_LIST, {"ids": [str(desk.plans[0].id)]}).status_code == 403
    with desk.as_("agent") as (session, actor):
        desk.customer = customer_create(session, actor, CustomerInput(name="Harbour Trading"))
    foreign = desk.plan("agent", "Foreign")
    assert head.post(_LIST, {"ids": [str(foreign.id)]}).status_code == 404


def test_what_somebody_has_changed_since_the_preview_stays(desk):
    url = begun(desk)
    desk.browser.post(f"{url}/choose", {"kind": "visit"})
    moved = desk.plans[0]
    with desk.runtime.database.system_session("a colleague") as session:
        session.get_one(Plan, moved.id).kind = "mail"
    confirmed(desk, url)
    assert desk.read_plan(moved.id).kind == "mail"
    assert "Somebody has changed it since the preview." in desk.browser.get(url).text
    with desk.runtime.database.system_session("test") as session:
        states = sorted(session.scalars(select(BulkLine.state)))
    assert states == ["changed", "changed", "refused", "refused"]


def test_programs_change_plans_as_well(desk, browser):
    program = browser.token(desk.people["collect_head"])
    made = program.post(
        "/api/v1/changes", json={"of": "all_plans", "conditions": ["state:is:open"], "values": {"kind": "visit"}}
    )
    assert made.status_code == 200, made.text
    found = made.json()
    assert (found["of"], found["going"]) == ("all_plans", 3)
    done = program.post(f"/api/v1/changes/{found['id']}/confirm", json={"version": found["version"]}).json()
    assert (done["state"], done["changed"]) == ("done", 3)
    for key, status in (("nothing", 404), ("calls", 404)):
        asked = {"of": key, "ids": [str(desk.plans[0].id)], "values": {"kind": "visit"}}
        assert program.post("/api/v1/changes", json=asked).status_code == status
