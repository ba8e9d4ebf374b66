from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.customers import services
from platform_core.customers.forms import CustomerInput
from platform_core.customers.models import Address, Contact, ContactPoint, Customer, StatusChange
from platform_core.kernel import dictionaries
from platform_core.kernel.clock import freeze, now
from platform_core.permissions.models import Access


@pytest.fixture
def me(factory):
    return factory.user("coordinator", factory.department("客户部"), name="李文博")


@pytest.fixture
def mine(browser, me):
    return browser.sign_in(me)


@pytest.fixture
def made(runtime, factory, me):
    """A customer of mine, made by the service."""
    actor = factory.actor(me)
    with runtime.database.actor_session(actor) as session:
        return services.create(
            session,
            actor,
            CustomerInput(name="上海启衡管理咨询", contact_name="张海涛", phone="13800006021", grade="A"),
        )


@pytest.fixture
def rows(runtime):
    """What the database holds now; a session that stays open would keep SQLite's writers waiting."""

    def read(statement):
        with runtime.database.system_session("look", write=False) as session:
            return session.scalars(statement).all()

    return read


def version_of(factory, customer):
    return factory.read(Customer, customer.id).version


@pytest.mark.parametrize(("language", "word"), [("zh", "联系人"), ("en", "Main contact")])
def test_the_page_shows_the_record_within_its_budget(browser, factory, runtime, count_queries, language, word):
    user = factory.user("department_head", factory.department("客户部"), language=language)
    actor = factory.actor(user)
    with runtime.database.actor_session(actor) as session:
        customer = services.create(
            session, actor, CustomerInput(name="上海启衡", contact_name="张海涛", phone="13800006021", status="signed")
        )
    mine = browser.sign_in(user)
    mine.get(f"/customers/{customer.id}")
    with count_queries(at_most=12):
        answer = mine.get(f"/customers/{customer.id}")
    assert answer.status_code == 200
    for text in ("上海启衡", "138****6021", customer.code, word):
        assert text in answer.text
    assert "13800006021" not in answer.text


@pytest.mark.parametrize("tab", ["contacts", "files", "record"])
def test_each_tab_renders_within_the_budget(mine, made, count_queries, tab):
    mine.get(f"/customers/{made.id}")
    with count_queries(at_most=12):
        answer = mine.get(f"/customers/{made.id}?tab={tab}")
    assert answer.status_code == 200


def test_an_unknown_tab_and_a_history_without_the_right_do_not_exist(mine, made):
    assert mine.get(f"/customers/{made.id}?tab=nonsense").status_code == 404
    assert mine.get(f"/customers/{made.id}?tab=history").status_code == 404


def test_history_is_for_those_who_may_read_the_audit_trail(browser, factory, mine, made):
    mine.post(f"/customers/{made.id}/tags", {"new": "华东"})
    boss = browser.sign_in(factory.user("management"))
    answer = boss.get(f"/customers/{made.id}?tab=history")
    assert answer.status_code == 200
    assert "华东" in answer.text
    assert "13800006021" not in answer.text


@pytest.mark.parametrize("path", ["", "/edit", "/timeline", "/contacts", "/contacts/new", "/tags", "/addresses/new"])
def test_a_foreign_customer_is_not_found(browser, factory, made, path):
    stranger = browser.sign_in(factory.user("department_head", factory.department()))
    assert stranger.get(f"/customers/{made.id}{path}").status_code == 404


def test_who_may_only_look_sees_no_verbs(browser, factory, made):
    helper = factory.user("coordinator", factory.department())
    factory.add(Access(kind="member", user_id=helper.id, customer_id=made.id))
    reader = browser.sign_in(helper)
    page = reader.get(f"/customers/{made.id}")
    assert page.status_code == 200
    assert f"/customers/{made.id}/edit" not in page.text
    assert "/reveal" not in page.text
    assert reader.get(f"/customers/{made.id}/edit").status_code == 403
    contact = Contact(customer_id=made.id, name="Chen")
    factory.add(contact)
    assert reader.get(f"/contacts/{contact.id}/edit").status_code == 403
    point = f"/customers/{made.id}/points/{made.phone_point_id}"
    assert reader.post(f"{point}/reveal").status_code == 403


def test_a_number_is_revealed_by_post_and_written_down(mine, made, rows):
    url = f"/customers/{made.id}/points/{made.phone_point_id}"
    assert mine.get(f"{url}/reveal").status_code == 405
    answer = mine.post(f"{url}/reveal", htmx=True, headers={"Idempotency-Key": "once"})
    assert answer.status_code == 200
    assert "138 0000 6021" in answer.text
    assert "tel:+8613800006021" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    (line,) = rows(select(AuditEntry).where(AuditEntry.action == "customers.reveal"))
    assert (line.customer_id, line.after) == (made.id, {"mobile": "138****6021"})
    hidden = mine.get(url, htmx=True)
    assert "138****6021" in hidden.text
    assert "6021" not in hidden.text.replace("138****6021", "")


