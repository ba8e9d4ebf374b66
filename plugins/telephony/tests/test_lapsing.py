"""Calls whose end nobody tells of are over all the same, and what is heard of them later still counts."""

from __future__ import annotations

from datetime import timedelta

from baton_plugins.telephony.models import Call, Heard
from sqlalchemy import func, select, update

from platform_core.api import enqueue, now
from platform_core.users.models import Notification

MOBILE = "13900008321"


def passes(house, time):
    """Everything that was told happened so much earlier; then the job runs."""
    with house.runtime.database.system_session("time passes") as session:
        for call in session.scalars(select(Call)):
            call.started_at -= time
            call.answered_at = call.answered_at and call.answered_at - time
            call.ended_at = call.ended_at and call.ended_at - time
        for heard in session.scalars(select(Heard)):
            heard.at -= time
        job = enqueue(session, "telephony.settle")
    house.runtime.jobs.run(job)


def bells(house):
    with house.runtime.database.system_session("look", write=False) as session:
        return session.scalar(select(func.count()).select_from(Notification))


def test_a_simulated_call_that_nobody_ends_was_missed(house):
    house.customer("carol", "Qiheng Consulting", MOBILE)
    asked = {"number": MOBILE, "user_id": str(house.people["carol"].id)}
    assert house.page("admin").post("/settings/telephony/simulate", asked).status_code == 303
    passes(house, timedelta(seconds=90))
    assert house.calls()[0].state == "ringing"
    assert "Qiheng" in house.card("carol")
    house.signalled.clear()
    passes(house, timedelta(minutes=1))
    (call,) = house.calls()
    assert (call.state, call.seconds, call.ended_at - call.started_at) == ("missed", None, timedelta(minutes=2))
    assert ("carol", "call") in house.signalled
    assert house.card("carol").strip() == ""
    assert bells(house) == 1
    assert "Qiheng" in house.page("carol").get("/calls?view=missed").text
    passes(house, timedelta(minutes=1))
    assert bells(house) == 1


def test_it_holds_for_every_source_and_outgoing_calls_were_not_answered(house):
    box = house.agent(("1", "carol"))
    box.ring(MOBILE, call="in")
    box.ring("13900008322", call="out", direction="out")
    passes(house, timedelta(minutes=3))
    assert {(call.direction, call.state) for call in house.calls()} == {("in", "missed"), ("out", "unanswered")}
    assert bells(house) == 1


def test_a_telephone_that_goes_on_ringing_is_not_given_up(house):
    box = house.agent(("1", "carol"))
    box.ring(MOBILE)
    with house.runtime.database.system_session("a long queue") as session:
        session.execute(update(Call).values(started_at=now() - timedelta(minutes=5)))
    passes(house, timedelta())
    assert house.calls()[0].state == "ringing"


def test_what_is_heard_after_all_takes_the_supposed_end_back(house):
    box = house.agent(("1", "carol"))
    early = box.ring(MOBILE)
    passes(house, timedelta(minutes=3))
    (call,) = house.calls()
    assert call.state == "missed"
    at = (call.started_at + timedelta(seconds=4)).isoformat()
    box.send(early, box.event("ringing", number=MOBILE, line="1", at=at))
    assert house.calls()[0].state == "missed", "an old ring says nothing of the end"
    box.send(box.event("answered", by="101"))
    (call,) = house.calls()
    assert (call.state, call.ended_at, call.cause) == ("talking", None, "")
    box.send(box.event("ended", at=(now() + timedelta(seconds=30)).isoformat()))
    assert house.calls()[0].state == "talked"


def test_a_talk_without_an_end_has_no_minutes_and_gets_them_when_the_end_comes(house):
    customer = house.customer("carol", "Qiheng Consulting", MOBILE)
    box = house.agent(("1", "carol"))
    box.ring(MOBILE)
    box.send(box.event("answered", by="101"))
    passes(house, timedelta(hours=3))
    assert house.calls()[0].state == "talking"
    passes(house, timedelta(hours=2))
    (call,) = house.calls()
    assert (call.state, call.seconds) == ("unended", None)
    page = house.page("carol")
    for address in ("/calls", "/calls/people", f"/calls/of/{customer.id}"):
        shown = page.get(address).text
        assert "end unknown" in shown
        assert "300:" not in shown
    assert "end unknown" in page.get("/calls?f=state:is:unended").text
    box.send(box.event("ended"))
    assert house.calls()[0].state == "talked"
    assert 5 * 3600 <= house.calls()[0].seconds < 5 * 3600 + 60
