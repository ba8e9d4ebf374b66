"""Finding customers by words, numbers and addresses, within what the actor sees."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.contracts.entities import SearchHit
from platform_core.customers import points, search_rows, searching
from platform_core.customers.listing import CUSTOMERS
from platform_core.customers.models import Customer
from platform_core.kernel.clock import now
from platform_core.permissions.models import Access
from platform_core.web.lists.private import masked
from platform_core.web.lists.reading import Reader
from platform_core.web.lists.state import ListState


@pytest.fixture
def make(runtime, factory):
    """A customer with its search row and numbers."""

    def make(name, owner=None, *, phone="", mail="", contact="", **fields):
        customer = factory.customer(owner, name=name, **fields)
        with runtime.database.system_session("test") as session:
            held = [
                points.add(session, customer_id=customer.id, kind=kind, text=text)
                for kind, text in (("mobile", phone), ("email", mail))
                if text
            ]
            search_rows.add(session, customer, [contact] if contact else [], held)
        return customer

    return make


@pytest.fixture
def find(runtime, factory):
    def find(user, words, limit=20):
        actor = factory.actor(user)
        with runtime.database.actor_session(actor) as session:
            hits = searching.find(session, actor, words, limit)
            asked = ListState(view=CUSTOMERS, words=words)
            listed = {row.name for row in Reader(session, actor, asked).page().rows}
        found = [row.name for row in hits.rows]
        if limit >= 20 and words.strip():
            assert listed == set(found), "list and search differ"
        return found

    return find


def test_by_name_pinyin_initials_code_number_and_address(make, find, factory):
    user = factory.user("management")
    make("上海启衡管理咨询有限公司", code="C-2026-1042", phone="13800006021", mail="li@example.com", contact="张海涛")
    make("杭州云栖数据科技有限公司", code="C-2026-0987", phone="13712341190")
    for words in ("启衡", "qiheng", "qh", "C-2026-1042", "c20261042", "1042", "张海涛", "zht", "138 0000 6021", "13800006021",
                  "00006021", "6021", "138****6021", "LI@example.com", "启衡 6021", "上海 13800006021"):  # fmt: skip
        assert find(user, words) == ["上海启衡管理咨询有限公司"], words
    for words in ("启恒", "13800006022", "6022", "le@example.com", "云栖 6021", "", "   ", "!?"):
        assert find(user, words) == [], words
    assert len(find(user, "有限公司")) == 2


def test_by_what_the_mask_of_a_number_shows_at_its_front(make, find, factory):
    user = factory.user("management")
    make("张明", phone="13800006021")
    make("张敏", phone="13912341190")
    make("青岛海风贸易有限公司", code="C-2026-0138", contact="赵倩", phone="0532 8888 1234")
    make("Somebody", code="138-77")
    for words in ("zhang 138", "张 138", "138 zm", "张138", "138 6021"):
        assert find(user, words) == ["张明"], words
    assert sorted(find(user, "138")) == ["Somebody", "张明"]
    for words in ("0532", "hf 0532", "赵倩 0532"):
        assert find(user, words) == ["青岛海风贸易有限公司"], words
    for words in ("zhang 1380", "zhang 13800", "zhang 380", "zhang 13"):
        assert find(user, words) == [], f"{words}: no further than masks show"


def test_best_matches_come_first(make, find, factory):
    user = factory.user("management")
    long_ago = now() - timedelta(days=100)
    make("East Acme Trading", updated_at=now())
    make("Acme Holding", updated_at=long_ago)
    make("Acme", updated_at=long_ago)
    make("Somebody", code="ACME", updated_at=long_ago)
    assert find(user, "Acme") == ["Somebody", "Acme", "Acme Holding", "East Acme Trading"]
    assert find(user, "Acme", 2) == ["Somebody", "Acme"]


def test_only_what_the_actor_sees(make, find, factory):
    east, west = factory.department(), factory.department()
    mei, wang, head = (
        factory.user(department=east),
        factory.user(department=west),
        factory.user("department_head", west),
    )
    make("Acme East", mei, phone="13800006021")
    shared = make("Acme West", wang, phone="13900006021")
    make("Acme Bin", mei, deleted_at=now())
    for words in ("acme", "6021"):
        assert find(mei, words) == ["Acme East"]
        assert find(wang, words) == ["Acme West"]
        assert find(head, words) == ["Acme West"]
    assert find(mei, "13900006021") == []
    factory.add(Access(kind="member", user_id=mei.id, customer_id=shared.id))
    assert sorted(find(mei, "acme")) == ["Acme East", "Acme West"]
    assert find(mei, "13900006021") == ["Acme West"]


def test_common_words_take_the_other_way_and_find_the_same(make, find, factory, monkeypatch):
    chance = random.Random(3)
    departments = [factory.department() for _number in range(2)]
    users = [factory.user(department=department) for department in departments]
    head, boss = factory.user("department_head", departments[0]), factory.user("management")
    for number in range(24):
        make(f"Common {number:02}", chance.choice(users), updated_at=now() - timedelta(minutes=number))
        make(f"Rare {number:02}", chance.choice(users))
    everybody = [*users, head, boss]
    before = {user.id: sorted(find(user, "common", 50)) for user in everybody}
    monkeypatch.setattr(searching, "NARROW", 3)
    for few_parts in (12, 0):
        monkeypatch.setattr(searching, "_FEW_PARTS", few_parts)
        for user in everybody:
            assert sorted(find(user, "common", 50)) == before[user.id]
    assert find(boss, "common", 2) == ["Common 00", "Common 01"]


def test_two_letters_find_whole_initials_and_all_that_begins_so(make, find, factory, monkeypatch):
    user, boss = factory.user(), factory.user("management")
    for number in range(6):
        make(f"Whole {number}", user, contact="黄明")
    make("Longer", user, contact="黄明杰")
    make("Surname", user, contact="欧阳雪")
    monkeypatch.setattr(searching, "NARROW", 3)
    monkeypatch.setattr(searching, "_common_until", {})
    for somebody in (user, boss):
        assert len(find(somebody, "hm")) == 7
        assert find(somebody, "hmj") == ["Longer"]
        assert find(somebody, "ou") == ["Surname"]
        assert find(somebody, "hm ou") == []


def test_a_beginning_that_is_common_is_asked_about_once_a_day(runtime, make, find, factory, monkeypatch, count_queries):
    user = factory.user()
    make("Whole", user, contact="黄明")
    for number in range(6):
        make(f"Longer {number}", user, contact="黄明杰")
    monkeypatch.setattr(searching, "NARROW", 3)
    monkeypatch.setattr(searching, "_common_until", {})

    def asked(words):
        with count_queries(at_most=2 * 12) as sent:  # the search box and a list
            found = find(user, words)
        looked = [statement for statement in sent if "customers_search" in statement]
        return len(found), sum(not statement.startswith("EXPLAIN") for statement in looked)

    assert [asked("hm"), asked("hm"), asked("hmj")] == [(7, 5), (7, 4), (6, 4)]
    monkeypatch.setattr(searching, "_common_until", dict.fromkeys(searching._common_until, 0.0))
    assert asked("hm") == (7, 5)
    monkeypatch.setattr(searching, "_common_until", {})
    monkeypatch.setattr(searching, "_SURELY_MANY", -1)
    assert asked("hm") == (7, 5 if runtime.database.is_sqlite else 4)  # PostgreSQL's statistics spare the asking


def test_search_is_audited_with_masked_words(make, find, factory, session):
    user = factory.user("management")
    customer = make("Acme", phone="13800006021")
    find(user, "acme 13800006021")
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "customers.search")).one()
    assert entry.ids == [customer.id.hex]
    assert entry.after == {"words": "acme 138****6021"}
    for words, shown in (
        ("li@example.com", "l***@example.com"),
        ("Li@Example.COM 李", "l***@example.com 李"),
        ("6021", "****6021"),
        ("acme", "acme"),
        ("王 ００００６０２１", "王 ****6021"),
    ):
        assert masked(words) == shown


def test_palette_offers_customers_pages_and_commands(browser, make, factory, count_queries):
    user = factory.user(name="Mei")
    make("Acme", user, phone="13800006021", contact_name="Li", phone_mask="138****6021", code="C-1")
    mine = browser.sign_in(user)
    with count_queries(at_most=12):
        found = mine.post("/search", {"q": "acme"}, htmx=True)
    assert "<html" not in found.text
    assert "<h2>Customers</h2>" in found.text
    assert "C-1 · Li 138****6021" in found.text
    page = mine.post("/search", {"q": "acme"})
    assert "<html" in page.text
    assert 'value="acme"' in page.text
    assert "New customer" in mine.post("/search", {"q": "new cust"}, htmx=True).text
    assert 'href="/customers"' in mine.post("/search", {"q": "customers"}, htmx=True).text
    assert "Nothing was found" in mine.post("/search", {"q": "zzzz"}, htmx=True).text
    assert "New customer" in mine.post("/search", {"q": ""}, htmx=True).text
    assert "<form" in mine.get("/search").text


def test_pages_are_found_by_pinyin(browser, factory):
    user = factory.user(language="zh")
    assert 'href="/customers"' in browser.sign_in(user).post("/search", {"q": "kehu"}, htmx=True).text
    assert 'href="/customers"' in browser.sign_in(user).post("/search", {"q": "kh"}, htmx=True).text


def test_settings_and_what_stands_beside_the_titles_of_lists_are_found(browser, factory):
    mine = browser.sign_in(factory.user("management", language="zh"))
    for words, url in (
        ("设置", "/settings"), ("导入", "/customers/import"), ("导入客户", "/customers/import"), ("dr", "/customers/import"),
        ("回收站", "/bin"), ("分组", "/customers/groups"),
    ):  # fmt: skip
        assert f'href="{url}"' in mine.post("/search", {"q": words}, htmx=True).text, words
    assert mine.post("/search", {"q": "新建客户"}, htmx=True).text.count('href="/customers/new"') == 1
    admin = browser.sign_in(factory.user("system_admin", language="zh")).post("/search", {"q": "导入"}, htmx=True).text
    assert "/customers/import" not in admin


def test_nobody_without_the_right_finds_customers(browser, make, factory):
    make("Acme")
    admin = browser.sign_in(factory.user("system_admin"))
    assert "Acme" not in admin.post("/search", {"q": "acme"}, htmx=True).text.replace('value="acme"', "")


def test_other_owners_add_what_they_find(browser, runtime, factory, monkeypatch, lenient):
    from platform_core.contracts.entities import SearchSource
    from platform_core.plugins.registry import Owned

    def find(session, actor, query, limit):
        return [SearchHit("Contract 7", query, "/contracts/7")]

    def fail(session, actor, query, limit):
        raise RuntimeError("broken on purpose")

    sources = [
        Owned("relay", SearchSource("contracts", "Contracts", "customers.view", find)),
        Owned("relay", SearchSource("secrets", "Secrets", "users.manage", find)),
        Owned("relay", SearchSource("broken", "Broken", "customers.view", fail)),
    ]
    monkeypatch.setattr(runtime.manager.declared.search_sources, "owned", lambda: sources)
    found = browser.sign_in(factory.user()).post("/search", {"q": "seven"}, htmx=True).text
    assert "Contract 7" in found
    assert "Secrets" not in found


def test_api_search_takes_words_in_the_body(browser, make, factory):
    user = factory.user()
    make("Acme", user, phone="13800006021", phone_mask="138****6021")
    program = browser.token(user)
    found = program.post("/api/v1/customers/search", json={"q": "13800006021"})
    assert [item["name"] for item in found.json()["items"]] == ["Acme"]
    assert "13800006021" not in found.text
    assert program.post("/api/v1/customers/search", json={"q": ""}).status_code == 422


def test_customers_of_a_list_may_be_many_and_common(make, factory, runtime, monkeypatch):
    user = factory.user("management")
    for number in range(8):
        make(f"Common {number}", name_key=str(number))
    monkeypatch.setattr(searching, "NARROW", 2)
    actor = factory.actor(user)
    with runtime.database.actor_session(actor) as session:
        reader = Reader(session, actor, ListState(view=CUSTOMERS, words="common", sort="name"))
        assert [row.name for row in reader.page().rows] == [f"Common {number}" for number in range(8)]
        assert session.scalar(select(Customer.id).limit(1)) is not None


def test_names_that_resemble_are_offered_when_nothing_is_called_so(make, runtime, factory, browser, count_queries):
    user = factory.user("coordinator")
    make("上海启衡管理咨询有限公司", user, contact="张海涛", contact_name="张海涛")
    make("上海启恒贸易有限公司", factory.user("coordinator", login="elsewhere"))
    inside = browser.sign_in(user)

    def found(words):
        with count_queries(at_most=12):
            return inside.post("/search", {"q": words}, headers={"HX-Request": "true"}).text

    inside.post("/search", {"q": "启衡"})  # dictionaries are read once
    for words in ("启恒管理", "启衡官理", "张海陶", "qihnegguanli", "zhanghaitoa", "启衡管里 张海涛"):
        page = found(words)
        assert "上海启衡管理咨询有限公司" in page, words
        assert "Nobody is called just so." in page
        assert "启恒贸易" not in page
    assert "Nobody is called just so." not in found("启衡管理")
    assert "上海启衡" not in found("138 0000 6021")
    with runtime.database.system_session("look", write=False) as session:
        lines = session.scalars(select(AuditEntry).where(AuditEntry.action == "customers.search")).all()
    similar = [line for line in lines if line.after.get("similar")]
    assert len(similar) == 6
    assert all(len(line.ids) == 1 for line in similar)


def test_a_list_and_programs_offer_similar_names_when_nobody_is_found(make, runtime, factory, browser, count_queries):
    user = factory.user("coordinator")
    make("上海启衡管理咨询有限公司", user, grade="A")
    make("上海启恒贸易有限公司", factory.user("coordinator", login="elsewhere"))
    inside = browser.sign_in(user)

    def listed(words, query=""):
        place = inside.post("/customers/find", {"q": words, "state": query}).headers["location"]
        with count_queries(at_most=12):
            return inside.get(place).text

    inside.get("/customers")  # dictionaries are read once
    note = "Nobody in this list is called just so."
    shown = listed("启恒管理")
    assert note in shown
    assert "上海启衡管理咨询有限公司" in shown
    assert "启恒贸易" not in shown, "nobody learns of customers that they do not see"
    assert note not in listed("启衡管理")
    assert note in listed("启恒管理", "f=grade:is:A")
    for none in (listed("启恒管理", "f=grade:is:B"), listed("138 0000 6021"), listed("谁也不是")):
        assert note not in none
        assert "上海启衡" not in none
    program = browser.token(user)
    asked = [
        program.post("/api/v1/customers/search", json={"q": words, "similar": similar}).json()["items"]
        for words, similar in (("启恒管理", False), ("启恒管理", True), ("启衡管理", True))
    ]
    assert [[(item["name"], item["similar"]) for item in items] for items in asked] == [
        [], [("上海启衡管理咨询有限公司", True)], [("上海启衡管理咨询有限公司", False)],
    ]  # fmt: skip
    with runtime.database.system_session("look", write=False) as session:
        lines = session.scalars(select(AuditEntry).where(AuditEntry.action == "customers.list")).all()
    similar = [line for line in lines if line.after.get("similar")]
    assert [len(line.ids) for line in similar] == [1, 1]