def test_a_revealed_number_is_never_kept_for_a_replay(mine, made, rows):
    from platform_core.kernel.models import IdempotencyKey

    mine.post(f"/customers/{made.id}/points/{made.phone_point_id}/reveal", headers={"Idempotency-Key": "once"})
    assert rows(select(IdempotencyKey)) == []


def test_the_short_form_adds_a_customer(mine, me, rows):
    assert mine.get("/customers/new").status_code == 200
    assert "<html" not in mine.get("/customers/new", htmx=True).text
    answer = mine.post("/customers/new", {"phone": "13912345678", "name": "北京远山", "kind": "organisation"})
    assert answer.status_code == 303
    (customer,) = rows(select(Customer))
    assert answer.headers["location"] == f"/customers/{customer.id}"
    assert (customer.owner_id, customer.phone_mask) == (me.id, "139****5678")
    again = mine.post("/customers/new", {"name": "北京远景", "then": "new"})
    assert "/customers/new?added=" in again.headers["location"]
    assert "北京远景" in mine.get(again.headers["location"]).text


def test_a_refused_form_keeps_what_was_typed(mine, rows):
    answer = mine.post("/customers/new", {"phone": "12", "name": "北京远山"}, htmx=True)
    assert answer.status_code == 422
    assert "<html" not in answer.text
    assert 'value="12"' in answer.text
    assert "北京远山" in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert rows(select(Customer)) == []


def test_a_duplicate_asks_before_it_is_saved(mine, made, rows):
    again = {"phone": "138 0000 6021", "name": "启衡"}
    typed = mine.post("/customers/duplicates", again, htmx=True)
    assert "上海启衡管理咨询" in typed.text
    refused = mine.post("/customers/new", again, htmx=True)
    assert 'name="anyway"' in refused.text
    assert "<html" not in refused.text
    assert mine.post("/customers/new", {**again, "anyway": "1"}).status_code == 303
    assert len(rows(select(Customer))) == 2


def test_duplicates_of_others_name_only_the_department(browser, factory, made):
    stranger = browser.sign_in(factory.user("coordinator", factory.department()))
    answer = stranger.post("/customers/duplicates", {"phone": "13800006021", "_key": "k"}, htmx=True)
    assert "客户部" in answer.text
    for secret in ("启衡", "李文博", str(made.id), made.code):
        assert secret not in answer.text


def test_questions_for_duplicates_are_limited(mine, monkeypatch):
    monkeypatch.setattr("platform_core.customers.duplicates.PER_HOUR", 2)
    asked = [mine.post("/customers/duplicates", {"phone": f"1380000602{n}"}).status_code for n in range(3)]
    assert asked == [200, 200, 429]


def test_the_form_itself_is_no_way_around_the_limit(mine, made, monkeypatch):
    monkeypatch.setattr("platform_core.customers.duplicates.PER_HOUR", 2)
    asked = [mine.post("/customers/new", {"phone": "13800006021", "name": "x"}).status_code for _time in range(3)]
    assert asked == [200, 200, 429]


def edit_fields(page):
    """The fields of the edit form as a browser would send them back."""
    from html.parser import HTMLParser

    class Fields(HTMLParser):
        def __init__(self):
            super().__init__()
            self.values, self.select, self.area = {}, "", ""

        def handle_starttag(self, tag, attrs):
            given = dict(attrs)
            if tag == "input" and given.get("type") not in {"checkbox", "radio", "search"} and "name" in given:
                self.values[given["name"]] = given.get("value") or ""
            if tag == "select":
                self.select = given["name"]
                self.values.setdefault(self.select, "")
            if tag == "option" and "selected" in given:
                self.values[self.select] = given["value"]
            self.area = given.get("name", "") if tag == "textarea" else ""

        def handle_data(self, data):
            if self.area:
                self.values[self.area] = data.strip()

    parser = Fields()
    parser.feed(page)
    return {name: value for name, value in parser.values.items() if name not in {"q", "lang", "scheme"}}


def test_saving_the_untouched_form_changes_nothing(mine, made, rows, factory):
    before = [(point.id, bytes(point.cipher)) for point in rows(select(ContactPoint).order_by(ContactPoint.id))]
    sent = edit_fields(mine.get(f"/customers/{made.id}/edit").text)
    assert sent["phone"] == "138****6021"
    answer = mine.post(f"/customers/{made.id}/edit", sent)
    assert answer.status_code == 303, answer.text
    assert [(point.id, bytes(point.cipher)) for point in rows(select(ContactPoint).order_by(ContactPoint.id))] == before
    assert "customers.update" not in rows(select(AuditEntry.action))
    assert version_of(factory, made) == int(sent["version"])


