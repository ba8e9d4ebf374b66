"""Opportunities in the list of everything that happened."""

from __future__ import annotations

from html import unescape

from baton_plugins.opportunities import services
from baton_plugins.opportunities.forms import LostInput

from platform_core.testing.browser import Browser


def lose(house, opportunity, reason: str) -> None:
    with house.acting(house.collector) as session:
        services.lose(session, house.actor(house.collector), opportunity.id, LostInput(reason=reason))


def shown(page: Browser, query: str = "") -> str:
    return unescape(page.get(f"/tracking?{query}").text.split("<main", 1)[1])


def test_it_stands_there_as_it_was_opened_and_as_it_was_lost(house, browser: Browser, count_queries):
    kept = house.opportunity(title="Team course", need="Dates in March.")
    lost = house.opportunity(title="Coaching", expected_value=None)
    lose(house, lost, "Too dear.")
    manager = browser.sign_in(house.manager)
    manager.get("/tracking")
    with count_queries(at_most=12):
        text = shown(manager)
    for line in ("Team course · ¥38,000.00", "Dates in March.", "Too dear.", f'href="/opportunities/{kept.id}"'):
        assert line in text, line
    assert text.count(f'href="/opportunities/{lost.id}"') == 2
    opened, closed = (shown(manager, f"kind=opportunities.{kind}") for kind in ("opened", "closed"))
    assert "Team course" in opened
    assert "Team course" not in closed
    assert "Too dear." in closed
    assert "Too dear." not in opened
    assert "Coaching" in shown(manager, "status=opportunities.closed:lost")
    assert "Coaching" not in shown(manager, "status=opportunities.closed:won")
    assert "Too dear." in shown(manager, "words=DEAR")


def test_it_is_found_by_who_did_it_and_taken_back_it_was_not_lost(house, browser: Browser):
    opportunity = house.opportunity(title="Team course")
    lose(house, opportunity, "Too dear.")
    manager = browser.sign_in(house.manager)
    mine, theirs = f"person={house.collector.id}", f"person={house.trainer.id}"
    assert "Too dear." in shown(manager, mine)
    assert "Team course" not in shown(manager, theirs)
    with house.acting(house.collector) as session:
        services.reopen(session, house.actor(house.collector), opportunity.id)
    text = shown(manager, mine)
    assert "Team course" in text
    assert "Too dear." not in text


def test_only_whoever_sees_the_engagement_sees_it(house, browser: Browser):
    opportunity = house.opportunity(title="Team course")
    assert "Team course" in shown(browser.sign_in(house.collector))
    assert "Team course" not in shown(browser.sign_in(house.colleague))
    house.hand_over(house.collector, opportunity)
    assert "Team course" in shown(browser.sign_in(house.trainer)), "to whom it is offered"
    assert "Team course" in shown(browser.sign_in(house.trainer), f"person={house.collector.id}")
