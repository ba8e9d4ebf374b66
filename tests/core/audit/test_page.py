"""The audit page and what is written down."""

from __future__ import annotations

import ast
import html
import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from platform_core.audit import queries, services, texts
from platform_core.audit.models import AuditEntry
from platform_core.contracts.entities import EntityRef
from platform_core.kernel import dictionaries
from platform_core.kernel.clock import at_local, freeze, now, today
from platform_core.kernel.i18n import speaking
from platform_core.kernel.ids import new_id
from platform_core.users.models import User


def look(runtime, statement):
    with runtime.database.system_session("look", write=False) as session:
        return list(session.scalars(statement))


@pytest.fixture
def reader(browser, factory):
    return browser.sign_in(factory.user("audit_admin", name="The reader"))


def write(runtime, *lines):
    with runtime.database.system_session("test") as session:
        for actor, action, options in lines:
            services.record(session, actor, action, **options)


def test_only_readers_read_and_reading_is_written_down(runtime, browser, factory, reader, count_queries):
    write(runtime, (None, "users.edit", {"before": {"title": "Clerk"}, "after": {"title": "Manager"}}))
    with count_queries(at_most=12):
        page = reader.get("/audit")
    assert page.status_code == 200
    assert "<del>" not in page.text
    (edit,) = look(runtime, select(AuditEntry).where(AuditEntry.action == "users.edit"))
    line = f"/audit/lines/{edit.id}"
    assert f'hx-get="{line}"' in page.text
    with count_queries(at_most=12):
        fields = reader.get(line)
    assert "<del>Clerk</del>" in fields.text
    assert "<ins>Manager</ins>" in fields.text
    assert "<html" not in fields.text
    assert reader.get(f"/audit/lines/{new_id()}").status_code == 404
    own = look(runtime, select(AuditEntry).where(AuditEntry.action == "audit.read").order_by(AuditEntry.seq))
    assert [(entry.actor_label, entry.entity_label) for entry in own] == [
        ("The reader", ""),
        ("The reader", str(edit.seq)),
    ]
    for role in ("system_admin", "security_admin", "coordinator"):
        other = factory.user(role)
        assert browser.sign_in(other).get("/audit").status_code == 403
        denied = look(runtime, select(AuditEntry).where(AuditEntry.actor_id == other.id))
        assert [entry.result for entry in denied] == ["denied"]
        assert "audit:index" in denied[0].reason


def test_filters_narrow(runtime, factory, reader):
    ann, bob = factory.actor(factory.user(name="Ann")), factory.actor(factory.user(name="Bob"))
    customer = new_id()
    write(
        runtime,
        (
            ann,
            "customers.view",
            {"ref": EntityRef("customers", "customer", customer, "Acme Tools"), "customer_id": customer},
        ),
        (bob, "customers.list", {"ids": [customer, new_id()]}),
        (bob, "customers.edit", {"result": "denied", "reason": "not yours"}),
    )

    def shown(**filters):
        page = reader.get("/audit", params=filters, headers={"HX-Request": "true", "HX-Request-Type": "partial"})
        assert page.status_code == 200
        assert "<html" not in page.text
        return {name for name in ("customers.view", "customers.list", "customers.edit") if f">{name}<" in page.text}

    assert shown() == {"customers.view", "customers.list", "customers.edit"}
    assert shown(who="ann") == {"customers.view"}
    assert shown(actor=str(bob.user_id)) == {"customers.list", "customers.edit"}
    assert shown(what="customers.e") == {"customers.edit"}
    assert shown(thing="acme") == {"customers.view"}
    assert shown(thing=str(customer)) == {"customers.view"}
    assert shown(customer=str(customer)) == {"customers.view"}
    assert shown(result="denied") == {"customers.edit"}
    assert shown(who="100%") == set()
    yesterday = str(today() - timedelta(days=1))
    assert shown(since=yesterday, until=yesterday) == set()
    assert shown(since="nonsense", actor="nonsense", before="", result="nonsense") == shown()


def test_pages_go_through_every_line_once_even_at_one_instant(runtime, session):
    moment = now()
    with freeze(moment):
        for number in range(25):
            services.record(session, None, f"test.{number}")
    query = queries.AuditQuery.recent()
    seen, cursor = [], ""
    while True:
        page, cursor = queries.entries(
            session, queries.AuditQuery(query.since, query.until, what="test.", cursor=cursor), limit=10
        )
        seen += [entry.action for entry in page]
        if not cursor:
            break
    assert sorted(seen) == sorted(f"test.{number}" for number in range(25))


