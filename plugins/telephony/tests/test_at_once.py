"""Events of one call that arrive at the same moment, from exchanges that wait for no answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import msgspec
from baton_plugins.telephony import taking
from baton_plugins.telephony.forms import CallEvent
from baton_plugins.telephony.models import Ring, Source
from sqlalchemy import select

CALLS = 12


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
