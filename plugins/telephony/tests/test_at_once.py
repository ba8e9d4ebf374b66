"""Events of one call that arrive at the same moment, from exchanges that wait for no answer."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import msgspec
from baton_plugins.telephony import taking
from baton_plugins.telephony.forms import CallEvent
from baton_plugins.telephony.models import Ring, Source
from sqlalchemy import select

from platform_core.api import User

CALLS = 12
RINGING = 7
"""Statements: who reports, the call by its name and number, whose number it is, and four rows."""
LATER = 6


def test_a_report_sends_few_statements_and_none_for_whose_telephone_it_is(house, count_queries):
    house.customer("carol", "Qiheng Consulting", "13900008321")
    box = house.agent(("1", "carol"))
    box.ring("13900008321", call="first")
    with count_queries(at_most=RINGING):
        box.ring("13900008321", call="c1")
    for kind in ("answered", "ended"):
        with count_queries(at_most=LATER):
            box.send(box.event(kind))
    with count_queries(at_most=RINGING + LATER):  # two calls in one post
        box.send(*(box.event("ringing", call, number="13900008321", line="1") for call in ("c2", "c3")))
    assert [call.state for call in house.calls()] == ["ringing", "talked", "ringing", "ringing"]


def test_a_line_that_changes_hands_counts_from_the_next_call_on(house):
    box = house.agent(("1", "carol"))
    box.ring("13900008321", call="first")
    page = house.page("admin")
    url = f"/settings/telephony/sources/{box.source.id}"
    (line,) = re.findall(rf'action="{url}/lines/([^/]+)/remove"', page.get(url).text)
    page.post(f"{url}/lines/{line}/remove")
    page.post(f"{url}/lines", {"line": "1", "user_id": str(house.people["tom"].id)})
    house.signalled.clear()
    box.ring("13900008321", call="second")
    with house.runtime.database.system_session("another extension") as session:
        session.get(User, house.people["otto"].id).extension = "109"
    box.send(box.event("ringing", "third", number="13900008321", to=["109"]))
    assert [name for name, kind in house.signalled if kind == "call"] == ["tom", "otto"]


def test_an_old_event_in_the_same_post_takes_nothing_back(house):
    box = house.agent(("1", "carol"))
    ringing = box.ring("13900008321")
    box.send(box.event("answered"), ringing, box.event("ended"), ringing)
    assert [(call.state, call.answered_by_label) for call in house.calls()] == [("talked", "Carol")]


def test_they_make_one_call(house):
    house.customer("carol", "Qiheng Consulting", "13900008321")
    source_id = house.agent().source.id
    barrier = Barrier(4)

    def report(event):
        barrier.wait(60)
        with house.runtime.database.system_session("an event") as session:
            taking.take(session, session.get(Source, source_id), msgspec.convert(event, CallEvent))

    with ThreadPoolExecutor(4) as pool:
        for number in range(CALLS):
            call = f"c{number}"
            events = [
                {"id": f"{call}/101", "kind": "ringing", "call": call, "number": "13900008321", "to": ["101"]},
                {"id": f"{call}/102", "kind": "ringing", "call": call, "number": "13900008321", "to": ["102"]},
                {"id": f"{call}/a", "kind": "answered", "call": call, "by": "102"},
                {"id": f"{call}/e", "kind": "ended", "call": call, "cause": "normalClearing"},
            ]
            list(pool.map(report, events))
    calls = house.calls()
    assert len(calls) == CALLS
    assert {(call.state, call.answered_by_label, call.number_mask) for call in calls} == {
        ("talked", "Otto", "139****8321")
    }
    with house.runtime.database.system_session("look", write=False) as session:
        found = {(ring.user_id, ring.state) for ring in session.scalars(select(Ring))}
    assert found == {(house.people["carol"].id, "elsewhere"), (house.people["otto"].id, "answered")}
