"""Whose calls one may go through, and the recording of one of them."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

from baton_plugins.telephony.models import Call, Ring
from sqlalchemy import select, update

from platform_core.api import local, new_id, now
from platform_core.audit.models import AuditEntry

MOBILE = "13900008321"


def audited(house, action):
    with house.runtime.database.system_session("look", write=False) as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action)))


def test_a_head_goes_through_a_colleagues_calls_by_day_and_way(house, count_queries):
    sales = SimpleNamespace(id=house.people["carol"].department_id)
    house.people["hedda"] = house.factory.user("department_head", department=sales, name="Hedda")
    box = house.agent(("1", "carol"), ("2", "otto"))
    box.ring(MOBILE, call="mine")
    box.send(box.event("ringing", "his", number="13900008322", line="2"))
    box.send(box.event("ringing", "out", number="13900008323", line="1", direction="out"))
    with house.runtime.database.system_session("days ago") as session:
        call = session.scalars(select(Call).where(Call.direction == "out")).one()
        early = now() - timedelta(days=9)
        session.execute(update(Ring).where(Ring.call_id == call.id).values(at=early))
    head, url = house.page("hedda"), f"/calls/people?who={house.people['carol'].id}"
    with count_queries(at_most=12):
        shown = head.get(url).text
    assert "139****8321" in shown
    assert "139****8323" in shown
    assert "139****8322" not in shown
    assert MOBILE not in shown
    assert "139****8321" not in head.get(f"{url}&way=out").text
    of_day = head.get(f"{url}&day={local(early).date().isoformat()}").text
    assert "139****8323" in of_day
    assert "139****8321" not in of_day
    wrong = head.get(f"{url}&day=yesterday")
    assert wrong.status_code == 422
    assert 'aria-invalid="true"' in wrong.text
    assert str(house.people["carol"].id) in {
        line.entity_id and str(line.entity_id) for line in audited(house, "telephony.list")
    }


def test_nobody_goes_through_the_calls_of_those_beyond_their_rights(house):
    box = house.agent(("1", "carol"))
    box.ring(MOBILE)
    assert "139****8321" in house.page("carol").get("/calls/people").text, "one's own without being asked whose"
    assert house.page("otto").get(f"/calls/people?who={house.people['carol'].id}").status_code == 404
    assert "139****8321" in house.page("max").get(f"/calls/people?who={house.people['carol'].id}").text
    assert house.page("admin").get("/calls/people").status_code == 403


def test_many_calls_come_page_by_page_and_none_twice(house):
    box = house.agent(("1", "carol"))
    box.ring(MOBILE)
    with house.runtime.database.system_session("many") as session:
        source, carol = session.scalars(select(Call)).one().source_id, house.people["carol"].id
        for number in range(60):
            at = now() - timedelta(minutes=number + 1)
            call = Call(id=new_id(), source_id=source, number_mask=f"n{number:02}", started_at=at, state="missed")
            session.add(call)
            session.flush()
            session.add(Ring(id=new_id(), call_id=call.id, user_id=carol, at=at))
    page = house.page("carol")
    first = page.get("/calls/people").text
    following = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = page.get(following).text
    found = [f"n{number:02}" for number in range(60) if (f"n{number:02}" in first) != (f"n{number:02}" in second)]
    assert len(found) == 60
