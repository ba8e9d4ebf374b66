"""Views of lists that people keep, for every list of the framework."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.kernel.i18n import speaking
from platform_core.users.views.models import SavedView
from platform_core.web.lists import declaration
from platform_core.web.lists.declaration import Filter


@pytest.fixture(autouse=True)
def in_english():
    with speaking("en"):
        yield


@pytest.fixture
def house(factory):
    company = factory.department("Company")
    sales = factory.department("Sales", company)
    return {
        "boss": factory.user("management", company, name="Max"),
        "head": factory.user("department_head", sales, name="Hanna"),
        "anna": factory.user("coordinator", sales, name="Anna"),
        "tom": factory.user("coordinator", factory.department("Training", company), name="Tom"),
        "sales": sales,
    }


def names(page):
    return re.findall(r'<td class="c-name"><a href="[^"]+">([^<]*)</a>', page.text)


def heads(page):
    return [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<th[^>]*>(.*?)</th>", page.text)]


def tabs(page):
    strip = re.search(r'<nav class="views".*?</nav>', page.text, re.DOTALL)[0]
    return [re.sub(r"<[^>]+>.*", "", text) for text in re.findall(r'<a href="[^"]+"[^>]*>(.*?)</a>', strip)]


@pytest.fixture
def kept(runtime):
    def read():
        with runtime.database.system_session("what a test reads") as session:
            return list(session.scalars(select(SavedView).order_by(SavedView.id)))

    return read


SIGNED = "f=status:is:signed&f=/&f=grade:is:A"


def save(browser, name, state=SIGNED, **more):
    answer = browser.post("/views", {"list": "customers", "state": state, "name": name, "reach": "private", **more})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_a_view_is_kept_changed_in_the_url_saved_and_put_back(browser, runtime, factory, house, kept, count_queries):
    for name, status, grade in (("A", "signed", "B"), ("B", "new", "A"), ("C", "new", "B")):
        factory.customer(house["anna"], name=name, status=status, grade=grade, city="Shanghai")
    mine = browser.sign_in(house["anna"])
    form = mine.get(f"/views/new?list=customers&{SIGNED}", htmx=True)
    assert form.status_code == 200
    assert 'name="state" value="f=status%3Ais%3Asigned&amp;f=%2F&amp;f=grade%3Ais%3AA"' in form.text
    url = save(mine, "Important", SIGNED + "&sort=name", pinned="1")
    mine.get("/search")  # rights, names and dictionaries are cached per process
    with count_queries(at_most=12):
        page = mine.get(url)
    assert names(page) == ["A", "B"]
    assert "Important" in tabs(page)
    assert "has been changed here" not in page.text

    changed = mine.get(f"{url}&f=status:is:signed&sort=-name")
    assert names(changed) == ["A"]
    assert "“Important” has been changed here" in changed.text
    back = unescape(re.search(r'<a class="lnk" href="([^"]+)"><svg[^>]*><use[^>]*></svg>Put back', changed.text)[1])
    assert names(mine.get(back)) == ["A", "B"]
    keep = re.search(r'action="(/views/[^/]+/keep)".*?name="state" value="([^"]*)".*?name="version" value="(\d+)"',
                     changed.text, re.DOTALL)  # fmt: skip
    data = {"state": unescape(keep[2]), "version": keep[3]}
    assert mine.post(keep[1], data).status_code == 303
    assert names(mine.get(url)) == ["A"]
    assert "has been changed here" not in mine.get(url).text
    assert mine.post(keep[1], data).status_code == 409  # the page was older than the view
    found = kept()[0]
    assert (found.conditions, found.sort) == (["status:is:signed"], "-name")
    with runtime.database.system_session("what a test reads") as session:
        lines = select(AuditEntry.action).where(AuditEntry.action.like("users.view%")).order_by(AuditEntry.id)
        said = list(session.scalars(lines))
    assert said == ["users.view_create", "users.view_change"]


def test_columns_have_an_order_in_the_view_for_oneself_and_in_the_url(browser, factory, house, kept):
    factory.customer(house["anna"], name="A")
    mine = browser.sign_in(house["anna"])
    url = save(mine, "Wide", "f=")
    key = url.partition("view=")[2]
    dialog = mine.get(f"/customers/columns?view={key}", htmx=True).text
    assert dialog.index('value="name"') < dialog.index('value="status"')
    order = re.findall(r'name="order" value="([^"]+)"', dialog)
    moved = mine.post("/customers/columns", {"state": f"view={key}", "order": order, "column": ["status", "city"],
                                             "move": f"{order[1]}:up"}, htmx=True).text  # fmt: skip
    assert re.findall(r'name="order" value="([^"]+)"', moved)[:2] == [order[1], order[0]]
    assert 'value="city" checked' in moved
    asked = mine.post("/customers/columns", {"state": f"view={key}", "order": ["city", "name", "status"],
                                             "column": ["city", "status"]})  # fmt: skip
    assert asked.headers["location"] == f"{url}&cols=city%2Cname%2Cstatus".replace("%2C", ",")
    page = mine.get(asked.headers["location"])
    assert heads(page)[1:4] == ["City", "Customer", "Status"]
    assert "“Wide” has been changed here" in page.text
    assert heads(mine.get("/customers"))[1:3] == ["Customer", "Status"]
    mine.post(
        "/customers/columns", {"state": f"view={key}", "order": ["name", "city"], "column": ["city"], "mine": "1"}
    )
    page = mine.get(url)
    assert heads(page)[1:3] == ["Customer", "City"]
    assert "has been changed here" not in page.text  # it is the reader's own, not the view's
    assert kept()[0].columns == []


def test_views_are_shared_as_far_as_the_right_reaches(browser, factory, house):
    boss, head, anna, tom = (browser.sign_in(house[name]) for name in ("boss", "head", "anna", "tom"))
    sales = str(house["sales"].id)
    refused = anna.post("/views", {"list": "customers", "state": "f=", "name": "Mine", "reach": "all"})
    assert refused.status_code == 422
    assert "Ask your department head" in refused.text
    place = {"reach": "department", "department_id": sales}
    assert anna.post("/views", {"list": "customers", "state": "f=", "name": "Mine", **place}).status_code == 422
    url = save(head, "Of sales", "f=grade:is:A", pinned="1", **place)
    everybody = save(boss, "House", "f=status:is:new", reach="all")
    page = anna.get("/customers")
    assert "Of sales" in tabs(page)
    assert "Hanna, for the department" in page.text
    assert "House" not in tabs(page)
    assert "House" in page.text  # in the menu
    assert "Of sales" not in tom.get("/customers").text
    assert tom.get(url).status_code == 404
    assert tom.get(everybody).status_code == 200
    key = url.partition("view=")[2]
    assert "Somebody else keeps this view" in anna.get(f"/views/{key}", htmx=True).text
    assert anna.post(f"/views/{key}/keep", {"state": "f="}).status_code == 403
    assert anna.post(f"/views/{key}/delete").status_code == 403
    # Whoever reads decides about tabs and about what the list opens with.
    assert anna.post(f"/views/{everybody.partition('view=')[2]}/pin", {"on": "1"}).status_code == 303
    assert anna.post(f"/views/{key}/pin", {"on": ""}).status_code == 303
    assert "House" in tabs(anna.get("/customers"))
    assert "Of sales" not in tabs(anna.get("/customers"))
    assert "Of sales" in tabs(head.get("/customers"))
    assert boss.post(f"/views/{key}", {"name": "Renamed", **place, "version": "1"}).status_code == 303
    assert "Renamed" in head.get("/customers").text


def test_a_list_opens_with_the_view_of_ones_choice_until_it_is_gone(browser, factory, house):
    factory.customer(house["anna"], name="A", grade="A")
    factory.customer(house["anna"], name="B", grade="B")
    mine = browser.sign_in(house["anna"])
    url = save(mine, "Best", "f=grade:is:A", pinned="1", home="1")
    page = mine.get("/customers")
    assert names(page) == ["A"]
    assert 'href="/customers?view=all"' in page.text
    assert names(mine.get("/customers?view=all")) == ["B", "A"]
    assert names(mine.get("/customers?f=")) == ["B", "A"]
    program = browser.token(house["anna"]).get("/api/v1/customers").json()
    assert len(program["items"]) == 2  # for programs a bare address means everything
    assert mine.get("/customers/conditions?view=all&field=status", htmx=True).status_code == 200
    gone = mine.post(f"/views/{url.partition('view=')[2]}/delete")
    assert gone.headers["location"] == "/customers?f=grade:is:A"
    assert names(mine.get("/customers")) == ["B", "A"]
    assert mine.get(url).status_code == 404


def test_a_view_outlives_the_plugin_whose_condition_and_column_it_has(browser, runtime, factory, house, monkeypatch):
    factory.customer(house["anna"], name="A", status="signed")
    factory.customer(house["anna"], name="B", status="new")
    mine = browser.sign_in(house["anna"])
    view = declaration.declared_lists()["customers"]
    extra = Filter("weight", "Weight", "text", view.by_key["filters"]["city"].expression)
    with monkeypatch.context() as patched:
        patched.setitem(view.by_key["filters"], "weight", extra)
        url = save(mine, "Heavy", "f=weight:filled&f=status:is:signed")
    with runtime.database.system_session("a column of the same plugin") as session:
        session.scalars(select(SavedView)).one().columns = ["name", "weight"]
    page = mine.get(url)
    assert page.status_code == 200
    assert names(page) == ["A"]
    assert "no longer has" in page.text
    assert "weight:filled" in page.text
    assert "has been changed here" not in page.text
    lost = browser.token(house["anna"]).get("/api/v1/views?list=nothing")
    assert lost.status_code == 404


def test_views_of_other_lists_and_over_the_api(browser, factory, house, kept):
    factory.customer(house["anna"], name="Acme")
    program = browser.token(house["anna"])
    made = program.post("/api/v1/views", json={"list": "contacts", "name": "Alone", "conditions": ["customer:is:alone"],
                                               "pinned": True})  # fmt: skip
    assert made.status_code == 200, made.text
    found = made.json()
    assert (found["list"], found["conditions"], found["version"]) == ("contacts", ["customer:is:alone"], 1)
    page = browser.sign_in(house["anna"]).get("/contacts")
    assert "Alone" in tabs(page)
    assert "Alone" not in browser.sign_in(house["anna"]).get("/customers").text
    one = f"/api/v1/views/{found['id']}"
    changed = program.request("PATCH", one, json={"name": "By itself", "sort": "name", "version": 1})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["name"], changed.json()["sort"]) == ("By itself", "name")
    assert program.request("PATCH", one, json={"name": "Again", "version": 1}).status_code == 409
    assert program.request("PATCH", one, json={"conditions": ["nothing:is:1"]}).status_code == 422
    assert program.get("/api/v1/views?list=contacts").json()["items"][0]["id"] == found["id"]
    assert browser.token(house["tom"]).request("PATCH", one, json={"name": "x"}).status_code == 404
    assert program.request("DELETE", one).status_code == 200
    assert kept() == []
