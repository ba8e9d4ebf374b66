"""The lists of the workbench, calls one after the other, and the head's view of the day."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from baton_plugins.activities.models import Plan
from baton_plugins.activities.together import assisting, joining

from platform_core.api import Conflict, at_local, today
from platform_core.permissions.models import Access
from platform_core.testing.browser import Browser


def share(house):
    house.factory.add(Access(kind="share", user_id=house.people["other_collector"].id, customer_id=house.customer.id))


@pytest.fixture
def busy(house):
    """Carol has asked Otto to do one of her plans, and has a question in another call of his."""
    share(house)
    asked = house.plan("collector", "Call about dates")
    with house.as_("collector") as (session, actor):
        data = assisting.AssistInput(user_id=house.people["other_collector"].id, note="They know you")
        house.request = assisting.ask(session, actor, asked.id, data)
    own = house.plan("other_collector", "Otto's own call")
    with house.as_("collector") as (session, actor):
        joining.join(session, actor, own.id, joining.QuestionInput(text="Is March fine?"))
    return house


def numbers(html):
    """Label of a tab -> the number beside it."""
    nav = re.search(r'<nav class="chipset wb-tabs".*?</nav>', html, re.DOTALL)[0]
    return {unescape(label): int(number) for label, number in re.findall(r">([^<]+?) <b>(\d+)</b>", nav)}


def test_the_workbench_has_its_tabs_and_who_waits_within_the_budget(busy, browser: Browser, count_queries):
    otto = browser.sign_in(busy.people["other_collector"])
    otto.get("/")
    with count_queries(at_most=12):
        html = otto.get("/").text
    assert numbers(html) == {"Mine": 1, "Asked of me": 1}
    assert "They know you" in html
    assert f'action="/assistance/{busy.request.id}/accept"' in html
    for url in ("/plans", "/plans/asked", "/plans/delegated", "/plans/department", "/plans/calls"):
        with count_queries(at_most=12):
            assert otto.get(url).status_code == 200
    head = browser.sign_in(busy.people["collect_head"]).get("/").text
    assert numbers(head) == {"My department": 2}
    carol = browser.sign_in(busy.people["collector"]).get("/").text
    assert numbers(carol) == {"Mine": 1, "Asked by me": 1}


def test_what_was_asked_stands_there_until_its_result_does(busy, browser: Browser):
    carol = browser.sign_in(busy.people["collector"])
    before = carol.get("/plans/delegated").text
    assert "Otto is asked" in before
    assert "Is March fine?" in before
    with busy.as_("other_collector") as (session, actor):
        plan = assisting.accept(session, actor, busy.request.id)
    assert "Call about dates" in browser.sign_in(busy.people["other_collector"]).get("/plans/asked").text
    busy.finish("other_collector", plan.id, "They want March.")
    after = browser.sign_in(busy.people["collector"]).get("/plans/delegated").text
    assert "Otto has done it" in after
    assert "They want March." in after
    stranger = browser.sign_in(busy.people["trainer"]).get("/plans/delegated").text
    assert "They want March." not in stranger


def test_a_saved_result_opens_the_next_customer(house, browser: Browser):
    first, second = (house.plan("collector", f"Call {number}") for number in (1, 2))
    house.plan("collector", "Not yet due", on=today() + timedelta(days=1))
    carol = browser.sign_in(house.people["collector"])
    page = carol.get("/plans/calls").text
    assert page.count('class="inlinelog"') == 1
    assert re.search(rf'action="/plans/{first.id}/finish"', page)
    assert "Not yet due" not in page
    refused = carol.post(f"/plans/{first.id}/finish", {"place": "calls", "body": ""}, htmx=True)
    assert refused.status_code == 422
    assert 'name="place" value="calls"' in refused.text
    done = carol.post(
        f"/plans/{first.id}/finish", {"place": "calls", "body": "Agreed.", "outcome": "agreed"}, htmx=True
    )
    opened = done.text.split(f'<hx-partial hx-target="#plan-{second.id}"')[1]
    assert 'class="inlinelog"' in opened
    assert "autofocus" in opened
    last = carol.post(f"/plans/{second.id}/finish", {"place": "calls", "body": "Agreed too."}, htmx=True)
    assert 'class="inlinelog"' not in last.text


def add(house, name, **fields):
    user = house.people[name]
    given = {"customer_id": house.customer.id, "assignee_id": user.id, "department_id": user.department_id, **fields}
    house.factory.add(Plan(**given))


def test_the_department_is_seen_by_keyset_by_person_and_by_its_heads(house, browser: Browser):
    yesterday = at_local(today() - timedelta(days=1), 10)
    for number in range(55):
        add(house, "collector", subject=f"Number {number:02}", due_at=yesterday + timedelta(minutes=number))
    add(house, "trainer", subject="The trainer's", due_at=yesterday)
    hanna = browser.sign_in(house.people["collect_head"])
    first = hanna.get("/plans/department?due=overdue").text
    assert "Number 49" in first
    assert "Number 50" not in first
    assert "The trainer" not in first
    url = unescape(re.search(r'rel="next" href="([^"]+)"', first)[1])
    assert "Number 54" in hanna.get(url).text
    nobody = hanna.get(f"/plans/department?person={house.people['other_collector'].id}").text
    assert "Number" not in nobody.split("<main", 1)[1].split("</form>", 1)[1]
    assert "The trainer" in unescape(browser.sign_in(house.people["manager"]).get("/plans/department").text)


def test_the_head_sees_everybodys_day_with_ways_into_it(house, browser: Browser, count_queries):
    share(house)
    plan = house.plan("collector")
    house.finish("collector", plan.id)
    house.log("other_collector", kind="visit")
    add(house, "collector", subject="Late", due_at=at_local(today() - timedelta(days=2), 9))
    hanna = browser.sign_in(house.people["collect_head"])
    hanna.get("/team")
    with count_queries(at_most=12):
        html = hanna.get("/team").text
    assert cells(html, "Carol") == ["1", "0", "1", "1", "1", "0"]
    assert cells(html, "Otto") == ["0", "0", "0", "1", "0", "0"]
    assert "Tom" not in html, "another department"
    link = unescape(re.search(r'href="(/reports/activities.follow_ups[^"]*)"', html)[1])
    assert "Qiheng Consulting" in hanna.get(link).text
    assert re.search(
        r'hx-trigger="live:team:[0-9a-f]{32} from:body throttle:1s, live:again from:body, every 60s"', html
    )
    past = hanna.get(f"/team?first={today() - timedelta(days=9)}&last={today() - timedelta(days=1)}").text
    assert cells(past, "Carol") == ["1", "1", "0", "0", "0"]
    assert "every 60s" not in past
    wrong = hanna.get(f"/team?first={today()}&last={today() - timedelta(days=1)}")
    assert wrong.status_code == 422
    assert "The end is before the start." in wrong.text
    assert browser.sign_in(house.people["collector"]).get("/team").status_code == 403
    tom = browser.sign_in(house.people["manager"]).get(f"/team?department={house.departments['train'].id}").text
    assert cells(tom, "Tom") == ["0"] * 6


def test_whoever_sees_all_departments_goes_down_from_their_sums(house, browser: Browser, count_queries):
    share(house)
    plan = house.plan("collector")
    house.finish("collector", plan.id)
    house.log("other_collector", kind="visit")
    add(house, "collector", subject="Late", due_at=at_local(today() - timedelta(days=2), 9))
    management = browser.sign_in(house.people["manager"])
    management.get("/team")
    with count_queries(at_most=12):
        html = management.get("/team").text
    collect, train = (house.departments[name] for name in ("collect", "train"))
    assert cells(html, collect.name) == ["1", "0", "1", "2", "1", "0"]
    assert cells(html, train.name) == ["0"] * 6
    assert "Carol" not in html.split("<main", 1)[1]
    assert re.search(r'hx-trigger="live:team from:body throttle:10s, live:again from:body, every 60s"', html)
    link = unescape(re.search(rf'href="(/team\?department={collect.id}[^"]*)"', html)[1])
    assert cells(management.get(link).text, "Carol") == ["1", "0", "1", "1", "1", "0"]
    head = browser.sign_in(house.people["collect_head"]).get("/team?department=all").text
    assert cells(head, "Otto") == ["0", "0", "0", "1", "0", "0"], "the head of one department sees its people"


def test_from_a_person_to_everything_they_did_and_to_paper_and_file(house, browser: Browser):
    share(house)
    house.log("other_collector", "They asked for dates.")
    otto = house.people["other_collector"]
    management = browser.sign_in(house.people["manager"])
    collect = house.departments["collect"].id
    html = unescape(management.get(f"/team?department={collect}").text)
    (link,) = re.findall(rf'href="(/tracking\?person={otto.id}&[^"]+)"', html)
    assert "They asked for dates." in management.get(link).text
    taken = f"of=report:activities.team&department={collect}&first={today()}&last={today()}"
    for page in ("/papers/new", "/exports/new"):
        assert f"{page}?{taken}" in html
        assert management.get(f"{page}?{taken}").status_code == 200
    query = taken.partition("&")[2]
    made = management.post("/papers/new", {"source": "report:activities.team", "query": query, "reason": "Meeting"})
    paper = management.get(made.headers["location"]).text
    assert "Otto" in paper
    assert "Tom" not in paper, "another department"
    assert "Tom" in management.get("/reports/activities.team").text
    hanna = browser.sign_in(house.people["collect_head"])
    assert "/papers/new?of" not in hanna.get("/team").text, "printing is a right of its own"
    shown = hanna.get("/reports/activities.team").text
    assert "Otto" in shown
    assert "Tom" not in shown
    long = hanna.get(f"/team?first={today() - timedelta(days=100)}&last={today()}").text
    assert "/tracking?person" not in long, "its list has at most 92 days"


def test_what_somebody_did_yesterday_is_one_click_away(house, browser: Browser):
    yesterday = today() - timedelta(days=1)
    house.log("collector", "Rang them about the list.", at=at_local(yesterday, 10))
    hanna = browser.sign_in(house.people["collect_head"])
    html = hanna.get("/team").text
    assert cells(html, "Carol") == ["0", "0", "0", "0", "0", "1"]
    (link,) = re.findall(r'href="(/reports/activities.follow_ups[^"]*)"', html)
    assert "Qiheng Consulting" in hanna.get(unescape(link)).text
    assert "yesterday" not in hanna.get(f"/team?first={yesterday}&last={yesterday}").text


def cells(html, name):
    row = next(row for row in re.findall(r"<tr>.*?</tr>", html, re.DOTALL) if f">{name}<" in row)
    return re.findall(r'<td class="num[^"]*">(?:<a [^>]*>)?(\d+)', row)


def test_what_is_done_is_told_to_the_heads_of_its_department_alone(house, monkeypatch: pytest.MonkeyPatch):
    sent: list[tuple[tuple, str, str]] = []
    plan = house.plan("collector")
    monkeypatch.setattr("platform_core.kernel.signals._send", [lambda *said: sent.append(said)])
    heads = {house.people["collect_head"].id, house.people["manager"].id}
    place = house.departments["collect"].id.hex

    def told() -> list[tuple[set, str]]:
        found = [(set(people), value) for people, kind, value in sent if kind == "team"]
        sent.clear()
        return found

    house.finish("collector", plan.id)
    assert told() == [(heads, place)]
    house.log("collector")
    assert told() == [(heads, place)]
    house.plan("collector", "Another")
    assert told() == [(heads, place)]
    with pytest.raises(Conflict):
        house.finish("collector", plan.id)
    assert told() == [], "nothing was done"
    house.factory.user("department_head", house.departments["collect"], name="Second")
    house.log("collector")
    ((people, _place),) = told()
    assert len(people) == 3, "who becomes a head is told as well"
