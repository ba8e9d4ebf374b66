"""The JSON API of engagements and legs, with the services' rules."""

from __future__ import annotations

from platform_core.relay.models import Engagement

ENGAGEMENTS = "/api/v1/engagements"


def test_a_whole_relay_by_program(house, browser):
    collector, trainer = (browser.token(house.people[name]) for name in ("collector", "trainer"))
    body = {"customer_id": str(house.customer.id), "route_id": str(house.route.id), "title": "Training"}
    made = collector.post(ENGAGEMENTS, json=body)
    assert made.status_code == 201, made.text
    url = f"{ENGAGEMENTS}/{made.json()['id']}"
    assert [leg["state"] for leg in made.json()["legs"]] == ["active", "planned", "planned", "planned"]
    assert trainer.get(url).status_code == 404
    offered = collector.post(f"{url}/offer", json={"note": "A course"})
    assert offered.status_code == 200, offered.text
    leg = offered.json()["legs"][1]
    assert (leg["state"], leg["note"]) == ("offered", "A course")
    assert [item["id"] for item in trainer.get(f"{ENGAGEMENTS}?box=inbox").json()["items"]] == [made.json()["id"]]
    taken = trainer.post(f"/api/v1/legs/{leg['id']}/accept")
    assert taken.status_code == 200, taken.text
    assert taken.json()["may_write"] is True
    assert taken.json()["legs"][1]["assignee"] == "Tom"
    assert len(trainer.get(f"{ENGAGEMENTS}?box=mine").json()["items"]) == 1
    assert trainer.get(f"{ENGAGEMENTS}?box=inbox").json()["items"] == []


def test_refusals_are_problems(house, browser):
    engagement_id = house.open()
    leg_id = house.hand_over("collector", engagement_id)
    trainer, clerk, head = (browser.token(house.people[name]) for name in ("trainer", "clerk", "train_head"))
    assert clerk.post(f"/api/v1/legs/{leg_id}/accept").status_code == 404
    blank = trainer.post(f"/api/v1/legs/{leg_id}/return", json={"reason": " "})
    assert (blank.status_code, blank.headers["content-type"]) == (422, "application/problem+json")
    assert blank.json()["errors"][0]["field"] == "reason"
    stranger = head.post(f"/api/v1/legs/{leg_id}/reassign", json={"user_id": str(house.people["clerk"].id)})
    assert stranger.status_code == 422
    assert trainer.post(f"/api/v1/legs/{leg_id}/return", json={"reason": "Too early"}).status_code == 204
    assert trainer.post(f"/api/v1/legs/{leg_id}/accept").status_code == 409
    assert trainer.get(f"{ENGAGEMENTS}/{engagement_id}").status_code == 404


def test_checklist_and_finish(house, browser):
    engagement_id = house.open()
    house.pass_on("collector", "trainer", engagement_id)
    leg_id = house.pass_on("trainer", "clerk", engagement_id)
    clerk, agent = (browser.token(house.people[name]) for name in ("clerk", "agent"))
    assert clerk.post(f"{ENGAGEMENTS}/{engagement_id}/offer", json={"note": "x"}).status_code == 409
    url = f"/api/v1/legs/{leg_id}/checklist"
    ticked = clerk.request("PATCH", url, json={"key": "names", "done": True})
    assert ticked.json()["legs"][2]["checklist"][0]["done"] is True
    house.pass_on("clerk", "agent", engagement_id)
    assert agent.post(f"{ENGAGEMENTS}/{engagement_id}/finish", json={"outcome": "Happy"}).status_code == 200
    assert house.factory.read(Engagement, engagement_id).state == "done"


def test_lists_page_by_cursor_and_show_the_actor_s_only(house, browser):
    wanted = [str(house.open(title=f"Training {number}")) for number in range(5)]
    collector = browser.token(house.people["collector"])
    seen: list[str] = []
    url = f"{ENGAGEMENTS}?customer_id={house.customer.id}&limit=2"
    cursor = ""
    while cursor is not None:
        answer = collector.get(f"{url}&cursor={cursor}").json()
        seen += [item["id"] for item in answer["items"]]
        cursor = answer["next_cursor"]
    assert seen == wanted[::-1]
    assert browser.token(house.people["other_collector"]).get(ENGAGEMENTS).json()["items"] == []
    assert collector.get(f"{ENGAGEMENTS}?cursor=nonsense").status_code == 422
