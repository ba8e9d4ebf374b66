"""The customer list as people and programs see it."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.customers.listing import CUSTOMERS
from platform_core.customers.models import Contact, CustomerTag, Tag
from platform_core.kernel.clock import now
from platform_core.permissions.models import Access
from platform_core.web.lists import declaration
from platform_core.web.lists.declaration import BulkAction, Column, Decoration, decorate


@pytest.fixture
def people(factory):
    department = factory.department("Sales")
    return factory.user(department=department, name="Mei"), factory.user(department=department, name="Wang")


def names(page):
    return re.findall(r'<td class="c-name"><a href="[^"]+">([^<]*)</a>', page.text)


def link(page, label):
    found = re.search(rf'<a [^>]*href="([^"]+)"[^>]*>(?:<svg[^>]*><use[^>]*></svg>)?{re.escape(label)}', page.text)
    assert found, label
    return unescape(found[1])


def test_list_shows_the_actors_customers_and_is_audited(browser, factory, people, session, count_queries):
    mei, wang = people
    tag = Tag(name="Key account")
    factory.add(tag)
    own = factory.customer(mei, name="Acme", code="C-1", grade="A", status="signed", contact_name="Li",
                           phone_mask="138****6021", next_plan_at=now() - timedelta(days=2))  # fmt: skip
    factory.add(CustomerTag(customer_id=own.id, tag_id=tag.id))
    factory.customer(wang, name="Foreign")
    factory.customer(mei, name="Binned", deleted_at=now())
    mine = browser.sign_in(mei)
    mine.get("/search")  # rights, names and dictionaries are cached per process
    with count_queries(at_most=12):
        page = mine.get("/customers")
    assert page.status_code == 200
    assert names(page) == ["Acme"]
    for text in ("Key account", "138****6021", "Mei", "已签约", "2 days overdue", "1–1 of 1"):
        assert text in page.text
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "customers.list")).one()
    assert (entry.actor_id, entry.ids) == (mei.id, [own.id.hex])


def test_nobody_without_the_right_gets_in(browser, factory):
    assert browser.sign_in(factory.user("system_admin")).get("/customers").status_code == 403
    assert browser.get("/customers").status_code == 303


def test_pages_follow_each_other(browser, factory, people):
    mei, _wang = people
    for number in range(120):
        factory.customer(mei, name=f"Row {number:03}", name_key=f"row {number:03}")
    mine = browser.sign_in(mei)
    first = mine.get("/customers?sort=name")
    assert names(first) == [f"Row {number:03}" for number in range(40)]
    assert "1–40 of 120" in first.text
    assert 'aria-sort="ascending"' in first.text
    second = mine.get(link(first, "Next page"))
    third = mine.get(link(second, "Next page"))
    assert names(third) == [f"Row {number:03}" for number in range(80, 120)]
    assert "81–120 of 120" in third.text
    assert "Next page" not in third.text
    back = mine.get(link(third, "Previous page"))
    assert (names(back), "41–80 of 120" in back.text) == (names(second), True)
    home = mine.get(link(back, "Previous page"))
    assert names(home) == names(first)
    assert "Previous page" not in home.text


def test_empty_lists_say_what_to_do(browser, factory, people):
    mine = browser.sign_in(people[0])
    nothing = mine.get("/customers")
    assert "There are no customers yet." in nothing.text
    assert 'href="/customers/import"' in nothing.text
    unmet = mine.get("/customers?f=status:is:lost")
    assert "Nothing meets these conditions." in unmet.text
    assert link(unmet, "Show all") == "/customers"


def test_presets_are_tabs(browser, factory, people):
    mei, _wang = people
    factory.customer(mei, name="Due", next_plan_at=now() - timedelta(days=1), last_contact_at=now())
    factory.customer(
        mei, name="Later", next_plan_at=now() + timedelta(days=9), last_contact_at=now() - timedelta(days=99)
    )
    factory.customer(None, name="Pool", department_id=mei.department_id)
    boss = browser.sign_in(factory.user("management"))
    for preset, shown in (
        ("all", {"Due", "Later", "Pool"}), ("today", {"Due"}), ("never", {"Pool"}), ("quiet", {"Later"}), ("mine", set()),
    ):  # fmt: skip
        page = boss.get(f"/customers?view={preset}")
        assert set(names(page)) == shown, preset
        assert page.text.count('aria-current="page">') >= 1
    assert set(names(browser.sign_in(mei).get("/customers?view=mine"))) == {"Due", "Later"}


def test_conditions_are_chips_that_go_and_change(browser, factory, people):
    mei, _wang = people
    factory.customer(mei, name="A", status="signed", city="Shanghai")
    factory.customer(mei, name="B", status="lost")
    mine = browser.sign_in(mei)
    page = mine.get("/customers?f=status:is:signed&f=city:has:shang")
    assert names(page) == ["A"]
    assert "Remove the condition Status" in page.text
    removals = [unescape(url) for url in re.findall(r'href="([^"]+)" aria-label="Remove the condition', page.text)]
    assert removals == ["/customers?f=city:has:shang", "/customers?f=status:is:signed"]
    assert "any=1" in link(page, "and")

    dialog = mine.get("/customers/conditions?f=status:is:signed", htmx=True)
    assert "<html" not in dialog.text
    assert "field=city" in dialog.text
    form = mine.get("/customers/conditions?f=status:is:signed&field=city", htmx=True)
    assert 'name="state" value="f=status%3Ais%3Asigned"' in form.text
    done = mine.post("/customers/conditions", {
        "state": "f=status:is:signed", "field": "city", "operator": "starts", "value": "Shang", "edit": ""})  # fmt: skip
    assert done.headers["location"] == "/customers?f=status:is:signed&f=city:starts:Shang"
    edited = mine.post("/customers/conditions", {
        "state": "f=status:is:signed&f=city:has:x", "field": "status", "operator": "not", "value": "lost", "edit": "0"})  # fmt: skip
    assert edited.headers["location"] == "/customers?f=status:not:lost&f=city:has:x"
    refused = mine.post("/customers/conditions", {
        "state": "", "field": "city", "operator": "has", "value": "13800006021", "edit": ""}, htmx=True)  # fmt: skip
    assert refused.status_code == 422
    assert "looked up in the search box" in refused.text
    empty = mine.post("/customers/conditions", {"state": "", "field": "status", "operator": "is", "edit": ""})
    assert empty.status_code == 422
    assert names(mine.get("/customers?f=tags:is:no-id")) == []


@pytest.mark.parametrize("field", ["status", "owner", "department", "next_plan", "tags", "city", "created"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_kind_of_condition_has_its_form(browser, factory, field, language):
    boss = browser.sign_in(factory.user("management", language=language))
    for htmx in (True, False):
        form = boss.get(f"/customers/conditions?field={field}", htmx=htmx)
        assert form.status_code == 200
        assert 'name="operator"' in form.text
        assert ("<html" in form.text) is not htmx


def test_a_condition_on_a_day_takes_words_and_dates(browser, factory):
    boss = browser.sign_in(factory.user("management"))
    for values, text in (
        ({"word": "today", "value": ""}, "today"),
        ({"word": "", "value": "2026-11-22"}, "2026-11-22"),
    ):
        data = {"state": "", "field": "next_plan", "operator": "until", "edit": "", **values}
        assert (
            boss.post("/customers/conditions", data)
            .headers["location"]
            .endswith("view=today" if text == "today" else f"f=next_plan:until:{text}")
        )


def test_columns_are_chosen_and_remembered(browser, factory, people):
    mei, wang = people
    factory.customer(mei, city="Shanghai")
    mine = browser.sign_in(mei)
    assert not re.search("<th[^>]*>City<", mine.get("/customers").text)
    dialog = mine.get("/customers/columns?view=mine", htmx=True)
    assert 'value="city"' in dialog.text
    saved = mine.post("/customers/columns", {"state": "view=mine", "column": ["city", "updated"]})
    assert saved.headers["location"] == "/customers?view=mine"
    page = mine.get("/customers")
    assert re.search("<th[^>]*>City<", page.text)
    assert "Shanghai" in page.text
    assert not re.search("<th[^>]*>Status<", page.text)
    assert names(page)
    assert not re.search("<th[^>]*>City<", browser.sign_in(wang).get("/customers").text)
    mine.post("/customers/columns", {"state": "", "reset": "1", "column": ["city"]})
    assert re.search("<th[^>]*>Status<", mine.get("/customers").text)


def test_words_in_the_box_lead_to_their_own_page(browser, factory, people, session):
    mine = browser.sign_in(people[0])
    assert (
        mine.post("/customers/find", {"state": "view=mine", "q": "acme"}).headers["location"]
        == "/customers?view=mine&q=acme"
    )
    url = mine.post("/customers/find", {"state": "", "q": "13800006021"}).headers["location"]
    assert url.startswith("/customers?s=")
    assert 'value="13800006021"' in mine.get(url).text
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "customers.list")).one()
    assert entry.after == {"words": "138****6021"}


def test_higher_layers_add_columns(browser, factory, people, monkeypatch, lenient):
    mei, _wang = people
    customer = factory.customer(mei, status="lost")
    monkeypatch.setattr(declaration, "_decorations", {})
    decorate(Decoration("relay", "customers", Column("city", "Mark"), "status", "customers/_cells.html", _marks))
    page = browser.sign_in(mei).get("/customers")
    assert re.search(r"<th[^>]*>Status</th>\s*<th[^>]*>Mark</th>", page.text)
    assert "c-st" in page.text
    decorate(Decoration("relay", "customers", Column("city", "Mark"), "status", "customers/_cells.html", _broken))
    assert names(browser.sign_in(mei).get("/customers")) == [customer.name]


def _marks(session, actor, ids):
    return dict.fromkeys(ids, "mark")


def _broken(session, actor, ids):
    raise RuntimeError("broken on purpose")


def test_page_speaks_chinese(browser, factory):
    boss = browser.sign_in(factory.user("management", language="zh"))
    page = boss.get("/customers?f=status:is:signed&f=next_plan:before:today")
    for text in ("客户", "且", "加条件", "显示全部"):
        assert text in page.text


def test_api_lists_pages_and_conditions(browser, factory, people):
    mei, wang = people
    for number in range(5):
        factory.customer(mei, name=f"Row {number}", name_key=f"row {number}", phone_mask="138****6021")
    factory.customer(wang, name="Foreign")
    program = browser.token(mei)
    seen, cursor = [], ""
    while cursor is not None:
        answer = program.get("/api/v1/customers", params={"sort": "name", "limit": 2, "cursor": cursor}).json()
        seen += [item["name"] for item in answer["items"]]
        cursor = answer["next_cursor"]
    assert seen == [f"Row {number}" for number in range(5)]
    assert answer["items"][0]["phone"] == "138****6021"
    found = program.get(
        "/api/v1/customers", params={"f": ["name:is:Row 1", "name:is:Row 3"], "any": "1", "sort": "name"}
    )
    assert [item["name"] for item in found.json()["items"]] == ["Row 1", "Row 3"]
    refused = program.get("/api/v1/customers", params={"f": "weight:is:1"})
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    assert program.get("/api/v1/customers", params={"cursor": "nonsense"}).status_code == 422
    assert program.get("/api/v1/customers", params={"limit": 1000}).status_code == 422


def test_selected_rows_get_a_bar_with_the_actions_one_may_use(browser, factory, people):
    mei, _wang = people
    customer = factory.customer(mei, name="Acme")
    bulk = (
        BulkAction("tag", "Tag", "tag", "/customers/bulk/tags", "customers.edit"),
        BulkAction("merge", "Merge", "git-merge", "/customers/bulk/merge", "users.manage"),
    )
    before = CUSTOMERS.bulk
    object.__setattr__(CUSTOMERS, "bulk", bulk)
    try:
        page = browser.sign_in(mei).get("/customers").text
    finally:
        object.__setattr__(CUSTOMERS, "bulk", before)
    assert f'<input type="checkbox" name="ids" value="{customer.id}" aria-label="Select Acme">' in page
    assert 'formaction="/customers/bulk/tags"' in page
    assert "/customers/bulk/merge" not in page
    assert "data-all" in page


def test_a_row_offers_editing_to_whoever_may_and_asks_once_for_the_page(browser, factory, people, count_queries):
    mei, wang = people
    own, read, written, foreign = (
        factory.customer(owner, name=name)
        for owner, name in ((mei, "Own"), (wang, "Read"), (wang, "Written"), (wang, "Foreign"))
    )
    for customer, may_write in ((read, False), (written, True)):
        factory.add(Access(customer_id=customer.id, user_id=mei.id, kind="share", may_write=may_write))
    for name, customer in (("of own", own), ("of read", read), ("of written", written)):
        factory.add(Contact(name=name, customer_id=customer.id, owner_id=wang.id))
    factory.add(Contact(name="alone", owner_id=mei.id))
    mine = browser.sign_in(mei)
    mine.get("/search")  # rights, names and dictionaries are cached per process
    with count_queries(at_most=12):
        page = mine.get("/customers").text
    offered = {customer.name for customer in (own, read, written) if f'href="/customers/{customer.id}/edit"' in page}
    assert offered == {"Own", "Written"}
    assert "Read" in page
    assert str(foreign.id) not in page
    with count_queries(at_most=12):
        listed = mine.get("/contacts").text
    assert set(re.findall(r'/edit" aria-label="[^"]*: ([^"]+)"', listed)) == {"of own", "of written", "alone"}
    assert "of read" in listed
    everybodys = browser.sign_in(factory.user("management")).get("/customers").text
    assert all(f'href="/customers/{customer.id}/edit"' in everybodys for customer in (own, read, written, foreign))
