"""Pairs that may be one: what a scan finds, what people see and decide."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.customers import names, points
from platform_core.customers.deduplication import rules, scanning
from platform_core.customers.deduplication.models import APART, DuplicatePair
from platform_core.customers.models import Customer
from platform_core.kernel.clock import now
from platform_core.kernel.jobs import enqueue
from platform_core.kernel.models import JobRow


def person(**values):
    blank = dict.fromkeys(rules.COLUMNS, "")
    dated = dict.fromkeys(("birth_year", "birth_month", "birth_day"))
    return SimpleNamespace(**{**blank, **dated, "birth_lunar": False, "kind": "person", **values})


BORN = {"birth_year": 1980, "birth_month": 5, "birth_day": 6}


@pytest.mark.parametrize(
    ("first", "second", "shared", "shown", "reasons"),
    [
        ({"name_norm": "张伟"}, {"name_norm": "张伟"}, {"mobile"}, True, ["mobile", "name"]),
        ({"name_norm": "张伟"}, {"name_norm": "李娜"}, {"mobile"}, True, ["mobile", "other_name"]),
        ({"name_norm": "张伟"}, {"name_norm": "李娜"}, {"phone"}, False, ["phone", "other_name"]),
        ({"name_norm": "上海明华咨询"}, {"name_norm": "明华咨询上海"}, {"phone"}, True, ["phone", "alike"]),
        ({"name_norm": "张伟", **BORN}, {"name_norm": "张伟", **BORN}, {"born"}, True, ["born"]),
        (
            {"name_norm": "张伟", "gender": "m", **BORN},
            {"name_norm": "张伟", "gender": "f", **BORN, "birth_year": 1999},
            {"mobile"}, False, ["mobile", "name", "other_gender", "other_birth"],
        ),
        (
            {"kind": "organisation", "name_norm": "明华咨询", "tax_no": "91310000A", "city": "上海"},
            {"kind": "organisation", "name_norm": "明华咨询", "tax_no": "91440300B", "city": "上海"},
            {"company"}, False, ["company", "city", "other_tax_no"],
        ),
    ],
)  # fmt: skip
def test_what_agrees_and_what_differs_is_weighed(first, second, shared, shown, reasons) -> None:
    points, found = rules.score(person(**first), person(**second), shared)
    assert found == reasons
    assert (points >= rules.THRESHOLD) is shown
    assert rules.score(person(**second), person(**first), shared) == (points, found)


def test_every_weight_has_its_words() -> None:
    assert rules.WEIGHTS.keys() == rules.WORDS.keys()


@pytest.fixture
def start(runtime):
    def job() -> UUID:
        with runtime.database.system_session("start a scan") as session:
            return enqueue(session, "customers.scan_duplicates")

    return job


@pytest.fixture
def look(runtime):
    def pairs() -> dict[frozenset[str], DuplicatePair]:
        """Names of both -> pair."""
        with runtime.database.system_session("look", write=False) as session:
            called = {row.id: row.name for row in session.execute(select(Customer.id, Customer.name))}
            found = session.scalars(select(DuplicatePair)).all()
        return {frozenset((called[pair.first_id], called[pair.second_id])): pair for pair in found}

    return pairs


@pytest.fixture
def add(factory, session):
    def customer(name: str, *numbers: str, kind: str = "mobile", **fields: Any) -> Customer:
        made = factory.customer(name=name, name_norm=names.norm(name), **fields)
        for number in numbers:
            points.add(session, customer_id=made.id, kind=kind, text=number)
        session.flush()
        points.refresh(session, made.id)
        session.commit()
        return made

    return customer


def test_a_scan_finds_keeps_and_forgets(runtime, session, add, start, look) -> None:
    add("明华咨询", "13800138000")
    add("明华咨询有限", "138 0013 8000", kind="phone")
    add("in the bin", "13800138000", deleted_at=now())
    taxed = add("远大培训", tax_no="91310000MA1FL0000X")
    add("远大培训中心", tax_no="91310000MA1FL0000X")
    for number in range(rules.MOST_SHARING + 1):
        add(f"Behind the switchboard {number}", "021-55556666", kind="phone")
    assert runtime.jobs.run(start())
    found = look()
    by_number, by_tax = frozenset({"明华咨询", "明华咨询有限"}), frozenset({"远大培训", "远大培训中心"})
    assert set(found) == {by_number, by_tax}
    assert found[by_number].reasons == ["mobile", "alike"], "however its kind was entered"

    session.get(Customer, taxed.id).tax_no = ""
    session.get(DuplicatePair, found[by_number].id).state = APART
    session.commit()
    assert runtime.jobs.run(start())
    assert {both: pair.state for both, pair in look().items()} == {by_number: APART}


def test_a_killed_scan_goes_on(runtime, add, start, look, monkeypatch) -> None:
    for number in range(3):
        for twin in ("one", "two"):
            add(f"{twin} {number}", f"1380013800{number}")
    calls, keep = [], scanning.keep

    def dies(*arguments: Any) -> None:
        calls.append(arguments)
        keep(*arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt

    job_id = start()
    monkeypatch.setattr(scanning, "SLICE", 1)
    monkeypatch.setattr(scanning, "keep", dies)
    with pytest.raises(KeyboardInterrupt):
        runtime.jobs.run(job_id)
    monkeypatch.setattr(scanning, "keep", keep)
    assert len(look()) == 1, "the second slice was not committed"
    with runtime.database.system_session("its lease runs out") as session:
        session.get(JobRow, job_id).lease_until = now() - timedelta(seconds=1)
    assert runtime.jobs.run(job_id)
    assert len(look()) == 3


@pytest.fixture
def house(runtime, factory, add, start):
    """Two pairs; of one of them the head's department has only one side."""
    here, there = factory.department("Here"), factory.department("There")
    first = add("明华咨询", "13800138000", department_id=here.id)
    second = add("明华咨询", department_id=here.id)
    add("别家公司", "13800138000", department_id=there.id)
    assert runtime.jobs.run(start())
    return SimpleNamespace(
        head=factory.user("department_head", here), boss=factory.user("management"), first=first, second=second
    )


