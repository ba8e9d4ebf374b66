"""Lists of customers to call: who gets whom, what is beside them, what came of it."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from types import SimpleNamespace

import pytest
from baton_plugins.telephony.calling import services
from baton_plugins.telephony.calling.models import CallList, ListLine
from sqlalchemy import select

from platform_core.api import customer_audience, now


@pytest.fixture
def called(house):
    """A list of Carol's over six customers of hers, which her department may see, and its address."""
    ids = [house.customer("carol", f"Firm {number}", f"1390000{number:04}").id for number in range(6)]
    sales = SimpleNamespace(id=house.people["carol"].department_id)
    house.people["hedda"] = house.factory.user("department_head", department=sales, name="Hedda")
    with house.as_("carol") as (session, actor):
        return services.begin(session, actor, customer_audience.of_ids(actor, ids)).url


def lines(house):
    with house.runtime.database.system_session("look", write=False) as session:
        return list(session.scalars(select(ListLine).order_by(ListLine.number)))


def who(page):
    """The customer who is called."""
    found = re.search(r'href="/customers/([0-9a-f-]{36})"', page.text)
    return found[1] if found else ""


def logged(page, customer_id, **fields):
    answer = page.post("/follow-ups", {"customer_id": customer_id, "kind": "call", "body": "Spoke.", **fields})
    assert answer.status_code in {200, 303}, answer.text


def test_a_selection_becomes_a_list_and_each_saved_result_brings_the_next(house, called, count_queries):
    page = house.page("carol")
    with count_queries(at_most=12):
        assert "Firm 3" in page.get(called).text
    with count_queries(at_most=12):
        assert called in page.get("/calls/lists").text
    with count_queries(at_most=14):  # a POST: the line is given out, and the customer opened
        first = who(page.post(f"{called}/next", htmx=True))
    with count_queries(at_most=12):
        again = page.get(f"{called}/call")
    assert who(again) == first, "looking takes nobody new"
    assert f"/follow-ups/new?customer={first}" in again.text
    assert f'href="/calls/dial/{first}"' in again.text
    logged(page, first, outcome="interested")
    second = who(page.post(f"{called}/next", htmx=True))
    assert second not in {"", first}
    (done,) = [line for line in lines(house) if line.state == "done"]
    assert (str(done.customer_id), done.outcome, done.by_label) == (first, "interested", "Carol")
    shown = page.get(called).text
    assert 'value="1"' in shown
    assert "Interested" in shown or "\u6709\u610f\u5411" in shown


def test_who_is_put_off_comes_again_when_all_others_had_their_turn(house, called):
    page = house.page("carol")
    first = who(page.post(f"{called}/next", htmx=True))
    order = [who(page.post(f"{called}/put-off", htmx=True)) for _turn in range(6)]
    assert len(set(order)) == 6
    assert order[-1] == first


def test_two_people_never_get_the_same_customer(house, called):
    barrier = Barrier(2)
    list_id = lines(house)[0].list_id

    def work(name):
        taken = []
        for _turn in range(3):
            barrier.wait(60)
            with house.as_(name) as (session, actor):
                line = services.take(session, actor, services.get(session, list_id))
                taken.append(line.customer_id)
                line.state = "done"
        return taken

    with ThreadPoolExecutor(2) as pool:
        both = [one for taken in pool.map(work, ("carol", "hedda")) for one in taken]
    assert len(set(both)) == 6


def test_whom_somebody_left_lying_is_given_to_the_next(house, called):
    carol, hedda = house.page("carol"), house.page("hedda")
    first = who(carol.post(f"{called}/next", htmx=True))
    assert who(hedda.post(f"{called}/next", htmx=True)) != first
    with house.runtime.database.system_session("long ago") as session:
        line = session.scalars(select(ListLine).where(ListLine.by_label == "Carol")).one()
        line.at = now() - timedelta(hours=1)
    logged(hedda, lines(house)[1].customer_id)
    assert who(hedda.post(f"{called}/next", htmx=True)) == first


def test_a_list_is_its_departments_and_its_customers_are_whose_they_are(house, called):
    assert house.page("tom").get(called).status_code == 404
    assert called not in house.page("tom").get("/calls/lists").text
    shared = house.page("otto").get(called)
    assert shared.status_code == 200
    assert "Firm 3" not in shared.text
    assert who(house.page("otto").post(f"{called}/next", htmx=True)) == ""
    assert house.page("otto").post(called, {"name": "Mine"}).status_code == 403
    page = house.page("carol")
    answer = page.post(called, {"name": "Autumn", "shared": ""})
    assert answer.status_code == 303
    assert house.page("otto").get(called).status_code == 404, "not shared any more"
    assert house.page("otto").post(called, {"name": "Mine"}).status_code == 404
    assert "Firm 3" in house.page("hedda").get(called).text
    page.post(f"{called}/close")
    assert page.post(f"{called}/next").status_code == 409


def test_the_script_stands_beside_the_customer_and_is_kept_by_those_with_the_right(house, called):
    page, boss = house.page("carol"), house.page("max")
    assert page.get("/calls/scripts").status_code == 403
    empty = boss.post("/calls/scripts", {"name": "Autumn", "body": "", "active": "1"})
    assert empty.status_code == 422
    assert 'value="Autumn"' in empty.text
    boss.post("/calls/scripts", {"name": "Autumn", "body": "Good day.\nHow are <you>?", "active": "1"})
    (script,) = re.findall(r'href="/calls/scripts/([^"]+)"', boss.get("/calls/scripts").text)
    page.post(called, {"name": "Autumn", "script_id": script, "shared": "1"})
    shown = page.post(f"{called}/next", htmx=True).text
    assert "<p>Good day.</p>" in shown
    assert "How are &lt;you&gt;?" in shown
    boss.post(f"/calls/scripts/{script}", {"name": "Autumn", "body": "Hello."})
    assert "<p>Hello.</p>" in page.get(f"{called}/call").text
    assert page.post(called, {"name": "Other", "script_id": str(house.people["max"].id)}).status_code == 422


def test_what_is_ticked_in_the_list_of_customers_becomes_a_list(house):
    one = house.customer("carol", "Qiheng Consulting", "13900008321")
    other = house.customer("tom", "Not hers", "13900008322")
    page = house.page("carol")
    assert "/calls/lists" in page.get("/customers").text
    page.post("/calls/lists", {"ids": [str(one.id), str(other.id)]})
    assert [line.customer_id for line in lines(house)] == [one.id]
    assert page.post("/calls/lists", {}).status_code == 422
    with house.runtime.database.system_session("look", write=False) as session:
        assert session.scalars(select(CallList)).one().total == 1
