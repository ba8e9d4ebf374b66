"""What customers are to each other: both directions, dates, circles, steps, and nothing of whom the reader does not
see."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import pytest
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.customers import merging, search_rows
from platform_core.customers.models import Customer
from platform_core.customers.relations import net, services
from platform_core.customers.relations.models import Relation
from platform_core.customers.relations.services import RelationInput
from platform_core.kernel.errors import Conflict
from platform_core.kernel.ids import new_id
from tests.core.customers.transfer.conftest import house, in_english

__all__ = ["house", "in_english"]


def names(page):
    return re.findall(r'<td class="c-name"><a href="[^"]+">([^<]*)</a>', page.text)


@pytest.fixture
def relate(runtime, factory):
    def act(user, one, kind, other):
        actor = factory.actor(user)
        with runtime.database.actor_session(actor) as session:
            return services.add(session, actor, one.id, RelationInput(other=other.code, kind=kind)).id

    return act


def test_from_the_form_to_both_pages_and_away_again(browser, runtime, factory, house, count_queries):
    acme, wang = factory.customer(house.anna, name="Acme"), factory.customer(house.anna, name="Wang", kind="person")
    anna = browser.sign_in(house.anna)
    url = f"/customers/{wang.id}/relations"
    assert f"{url}?panel=1" in anna.get(f"/customers/{wang.id}").text
    assert "No relations yet." in anna.get(f"{url}?panel=1").text
    bad = anna.post(url, {"other": "Nobody", "kind": "employer", "since": "2020-01-01", "note": "boss of sales"})
    assert (bad.status_code, "boss of sales" in bad.text) == (422, True)
    form = {"other": "Acme", "kind": "employer", "since": "2020-01-01", "until": "2019-01-01"}
    assert anna.post(url, form).status_code == 422
    assert anna.post(url, form | {"until": "", "note": "sales"}).status_code == 303
    assert anna.post(url, form | {"until": ""}).status_code == 422  # known already
    with count_queries(at_most=12):
        assert names(anna.get(f"{url}?hops=3")) == ["Acme"]
    program = browser.token(house.anna)
    told = [
        [
            (side["kind"], side["other"], side["since"])
            for side in program.get(f"/api/v1/customers/{key}/relations").json()["hops"][0]
        ]
        for key in (wang.id, acme.id)
    ]
    assert told == [[("employer", "Acme", "2020-01-01")], [("employee", "Wang", "2020-01-01")]]
    with count_queries(at_most=12):
        panel = anna.get(f"/customers/{acme.id}/relations?panel=1").text
    assert ("Wang" in panel, "sales" in panel) == (True, True)
    key = re.search(rf"{url}/([0-9a-f-]+)/delete", anna.get(url).text)[1]
    assert browser.sign_in(house.ben).post(f"{url}/{key}/delete", {}).status_code == 404
    assert anna.post(f"{url}/{key}/delete", {}).status_code == 303
    assert names(anna.get(f"/customers/{acme.id}/relations")) == []
    with runtime.database.system_session("look", write=False) as session:
        lines = session.execute(select(AuditEntry.action, AuditEntry.customer_id)).all()
    for act in ("add", "remove"):
        assert {line.customer_id for line in lines if line.action == f"customers.relation_{act}"} == {wang.id, acme.id}


def test_steps_stop_at_whom_the_reader_does_not_see(browser, factory, house, relate):
    near, hidden, beyond = (
        factory.customer(owner, name=name)
        for owner, name in ((house.anna, "Near"), (house.tom, "Hidden"), (house.anna, "Beyond"))
    )
    centre, gone = factory.customer(house.anna, name="Centre"), factory.customer(house.anna, name="Gone")
    for one, two in ((centre, near), (near, hidden), (hidden, beyond), (centre, gone)):
        relate(house.boss, one, "partner", two)
    anna, boss = browser.sign_in(house.anna), browser.sign_in(house.boss)
    assert boss.post(f"/customers/{gone.id}/delete", {}).status_code == 303
    url = f"/customers/{centre.id}/relations"
    assert names(boss.get(f"{url}?hops=3")) == ["Near", "Hidden", "Beyond"]
    page = anna.get(f"{url}?hops=3")
    assert (names(page), "Hidden" in page.text, str(hidden.id) in page.text) == (["Near"], False, False)
    assert names(boss.get(f"{url}?hops=1")) == ["Near"]
    assert browser.sign_in(house.tom).get(url).status_code == 404
    refused = anna.post(url, {"other": hidden.code, "kind": "partner"})
    assert (refused.status_code, "There is no such customer." in refused.text) == (422, True)


def test_nobody_is_their_own_parent_also_not_at_once(factory, house, relate):
    a, b, c = (factory.customer(house.anna, name=name) for name in "ABC")
    relate(house.anna, a, "parent", b)
    relate(house.anna, c, "subsidiary", b)  # c is above b
    with pytest.raises(Conflict, match="circle"):
        relate(house.anna, c, "parent", a)
    relate(house.anna, c, "partner", a)
    with pytest.raises(Conflict, match="known already"):
        relate(house.anna, a, "partner", c)
    one, two = factory.customer(house.anna, name="One"), factory.customer(house.anna, name="Two")

    def attempt(pair):
        try:
            relate(house.anna, pair[0], "parent", pair[1])
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, [(one, two), (two, one)] * 4)) == 1


def test_merging_moves_relations_and_gives_them_back(runtime, factory, house, relate, browser):
    keep, other, third = (factory.customer(house.boss, name=name) for name in ("Keep", "Other", "Third"))
    relate(house.boss, other, "partner", third)
    relate(house.boss, keep, "partner", other)
    actor = factory.actor(house.boss)
    with runtime.database.actor_session(actor) as session:
        merging.merge(session, actor, keep.id, other.id)
    boss = browser.sign_in(house.boss)
    assert names(boss.get(f"/customers/{keep.id}/relations")) == ["Third"]  # and nothing to itself
    with runtime.database.system_session("look", write=False) as session:
        assert len(session.scalars(select(Relation)).all()) == 2


def test_a_part_of_a_name_offers_whom_it_may_mean(browser, runtime, factory, house):
    wang = factory.customer(house.anna, name="Wang", kind="person")
    named = [factory.customer(house.anna, name=name) for name in ("Qiheng Consulting", "Qiheng Trade")]
    factory.customer(house.carl, name="Qiheng Elsewhere")
    with runtime.database.system_session("test") as session:
        for customer in session.scalars(select(Customer)):
            search_rows.reindex(session, customer.id)
    anna = browser.sign_in(house.anna)
    url = f"/customers/{wang.id}/relations"
    asked = anna.post(url, {"other": "qiheng", "kind": "employer", "note": "boss of sales"})
    assert asked.status_code == 422
    assert sorted(re.findall(r'name="chosen" value="([^"]+)"', asked.text)) == sorted(item.code for item in named)
    assert "boss of sales" in asked.text
    assert "Elsewhere" not in asked.text
    slip = anna.post(url, {"other": "qihegn consulting", "kind": "employer"}).text
    assert re.findall(r'name="chosen" value="([^"]+)"', slip) == [named[0].code]
    assert 'name="chosen"' not in anna.post(url, {"other": "nobody at all", "kind": "employer"}).text
    chosen = {"other": "qiheng", "chosen": named[1].code, "kind": "employer"}
    assert anna.post(url, chosen).status_code == 303
    assert names(anna.get(url)) == ["Qiheng Trade"]


def drawn(page):
    """Names of the nodes; what opens or closes one; how many lines, and how many of these close a circle."""
    svg = page.text.split("<svg width=")[1].split("</svg>")[0]
    nodes = re.findall(r'<a href="/customers/[^"]+" aria-label="([^",]*)', svg)
    signs = {
        unescape(label): unescape(url) for url, label in re.findall(r'net-o" href="([^"]+)" aria-label="([^"]+)"', svg)
    }
    return nodes, signs, svg.count('class="net-l'), svg.count("net-l closing")


def test_a_drawing_opens_one_customer_after_the_other(browser, factory, house, relate, count_queries):
    centre, near, far, beyond, hidden = (
        factory.customer(owner, name=name)
        for owner, name in (
            (house.anna, "Centre"), (house.anna, "Near"), (house.anna, "Far"), (house.anna, "Beyond"),
            (house.tom, "Hidden"),
        )
    )  # fmt: skip
    for one, two in ((centre, near), (near, far), (far, beyond), (far, hidden)):
        relate(house.boss, one, "partner", two)
    anna = browser.sign_in(house.anna)
    nodes, signs, lines, _closing = drawn(anna.get(f"/customers/{centre.id}/relations"))
    assert (nodes, list(signs), lines) == (["Centre", "Near"], ["Open Near: 1 more"], 1)
    nodes, signs, lines, _closing = drawn(anna.get(signs["Open Near: 1 more"]))
    assert (nodes, list(signs), lines) == (["Centre", "Near", "Far"], ["Close Near", "Open Far: 1 more"], 2)
    with count_queries(at_most=12):
        page = anna.get(signs["Open Far: 1 more"])
    nodes, signs, lines, _closing = drawn(page)
    assert (nodes, list(signs), lines) == (["Centre", "Near", "Far", "Beyond"], ["Close Near", "Close Far"], 3)
    assert names(page) == ["Near", "Far", "Beyond"]
    assert "Hidden" not in page.text
    # Whoever is reached by way of a closed one goes with it.
    assert drawn(anna.get(signs["Close Near"]))[0] == ["Centre", "Near"]
    boss = browser.sign_in(house.boss)
    with count_queries(at_most=12):
        page = boss.get(f"/customers/{centre.id}/relations?hops=3")
    assert set(drawn(page)[0]) == {"Centre", "Near", "Far", "Beyond", "Hidden"}
    assert anna.get(f"/customers/{centre.id}/relations?open=nonsense").status_code == 422
    stranger = f"/customers/{centre.id}/relations?open={hidden.id.hex}"
    assert drawn(anna.get(stranger))[0] == ["Centre", "Near"]


def test_circles_are_drawn_once_and_do_not_loop(browser, factory, house, relate):
    a, b, c, d = (factory.customer(house.anna, name=name) for name in ("Aa", "Bb", "Cc", "Dd"))
    for one, two in ((a, b), (b, c), (c, a), (c, d), (d, a)):
        relate(house.anna, one, "partner", two)
    relate(house.anna, a, "employer", b)
    anna = browser.sign_in(house.anna)
    url = f"/customers/{a.id}/relations?open={','.join(one.id.hex for one in (a, b, c, d))}"
    for page in (anna.get(f"/customers/{a.id}/relations"), anna.get(url)):
        nodes, _signs, lines, closing = drawn(page)
        assert sorted(nodes) == ["Aa", "Bb", "Cc", "Dd"]
        assert (lines, closing) == (6, 3)
        assert sorted(names(page)) == ["Bb", "Bb", "Cc", "Cc", "Dd", "Dd"]


def test_a_crowd_is_drawn_up_to_a_limit_and_the_rest_is_counted(browser, factory, house, monkeypatch):
    monkeypatch.setattr(net, "MOST_NODES", 5)
    centre = factory.customer(house.anna, name="Centre")
    for number in range(9):
        other = factory.customer(house.anna, name=f"Partner {number}")
        factory.add(Relation(id=new_id(), first_id=centre.id, second_id=other.id, kind="partner", note=""))
    page = browser.sign_in(house.anna).get(f"/customers/{centre.id}/relations")
    nodes, signs, lines, _closing = drawn(page)
    assert (len(nodes), signs, lines) == (6, {}, 5)
    assert "and 4 more" in page.text


def test_long_names_keep_to_their_boxes():
    assert net.shortened("Harbour") == "Harbour"
    assert net.shortened("上海优舟检测技术有限公司") == "上海优舟检测技术有限公司"
    assert net.shortened("武汉星信置业有限责任公司啊") == "武汉星信置业有限责任公…"