def test_people_see_pairs_of_which_they_see_both(house, browser, look, count_queries) -> None:
    assert len(look()) == 2
    assert len(browser.sign_in(house.boss).get("/api/v1/customers/duplicates").json()["items"]) == 2
    page = browser.sign_in(house.head)
    page.get("/customers/duplicates")  # names of people and words of dictionaries are remembered from here on
    with count_queries(at_most=12):
        shown = page.get("/customers/duplicates").text
    assert "same company name" in shown
    assert "138****8000" in shown
    assert "别家公司" not in shown
    (pair,) = page.get("/api/v1/customers/duplicates").json()["items"]
    assert {pair["first"]["id"], pair["second"]["id"]} == {str(house.first.id), str(house.second.id)}
    hidden = next(pair for both, pair in look().items() if "别家公司" in both)
    assert page.post(f"/customers/duplicates/{hidden.id}/apart").status_code == 404
    assert page.get("/customers/duplicates?after=broken").status_code == 422


def test_setting_apart_has_a_way_back_and_is_written_down(house, browser, session) -> None:
    page = browser.sign_in(house.head)
    (pair,) = page.get("/api/v1/customers/duplicates").json()["items"]
    assert page.post(f"/customers/duplicates/{pair['id']}/apart").status_code == 303
    assert "Nothing to decide" in page.get("/customers/duplicates").text
    assert f"Set apart by {house.head.name}" in page.get("/customers/duplicates?show=apart").text
    lines = session.scalars(select(AuditEntry).where(AuditEntry.action == "customers.pair_decided")).all()
    assert {line.customer_id for line in lines} == {house.first.id, house.second.id}
    session.rollback()
    assert page.post(f"/customers/duplicates/{pair['id']}/reopen").status_code == 303
    assert [item["id"] for item in page.get("/api/v1/customers/duplicates").json()["items"]] == [pair["id"]]


def test_a_merge_takes_the_pair_away(house, browser, look) -> None:
    page = browser.sign_in(house.boss)
    assert page.post(f"/customers/{house.first.id}/merge/{house.second.id}").status_code == 303
    assert [both for both in look() if "别家公司" not in both] == []