def test_an_emptied_field_is_cleared(mine, made, factory):
    sent = edit_fields(mine.get(f"/customers/{made.id}/edit").text)
    mine.post(f"/customers/{made.id}/edit", {**sent, "city": "上海", "birth_year": "1980"})
    sent = edit_fields(mine.get(f"/customers/{made.id}/edit").text)
    assert (sent["city"], sent["birth_year"]) == ("上海", "1980")
    mine.post(f"/customers/{made.id}/edit", {**sent, "_key": "other", "city": "", "birth_year": "", "grade": ""})
    saved = factory.read(Customer, made.id)
    assert (saved.city, saved.birth_year, saved.grade, saved.phone_mask) == ("", None, "", "138****6021")


def test_a_stale_form_shows_both_sides_and_can_be_saved(mine, made, factory):
    sent = edit_fields(mine.get(f"/customers/{made.id}/edit").text)
    mine.post(f"/customers/{made.id}/edit", {**sent, "_key": "first", "city": "北京"})
    answer = mine.post(f"/customers/{made.id}/edit", {**sent, "_key": "second", "city": "上海"})
    assert answer.status_code == 409
    assert all(city in answer.text for city in ("北京", "上海"))
    assert factory.read(Customer, made.id).city == "北京"
    for odd in ("²", "9" * 5000):  # `isdigit` says yes to both
        wrong = {**sent, "_key": odd[:9], "version": odd, "name": ""}
        assert mine.post(f"/customers/{made.id}/edit", wrong).status_code == 422
    kept = edit_fields(answer.text)
    assert mine.post(f"/customers/{made.id}/edit", kept).status_code == 303
    assert factory.read(Customer, made.id).city == "上海"


def test_the_bin_and_back(browser, factory):
    head = factory.user("department_head", factory.department())
    customer = factory.customer(head)
    theirs = browser.sign_in(head)
    gone = theirs.post(f"/customers/{customer.id}/delete")
    assert gone.headers["location"] == "/customers"
    assert theirs.get(f"/customers/{customer.id}").status_code == 404
    notice = {"Cookie": gone.headers["set-cookie"].partition(";")[0]}
    undo = f'action="/customers/{customer.id}/restore"'
    shown = theirs.get("/customers", headers=notice)
    assert undo in shown.text
    assert "baton-notice=" in shown.headers["set-cookie"]
    assert "Max-Age=0" in shown.headers["set-cookie"]
    assert undo not in browser.sign_in(factory.user("management")).get("/customers", headers=notice).text
    theirs.post(f"/customers/{customer.id}/restore")
    assert theirs.get(f"/customers/{customer.id}").status_code == 200


def test_contacts_are_added_changed_and_removed(mine, made, rows, factory):
    url = f"/customers/{made.id}/contacts/new"
    assert "<html" not in mine.get(url, htmx=True).text
    assert mine.post(url, {"name": ""}, htmx=True).status_code == 422
    assert mine.post(url, {"name": "李梅", "title": "助理", "phone": "13911112222"}).status_code == 303
    (person,) = rows(select(Contact).where(Contact.name == "李梅"))
    edit = f"/contacts/{person.id}/edit"
    assert 'value="139****2222"' in mine.get(edit).text
    assert mine.post(edit, {"name": "李梅", "title": "总助", "phone": "139****2222"}).status_code == 303
    assert mine.post(f"/contacts/{person.id}/primary").status_code == 303
    assert factory.read(Customer, made.id).phone_mask == "139****2222"
    assert "总助" in mine.get(f"/customers/{made.id}?tab=contacts").text
    assert mine.post(f"/contacts/{person.id}/delete").status_code == 303
    assert factory.read(Customer, made.id).phone_mask == "138****6021"


def test_numbers_are_removed_and_the_list_follows(mine, made, factory):
    assert mine.post(f"/customers/{made.id}/points/{made.phone_point_id}/delete").status_code == 303
    assert factory.read(Customer, made.id).phone_mask == ""


def test_addresses_are_kept_with_the_customer(mine, made, rows):
    url = f"/customers/{made.id}/addresses/new"
    assert mine.post(url, {"kind": "office", "street": ""}, htmx=True).status_code == 422
    assert (
        mine.post(url, {"kind": "office", "city": "上海", "street": "南京西路1号", "is_primary": "1"}).status_code
        == 303
    )
    (address,) = rows(select(Address))
    assert "南京西路1号" in mine.get(f"/customers/{made.id}?tab=record").text
    assert mine.get(f"/customers/{made.id}/addresses/{address.id}", htmx=True).status_code == 200
    assert mine.post(f"/customers/{made.id}/addresses/{address.id}/delete").status_code == 303
    assert rows(select(Address)) == []


