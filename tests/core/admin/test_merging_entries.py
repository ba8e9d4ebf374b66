"""One entry of a dictionary becomes part of another: everywhere, slice by slice, and back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from baton_plugins.activities.models import FollowUp
from baton_plugins.care.models import Occasion, Wording
from sqlalchemy import event, func, select

from platform_core.admin import services as entries
from platform_core.admin.merging import jobs, services, walking
from platform_core.admin.services import EntryInput
from platform_core.audit.models import AuditEntry
from platform_core.customers import services as customers
from platform_core.customers.custom import keeping
from platform_core.customers.forms import CustomerPatch
from platform_core.customers.importing.rows import _choices, _choose
from platform_core.customers.listing import CUSTOMERS
from platform_core.customers.models import Customer, StatusChange
from platform_core.kernel import dictionaries
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Conflict, Forbidden, Invalid
from platform_core.kernel.i18n import speaking
from platform_core.kernel.ids import new_id
from platform_core.kernel.models import DictionaryMerge, DictionaryMergeLine, DictionaryRow, JobRow
from platform_core.users.views.models import SavedView
from platform_core.web.lists import conditions

STATUS = "customers.status"


@pytest.fixture(autouse=True)
def _in_english():
    with speaking("en"):
        yield


def code_of(session, dictionary, code):
    found = select(DictionaryRow.id).where(DictionaryRow.dictionary == dictionary, DictionaryRow.code == code)
    return session.scalars(found).one()


@pytest.fixture
def office(runtime, factory):
    return factory.actor(factory.user("office"))


@pytest.fixture
def merge(runtime, office):
    def run(code, into, dictionary=STATUS):
        with runtime.database.actor_session(office) as session:
            return services.begin(session, office, code_of(session, dictionary, code), into)

    return run


@pytest.fixture
def undo(runtime, office):
    def run(merge):
        with runtime.database.actor_session(office) as session:
            return services.undo(session, office, merge.id)

    return run


def held(runtime, column):
    with runtime.database.system_session("test", write=False) as session:
        return sorted(session.scalars(select(column)))


def test_every_owners_rows_and_own_fields_go_along_and_come_back(runtime, factory, office, merge, undo):
    with runtime.database.actor_session(office) as session:
        keeping.add(session, office, keeping.FieldInput(
            label="Was", key="was", type="web.choice", dictionary=STATUS, default="dormant", filterable=False,
        ))  # fmt: skip
        keeping.add(session, office, keeping.FieldInput(
            label="All", key="all", type="web.choices", dictionary=STATUS,
        ))  # fmt: skip
    anna = factory.user()
    one = factory.customer(anna, status="dormant")
    two = factory.customer(anna, status="lost", custom={"was": "dormant", "all": ["new", "dormant", "lost"]})
    with runtime.database.system_session("test") as session:
        session.add(StatusChange(customer_id=one.id, old="dormant", new="new", at=now()))
        session.add(FollowUp(
            id=new_id(), customer_id=one.id, author_id=anna.id, author_label="A", body="-", kind="call",
            new_status="dormant",
        ))  # fmt: skip
        before = {
            (row.id, row.updated_at, row.version) for row in session.scalars(select(Customer))
        }  # fmt: skip
    with runtime.database.actor_session(office, write=False) as session:
        found = services.preview(session, office, session.get(DictionaryRow, code_of(session, STATUS, "dormant")))
    assert found.total == 5
    assert set(found.fields) == {"Was"}
    assert len({share.owner for share in found.shares}) == 2, "of the core and of a plugin"
    made = merge("dormant", "lost")
    assert (made.state, made.moved, made.total) == ("done", 5, 5)
    assert held(runtime, Customer.status) == ["lost", "lost"]
    assert held(runtime, FollowUp.new_status) == ["lost"]
    assert factory.read(Customer, two.id).custom == {"was": "lost", "all": ["new", "lost"]}
    with runtime.database.system_session("test") as session:
        assert {(row.id, row.updated_at, row.version) for row in session.scalars(select(Customer))} == before
        assert session.get(DictionaryRow, code_of(session, keeping.DICTIONARY, "was")).data["default"] == "lost"
        actions = list(session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("admin.merge%"))))
        assert actions.count("admin.merge_rows") == 5
        assert {"admin.merge_entry", "admin.merge_finish"} < set(actions)
        session.get(Customer, one.id).status = "signed"  # somebody goes on with it
    back = undo(made)
    assert (back.state, back.undone, back.kept) == ("undone", 4, 1)
    assert factory.read(Customer, one.id).status == "signed"
    assert factory.read(Customer, two.id).custom == {"was": "dormant", "all": ["new", "dormant", "lost"]}
    assert held(runtime, FollowUp.new_status) == ["dormant"]
    with runtime.database.system_session("test", write=False) as session:
        assert session.get(DictionaryRow, code_of(session, keeping.DICTIONARY, "was")).data["default"] == "dormant"
        assert dictionaries.entries(session, STATUS)["dormant"].active
    with pytest.raises(Conflict):
        undo(made)


def test_the_old_code_goes_on_to_be_understood_and_is_never_written_again(runtime, factory, office, merge):
    anna = factory.user()
    customer = factory.customer(anna, status="dormant")
    with runtime.database.system_session("test") as session:
        session.add(SavedView(
            id=new_id(), owner_id=anna.id, list_key="customers", name="Sleeping", conditions=["status:is:new,dormant"],
        ))  # fmt: skip
    with runtime.database.actor_session(office, write=False) as session:
        row = session.get(DictionaryRow, code_of(session, STATUS, "dormant"))
        assert services.preview(session, office, row).views == 1
    merge("dormant", "lost")
    actor = factory.actor(anna)
    with runtime.database.actor_session(actor) as session:
        assert "dormant" not in dict(dictionaries.choices(session, STATUS))
        old, new = (dictionaries.label(session, STATUS, code) for code in ("dormant", "lost"))
        assert old != new, "still readable"
        assert dictionaries.code_for(session, STATUS, old) == "lost"
        assert _choose(old, *_choices(session, STATUS)) == "lost"
        assert _choose("dormant", *_choices(session, STATUS)) == "lost"
        condition = conditions.parse(CUSTOMERS, "status:is:dormant")
        where = conditions.sql(session, actor, CUSTOMERS, condition)
        assert list(session.scalars(select(Customer.id).where(where))) == [customer.id]
        declared = CUSTOMERS.filter("status")
        assert conditions.describe(session, actor, declared, condition)[1] == new
        customers.update(session, actor, customer.id, CustomerPatch(status="new"))
        customers.update(session, actor, customer.id, CustomerPatch(status="dormant"))
        other = Customer(code="raw", name="Raw", status="dormant", owner_id=anna.id)
        session.add(other)
        session.flush()
        assert other.status == "lost"
    assert held(runtime, Customer.status) == ["lost", "lost"]
    assert "dormant" not in held(runtime, StatusChange.new)


def test_one_that_became_part_of_another_follows_it_further(runtime, factory, office, merge, undo):
    customer = factory.customer(factory.user(), status="dormant")
    first, second = merge("dormant", "lost"), merge("lost", "new")
    assert factory.read(Customer, customer.id).status == "new"
    with runtime.database.system_session("test", write=False) as session:
        assert dictionaries.current(session, STATUS, "dormant") == "new"
        assert set(dictionaries.family(session, STATUS, ["new"])) == {"new", "lost", "dormant"}
    with pytest.raises(Conflict, match="Take that back first"):
        undo(first)
    undo(second)
    undo(first)
    assert factory.read(Customer, customer.id).status == "dormant"


def test_what_cannot_be_merged_says_why(runtime, factory, office, merge):
    for into in ("dormant", "nothing", ""):
        with pytest.raises(Invalid) as refused:
            merge("dormant", into)
        assert set(refused.value.fields) == {"into"}
    merge("dormant", "lost")
    with pytest.raises(Conflict, match="part of another"):
        merge("dormant", "new")
    with pytest.raises(Invalid):
        merge("new", "dormant")
    with pytest.raises(Conflict, match="must stay as it was said"):
        merge("greeting", "service", "privacy.purposes")
    with pytest.raises(Conflict, match="counterpart"):
        merge("parent", "partner", "customers.relation")
    with runtime.database.actor_session(office) as session:
        with pytest.raises(Conflict):
            entries.set_entry_active(session, office, code_of(session, STATUS, "dormant"), active=True)
        session.rollback()
    nobody = factory.actor(factory.user())
    with runtime.database.actor_session(nobody) as session:
        entry = code_of(session, STATUS, "new")
        for act in (
            lambda: services.begin(session, nobody, entry, "lost"),
            lambda: services.preview(session, nobody, session.get(DictionaryRow, entry)),
        ):
            with pytest.raises(Forbidden):
                act()
        session.rollback()


def test_a_row_whose_place_the_other_entry_has_taken_stays(runtime, factory, merge, undo):
    with runtime.database.system_session("test") as session:
        days = [Occasion(id=new_id(), code=f"d{n}", name=f"D{n}", kind="fixed") for n in range(2)]
        session.add_all(days)
        session.flush()
        for day, grade in ((days[0], "B"), (days[0], "C"), (days[1], "C")):
            session.add(Wording(occasion_id=day.id, grade=grade, template_id=new_id()))
        keys = [day.id for day in days]
    made = merge("C", "B", "customers.grade")
    assert (made.total, made.moved) == (2, 1)
    with runtime.database.system_session("test", write=False) as session:
        mine = select(Wording.grade).where(Wording.occasion_id.in_(keys))
        assert sorted(session.scalars(mine)) == ["B", "B", "C"]
    assert undo(made).undone == 1


def test_over_two_hundred_go_in_the_background_and_a_killed_worker_loses_nothing(
    runtime, factory, office, merge, undo, monkeypatch
):
    assert services.AT_ONCE == 200
    monkeypatch.setattr(services, "AT_ONCE", 10)
    monkeypatch.setattr(walking, "SLICE", 8)
    anna = factory.user()
    many = [factory.customer(anna, status="dormant") for _ in range(20)]
    made = merge("dormant", "lost")
    assert (made.state, made.moved) == ("running", 0)
    with pytest.raises(Conflict, match="Wait until"):
        merge("new", "signed")
    calls = []

    def die(_connection, _cursor, statement, *_rest):
        if statement.startswith("INSERT INTO core_dictionary_merge_line"):
            calls.append(statement)
            if len(calls) == 2:  # its rows are changed, and nothing says so yet
                raise KeyboardInterrupt

    event.listen(runtime.database.engine, "before_cursor_execute", die)
    try:
        with pytest.raises(KeyboardInterrupt):
            runtime.jobs.run(made.job_id)
    finally:
        event.remove(runtime.database.engine, "before_cursor_execute", die)
    with runtime.database.system_session("its lease runs out") as session:
        session.get_one(JobRow, made.job_id).lease_until = now() - timedelta(seconds=1)
    assert held(runtime, Customer.status).count("lost") == 8
    late = factory.customer(anna)
    with runtime.database.connection("somebody who has not heard of it") as connection:
        table = Customer.__table__
        connection.execute(table.update().where(table.c.id == late.id).values(status="dormant"))
    runtime.jobs.run(made.job_id)
    found = factory.read(DictionaryMerge, made.id)
    assert (found.state, found.moved) == ("done", 21)
    assert set(held(runtime, Customer.status)) == {"lost"}
    row = factory.read(JobRow, made.job_id)
    assert (row.state, row.done) == ("done", 21)
    back = undo(found)
    assert back.state == "undoing"
    runtime.jobs.run(back.job_id)
    assert factory.read(DictionaryMerge, made.id).undone == 21
    assert factory.read(Customer, many[0].id).status == "dormant"


def test_lines_are_forgotten_when_no_way_leads_back(runtime, factory, office, merge, undo):
    factory.customer(factory.user(), status="dormant")
    made = merge("dormant", "lost")
    with runtime.database.system_session("test") as session:
        session.get(DictionaryMerge, made.id).finished_at = now() - timedelta(days=31)
    with pytest.raises(Conflict, match="30 days"):
        undo(made)
    for _twice in range(2):
        jobs.tidy(type("Context", (), {"database": runtime.database})())
    with runtime.database.system_session("test", write=False) as session:
        assert session.scalar(select(func.count()).select_from(DictionaryMergeLine)) == 0


def test_the_pages(runtime, browser, factory, count_queries):
    factory.customer(factory.user(), status="dormant")
    office = browser.sign_in(factory.user("office"))
    with runtime.database.system_session("test", write=False) as session:
        entry = code_of(session, STATUS, "dormant")
        purpose = code_of(session, "privacy.purposes", "survey")
    page = f"/settings/dictionaries/entries/{entry}/merge"
    assert page in office.get(f"/settings/dictionaries/{STATUS}").text
    with count_queries(at_most=12):
        shown = office.get(page)
    assert "What this touches" in shown.text
    refused = office.post(page, {"into": ""})
    assert refused.status_code == 422
    assert "Please choose from the list." in refused.text
    done = office.post(page, {"into": "lost"})
    assert done.status_code == 303
    receipt = done.headers["location"]
    with count_queries(at_most=12):
        assert "The entries have been merged." in office.get(receipt).text
    assert "part of " in office.get(f"/settings/dictionaries/{STATUS}").text
    assert office.get(page).status_code == 409
    assert office.post(f"{receipt}/retry").status_code == 409
    assert office.post(f"{receipt}/undo").status_code == 303
    assert "This merge was taken back." in office.get(receipt).text
    assert office.get(f"/settings/dictionaries/entries/{purpose}/merge").status_code == 409
    assert f"{purpose}/merge" not in office.get("/settings/dictionaries/privacy.purposes").text
    assert browser.sign_in(factory.user()).get(page).status_code == 403


def test_an_added_entry_may_be_merged_at_once(runtime, office, merge):
    with runtime.database.actor_session(office) as session:
        code = entries.add_entry(session, office, STATUS, EntryInput(label="Sleeping")).code
    assert merge(code, "dormant").moved == 0
