"""Calls as agents report them, through the address that agents use, and the card as those who are called see it."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

from baton_plugins.telephony import taking
from baton_plugins.telephony.models import Call, Heard, Line, Ring
from sqlalchemy import func, select, update

from platform_core.api import User, enqueue, now
from platform_core.audit.models import AuditEntry
from platform_core.caps.models import Opened
from platform_core.kernel import counters, settingvalues
from platform_core.permissions import actors
from platform_core.users.models import Notification

MOBILE, LAND = "13900008321", "021-62345678"


def audited(house, action):
    with house.runtime.database.system_session("look", write=False) as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action)))


def test_the_card_names_the_customer_and_shows_it_once_in_the_trail(house, count_queries):
    customer = house.customer("carol", "Qiheng Consulting", MOBILE, contact_name="Deng Ying")
    box = house.agent(("1", "carol"))
    box.ring("139 0000 8321")
    assert ("carol", "call") in house.signalled
    page = house.page("carol")
    with count_queries(at_most=12):
        card = page.get("/calls/card").text
    assert "Qiheng Consulting" in card
    assert "Deng Ying" in card
    assert "139****8321" in card
    assert "13900008321" not in card
    assert f'href="/customers/{customer.id}"' in card
    assert 'data-key="F2"' in card
    assert f"/follow-ups/new?customer={customer.id}" in card
    assert "Qiheng" in page.get("/calls/card").text
    (line,) = audited(house, "telephony.pop")
    assert (line.customer_id, line.actor_id) == (customer.id, house.people["carol"].id)
    assert house.card("otto").strip() == ""


def test_a_card_does_not_count_towards_the_cap_and_opening_does(house):
    customer = house.customer("carol", "Qiheng Consulting", MOBILE)
    box = house.agent(("1", "carol"))
    box.ring(MOBILE)

    def opened():
        with house.runtime.database.system_session("look", write=False) as session:
            return session.scalar(select(func.count()).select_from(Opened))

    house.card("carol")
    before = opened()
    page = house.page("carol")
    link = page.get(f"/follow-ups/new?customer={customer.id}&way=in&at=2026-11-20T02:05:00%2B00:00")
    assert 'value="2026-11-20T10:05"' in link.text
    assert '<option value="in" selected>' in link.text
    assert opened() == before + 1


def test_events_in_any_order_twice_make_the_same_call(house):
    house.customer("carol", "Qiheng Consulting", MOBILE)
    box = house.agent(("", "otto"))
    at = now() - timedelta(seconds=9)
    kinds = [("ringing", 0, {"number": MOBILE, "to": ["101", "102"]}), ("answered", 3, {"by": "101"}), ("ended", 8, {})]
    for number, order in enumerate(permutations(kinds)):
        for kind, second, fields in order:
            moment = (at + timedelta(seconds=second)).isoformat()
            event = {"id": f"{number}/{kind}", "kind": kind, "call": f"p{number}", "at": moment, **fields}
            box.send(event)
            box.send(event)
    calls = house.calls()
    assert len(calls) == 6
    assert {(call.state, call.seconds, call.answered_by_label, call.number_mask) for call in calls} == {
        ("talked", 5, "Carol", "139****8321")
    }
    with house.runtime.database.system_session("look", write=False) as session:
        states = {(ring.user_id, ring.state) for ring in session.scalars(select(Ring))}
        assert states == {(house.people["carol"].id, "answered"), (house.people["otto"].id, "elsewhere")}
        assert session.scalar(select(func.count()).select_from(Heard)) == 18


def test_a_call_that_somebody_else_takes_closes_the_card(house):
    house.customer("carol", "Qiheng Consulting", MOBILE)
    box = house.agent()
    box.send(box.event("ringing", number=MOBILE, to=["101", "102"]))
    assert "Qiheng" in house.card("carol")
    house.signalled.clear()
    box.send(box.event("answered", by="102"))
    assert ("carol", "call") in house.signalled
    assert house.card("carol").strip() == ""
    assert house.rings() == {"carol": "elsewhere", "otto": "answered"}


def test_several_are_a_choice_within_ones_rights(house):
    first = house.customer("carol", "Qiheng Consulting", LAND)
    house.customer("carol", "Qiheng Holding", LAND)
    hidden = house.customer("tom", "Secret Training Client", LAND)
    box = house.agent(("1", "carol"), area_code="021")
    box.ring("62345678")
    card = house.card("carol")
    assert "Qiheng Consulting" in card
    assert "Qiheng Holding" in card
    assert "Secret" not in card
    assert str(hidden.id) not in card
    assert house.calls()[0].customer_id is None
    page = house.page("carol")
    call = house.calls()[0]
    stranger = page.post(f"/calls/{call.id}/choose", {"customer_id": str(hidden.id)}, htmx=True)
    assert stranger.status_code == 404
    chosen = page.post(f"/calls/{call.id}/choose", {"customer_id": str(first.id)}, htmx=True)
    assert f'href="/customers/{first.id}"' in chosen.text
    assert house.calls()[0].customer_id == first.id


def test_of_a_customer_one_may_not_see_the_card_says_only_the_department(house):
    hidden = house.customer("tom", "Secret Training Client", MOBILE)
    box = house.agent(("1", "carol"))
    box.ring(MOBILE)
    card = house.card("carol")
    assert "A customer of the department Training." in card
    assert "Secret" not in card
    assert str(hidden.id) not in card
    assert "New customer" not in card
    log = house.page("carol").get("/calls").text
    assert "139****8321" in log
    assert "Secret" not in log
    assert str(hidden.id) not in log
    listed = house.page("carol").get("/api/v1/telephony/calls").json()["items"]
    assert (listed[0]["customer"], listed[0]["customer_id"]) == ("", None)
    assert "Secret" in house.page("tom").get("/calls").text


def test_an_unknown_number_becomes_a_customer(house):
    box = house.agent(("1", "carol"))
    box.ring("+86 139 0000 8321")
    call = house.calls()[0]
    card = house.card("carol")
    assert "139 0000 8321" in card
    assert f"/calls/{call.id}/new-customer" in card
    page = house.page("carol")
    assert "139 0000 8321" in page.get(f"/calls/{call.id}/new-customer", htmx=True).text
    assert page.post(f"/calls/{call.id}/new-customer", {"name": ""}, htmx=True).status_code == 422
    made = page.post(f"/calls/{call.id}/new-customer", {"name": "Yunqi Mills", "contact_name": "Shen"})
    assert made.status_code == 303
    assert "139****8321" in page.get(made.headers["location"]).text
    assert "Yunqi Mills" in house.card("carol")
    assert page.post(f"/calls/{call.id}/new-customer", {"name": "Again"}).status_code == 409
    assert house.page("tom").get(f"/calls/{call.id}/new-customer").status_code == 404


def test_withheld_stays_withheld_and_a_wrong_checksum_opens_nobody(house):
    customer = house.customer("carol", "Qiheng Consulting", MOBILE)
    box = house.agent(("1", "carol"))
    for place, number in enumerate(("anonymous", "P", "Unknown")):
        box.ring(number, call=f"w{place}")
    assert all(call.withheld and call.number_cipher is None for call in house.calls())
    assert "Number withheld" in house.card("carol")
    page = house.page("carol")
    for call in house.calls():
        page.post(f"/calls/{call.id}/dismiss", {}, htmx=True)
    assert house.card("carol").strip() == ""
    box.ring(MOBILE, call="bad", verified=False)
    card = house.card("carol")
    assert "not received cleanly" in card
    assert str(customer.id) not in card
    assert house.calls()[-1].customer_id is None
    box.ring(MOBILE, call="bad", verified=True)
    assert f'href="/customers/{customer.id}"' in house.card("carol")


def test_missed_calls_are_a_list_and_something_to_do(house):
    customer = house.customer("carol", "Qiheng Consulting", MOBILE)
    box = house.agent(("1", "carol"))
    box.ring(MOBILE)
    box.send(box.event("ended", cause="noAnswer"), box.event("ended", cause="again"))
    assert house.calls()[0].state == "missed"
    assert house.card("carol").strip() == ""
    with house.runtime.database.system_session("look", write=False) as session:
        assert session.scalar(select(func.count()).select_from(Notification)) == 1
    page = house.page("carol")
    assert "Missed calls" in page.get("/").text
    listed = page.get("/calls?view=missed").text
    assert f"/plans/new?customer={customer.id}" in listed
    done = page.post(f"/calls/{house.calls()[0].id}/handled", {}, htmx=True)
    assert "Carol has seen to it" in done.text
    assert "Qiheng" not in page.get("/calls?view=missed").text
    assert "Qiheng" in page.get("/calls").text
    assert "missed" in page.get(f"/calls/of/{customer.id}", htmx=True).text


def test_what_comes_late_is_logged_and_not_shown(house):
    house.customer("carol", "Qiheng Consulting", MOBILE)
    box = house.agent(("1", "carol"))
    early = (now() - timedelta(minutes=20)).isoformat()
    box.send({"id": "late", "kind": "ringing", "call": "late", "at": early, "number": MOBILE, "line": "1"})
    assert house.card("carol").strip() == ""
    assert ("carol", "call") not in house.signalled
    assert house.calls()[0].customer_id is not None
    # A clock that is an hour slow is put right by what the agent says it is now.
    wrong = now() - timedelta(hours=1)
    event = {"id": "slow", "kind": "ringing", "call": "slow", "at": wrong.isoformat(), "number": MOBILE, "line": "1"}
    box.send(event, sent_at=wrong)
    assert "Qiheng" in house.card("carol")
    assert abs(house.calls()[-1].started_at - now()) < timedelta(seconds=30)


def test_two_sources_on_one_line_tell_of_one_call(house):
    house.customer("carol", "Qiheng Consulting", MOBILE)
    box, exchange = house.agent(("1", "carol")), house.agent(("1", "carol"))
    box.ring(MOBILE, call="a")
    exchange.ring(f"+86{MOBILE}", call="b")
    assert len(house.calls()) == 1
    assert house.card("carol").count('class="pop"') == 1
    exchange.send(exchange.event("answered", "b", by="101"))
    box.send(box.event("ended", "a"))
    assert [call.state for call in house.calls()] == ["talked"]


def test_only_a_source_reports_and_a_revoked_one_does_not(house):
    box = house.agent(("1", "carol"))
    event = box.event("ringing", number=MOBILE, line="1")
    body = {"sent_at": now().isoformat(), "events": [event]}
    assert house.page("max").request("POST", "/api/v1/telephony/events", json=body).status_code == 403
    assert house.browser.request("POST", "/api/v1/telephony/events", json=body).status_code == 401
    # The token opens nothing else.
    headers = {"Authorization": f"Agent {box.token}"}
    for path in ("/me", "/customers", "/api/v1/telephony/calls"):
        assert house.browser.request("GET", path, headers=headers).status_code in {303, 401}
    page = house.page("admin")
    assert page.post(f"/settings/telephony/sources/{box.source.id}/revoke", {}).status_code == 303
    box.send(event, status=401)
    assert house.calls() == []


def test_a_pairing_code_serves_once_and_not_for_long(house):
    page = house.page("admin")
    made = page.post("/settings/telephony/sources", {"kind": "agent", "name": "Front desk"}).text
    code = made.partition("baton-agent pair ")[2].split('"')[0].split()[-1]

    def pair(text):
        return house.browser.request("POST", "/api/v1/telephony/pair", json={"code": text})

    assert pair("ABCDEFGHJK").status_code == 403
    token = pair(code.lower()).json()["token"]
    assert pair(code).status_code == 403
    assert token not in page.get("/settings/telephony").text
    assert len(audited(house, "telephony.pair")) == 1


def test_the_page_of_what_was_heard_tells_why_no_card_came(house):
    house.customer("carol", "Qiheng Consulting", MOBILE)
    box = house.agent(("1", "carol"))
    box.send(box.event("ringing", "x1", number=MOBILE, line="7"))
    box.ring(MOBILE, call="x2")
    page = house.page("admin")
    before = page.get("/settings/telephony").text
    house.card("carol")
    heard = page.get("/settings/telephony").text
    assert heard.count("<time") == before.count("<time") + 1  # when the card was first shown
    assert "nobody has this line" in heard
    assert "customer found" in heard
    assert "Carol" in heard
    assert MOBILE not in heard
    assert "Qiheng" not in heard
    assert 'hx-get="/settings/telephony/heard?turn=1"' in heard
    box.ring(MOBILE, call="x3")
    live = page.get("/settings/telephony/heard?turn=1", htmx=True).text
    assert live.count("<tr>") == heard.count("<tr>") + 1
    assert 'hx-get="/settings/telephony/heard?turn=2"' in live
    assert "no page of theirs is open" in live
    assert "hx-get" not in page.get("/settings/telephony/heard?turn=200", htmx=True).text
    assert house.page("carol").get("/settings/telephony/heard").status_code == 403
    rung = page.post("/settings/telephony/simulate", {"number": MOBILE, "user_id": str(house.people["otto"].id)})
    assert rung.status_code == 303
    assert "Qiheng Consulting" in house.card("otto") or "department Sales" in house.card("otto")
    refused = page.post("/settings/telephony/simulate", {"number": MOBILE, "user_id": str(box.source.id)})
    assert refused.status_code == 422


def test_heads_see_the_calls_of_their_department_and_others_do_not(house):
    head = house.factory.user("department_head", name="Hanna")
    stranger = house.factory.user("department_head", name="Stan")
    with house.runtime.database.system_session("departments") as session:
        session.get(User, head.id).department_id = house.people["carol"].department_id
        session.get(User, stranger.id).department_id = house.people["tom"].department_id
        counters.bump(session, actors.COUNTER)
    box = house.agent(("1", "carol"))
    box.ring(MOBILE)
    assert "139****8321" in house.browser.sign_in(head).get("/calls").text
    assert "139****8321" in house.page("max").get("/calls").text
    assert "139****8321" not in house.browser.sign_in(stranger).get("/calls").text
    assert "139****8321" not in house.page("otto").get("/calls").text
    assert house.page("admin").get("/calls").status_code == 403


def test_old_calls_are_forgotten_and_nobodys_line_stays_with_who_left(house):
    box = house.agent(("1", "carol"))
    box.ring(MOBILE, call="old")
    box.ring("13900008322", call="new")
    with house.runtime.database.system_session("long ago") as session:
        old = session.scalars(select(Call).order_by(Call.started_at)).first()
        old.started_at = now() - timedelta(days=800)
        session.execute(update(Heard).values(at=now() - timedelta(days=8)))
    with house.runtime.database.system_session("forget") as session:
        job = enqueue(session, "telephony.forget")
    house.runtime.jobs.run(job)
    assert [call.number_mask for call in house.calls()] == ["139****8322"]
    for number, status in enumerate(("left", "active")):  # and comes back, without the line
        with house.runtime.database.system_session("she leaves") as session:
            assert session.scalar(select(func.count()).select_from(Heard).where(Heard.at < now() - timedelta(7))) == 0
            session.get(User, house.people["carol"].id).status = status
            session.execute(update(Line).values(until=now()))
        house.signalled.clear()
        box.ring("13900008323", call=f"after {number}")
        assert house.signalled == []


def test_a_colleague_who_calls_is_named_and_is_no_new_customer(house):
    box = house.agent(("1", "carol"))
    shown_between_extensions(house)
    box.ring("102")
    card = house.card("carol")
    assert "Otto" in card
    assert "102" in card
    assert "new-customer" not in card
    box.ring("199", call="nobody's")
    assert "new-customer" in house.card("carol")


def shown_between_extensions(house):
    with house.runtime.database.system_session("a setting") as session:
        settingvalues.write(session, taking.INTERNAL, True)


def test_calls_between_two_extensions_open_no_card_unless_the_house_wants_them(house):
    """Complained about both ways of others: they pop up where they disturb, and nobody can say that they shall."""
    box = house.agent(("1", "carol"), ("8003", "tom"))
    for number in ("102", "8003"):  # an account's extension, and a line of this source
        box.ring(number, call=number)
    assert house.signalled == []
    assert "pop" not in house.card("carol")
    assert [(call.number_mask, call.state) for call in house.calls()] == [("102", "ringing"), ("8003", "ringing")]
    with house.runtime.database.system_session("look", write=False) as session:
        assert {row.outcome for row in session.scalars(select(Heard))} == {"internal"}
    shown_between_extensions(house)
    box.ring("102", call="later")
    assert ("carol", "call") in house.signalled
    assert "Otto" in house.card("carol")


def test_who_wants_no_cards_gets_none_and_finds_their_calls_in_the_log(house):
    house.customer("carol", "Qiheng Consulting", MOBILE)
    box = house.agent(("1", "carol"), ("1", "otto"))
    carol = house.page("carol")
    carol.post("/calls/cards", {"wanted": "no"})
    box.ring(MOBILE)
    assert "Qiheng" not in carol.get("/calls/card").text
    assert audited(house, "telephony.pop") == []
    assert "139****8321" in carol.get("/calls").text
    assert 'name="wanted" value="yes"' in carol.get("/calls/cards").text
    assert "pop" in house.card("otto")  # it is hers alone
    carol.post("/calls/cards", {"wanted": "yes"})
    assert "Qiheng" in carol.get("/calls/card").text
