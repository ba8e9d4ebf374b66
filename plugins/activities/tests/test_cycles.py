"""Return visits by a cycle: their days, who makes them, whom the rule reaches, and the ways out and back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from baton_plugins.activities import plans, queries
from baton_plugins.activities.cycles import days, services, sweeping, taking
from baton_plugins.activities.cycles.models import Cycle, CycleRun
from baton_plugins.activities.cycles.services import CycleInput, JoinInput
from baton_plugins.activities.models import Plan
from sqlalchemy import event, select, update

from platform_core.api import Conflict, Customer, Invalid, dictionaries, enqueue, local, now, today
from platform_core.audit.models import AuditEntry
from platform_core.customers import merging
from platform_core.customers.models import Tag
from platform_core.kernel.models import JobRow
from platform_core.relay import services as relay
from platform_core.relay.workdays.models import CalendarDay

assert Tag


@pytest.fixture
def worked(house):
    """Every day is worked, so that days are as they are counted."""
    first = today()
    for at in range(800):
        house.factory.add(CalendarDay(day=first + timedelta(days=at), works=True, label="test"))
    return house


def made(house, by="manager", **fields):
    with house.as_(by) as (session, actor):
        data = CycleInput(**{"name": "After the course", "days": "7, 30, 90", "every": 90, **fields})
        return services.save(session, actor, None, data)


def put_on(house, cycle, name="collector", **fields):
    with house.as_(name) as (session, actor):
        return services.put_on(session, actor, house.customer.id, JoinInput(cycle_id=cycle.id, **fields))


def visits(house, state="open"):
    with house.runtime.database.system_session("test") as session:
        rows = session.scalars(select(Plan).where(Plan.cause == "cycle", Plan.state == state).order_by(Plan.series_no))
        return list(rows)


def runs(house):
    with house.runtime.database.system_session("test") as session:
        return {row.customer_id: row for row in session.scalars(select(CycleRun))}


def day_of(plan):
    return local(plan.due_at).date()


def nightly(house):
    with house.runtime.database.system_session("at night") as session:
        job_id = enqueue(session, services.JOB)
    house.runtime.jobs.run(job_id)


def worked_off(house):
    """The jobs that somebody's act has started."""
    with house.runtime.database.system_session("test", write=False) as session:
        started = session.scalars(select(JobRow.id).where(JobRow.name == services.JOB, JobRow.state == "pending")).all()
    for key in started:
        house.runtime.jobs.run(key)


@pytest.mark.any_database
@pytest.mark.parametrize("text", ["", "0", "7,7", "30, 7", "x", "7;30", "-1", "4000", ",".join(map(str, range(1, 20)))])
def test_days_that_make_no_cycle_are_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011  whichever reason, the form says the same
        days.parsed(text)
    assert days.parsed("D+7\uff0c30\u3001 90") == [7, 30, 90]


@pytest.mark.any_database
def test_days_of_a_cycle_go_on_after_the_last_step():
    start = date(2026, 1, 1)
    found = [visit.day for visit in days.ahead([7, 30, 90], 90, start, start, 5)]
    assert [(day - start).days for day in found] == [7, 30, 90, 180, 270]
    late = days.following([7, 30, 90], 90, start, start + timedelta(days=200))
    assert late == (5, start + timedelta(days=270)), "what was missed is not made up for"
    assert days.following([7, 30], 0, start, start + timedelta(days=30)) is None


def test_the_next_visit_is_planned_when_one_is_over_and_an_undo_takes_it_back(worked):
    cycle = made(worked, days="7, 30", every=0, subject="How was the course?", kind="visit")
    put_on(worked, cycle)
    (first,) = visits(worked)
    assert (day_of(first), first.kind, first.subject) == (
        today() + timedelta(days=7), "visit", "How was the course?, visit 1",
    )  # fmt: skip
    assert first.assignee_id == worked.people["collector"].id
    assert worked.now().next_plan_at == first.due_at
    written = worked.finish("collector", first.id, satisfaction="good")
    assert (written.satisfaction, written.unplanned) == ("good", False)
    (second,) = visits(worked)
    assert (day_of(second), second.series_no) == (today() + timedelta(days=30), 2)
    with worked.as_("collector") as (session, actor):
        plans.cancel_plan(session, actor, second.id)  # left out: nothing comes after the last
    assert [run.state for run in runs(worked).values()] == ["over"]
    with worked.as_("collector") as (session, actor):
        plans.reopen_plan(session, actor, second.id)
    assert [run.state for run in runs(worked).values()] == ["on"]
    worked.finish("collector", second.id)
    assert visits(worked) == []
    assert [run.state for run in runs(worked).values()] == ["over"]


