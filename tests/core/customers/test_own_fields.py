"""Own fields: defined on a page, asked in forms, kept whole by everything that touches a customer."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, text

from platform_core.audit.models import AuditEntry
from platform_core.customers import merging, services, unmerging
from platform_core.customers.custom import indexes, keeping
from platform_core.customers.custom.keeping import FieldInput
from platform_core.customers.forms import CustomerInput, CustomerPatch
from platform_core.customers.listing import CUSTOMERS
from platform_core.customers.models import Customer
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Forbidden, Invalid
from platform_core.kernel.scope import proven
from platform_core.web.lists import conditions, state
from platform_core.web.lists.reading import Reader

FIELDS = [
    FieldInput(key="motto", label="Motto", filterable=True, group="Culture", help="In their own words"),
    FieldInput(key="story", label="Story", type="web.long_text", group="Culture"),
    FieldInput(key="seats", label="Seats", type="web.number", filterable=True),
    FieldInput(key="budget", label="Budget", type="web.money", filterable=True),
    FieldInput(key="renewal", label="Renewal", type="web.date", filterable=True),
    FieldInput(key="member", label="Member", type="web.yes_no", filterable=True),
    FieldInput(key="colour", label="Colour", type="web.choice", entries="Red\nGreen\nBlue", filterable=True,
               default="Green"),
    FieldInput(key="topics", label="Topics", type="web.choices", entries="Law\nTax\nPay"),
    FieldInput(key="page", label="Page", type="web.link"),
    FieldInput(key="minder", label="Minder", type="web.person", filterable=True),
    FieldInput(key="id_no", label="Identity number", sensitive=True),
    FieldInput(key="licence", label="Licence", required=True, classifications=["partner"]),
]  # fmt: skip
GIVEN = {
    "motto": "Work Hard", "story": "Once\nupon", "seats": "1，280.50", "budget": "12800", "renewal": "2026.12.1",
    "member": "yes", "colour": "Red", "topics": ["x3", "Law"], "page": "example.com/a", "id_no": "310101199001011234",
}  # fmt: skip
KEPT = {
    "motto": "Work Hard", "story": "Once\nupon", "seats": "1280.5", "budget": "12800", "renewal": "2026-12-01",
    "member": "yes", "colour": "x1", "topics": ["x1", "x3"], "page": "https://example.com/a", "id_no": "****1234",
}  # fmt: skip


@pytest.fixture
def admin(factory):
    return factory.actor(factory.user("office"))


@pytest.fixture
def defined(runtime, admin):
    with runtime.database.actor_session(admin) as session:
        for item in FIELDS:
            keeping.add(session, admin, item)


@pytest.fixture
def me(factory):
    return factory.user("department_head", factory.department("Sales"), name="Mei")


@pytest.fixture
def act(runtime, factory, me):
    """`act(service, *arguments)` as me, in a transaction of its own."""
    actor = factory.actor(me)

    def call(service, *arguments, **words):
        with runtime.database.actor_session(actor) as session:
            return service(session, actor, *arguments, **words)

    return call


def looked(runtime, statement):
    with runtime.database.system_session("look", write=False) as session:
        return session.scalars(statement).all()


def test_every_kind_is_read_kept_and_shown(runtime, defined, act, browser, me, factory):
    given = {**GIVEN, "minder": str(me.id)}
    made = act(services.create, CustomerInput(name="Acme", custom=given))
    assert made.custom == {**KEPT, "minder": str(me.id)}
    (entry,) = looked(runtime, select(AuditEntry).where(AuditEntry.action == "customers.create"))
    assert entry.after["custom.seats"] == "1280.5"
    assert entry.after["custom.id_no"] == "****1234"
    page = browser.sign_in(me).get(f"/customers/{made.id}?tab=record")
    for shown in ("1,280.5", "¥12,800.00", "12-01", "Yes", "Red", "Law, Pay", "Mei", "****1234", "Culture"):
        assert shown in page.text, shown
    assert "310101199001011234" not in page.text
    history = browser.sign_in(factory.user("management")).get(f"/customers/{made.id}?tab=history")
    for shown in ("Identity number", "1,280.5", "Law, Pay"):
        assert shown in history.text, shown
    act(services.update, made.id, CustomerPatch(custom={"seats": "", "topics": [], "motto": None, "id_no": "****1234"}))
    (now,) = looked(runtime, select(Customer).where(Customer.id == made.id))
    assert now.custom.keys() == {*KEPT, "minder"} - {"seats", "topics", "motto"}
    assert now.custom["id_no"] == "****1234", "a mask that comes back changes nothing"


WRONG = [
    ("seats", "many"), ("budget", "1.005"), ("renewal", "soon"), ("member", "perhaps"), ("colour", "Pink"),
    ("topics", ["Law", "Love"]), ("page", "javascript:alert(1)"), ("minder", "nobody"), ("motto", "x" * 501),
    ("motto", {"a": 1}), ("unheard", "x"), ("seats", "1e40"), ("seats", "NaN"),
]  # fmt: skip


@pytest.mark.any_database
def test_what_cannot_be_is_refused_at_its_field(defined, act):
    for key, given in WRONG:
        with pytest.raises(Invalid) as error:
            act(services.create, CustomerInput(name="Acme", custom={key: given}))
        assert set(error.value.fields) == {f"custom.{key}"}, given


@pytest.mark.any_database
def test_required_fields_are_asked_of_those_who_type_and_of_nobody_else(runtime, defined, act, admin):
    with runtime.database.actor_session(admin) as session:
        keeping.change(session, admin, "motto", FieldInput(label="Motto", required=True, filterable=True))
    with pytest.raises(Invalid) as error:
        act(services.create, CustomerInput(name="Acme", classification="partner", custom={}))
    assert set(error.value.fields) == {"custom.motto", "custom.licence"}
    card = act(services.create, CustomerInput(name="Acme"))
    assert card.custom == {"colour": "x2"}, "whoever knows nothing of own fields is not stopped; defaults are filled in"
    act(services.update, card.id, CustomerPatch(city="Jinan"))
    with pytest.raises(Invalid):
        act(services.update, card.id, CustomerPatch(custom={"motto": " "}))


@pytest.mark.any_database
def test_definitions_are_checked_and_what_records_hold_stays(runtime, defined, admin, act, me):
    made = act(services.create, CustomerInput(name="Acme", custom={"topics": ["Law"], "motto": "Yes"}))
    with runtime.database.actor_session(admin) as session:
        for wrong, name in (
            (FieldInput(label="X", key="Bad key"), "key"),
            (FieldInput(label="X", key="motto"), "key"),
            (FieldInput(label="motto"), "label"),
            (FieldInput(label="X", type="nobody.knows"), "type"),
            (FieldInput(label="X", type="web.choice", dictionary="no.such"), "dictionary"),
            (FieldInput(label="X", type="web.number", default="many"), "default"),
            (FieldInput(label="X", sensitive=True, filterable=True), "filterable"),
            (FieldInput(label="X", type="web.date", sensitive=True), "sensitive"),
            (FieldInput(label="X", type="web.long_text", filterable=True), "filterable"),
            (FieldInput(label="X", classifications=["nobody"]), "classifications"),
        ):
            with pytest.raises(Invalid) as error:
                keeping.add(session, admin, wrong)
            assert name in error.value.fields, wrong
        assert keeping.touched(session, "motto").number == 1
        keeping.set_active(session, admin, "motto", active=False)
        keeping.change(session, admin, "topics", FieldInput(label="Subjects", type="web.text", group="Later"))
        renamed = keeping.get(session, "topics")
        assert (renamed.label, renamed.data.type) == ("Subjects", "web.choices"), "the kind stays for ever"
    with pytest.raises(Invalid):
        act(services.update, made.id, CustomerPatch(custom={"motto": "No"}))
    with pytest.raises(Forbidden):
        act(keeping.set_active, "story", active=False)
    (row,) = looked(runtime, select(Customer).where(Customer.id == made.id))
    assert row.custom["motto"] == "Yes"
    audited = looked(runtime, select(AuditEntry).where(AuditEntry.action == "customers.field_change"))
    assert {"active": False} in [entry.after for entry in audited]


def _plan(runtime, statement):
    with runtime.database.system_session("a plan", write=False) as session:
        dialect = session.connection().dialect
        sql = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        word = "EXPLAIN QUERY PLAN" if dialect.name == "sqlite" else "EXPLAIN"
        return "\n".join(str(tuple(row)) for row in session.execute(text(f"{word} {sql}".replace(":", "\\:"))))


@pytest.fixture
def settle(runtime):
    """Runs what makes and drops the indexes; afterwards the shared database is as it was."""

    def run():
        for job_id in runtime.jobs.due():
            runtime.jobs.run(job_id)

    yield run
    indexes.follow(runtime.database, {})


def test_conditions_and_orders_use_the_index(runtime, defined, factory, admin, me, settle):
    """400 customers of whom few meet each condition: both databases look these up."""
    settle()
    kept = [
        {"motto": f"Motto {number}", "seats": f"{number}.5", "renewal": f"2026-{number % 12 + 1:02}-01",
         "member": "yes" if number % 100 == 0 else "no", "colour": "x1" if number % 90 == 0 else "x2",
         "minder": str(me.id) if number % 150 == 0 else str(admin.user_id)}
        for number in range(400)
    ]  # fmt: skip
    factory.add(*(Customer(code=f"P-{number}", name=f"P {number}", owner_id=me.id, custom=custom)
                  for number, custom in enumerate(kept)))  # fmt: skip
    boss = factory.actor(factory.user("management"))
    with runtime.database.system_session("statistics") as session:
        assert indexes.present(session) == {item.key for item in FIELDS if item.filterable}
        if not runtime.database.is_sqlite:  # SQLite has none in service either
            session.connection().execute(text("ANALYZE customers_customer"), execution_options=proven("statistics"))
    cases = {
        "custom.motto:is:motto 7": ("motto", 1), "custom.motto:starts:MOTTO 39": ("motto", 11),
        "custom.seats:least:398": ("seats", 2), "custom.renewal:on:2026-03-01": ("renewal", 34),
        "custom.member:is:yes": ("member", 4), "custom.colour:is:x1": ("colour", 5),
        "custom.minder:is:" + str(me.id): ("minder", 3),
    }  # fmt: skip
    with runtime.database.actor_session(boss) as session:
        view = CUSTOMERS.present(session)
        for condition, (key, number) in cases.items():
            declared = conditions.parse(view, condition)
            where = conditions.sql(session, boss, view, declared)
            plan = _plan(runtime, select(Customer.id, Customer.name).where(Customer.deleted_at.is_(None), where))
            # Without statistics SQLite walks an order for yes and no and for ranges.
            if not runtime.database.is_sqlite or (":is:" in condition and key != "member"):
                assert f"ix_customers_custom_{key}" in plan, (condition, plan)
            page = Reader(session, boss, state.ListState(view=view, conditions=(declared,))).page(200)
            assert len(page.rows) == number, condition
        seats = view.sort("custom.seats").column
        order = select(Customer.id).where(Customer.deleted_at.is_(None), seats.is_not(None))
        plan = _plan(runtime, order.order_by(seats.desc(), Customer.id.desc()).limit(20))
        assert "ix_customers_custom_seats" in plan, plan
        assert "Sort" not in plan
        assert "TEMP B-TREE" not in plan
        found, after = [], ""
        while True:
            page = Reader(session, boss, state.ListState(view=view, sort="-custom.seats", after=after)).page(150)
            found += [row.custom["seats"] for row in page.rows]
            after = page.after
            if not after:
                break
        assert [float(value) for value in found] == [number + 0.5 for number in range(399, -1, -1)]
    with runtime.database.actor_session(admin) as session:
        keeping.change(session, admin, "motto", FieldInput(label="Motto"))
        keeping.set_active(session, admin, "seats", active=False)
    settle()
    with runtime.database.system_session("look") as session:
        assert not {"motto", "seats"} & indexes.present(session)


def test_the_list_shows_filters_and_exports_them_without_a_statement_more(
    runtime, defined, browser, factory, me, act, count_queries
):
    given = {**GIVEN, "motto": "<b>Bold</b>", "minder": str(me.id)}
    act(services.create, CustomerInput(name="Acme", custom=given))
    act(services.create, CustomerInput(name="Blank", custom={"colour": "Blue"}))
    mine = browser.sign_in(me)
    mine.get("/search")
    with count_queries(at_most=12) as plain:
        mine.get("/customers")
    columns = ["name", "custom.motto", "custom.budget", "custom.topics", "custom.minder", "custom.id_no"]
    assert mine.post("/customers/columns", {"column": columns}).status_code == 303
    with count_queries(at_most=len(plain)):
        page = mine.get("/customers")
    for shown in ("&lt;b&gt;Bold&lt;/b&gt;", "¥12,800.00", "Law, Pay", "<td>Mei</td>", "****1234", "Budget"):
        assert shown in page.text, shown
    found = mine.get("/customers?f=custom.colour:is:x1&sort=-custom.budget")
    assert "Acme" in found.text
    assert "Blank" not in found.text
    dialog = mine.get("/customers/conditions?field=custom.colour")
    assert "Green" in dialog.text
    assert "Identity number" not in mine.get("/customers/conditions").text, "what is masked cannot be looked for"
    assert mine.get("/customers?f=custom.id_no:is:x").status_code == 422
    (listed, *_others) = mine.get("/api/v1/customers?f=custom.colour:is:x1").json()["items"]
    assert listed["custom"]["member"] is True
    assert listed["custom"]["id_no"] == "****1234"


@pytest.mark.parametrize("path", ["/leads", "/pool"])
def test_leads_and_the_pool_have_them_as_columns_and_conditions(
    runtime, defined, browser, factory, me, act, count_queries, path
):
    boss = browser.sign_in(factory.user("management"))
    made = act(services.create, CustomerInput(name="Acme", custom=GIVEN))
    factory.customer(me if path == "/leads" else None, name="Blank", lead_since=now(), department_id=me.department_id)
    with runtime.database.system_session("lead") as session:
        row = session.get_one(Customer, made.id)
        row.lead_since, row.owner_id = now(), me.id if path == "/leads" else None
    first = "lead" if path == "/leads" else "pooled"
    columns = [first, "custom.motto", "custom.budget", "custom.topics", "custom.id_no"]
    assert boss.post(f"{path}/columns", {"column": columns}).status_code == 303
    with count_queries(at_most=12):
        page = boss.get(f"{path}?view=all")
    for shown in ("¥12,800.00", "Law, Pay", "****1234", "Budget"):
        assert shown in page.text, shown
    assert "sort=custom" not in page.text
    for condition in ("custom.colour:is:x1", "custom.budget:least:12000", "custom.member:is:yes"):
        with count_queries(at_most=12):
            found = boss.get(f"{path}?view=all&f={condition}")
        assert ("Acme" in found.text, "Blank" in found.text) == (True, False), condition
    assert boss.get(f"{path}?f=custom.id_no:is:x").status_code == 422
    paper = boss.post("/papers/new", {"source": f"list:{path[1:]}", "query": "", "reason": "For the meeting"})
    assert "12800" in boss.get(paper.headers["location"]).text


def test_secrets_are_masked_everywhere_and_revealed_one_at_a_time(runtime, defined, browser, me, act, factory):
    made = act(services.create, CustomerInput(name="Acme", custom={"id_no": "310101199001011234"}))
    (row,) = looked(runtime, select(Customer).where(Customer.id == made.id))
    assert row.custom["id_no"] == "****1234"
    mine = browser.sign_in(me)
    url = f"/customers/{made.id}"
    for page in (url, f"{url}?tab=record", f"{url}/edit", f"/api/v1{url}", "/api/v1/customers"):
        assert "310101199001011234" not in mine.get(page).text, page
    shown = mine.post(f"{url}/fields/id_no/reveal", {})
    assert "310101199001011234" in shown.text
    (entry,) = looked(runtime, select(AuditEntry).where(AuditEntry.action == "customers.reveal"))
    assert entry.after == {"custom.id_no": "****1234"}
    assert "310101199001011234" not in mine.get(f"{url}/fields/id_no").text
    assert mine.post(f"{url}/fields/motto/reveal", {}).status_code == 404
    foreign = browser.sign_in(factory.user("department_head", factory.department("Other")))
    assert foreign.post(f"{url}/fields/id_no/reveal", {}).status_code == 404


def test_merge_chooses_field_by_field_and_can_be_undone(runtime, defined, act):
    keep = act(services.create, CustomerInput(name="Acme", custom={"motto": "Ours", "id_no": "AAAA-0001-9999"}))
    other = act(services.create, CustomerInput(name="Acme 2", custom={
        "motto": "Theirs", "seats": "5", "id_no": "BBBB-0002-9999", "topics": ["Tax"],
    }))  # fmt: skip
    preview = act(merging.preview, keep.id, other.id)
    assert {choice.name: (choice.keep, choice.other) for choice in preview.choices if choice.name != "name"} == {
        "custom.motto": ("Ours", "Theirs"), "custom.seats": ("", "5"), "custom.topics": ("", "Tax"),
        "custom.id_no": ("****9999", "****9999"),
    }  # fmt: skip
    merge = act(merging.merge, keep.id, other.id, {"custom.motto", "custom.seats", "custom.id_no"})

    def values():
        with runtime.database.system_session("look") as session:
            row = session.get(Customer, keep.id)
            return row.custom, queries_own.opened(session, row)

    from platform_core.customers.custom import values as queries_own

    custom, secrets = values()
    assert (custom["motto"], custom["seats"], "topics" in custom) == ("Theirs", "5", False)
    assert secrets == {"id_no": "BBBB-0002-9999"}
    act(services.update, keep.id, CustomerPatch(custom={"motto": "Later"}))
    act(unmerging.unmerge, merge.id)
    custom, secrets = values()
    assert (custom["motto"], "seats" in custom) == ("Later", False), "what was changed since stays"
    assert secrets == {"id_no": "AAAA-0001-9999"}


@pytest.mark.any_database
def test_the_pages_define_preview_and_switch_off(browser, factory, count_queries):
    office = browser.sign_in(factory.user("office"))
    assert "No fields of your own yet." in office.get("/settings/fields").text
    form = {"label": "Colour", "type": "web.choice", "entries": "Red\nGreen", "group": "Looks", "help": "Of the door"}
    shown = office.post("/settings/fields/preview", form).text
    for words in ("Looks", "Colour", "Red", "Of the door"):
        assert words in shown, words
    refused = office.post("/settings/fields/new", {**form, "default": "Pink", "filterable": "1"})
    assert refused.status_code == 422
    assert 'value="Pink"' in refused.text, "nothing typed is lost"
    assert office.post("/settings/fields/new", {**form, "required": "1"}).status_code == 303
    assert "/settings/dictionaries/customers.field.f1" in office.get("/settings/dictionaries").text
    assert office.post("/settings/dictionaries/customers.field.f1", {"label": "Blue"}).status_code == 303
    with count_queries(at_most=12):
        page = office.get("/settings/fields/f1").text
    assert "Customers with a value in this field: 0." in page
    created = office.post("/customers/new", {"name": "Acme", "kind": "organisation"})
    assert (created.status_code, "Please fill this in." in created.text) == (422, True)
    made = office.post("/customers/new", {"name": "Acme", "kind": "organisation", "custom.f1": "x2"})
    assert made.status_code == 303
    edit = office.get(f"{made.headers['location']}/edit").text
    assert re.search(r'<option value="x2" selected>Green', edit)
    assert office.post("/settings/fields/f1", {"do": "disable"}).status_code == 303
    assert "custom.f1" not in office.get(f"{made.headers['location']}/edit").text
    assert "Green" in office.get(f"{made.headers['location']}?tab=record").text, "what is there stays readable"
    assert browser.sign_in(factory.user()).get("/settings/fields").status_code == 403


@pytest.mark.any_database
def test_programs_define_fields_and_write_values(browser, factory):
    program = browser.token(factory.user("office"))
    made = program.post("/api/v1/customer-fields/", json={"label": "Seats", "key": "seats", "type": "web.number"})
    assert (made.status_code, made.json()["key"]) == (201, "seats")
    twice = program.post("/api/v1/customer-fields/", json={"label": "Seats"})
    assert twice.status_code == 422
    assert "There is a field of this name." in twice.text
    customer = program.post("/api/v1/customers/", json={"name": "Acme", "custom": {"seats": 12.5}}).json()
    assert customer["custom"] == {"seats": "12.5"}
    url = f"/api/v1/customers/{customer['id']}"
    wrong = program.request("PATCH", url, json={"custom": {"seats": "many"}})
    assert wrong.status_code == 422
    assert "custom.seats" in wrong.text
    off = program.request("PATCH", "/api/v1/customer-fields/seats", json={"active": False, "help": "Chairs"}).json()
    assert (off["active"], off["help"]) == (False, "Chairs")
    assert [item["key"] for item in program.get("/api/v1/customer-fields/").json()["items"]] == ["seats"]