def test_days_are_the_organisations_and_both_count(runtime, session):
    query = queries.AuditQuery.recent(days=1)
    with freeze(queries.day_start(query.since)):
        services.record(session, None, "test.first")
    with freeze(queries.day_start(query.since) - timedelta(microseconds=1)):
        services.record(session, None, "test.before")
    assert [entry.action for entry in queries.entries(session, query)[0]] == ["test.first"]


def test_a_long_trail_has_a_link_to_older_lines(runtime, reader):
    write(runtime, *[(None, "test.line", {}) for _ in range(60)])
    page = reader.get("/audit", params={"what": "test."})
    assert page.text.count(">test.line<") == queries.PAGE
    older = page.text.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert reader.get(older).text.count(">test.line<") == 10


def words_of(runtime, session):
    return texts.Words(session, [item.value for item in runtime.manager.declared.audit_words.installed()])


def test_values_are_put_in_words(runtime, session):
    words = words_of(runtime, session)
    with speaking("en"):
        assert words.value("x.y", "a", None) == "—"
        assert words.value("x.y", "a", True) == "yes"
        assert words.value("x.y", "a", ["a", 2]) == "a, 2"
        assert words.value("x.y", "a", {"first_name": "A"}) == "first name: A"
        assert words.action("users.login") == "signed in"
        assert words.action("plugin.unheard_of") == "plugin.unheard_of"
        assert words.differences("x.y", {"a": 1}, {"a": 2, "b": None}) == [("a", "1", "2"), ("b", None, "—")]


def test_fields_and_codes_are_read_in_the_reader_s_language(runtime, session):
    """By the words of the line's owner: a status of customers is not one of users."""
    words = words_of(runtime, session)
    label = dictionaries.label(session, "customers.status", "interested")
    with speaking("zh"):
        found = words.differences(
            "customers.update",
            {"status": "new", "city": "Qingdao", "kind": "person"},
            {"status": "interested", "city": "", "kind": "organisation"},
        )
        assert found[0] == ("客户状态", dictionaries.label(session, "customers.status", "new"), label)
        assert found[1] == ("城市", "Qingdao", "—")
        assert found[2][2] == "企业"
        assert words.differences("users.freeze", {"status": "active"}, {"status": "frozen"})[0][2] == "已冻结"
        assert words.differences("activities.follow_up", {}, {"kind": "call"})[0][2] != "call"
        assert words.action("opportunities.win") == "赢得商机"
    assert label != "interested"


def test_every_action_of_the_code_has_words(runtime, session):
    """Found by reading the calls of `record` and `Step`, so that a new one cannot be forgotten."""
    known = dict(words_of(runtime, session).actions())
    spoken = {code for code in _recorded() if not code.startswith("core.")}
    assert len(spoken) > 80
    assert spoken - set(known) == set()