def test_tags_are_chosen_and_made(mine, made):
    assert mine.post(f"/customers/{made.id}/tags", {"new": "华东"}).status_code == 303
    assert "华东" in mine.get(f"/customers/{made.id}").text
    assert mine.post(f"/customers/{made.id}/tags", {"tags": ["华东"], "new": "总裁班"}).status_code == 303
    page = mine.get(f"/customers/{made.id}").text
    assert "华东" in page
    assert "总裁班" in page
    assert mine.post(f"/customers/{made.id}/tags", {"new": "x" * 41}, htmx=True).status_code == 422


def test_the_timeline_is_read_page_by_page(mine, made, factory):
    start = datetime(2026, 3, 1, 8, tzinfo=UTC)
    factory.add(
        *(
            StatusChange(
                customer_id=made.id,
                at=start + timedelta(minutes=n // 3),
                new="signed",
                cause="test",
                by_label=f"W{n:03}",
            )
            for n in range(70)
        )
    )
    seen, url = [], f"/customers/{made.id}/timeline"
    for _page in range(4):
        text = mine.get(url, htmx=True).text
        seen += [text[at + 1 : at + 5] for at in range(len(text)) if text[at : at + 2] == ">W"]
        if "hx-get" not in text:
            break
        url = text.partition('hx-get="')[2].partition('"')[0].replace("&amp;", "&")
    assert len(seen) == 70
    assert seen == sorted(seen, key=lambda who: (-(int(who[1:]) // 3), seen.index(who)))
    assert len(set(seen)) == 70


def test_the_timeline_can_be_narrowed(mine, made):
    text = mine.get(f"/customers/{made.id}?by=customers").text
    assert "added the customer" in text
    assert "added the customer" not in mine.get(f"/customers/{made.id}?by=relay").text


def test_a_broken_panel_costs_only_itself(runtime, mine, made, monkeypatch, lenient):
    from platform_core.contracts.pages import Panel
    from platform_core.plugins.registry import Owned

    broken = Panel("customers.broken", "side", "Broken piece", "customers/_entry.html")
    monkeypatch.setattr(runtime.hooks, "customer_panels", lambda *_: [Owned("customers", broken)])
    page = mine.get(f"/customers/{made.id}")
    assert page.status_code == 200
    assert "panel-error" in page.text
    assert "Broken piece" in page.text


def test_every_view_is_written_down(mine, made, rows):
    mine.get(f"/customers/{made.id}")
    assert "customers.view" in rows(select(AuditEntry.action))


def test_the_day_of_a_line_is_the_organisations(mine, made, factory):
    evening = datetime(2026, 3, 1, 16, 30, tzinfo=UTC)  # half past midnight in Shanghai
    with freeze(now()):
        factory.add(StatusChange(customer_id=made.id, at=evening, new="signed", cause="test", by_label="W"))
    assert "03-02" in mine.get(f"/customers/{made.id}").text


def test_the_record_says_how_complete_a_person_is_and_which_statuses_there_were(
    runtime, mine, me, factory, count_queries
):
    actor = factory.actor(me)
    with runtime.database.actor_session(actor) as session:
        given = CustomerInput(name="Li", kind="person", gender="f", phone="13800006021", industry="it")
        made = services.create(session, actor, given)
        services.set_status(session, actor, made, "interested", "activities.follow_up")
        services.set_status(session, actor, made, "signed", "customers.update")
    mine.get("/search")
    with count_queries(at_most=12):
        page = mine.get(f"/customers/{made.id}?tab=record").text
    assert 'max="10" value="4"' in page
    for missing in ("Date of birth", "Work status", "Region", "Education"):
        assert missing in page.partition("Missing:")[2].partition("</p>")[0], missing
    lines = mine.get(f"/customers/{made.id}/statuses").text
    with runtime.database.system_session("words", write=False) as session:
        words = [dictionaries.label(session, "customers.status", code) for code in ("signed", "interested", "new")]
    signed, interested, new = words
    assert re.findall("|".join(f"(?<=>){word}(?=<)" for word in words), lines) == [
        interested, signed, new, interested, new,
    ]  # fmt: skip
    organisation = mine.post("/customers/new", {"name": "Acme", "kind": "organisation"}).headers["location"]
    assert "Seven elements" not in mine.get(f"{organisation}?tab=record").text
