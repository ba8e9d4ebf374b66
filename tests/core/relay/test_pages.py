"""The relay's pages: bar, dialogs, inbox, workbench, checklist, settings."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from platform_core.relay import services
from platform_core.relay.models import Engagement, Leg, Route, RouteStep


def customer_page(house: Any) -> str:
    return f"/customers/{house.customer.id}"


def test_bar_shows_every_leg_and_offers_the_hand_over(house, browser):
    engagement_id = house.open()
    text = browser.sign_in(house.people["collector"]).get(customer_page(house)).text
    for department in house.departments:
        assert f">{department}</a></b>" in text
    assert f'href="/engagements/{engagement_id}/hand-over"' in text
    assert 'class="now"' in text


def test_hand_over_dialog_asks_for_a_note_and_names_receivers(house, browser):
    engagement_id = house.open()
    collector = browser.sign_in(house.people["collector"])
    url = f"/engagements/{engagement_id}/hand-over"
    dialog = collector.get(url, htmx=True).text
    assert "<html" not in dialog
    assert "Tom" in dialog
    assert "Clara" not in dialog
    refused = collector.post(url, {"note": " "}, htmx=True)
    assert refused.status_code == 422
    assert 'aria-invalid="true"' in refused.text
    done = collector.post(url, {"note": "A course in March", "to_user_id": str(house.people["trainer"].id)})
    assert done.status_code == 303
    assert done.headers["location"] == f"{customer_page(house)}?engagement={engagement_id}"
    page = collector.get(customer_page(house)).text
    assert "waits for Tom" in page
    assert url not in page


def test_a_named_stranger_is_refused_and_nothing_happens(house, browser):
    engagement_id = house.open()
    collector = browser.sign_in(house.people["collector"])
    data = {"note": "x", "to_user_id": str(house.people["clerk"].id)}
    refused = collector.post(f"/engagements/{engagement_id}/hand-over", data, htmx=True)
    assert refused.status_code == 422
    assert house.writes("collector", engagement_id)


def test_open_items_are_told_before_and_on_handing_over(house, browser):
    engagement_id = house.open()
    house.pass_on("collector", "trainer", engagement_id)
    leg_id = house.pass_on("trainer", "clerk", engagement_id)
    clerk = browser.sign_in(house.people["clerk"])
    url = f"/engagements/{engagement_id}/hand-over"
    assert "Still open on the checklist: Names" in clerk.get(url, htmx=True).text
    refused = clerk.post(url, {"note": "Done"}, htmx=True)
    assert refused.status_code == 409
    assert "Still open on the checklist: Names" in refused.text
    assert "Done" in refused.text
    ticked = clerk.post(f"/legs/{leg_id}/checklist", {"key": "names", "done": "1"}, htmx=True)
    assert "1 / 2" in ticked.text
    assert f'hx-target="#meter-{leg_id}"' in ticked.text
    assert clerk.post(url, {"note": "Done"}).status_code == 303


def test_last_leg_finishes_the_engagement(house, browser):
    engagement_id = house.open()
    house.pass_on("collector", "trainer", engagement_id)
    house.tick("clerk", house.pass_on("trainer", "clerk", engagement_id))
    house.pass_on("clerk", "agent", engagement_id)
    agent = browser.sign_in(house.people["agent"])
    assert "Finish" in agent.get(customer_page(house)).text
    done = agent.post(f"/engagements/{engagement_id}/hand-over", {"outcome": "Happy"})
    assert done.status_code == 303
    assert house.factory.read(Engagement, engagement_id).state == "done"
    assert "Finished" in agent.get(f"/engagements/{engagement_id}").text


def test_workbench_lists_waiting_batons_and_takes_them_in_place(house, browser):
    engagement_id = house.open()
    leg_id = house.hand_over("collector", engagement_id)
    trainer = browser.sign_in(house.people["trainer"])
    page = trainer.get("/").text
    assert house.customer.name in page
    taken = trainer.post(f"/legs/{leg_id}/accept", {}, htmx=True)
    assert taken.status_code == 200
    assert "You took over" in taken.text
    assert house.leg(leg_id).assignee_id == house.people["trainer"].id
    late = browser.sign_in(house.people["second_trainer"]).post(f"/legs/{leg_id}/accept", {}, htmx=True)
    assert late.status_code == 409
    assert "Somebody else was faster" in late.text
    assert house.customer.name not in browser.sign_in(house.people["second_trainer"]).get("/").text


def test_return_needs_a_reason(house, browser):
    engagement_id = house.open()
    leg_id = house.hand_over("collector", engagement_id)
    trainer = browser.sign_in(house.people["trainer"])
    assert trainer.get(f"/legs/{leg_id}/return", htmx=True).status_code == 200
    assert trainer.post(f"/legs/{leg_id}/return", {"reason": ""}, htmx=True).status_code == 422
    assert trainer.post(f"/legs/{leg_id}/return", {"reason": "No number"}).headers["location"] == "/"
    assert "Returned: No number" in browser.sign_in(house.people["collector"]).get(customer_page(house)).text
    assert trainer.get(customer_page(house)).status_code == 404


def test_empty_workbench_says_what_to_do_first(house, browser):
    text = browser.sign_in(house.people["agent"]).get("/").text
    assert "Nothing to do yet" in text
    assert 'href="/customers/new"' in text
    assert "No baton is waiting for you." in text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_greets_in_the_reader_s_language(house, browser, language):
    user = house.factory.user(department=house.departments["train"], name="Wang", language=language)
    text = browser.sign_in(user).get("/").text
    greetings = {"zh": ("上午好", "下午好", "晚上好"), "en": ("Good",)}[language]
    assert any(greeting in text for greeting in greetings)


def test_inbox_of_coordinators_and_heads(house, browser):
    engagement_id = house.open()
    leg_id = house.hand_over("collector", engagement_id)
    for name in ("trainer", "train_head"):
        assert f'id="leg-{leg_id}"' in browser.sign_in(house.people[name]).get("/relay/inbox").text, name
    for name in ("collector", "clerk"):
        assert f'id="leg-{leg_id}"' not in browser.sign_in(house.people[name]).get("/relay/inbox").text, name
    head = browser.sign_in(house.people["train_head"])
    answer = head.post(f"/legs/{leg_id}/reassign", {"user_id": str(house.people["trainer"].id)})
    assert answer.status_code == 303
    house.accept("trainer", leg_id)
    assert f'id="leg-{leg_id}"' in head.get("/relay/inbox?show=active").text


def test_inbox_pages_by_keyset(house, browser, monkeypatch):
    monkeypatch.setattr("platform_core.relay.inbox_routes._PAGE", 2)
    wanted = {house.hand_over("collector", house.open(title=f"Training {number}")) for number in range(5)}
    trainer = browser.sign_in(house.people["trainer"])
    seen: list[UUID] = []
    url = "/relay/inbox"
    while url:
        text = trainer.get(url).text
        seen.extend(leg_id for leg_id in wanted if f'id="leg-{leg_id}"' in text)
        url = text.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert sorted(seen) == sorted(wanted)


def test_engagement_page_manages_members(house, browser):
    engagement_id = house.open()
    collector = browser.sign_in(house.people["collector"])
    url = f"/engagements/{engagement_id}"
    clerk = house.people["clerk"]
    assert collector.get(f"{url}/members/new", htmx=True).status_code == 200
    assert collector.post(f"{url}/members", {"user_id": str(clerk.id), "writes": "1"}).status_code == 303
    assert "Clara" in collector.get(url).text
    assert browser.sign_in(clerk).get(url).status_code == 200
    assert collector.post(f"{url}/members/{clerk.id}/remove", {}).status_code == 303
    assert browser.sign_in(clerk).get(url).status_code == 404
    assert browser.sign_in(house.people["other_collector"]).get(url).status_code == 404
    assert collector.post(f"{url}/cancel", {"reason": ""}, htmx=True).status_code == 422
    assert collector.post(f"{url}/cancel", {"reason": "Gave up"}).status_code == 303
    assert "Stopped" in collector.get(url).text


def test_opening_from_a_customer(house, browser):
    collector = browser.sign_in(house.people["collector"])
    dialog = collector.get(f"/engagements/new?customer_id={house.customer.id}", htmx=True)
    assert "Training" in dialog.text
    data = {"customer_id": str(house.customer.id), "route_id": str(house.route.id)}
    assert collector.post("/engagements", data, htmx=True).status_code == 422
    assert collector.post("/engagements", {**data, "title": "A course"}).status_code == 303
    assert "A course" in collector.get(customer_page(house)).text
    stranger = browser.sign_in(house.people["other_collector"])
    assert stranger.post("/engagements", {**data, "title": "A course"}).status_code == 404


def test_timeline_tells_the_hand_over(house, browser):
    engagement_id = house.open()
    house.pass_on("collector", "trainer", engagement_id)
    text = browser.sign_in(house.people["trainer"]).get(customer_page(house)).text
    assert "They want a course in March." in text
    assert "took over" in text


def test_pages_stay_within_twelve_statements(house, browser, count_queries):
    engagement_id = house.open()
    for number in range(4):
        house.hand_over("collector", house.open(title=f"Training {number}"))
    house.pass_on("collector", "trainer", engagement_id)
    trainer = browser.sign_in(house.people["trainer"])
    trainer.get("/")
    for url in ("/", "/relay/inbox", f"/engagements/{engagement_id}", f"/engagements/{engagement_id}/hand-over"):
        with count_queries(at_most=12):
            assert trainer.get(url).status_code == 200


def test_routes_are_edited_and_running_engagements_keep_theirs(house, browser, runtime):
    engagement_id = house.open()
    admin = browser.sign_in(house.people["admin"])
    url = f"/settings/routes/{house.route.id}"
    assert "Names *" in admin.get(url).text
    assert "Training" in admin.get("/settings/routes").text
    office, service = (str(house.departments[name].id) for name in ("office", "service"))
    data = {
        "name": "Short",
        "active": "1",
        "department_id": [office, service, ""],
        "title": ["Collect money", "", ""],
        "checklist": ["Names *\nDeposit", "", ""],
        "needs": ["contract, invoice", "", ""],
        "accept_hours": ["4", "", ""],
        "work_days": ["7", "", ""],
    }
    assert admin.post(url, data).status_code == 303
    with runtime.database.system_session("test") as session:
        steps = session.scalars(select(RouteStep).order_by(RouteStep.position)).all()
        assert [step.department_id.hex for step in steps] == [UUID(office).hex, UUID(service).hex]
        assert [(item["label"], item["required"]) for item in steps[0].checklist] == [
            ("Names", True),
            ("Deposit", False),
        ]
        assert steps[0].checklist[0]["key"] == "names"
        assert (steps[0].needs, steps[0].accept_hours, steps[1].accept_hours) == (["contract", "invoice"], 4, 8)
        assert session.get_one(Route, house.route.id).name == "Short"
        assert len(session.scalars(select(Leg).where(Leg.engagement_id == engagement_id)).all()) == 4
    empty = {key: value if isinstance(value, str) else [""] for key, value in data.items()}
    assert admin.post(url, empty).status_code == 422
    assert admin.get("/settings/routes/new").status_code == 200
    assert browser.sign_in(house.people["collector"]).get(url).status_code == 403


def test_leaving_by_oneself(house):
    engagement_id = house.open()
    house.pass_on("collector", "trainer", engagement_id)
    with house.as_("collector") as (session, actor):
        services.remove_member(session, actor, engagement_id, actor.user_id)
    assert not house.sees("collector")["engagement"]


def test_what_somebody_handed_over_stays_in_sight_with_where_it_is(house, browser, monkeypatch, count_queries):
    engagement_id = house.open()
    leg_id = house.hand_over("collector", engagement_id)
    collector = browser.sign_in(house.people["collector"])
    assert (
        "You have handed nothing over yet" in browser.sign_in(house.people["other_collector"]).get("/relay/sent").text
    )
    page = collector.get("/relay/sent").text
    assert f'id="leg-{leg_id}"' in page
    assert "waiting for take-over" in page
    house.accept("trainer", leg_id)
    trainer = house.people["trainer"].name
    for address in ("/relay/sent", "/"):
        with count_queries(at_most=12):
            assert f"{trainer} · day 1" in collector.get(address).text
    package = f"/legs/{leg_id}/package"
    assert f'href="{package}"' in collector.get("/").text
    assert "They want a course in March." in collector.get(package).text
    following = house.hand_over("trainer", engagement_id)
    assert package not in collector.get("/").text, "what is finished is no work any more"
    assert f'id="leg-{leg_id}"' in collector.get("/relay/sent").text
    with house.as_("clerk") as (session, actor):
        services.return_leg(session, actor, following, "The list is missing")
    sent_back = browser.sign_in(house.people["trainer"]).get("/").text
    assert "sent back" in sent_back
    assert "The list is missing" in sent_back
    monkeypatch.setattr("platform_core.relay.inbox_routes._PAGE", 2)
    wanted = {leg_id} | {house.hand_over("collector", house.open(title=f"Training {number}")) for number in range(4)}
    seen: list[UUID] = []
    url = "/relay/sent"
    while url:
        text = collector.get(url).text
        seen.extend(key for key in wanted if f'id="leg-{key}"' in text)
        url = text.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert sorted(seen) == sorted(wanted)