def test_a_visit_that_was_left_out_by_mistake_comes_back_and_the_one_after_it_waits(worked):
    put_on(worked, made(worked))
    (first,) = visits(worked)
    with worked.as_("collector") as (session, actor):
        plans.cancel_plan(session, actor, first.id)
    (second,) = visits(worked)
    with worked.as_("collector") as (session, actor):
        plans.reopen_plan(session, actor, first.id)
    assert [plan.id for plan in visits(worked)] == [first.id]
    worked.finish("collector", first.id)
    assert [plan.id for plan in visits(worked)] == [second.id], "the same one, not a second"


def test_visits_fall_on_working_days(house):
    seventh = today() + timedelta(days=7)
    for at in range(3):
        house.factory.add(CalendarDay(day=seventh + timedelta(days=at), works=at == 2, label="holiday"))
    put_on(house, made(house))
    assert [day_of(plan) for plan in visits(house)] == [seventh + timedelta(days=2)]


def test_who_makes_the_visit(worked):
    trainer, hanna = worked.people["trainer"], worked.people["collect_head"]
    engagement = worked.open()
    worked.pass_on("collector", "trainer", engagement)
    for number, (fields, wanted) in enumerate([
        ({"who": "holder"}, trainer), ({"who": "head"}, hanna), ({"who": "person", "user_id": trainer.id}, trainer),
        ({"who": "person", "user_id": worked.people["agent"].id}, worked.people["collector"]),
    ]):  # fmt: skip
        run = put_on(worked, made(worked, name=f"Cycle {number}", **fields), "manager")
        (plan,) = [plan for plan in visits(worked) if plan.series_id == run.id]
        assert plan.assignee_id == wanted.id, fields
        assert plan.engagement_id == (engagement if fields["who"] == "holder" else None)


def test_who_is_on_a_cycle_is_not_put_on_it_again_and_bad_days_are_refused_at_their_field(worked):
    cycle = made(worked, days="7, 30", every=0)
    put_on(worked, cycle)
    with pytest.raises(Conflict):
        put_on(worked, cycle)
    other = made(worked, name="Other", days="7, 30", every=0)
    with pytest.raises(Invalid) as refused:
        put_on(worked, other, on=today() - timedelta(days=31))
    assert "on" in refused.value.fields
    assert put_on(worked, other, on=today() - timedelta(days=20)).step == 2
    for fields, at in [({"days": "9, 3"}, "days"), ({"name": "Other"}, "name"), ({"who": "person"}, "user_id"),
                       ({"kind": "nothing"}, "kind"), ({"grade": "nothing"}, "grade")]:  # fmt: skip
        with pytest.raises(Invalid) as refused:
            made(worked, **{"name": "Third", **fields})
        assert at in refused.value.fields


def test_the_rule_says_whom_it_will_reach_takes_them_in_once_and_lets_them_go(worked):
    mine = [worked.factory.customer(worked.people["collector"], name=f"A{at}", grade="A") for at in range(3)]
    worked.factory.customer(None, name="Nobody's", grade="A")
    worked.factory.customer(worked.people["collector"], name="B", grade="B")
    cycle = made(worked, grade="A")
    with worked.as_("manager") as (session, actor):
        found = taking.numbers(session, actor, services.get(session, cycle.id))
        assert (found.waiting, found.alone) == (4, 1)
    nightly(worked)
    assert visits(worked) == [], "nobody has started it"
    with worked.as_("manager") as (session, actor):
        with pytest.raises(Conflict):
            services.start(session, actor, cycle.id, 99)
        services.start(session, actor, cycle.id, services.get(session, cycle.id).version)
    nightly(worked), nightly(worked)
    assert {plan.customer_id for plan in visits(worked)} == {customer.id for customer in mine}
    assert len(visits(worked)) == 3
    with worked.runtime.database.system_session("another grade") as session:
        session.execute(update(Customer).where(Customer.id == mine[0].id).values(grade="B"))
    with worked.as_("collector") as (session, actor):
        services.take_off(session, actor, mine[1].id, cycle.id)
    nightly(worked)
    assert {plan.customer_id for plan in visits(worked)} == {mine[2].id}, "whoever was taken off by hand stays off"
    assert sorted(run.state for run in runs(worked).values()) == ["left", "off", "on"]
    with worked.runtime.database.system_session("back again") as session:
        session.execute(update(Customer).where(Customer.id == mine[0].id).values(grade="A"))
    nightly(worked)
    assert {plan.customer_id for plan in visits(worked)} == {mine[0].id, mine[2].id}
    with worked.runtime.database.system_session("test") as session:
        joined = session.scalars(select(AuditEntry).where(AuditEntry.action == "activities.join_cycle")).all()
    assert len(joined) == 4


