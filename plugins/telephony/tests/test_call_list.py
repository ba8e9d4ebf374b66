"""The log of calls as a list: conditions, what each person sees of it, numbers as masks alone."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from baton_plugins.telephony import listview
from baton_plugins.telephony.models import Call
from sqlalchemy import select

from platform_core.api import now
from platform_core.customers import row_reach, widths
from platform_core.web.lists import dialogs
from platform_core.web.lists.reading import Reader

MOBILE = "13900008321"
OTHER = "13900008322"
STRANGE = "13900008323"


@pytest.fixture
def rung(house):
    """Two customers' calls at Carol's telephone, one of a stranger at Otto's, and an hour-old one out of Tom's."""
    house.customer("carol", "Qiheng Consulting", MOBILE)
    house.customer("tom", "Secret Training Client", OTHER)
    box, second, third = house.agent(("1", "carol")), house.agent(("1", "otto")), house.agent(("1", "tom"))
    box.ring(MOBILE, call="a")
    box.send(box.event("ended", "a", cause="noAnswer"))
    box.ring(OTHER, call="b")
    box.send(box.event("answered", "b"), box.event("ended", "b"))
    second.ring(STRANGE, call="c")
    third.ring(OTHER, call="d")
    with house.runtime.database.system_session("one of them goes out") as session:
        last = session.scalars(select(Call).order_by(Call.id.desc())).first()
        last.direction, last.started_at = "out", now() - timedelta(days=1)
    return house


def rows(page):
    return re.findall(r"\d{3}\*{4}\d{4}", page.text.split("<tbody>")[-1])


def walked(session, actor, query, size=1):
    found, state = [], dialogs.from_query(session, actor, listview.CALLS, query)
    while True:
        page = Reader(session, actor, state).page(size)
        found += [row.id for row in page.rows]
        if not page.after:
            return found
        state = state.turned_to(after=page.after)


@pytest.mark.parametrize("wide", [1, 3000])
def test_everybody_finds_just_the_calls_that_the_policy_allows(rung, monkeypatch, wide):
    monkeypatch.setattr(row_reach, "WIDE", wide)
    monkeypatch.setattr(row_reach, "_WIDER", 0)
    monkeypatch.setattr(listview, "_WIDE", wide)
    widths.forget()
    head = rung.factory.user("department_head", name="Hanna")
    rung.people["hanna"] = head
    seen = {}
    for name in ("carol", "otto", "tom", "max", "hanna"):
        with rung.as_(name) as (session, actor):
            allowed = set(session.scalars(select(Call.id)))
            for query in ("", "sort=at"):
                found = walked(session, actor, query)
                assert len(found) == len(set(found))
                assert set(found) == allowed, name
            seen[name] = len(allowed)
    assert seen["max"] == 4
    assert seen["carol"] == 2
    assert seen["otto"] == 1


def test_conditions_and_views_of_calls(rung):
    carol, boss = rung.page("carol"), rung.page("max")
    assert rows(carol.get("/calls?view=missed")) == ["139****8321"]
    assert len(rows(carol.get("/calls?view=mine"))) == 2
    assert len(rows(boss.get("/calls?view=out"))) == 1
    assert len(rows(boss.get("/calls?f=at:on:today"))) == 3
    assert rows(boss.get(f"/calls?f=person:is:{rung.people['otto'].id}")) == ["139****8323"]
    assert rows(carol.get(f"/calls?f=person:is:{rung.people['tom'].id}")) == []
    assert rows(boss.get("/calls?f=recorded:is:yes")) == []
    assert "139****8323" in boss.get("/calls").text
    assert MOBILE not in boss.get("/calls").text
    assert "answered" in boss.get("/calls/counts?by=state").text


def test_words_find_no_call_of_a_customer_who_is_hidden(rung):
    """Carol sees that somebody called, and not who."""
    carol = rung.page("carol")

    def found(page, words):
        moved = page.post("/calls/find", {"q": words, "state": ""})
        return rows(page.get(moved.headers["location"]))

    assert found(carol, "Qiheng") == ["139****8321"]
    assert found(carol, "Qihemg Consulting") == ["139****8321"]
    assert found(carol, "Secret") == []
    assert found(carol, "Secret Trainimg Client") == []
    assert len(found(rung.page("max"), "Secret")) == 2


def test_the_log_is_cheap_and_leaves_the_house_only_with_the_right(rung, count_queries):
    carol = rung.page("carol")
    carol.get("/calls")
    with count_queries(at_most=12):
        page = carol.get("/calls")
    assert "Qiheng" in page.text
    assert "Secret" not in page.text
    assert "/papers" not in page.text
    assert "/papers" in rung.page("max").get("/calls").text
    assert rung.page("admin").get("/calls").status_code == 403