def _recorded():
    root = Path(__file__).resolve().parents[3]
    owners = {"activities", "admin", "audit", "customers", "opportunities", "permissions", "relay", "users"}
    for path in [*root.glob("platform_core/**/*.py"), *root.glob("plugins/*/baton_plugins/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = getattr(node, "func", None)
            called = name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", "")
            if called in {"record", "_record", "_audit", "_settle", "_turn", "audit_only", "Step"}:
                for item in ast.walk(node):
                    text = item.value if isinstance(item, ast.Constant) and isinstance(item.value, str) else ""
                    if re.fullmatch(r"[a-z]+\.[a-z_]+", text) and text.partition(".")[0] in owners:
                        yield text


def test_acts_are_found_by_their_words_and_customers_by_name(runtime, factory, reader):
    ann = factory.actor(factory.user(name="Ann"))
    acme, other = new_id(), new_id()
    write(
        runtime,
        (ann, "customers.view", {"ref": EntityRef("customers", "customer", acme, "Acme Tools"), "customer_id": acme}),
        (ann, "relay.accept", {"ref": EntityRef("relay", "leg", new_id(), "Course"), "customer_id": acme}),
        (ann, "customers.view", {"ref": EntityRef("customers", "customer", other, "Zenith"), "customer_id": other}),
    )
    called = reader.get("/audit", params={"what": "Took ov"}).text
    assert "Course" in called
    assert "Zenith" not in called
    assert 'id="f-what-hint">took over<' in reader.get("/audit", params={"what": "relay.accept"}).text
    (view, *_others) = look(runtime, select(AuditEntry).where(AuditEntry.customer_id == acme).order_by(AuditEntry.seq))
    assert reader.get(f"/audit/lines/{view.id}").status_code == 200
    assert {
        line.customer_id for line in look(runtime, select(AuditEntry).where(AuditEntry.action == "audit.read"))
    } == {None}
    found = reader.get("/audit", params={"customer": "acme"}).text
    assert "Course" in found
    assert "Zenith" not in found
    assert "Acme Tools" in reader.get("/audit", params={"customer": str(acme), "what": "relay.accept"}).text
    narrowed = reader.get("/audit", params={"customer": "acme", "what": "relay.accept"}).text
    assert narrowed.count("<tr>") == 2
    begun = reader.get("/audit", params={"what": "relay."}).text
    assert 'name="what" type="text" value="relay."' in begun
    assert "Course" in begun
    assert reader.get("/audit", params={"what": "no such act"}).text.count("<tr>") == 0


def test_changes_keeps_what_differs_as_plain_values():
    before, after = services.changes({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": today()})
    assert before == {"b": 2, "c": None}
    assert after == {"b": 3, "c": str(today())}


def test_hours_narrow_as_well(runtime, reader):
    day = today()
    for hour in (8, 12, 18):
        with freeze(at_local(day, hour, 30)):
            write(runtime, (None, f"test.hour{hour}", {}))
    for asked, shown in (
        ("from=12:30", [False, True, True]),
        ("to=12:30", [True, True, False]),
        ("from=12:31&to=18:29", [False, False, False]),
        ("from=nonsense&to=25:99", [True, True, True]),
    ):
        text = reader.get(f"/audit?since={day}&until={day}&{asked}").text
        assert [f"test.hour{hour}</code>" in text for hour in (8, 12, 18)] == shown, asked


def test_views_are_saved_under_a_name_for_their_reader_alone(runtime, browser, factory, reader):
    day = today()
    fixed = f"since={day - timedelta(days=40)}&until={day - timedelta(days=30)}&what=customers.reveal"
    moving = f"since={day - timedelta(days=2)}&until={day}&result=denied"
    assert reader.post("/audit/views", {"name": " ", "state": moving}).status_code == 422
    for name, state in (("Reveals of spring", fixed), ("Refused lately", moving)):
        saved = reader.post("/audit/views", {"name": name, "state": state})
        assert saved.status_code == 303
        assert f'aria-current="page">{name}</a>' in reader.get(saved.headers["location"]).text
    with freeze(now() + timedelta(days=5)):
        later = browser.sign_in(factory.read(User, reader_id(runtime))).get("/audit").text
    links = {name: html.unescape(url) for url, name in re.findall(r'class="chip" href="([^"]+)">([^<]+)<', later)}
    assert f"since={day - timedelta(days=40)}" in links["Reveals of spring"], "days in the past stay"
    assert f"since={day + timedelta(days=3)}&until={day + timedelta(days=5)}" in links["Refused lately"], (
        "days go along"
    )
    assert ">Refused lately</a>" not in browser.sign_in(factory.user("audit_admin")).get("/audit").text
    assert reader.post("/audit/views/remove", {"name": "Refused lately"}).status_code == 303
    assert ">Refused lately</a>" not in reader.get("/audit").text
    assert (
        look(runtime, select(AuditEntry.action).where(AuditEntry.action == "audit.save_view"))
        == ["audit.save_view"] * 2
    )


def reader_id(runtime):
    return look(runtime, select(User.id).where(User.name == "The reader"))[0]


def test_lines_and_whom_somebody_saw_are_printed_with_a_reason(runtime, browser, factory, reader):
    ann, customer = factory.actor(factory.user(name="Ann")), factory.customer(name="Acme")
    ref = EntityRef("customers", "customer", customer.id, "Acme")
    write(runtime, (ann, "customers.view", {"ref": ref, "customer_id": customer.id}), (None, "test.other", {}))
    for page, of, query in (
        ("/audit", "audit:lines", "who=Ann"),
        ("/audit/seen", "audit:seen", f"actor={ann.user_id}"),
    ):
        assert f"/papers/new?of={of}" in reader.get(f"{page}?{query}").text
        asked = reader.get(f"/papers/new?of={of}&{query}")
        assert (asked.status_code, "Ann" in asked.text) == (200, True)
        form = {"source": of, "query": query}
        assert reader.post("/papers/new", {**form, "reason": ""}).status_code == 422
        paper = reader.get(reader.post("/papers/new", {**form, "reason": "for the file"}).headers["location"]).text
        assert ("Acme" in paper, "The reader" in paper, "test.other" in paper) == (True, True, False)
        assert browser.sign_in(factory.user("management")).get(f"/papers/new?of={of}&{query}").status_code == 404
    printed = look(runtime, select(AuditEntry).where(AuditEntry.action == "exports.print"))
    assert [(entry.reason, entry.after["rows"]) for entry in printed] == [("for the file", 1)] * 2
    assert reader.get("/papers/new?of=audit:seen").status_code == 422