def test_only_so_many_are_taken_in_a_day_and_whom_the_keeper_sees(worked):
    for at in range(5):
        worked.factory.customer(worked.people["collector"], name=f"A{at}", grade="A")
    worked.factory.customer(worked.people["trainer"], name="Of another department", grade="A")
    cycle = made(worked, "collect_head", grade="A", per_day=2)
    with worked.as_("collect_head") as (session, actor):
        assert taking.numbers(session, actor, services.get(session, cycle.id)).waiting == 5
        services.start(session, actor, cycle.id, services.get(session, cycle.id).version)
    nightly(worked), nightly(worked)
    assert len(visits(worked)) == 2
    with worked.runtime.database.system_session("the next day") as session:
        session.execute(update(CycleRun).values(joined_on=today() - timedelta(days=1)))
    nightly(worked)
    assert len(visits(worked)) == 4


@pytest.mark.parametrize("starts", ["taken", "done"])
def test_days_count_from_what_happened_in_the_relay(worked, starts):
    engagement = worked.open()
    cycle = made(worked, starts=starts, department_id=worked.departments["train"].id if starts == "taken" else None)
    with worked.as_("manager") as (session, actor):
        assert taking.numbers(session, actor, services.get(session, cycle.id)).waiting == 0
        services.start(session, actor, cycle.id, services.get(session, cycle.id).version)
    worked.pass_on("collector", "trainer", engagement)
    if starts == "done":
        worked.pass_on("trainer", "agent", engagement)
        with worked.as_("agent") as (session, actor):
            relay.finish(session, actor, engagement)
    nightly(worked)
    (plan,), (run,) = visits(worked), runs(worked).values()
    assert (run.engagement_id, run.starts_on, day_of(plan)) == (engagement, today(), today() + timedelta(days=7))


def test_a_cycle_is_stopped_and_brought_back(worked, browser):
    cycle = made(worked)
    put_on(worked, cycle)
    max_ = browser.sign_in(worked.people["manager"])
    page = max_.get(f"/settings/cycles/{cycle.id}").text
    assert "1 customer leaves it, and the open visit is withdrawn." in page, "told before"
    max_.post(f"/settings/cycles/{cycle.id}/stop")
    worked_off(worked)
    assert (visits(worked), len(visits(worked, "cancelled")), worked.now().next_plan_at) == ([], 1, None)
    with pytest.raises(Invalid):
        put_on(worked, cycle)
    max_.post(f"/settings/cycles/{cycle.id}/resume")
    worked_off(worked)
    assert [day_of(plan) for plan in visits(worked)] == [today() + timedelta(days=7)]
    with worked.runtime.database.system_session("test") as session:
        assert session.scalars(select(JobRow.state).where(JobRow.name == services.JOB)).all() == ["done", "done"]


def test_merged_customers_are_on_the_cycle_once(worked):
    cycle = made(worked)
    put_on(worked, cycle)
    other = worked.factory.customer(worked.people["collector"], name="Qiheng Consulting Ltd")
    with worked.as_("collector") as (session, actor):
        services.put_on(session, actor, other.id, JoinInput(cycle_id=cycle.id))
    with worked.as_("manager") as (session, actor):
        merging.merge(session, actor, worked.customer.id, other.id, {})
    assert [run.customer_id for run in runs(worked).values()] == [worked.customer.id]
    for plan in visits(worked):
        worked.finish("collector", plan.id)
    assert len(visits(worked)) == 1


