"""The board: columns that are bounded, moves that the relay allows; the numbers of the inbox; the reports of lead times."""

from __future__ import annotations

import re
from datetime import date
from html import unescape

from sqlalchemy import select

from platform_core.customers.groups.models import Group, Member
from platform_core.kernel.clock import at_local, freeze
from platform_core.relay import board
from platform_core.relay.models import Leg

BOARD = "/relay/board"
ASKED = {"first": "2027-09-01", "last": "2027-09-30"}


def columns(text: str) -> dict[str, str]:
    """Department -> its column's markup."""
    parts = text.split('<section class="board-col"')[1:]
    return {re.search(r'<h2 id="[^"]+">([^<]+)</h2>', part)[1]: part for part in parts}


def test_cards_stand_where_the_baton_is_and_go_where_the_route_leads(house, browser, count_queries):
    first, second = house.open(title="One"), house.open(title="Two")
    leg_id = house.hand_over("collector", second)
    collector = browser.sign_in(house.people["collector"])
    with count_queries(at_most=12):
        shown = columns(collector.get(BOARD).text)
    assert list(shown) == ["collect", "train", "office", "service"]
    assert "One" in shown["collect"]
    assert "Two" in shown["train"]
    assert "Nothing here." in shown["office"]
    with house.runtime.database.system_session("test") as session:
        held = session.scalars(select(Leg.id).where(Leg.engagement_id == first, Leg.state == "active")).one()
    move = f"/legs/{held}/move"
    train, office = (house.departments[name].id for name in ("train", "office"))
    dropped = collector.get(f"{move}?to={train}", htmx=True)
    assert dropped.status_code == 303
    assert dropped.headers["location"] == f"/engagements/{first}/hand-over"
    wrong = collector.get(f"{move}?to={office}", htmx=True)
    assert "It cannot go there from here." in wrong.text
    assert "Its route leads on to train." in wrong.text
    assert f'hx-get="/engagements/{first}/hand-over"' in wrong.text
    trainer = browser.sign_in(house.people["trainer"])
    assert "Two" in columns(trainer.get(BOARD).text)["train"]
    assert "One" not in trainer.get(BOARD).text
    back = trainer.get(f"/legs/{leg_id}/move?to={house.departments['collect'].id}", htmx=True)
    assert back.headers["location"] == f"/legs/{leg_id}/return"
    assert trainer.get(move).status_code == 404
    reader = collector.get(f"/legs/{leg_id}/move", htmx=True).text
    assert "Only its holder and the heads" in reader
    answer = trainer.request(
        "POST", f"/legs/{leg_id}/return", data={"reason": "Later"},
        headers={"hx-request": "true", "hx-current-url": f"http://localhost{BOARD}?route={house.route.id}"},
    )  # fmt: skip
    assert answer.headers["hx-redirect"] == f"{BOARD}?route={house.route.id}"


def test_a_column_is_bounded_and_goes_on(house, browser, count_queries):
    titles = [f"Matter {number:02}" for number in range(board.PER_COLUMN + 3)]
    for number, title in enumerate(titles):
        with freeze(at_local(date(2027, 9, 1), 9, number)):
            house.open(title=title)
    collector = browser.sign_in(house.people["collector"])
    with count_queries(at_most=12):
        column = columns(collector.get(f"{BOARD}?route={house.route.id}").text)["collect"]
    assert [title for title in titles if title in column] == titles[: board.PER_COLUMN]
    assert f"<b>{len(titles)}</b>" in column
    with freeze(at_local(date(2027, 12, 1), 9)), house.as_("collector") as (session, actor):
        place = house.departments["collect"].id
        counted = board.counts(session, actor, [place])[place]
    assert (counted.active, counted.offered, counted.late) == (len(titles), 0, len(titles))
    following = re.search(r'hx-get="(/relay/board/[^"]+)"', column)[1].replace("&amp;", "&")
    rest = collector.get(following, htmx=True).text
    assert [title for title in titles if title in rest] == titles[board.PER_COLUMN :]
    assert "Show more" not in rest
    assert "<html" in collector.get(following).text
    assert "One" not in browser.sign_in(house.people["trainer"]).get(following, htmx=True).text
    assert collector.get(f"{BOARD}/{house.people['clerk'].id}").status_code == 404


def test_the_inbox_counts_and_is_narrowed(house, browser, count_queries):
    house.hand_over("collector", house.open(title="One"))
    leg_id = house.hand_over("collector", house.open(title="Two"))
    house.accept("trainer", leg_id)
    head = browser.sign_in(house.people["manager"])
    with count_queries(at_most=12):
        text = head.get("/relay/inbox").text
    assert "1 waits" in text
    assert "1 in work" in text
    train, office = (house.departments[name].id for name in ("train", "office"))
    assert "One" in head.get(f"/relay/inbox?department={train}").text
    assert "One" not in head.get(f"/relay/inbox?department={office}").text
    assert "1 waits" not in browser.sign_in(house.people["clerk"]).get("/relay/inbox").text


def test_lead_times_count_working_hours_and_lead_to_their_legs(house, browser, count_queries):
    # Friday 17:00 to Monday 10:00 are two hours of work; the second takes three working days.
    for title, taken in (("Quick", at_local(date(2027, 9, 6), 10)), ("Slow", at_local(date(2027, 9, 8), 18))):
        with freeze(at_local(date(2027, 9, 3), 17)):
            leg_id = house.hand_over("collector", house.open(title=title))
        with freeze(taken):
            house.accept("trainer", leg_id)
    manager = browser.sign_in(house.people["manager"])
    with count_queries(at_most=12):
        text = manager.get("/reports/relay.lead_times", params=ASKED).text
    row = re.search(r"<tr[^>]*>(?:(?!</tr>).)*train.*?</tr>", text, re.DOTALL)[0]
    cells = [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)]
    assert cells[:2] == ["train", "train"]
    assert cells[2] == "2"
    assert cells[3] == cells[4] == "15"  # 2 and 28 working hours
    assert cells[5] == "1"
    assert cells[6].startswith("50")
    links = [found.replace("&amp;", "&") for found in re.findall(r'href="(/reports/relay\.legs[^"]+)"', row)]
    both, late = (manager.get(link).text for link in links)
    assert "Quick" in both
    assert "Slow" in both
    assert "Slow" in late
    assert "Quick" not in late
    assert "Quick" not in browser.sign_in(house.people["agent"]).get("/reports/relay.legs", params=ASKED).text


def test_lead_times_are_narrowed_by_a_group_of_customers(house, browser, factory, count_queries):
    with freeze(at_local(date(2027, 9, 3), 17)):
        house.hand_over("collector", house.open(title="Inside"))
    manager = house.people["manager"]
    inside, outside = (Group(name=name, owner_id=manager.id, reach="private") for name in ("Fair", "Others"))
    factory.add(inside, outside)
    factory.add(Member(group_id=inside.id, customer_id=house.customer.id))
    reader = browser.sign_in(manager)
    for group, is_in in ((inside, True), (outside, False)):
        asked = {**ASKED, "group": str(group.id)}
        with count_queries(at_most=12):
            text = reader.get("/reports/relay.lead_times", params=asked).text
        links = [unescape(found) for found in re.findall(r'href="(/reports/relay\.legs[^"]+)"', text)]
        assert bool(links) == is_in
        assert all(f"group={group.id}" in link for link in links)
        assert ("Inside" in reader.get("/reports/relay.legs", params=asked).text) == is_in