def test_pages_of_a_customer_and_of_many(worked, browser, count_queries):
    cycle, carol = made(worked), browser.sign_in(worked.people["collector"])
    url = f"/visits/of/{worked.customer.id}"
    assert carol.post(url, {"cycle_id": str(cycle.id), "on": "1900-01-01"}).status_code == 422
    assert carol.post(url, {"cycle_id": str(cycle.id)}).status_code == 303
    assert carol.post(url, {"cycle_id": str(cycle.id)}).status_code == 409
    carol.get(url)
    with count_queries(at_most=12):
        html = carol.get(url).text
    assert "visit 1" in html
    assert "After the course" in html
    carol.get(f"/customers/{worked.customer.id}")
    with count_queries(at_most=12):
        assert "After the course, visit 1" in carol.get(f"/customers/{worked.customer.id}").text
    more = [worked.factory.customer(worked.people["collector"], name=f"C{at}") for at in range(3)]
    ids = {"ids": [str(worked.customer.id), *(str(customer.id) for customer in more)]}
    assert "4 customers get the first visit" in carol.post("/visits/chosen", ids).text
    assert carol.post("/visits/put", {**ids, "cycle_id": str(cycle.id)}).status_code == 303
    assert len(visits(worked)) == 4
    assert carol.post(f"{url}/{cycle.id}/leave").status_code == 303
    assert len(visits(worked)) == 3
    assert carol.get("/settings/cycles").status_code == 403


def test_overdue_visits_and_satisfaction_are_listed_and_reported(worked, browser, count_queries):
    cycle = made(worked)
    put_on(worked, cycle)
    (first,) = visits(worked)
    carol = browser.sign_in(worked.people["collector"])
    form = carol.get(f"/plans/{first.id}/finish").text
    with worked.as_("collector") as (session, _actor):
        very_good = dictionaries.label(session, "activities.satisfaction", "very_good")  # as the house was made
    assert very_good in form
    sent = {"body": "All well.", "satisfaction": "very_good", "kind": "call"}
    assert carol.post(f"/plans/{first.id}/finish", {**sent, "satisfaction": "what"}).status_code == 422
    assert carol.post(f"/plans/{first.id}/finish", sent).status_code == 303
    assert very_good in carol.get(f"/customers/{worked.customer.id}").text
    with worked.runtime.database.system_session("time passes") as session:
        session.execute(update(Plan).where(Plan.state == "open").values(due_at=now() - timedelta(days=9)))
    late = f"/plans/all?f=state:is:open&f=cycle:is:{cycle.id}&f=due:before:today"
    assert "visit 2" in carol.get(late).text
    assert "visit 2" in carol.get("/plans/all?f=cycle:filled&f=due:before:today").text
    report = carol.get("/reports/activities.satisfaction").text
    assert ">5" in report
    assert "Qiheng" in carol.get("/reports/activities.satisfactions?answer=very_good").text
    assert "After the course" in carol.get("/reports/activities.visits").text
    max_ = browser.sign_in(worked.people["manager"])
    max_.get("/settings/cycles")
    with count_queries(at_most=12):
        assert "After the course" in max_.get("/settings/cycles").text
    with count_queries(at_most=12):
        max_.get(f"/settings/cycles/{cycle.id}")


assert queries
assert Cycle


def test_a_worker_that_dies_leaves_whole_customers_and_nobody_gets_two_first_visits(worked, monkeypatch):
    monkeypatch.setattr(sweeping, "WRITTEN", 3)
    monkeypatch.setattr(sweeping, "LOOKED_AT", 4)
    many = [worked.factory.customer(worked.people["collector"], name=f"A{at}", grade="A") for at in range(10)]
    cycle = made(worked, grade="A")
    with worked.as_("manager") as (session, actor):
        services.start(session, actor, cycle.id, services.get(session, cycle.id).version)
    calls = []

    def die(_connection, _cursor, statement, *_rest):
        if statement.startswith("INSERT INTO activities_plan "):
            calls.append(statement)
            if len(calls) == 5:  # in the midst of the second slice
                raise KeyboardInterrupt

    engine = worked.runtime.database.engine
    event.listen(engine, "before_cursor_execute", die)
    try:
        with pytest.raises(KeyboardInterrupt):
            nightly(worked)
    finally:
        event.remove(engine, "before_cursor_execute", die)
    assert len(visits(worked)) == len(runs(worked)) == 3
    nightly(worked), nightly(worked)
    assert sorted(plan.customer_id for plan in visits(worked)) == sorted(customer.id for customer in many)
    assert {run.number for run in runs(worked).values()} == {1}


def test_of_two_workers_at_once_one_plans_the_first_visit(worked):
    cycle = made(worked, grade="A")
    many = [worked.factory.customer(worked.people["collector"], name=f"A{at}", grade="A") for at in range(8)]
    with worked.as_("manager") as (session, actor):
        services.start(session, actor, cycle.id, services.get(session, cycle.id).version)
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(nightly, worked) for _ in range(2)]:
            done.result()
    nightly(worked)  # one that met the other is run again
    assert sorted(plan.customer_id for plan in visits(worked)) == sorted(customer.id for customer in many)
