"""One cell of a list, changed where it stands: rights, checks, what others did meanwhile, the way back."""

from __future__ import annotations

import re
from html import unescape

from sqlalchemy import func, select

from platform_core.audit.models import AuditEntry
from platform_core.contracts.identity import Scope
from platform_core.customers import contacts, services, tags
from platform_core.customers.custom import keeping
from platform_core.customers.custom.keeping import FieldInput
from platform_core.customers.forms import ContactInput, CustomerPatch
from platform_core.customers.models import Contact, Customer, StatusChange
from platform_core.kernel import dictionaries
from platform_core.kernel.clock import now
from platform_core.permissions.models import Access, Role, RoleAssignment, RoleGrant
from platform_core.web.lists.declaration import declared_lists
from tests.core.customers.transfer.conftest import house, in_english

__all__ = ["house", "in_english"]


def at(row, column, query=""):
    return f"/customers/cells/{row.id}/{column}?{query}"


def hidden(answer, name):
    return unescape(re.search(rf'name="{name}" value="([^"]*)"', answer.text)[1])


def undone(shown, answer):
    """What the toast's button posts."""
    url = unescape(re.search(r'hx-post="([^"]+)" hx-swap="none"', answer.text)[1])
    return shown.post(url, {name: hidden(answer, name) for name in ("value", "was", "seal")}, htmx=True)


def test_a_cell_gets_a_control_is_saved_and_given_back(browser, factory, house, session, count_queries):
    customer = factory.customer(house.anna, name="Mine", status="new")
    anna = browser.sign_in(house.anna)
    shown = anna.get("/customers").text
    assert 'data-edits="status"' in shown
    assert 'data-edits="owner"' not in shown
    with count_queries(at_most=12):
        opened = anna.get(at(customer, "status"), htmx=True)
    assert hidden(opened, "was") == "new"
    assert '<option value="new" selected>' in opened.text
    assert opened.text.count("<tr>") == 1
    with count_queries(at_most=30):
        saved = anna.post(at(customer, "status"), {"value": "signed", "was": "new"}, htmx=True)
    assert saved.status_code == 200
    assert "Saved: Status." in saved.text
    assert 'class="cell"' not in saved.text
    assert saved.headers["hx-retarget"] == f'.grid tr:has([name=ids][value="{customer.id}"])'
    assert factory.read(Customer, customer.id).status == "signed"
    assert undone(anna, saved).status_code == 200
    assert factory.read(Customer, customer.id).status == "new"
    changed = select(StatusChange.new).where(StatusChange.customer_id == customer.id).order_by(StatusChange.id)
    assert session.scalars(changed).all()[-2:] == ["signed", "new"]
    counted = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "customers.update")
    assert session.scalar(counted) == 2


def test_the_row_comes_back_in_the_columns_of_the_page(browser, factory, house):
    customer = factory.customer(house.anna, name="Mine", city="Wuxi")
    anna = browser.sign_in(house.anna)
    query = "sort=name"
    anna.post("/customers/columns", {"state": query, "column": ["name", "city"]})
    page = anna.get(f"/customers?{query}").text
    assert re.findall(r'data-edits="(\w+)"', page) == ["name", "city"]
    answer = anna.get(at(customer, "city", query), htmx=True)
    assert "Wuxi" in answer.text
    assert answer.text.count("<td") == page.partition("<tbody>")[2].partition("</tr>")[0].count("<td")
    assert "sort=name" in unescape(re.search(r'hx-post="([^"]+)" hx-target', answer.text)[1])


def test_wrong_input_stays_in_the_cell_with_its_reason(browser, factory, house):
    customer = factory.customer(house.anna, name="Mine", status="new", city="Wuxi")
    anna = browser.sign_in(house.anna)
    anna.post("/customers/columns", {"column": ["name", "status", "city", "tags"]})
    for column, value, why in (
        ("status", "nothing", "Please choose from the list."),
        ("status", "", "This cannot be emptied."),
        ("city", "x" * 61, "At most 60 characters."),
        ("name", "  ", "This cannot be emptied."),
        ("tags", ", ".join(f"t{number}" for number in range(21)), "At most 20 tags."),
    ):
        held = {"status": "new", "city": "Wuxi", "name": "Mine", "tags": ""}[column]
        answer = anna.post(at(customer, column), {"value": value, "was": held}, htmx=True)
        assert answer.status_code == 422, (column, value)
        assert why in answer.text
        assert 'aria-invalid="true"' in answer.text
        assert column == "status" or f'type="text" value="{value.strip()}"' in answer.text
    kept = factory.read(Customer, customer.id)
    assert (kept.status, kept.city, kept.name) == ("new", "Wuxi", "Mine")


def test_what_somebody_else_put_there_is_shown_before_it_is_overwritten(browser, runtime, factory, house):
    customer = factory.customer(house.anna, name="Mine", status="new")
    anna, boss = browser.sign_in(house.anna), factory.actor(house.boss)
    anna.get(at(customer, "status"), htmx=True)
    with runtime.database.actor_session(boss) as session:
        services.update(session, boss, customer.id, CustomerPatch(status="lost"))
    answer = anna.post(at(customer, "status"), {"value": "signed", "was": "new"}, htmx=True)
    assert answer.status_code == 422
    assert "Meanwhile it has become" in answer.text
    assert hidden(answer, "was") == "lost"
    assert factory.read(Customer, customer.id).status == "lost"
    assert anna.post(at(customer, "status"), {"value": "signed", "was": "lost"}, htmx=True).status_code == 200
    assert factory.read(Customer, customer.id).status == "signed"
    again = anna.post(at(customer, "status"), {"value": "signed", "was": "lost"}, htmx=True)
    assert again.status_code == 200  # saved twice: it is so already
    assert "Saved" not in again.text


def test_rights_are_those_of_the_record_and_of_the_list(browser, factory, house):
    shared = factory.customer(house.tom, name="Foreign", status="new")
    hidden_one = factory.customer(house.tom, name="Unseen", status="new")
    held = factory.customer(house.anna, name="Held", status="new", restricted_at=now())
    factory.add(Access(kind="share", customer_id=shared.id, user_id=house.anna.id, may_write=False))
    anna = browser.sign_in(house.anna)
    wanted = {"value": "signed", "was": "new"}
    for row, status, why in (
        (shared, 409, "You may see it, but not change it."),
        (hidden_one, 404, "There is no such row"),
        (held, 409, "The record is restricted"),
    ):
        for answer in (anna.get(at(row, "status"), htmx=True), anna.post(at(row, "status"), wanted, htmx=True)):
            assert answer.status_code == status
            assert why in answer.text
        assert factory.read(Customer, row.id).status == "new"
    for column in ("owner", "updated", "nothing"):
        assert anna.get(at(held, column), htmx=True).status_code == 404
    reader, role = factory.user(""), Role(code="reader", name="Reader")
    factory.add(role)
    factory.add(RoleAssignment(user_id=reader.id, role_id=role.id))
    factory.add(RoleGrant(role_id=role.id, permission="customers.view", scope=Scope.ALL))
    only = browser.sign_in(reader)
    assert "data-edits" not in only.get("/customers").text
    assert only.get(at(shared, "status"), htmx=True).status_code == 403
    assert only.post(at(shared, "status"), wanted, htmx=True).status_code == 403


def test_tags_and_own_fields_in_their_cells(browser, runtime, factory, house):
    office = factory.actor(factory.user("office"))
    with runtime.database.actor_session(office) as session:
        firms = next(iter(dictionaries.entries(session, "customers.classification")))
        keeping.add(session, office, FieldInput(key="budget", label="Budget", type="web.number"))
        keeping.add(
            session, office, FieldInput(key="topics", label="Topics", type="web.choices", entries="Sales\nSafety")
        )
        keeping.add(session, office, FieldInput(key="passport", label="Passport", sensitive=True))
        keeping.add(session, office, FieldInput(key="firms", label="Only firms", classifications=[firms]))
    anna = browser.sign_in(house.anna)
    customer = factory.customer(house.anna, name="Mine", classification="")
    names = ["custom.budget", "custom.topics", "custom.passport", "custom.firms"]
    anna.post("/customers/columns", {"column": ["name", *names]})
    assert set(re.findall(r'data-edits="([\w.]+)"', anna.get("/customers").text)) == {"name", *names} - {names[2]}
    assert anna.get(at(customer, names[2]), htmx=True).status_code == 404
    refused = anna.post(at(customer, names[3]), {"value": "x", "was": ""}, htmx=True)
    assert refused.status_code == 409
    assert "do not have this field" in refused.text
    assert anna.post(at(customer, names[0]), {"value": "a lot", "was": ""}, htmx=True).status_code == 422
    saved = anna.post(at(customer, names[0]), {"value": "1280.50", "was": ""}, htmx=True)
    assert "Saved: Budget." in saved.text
    anna.post(at(customer, names[1]), {"value": "Safety, Sales", "was": ""}, htmx=True)
    with runtime.database.system_session("test") as session:
        codes = [item.code for item in dictionaries.entries(session, "customers.field.topics").values()]
    assert factory.read(Customer, customer.id).custom == {"budget": "1280.5", "topics": codes}
    undone(anna, saved)
    assert "budget" not in factory.read(Customer, customer.id).custom
    anna.post(at(customer, "tags"), {"value": "fair\uff0cspring , fair", "was": ""}, htmx=True)
    with runtime.database.system_session("test") as session:
        assert sorted(tags.of_many(session, [customer.id])[customer.id]) == ["fair", "spring"]


def test_a_contact_and_an_entry_that_nobody_can_choose_any_more(browser, runtime, factory, house):
    anna = factory.actor(house.anna)
    browser.sign_in(house.anna).post("/customers/columns", {"column": ["name", "source"]})
    with runtime.database.actor_session(anna) as session:
        alone = contacts.create(session, anna, ContactInput(name="Alone", title="Chair"))
    shown = browser.sign_in(house.anna)
    url = f"/contacts/cells/{alone.id}/position"
    assert hidden(shown.get(url, htmx=True), "was") == "Chair"
    assert shown.post(url, {"value": "Buyer", "was": "Chair"}, htmx=True).status_code == 200
    assert factory.read(Contact, alone.id).title == "Buyer"
    customer = factory.customer(house.anna, source="gone-by-now")
    opened = shown.get(at(customer, "source"), htmx=True)
    assert '<option value="gone-by-now" selected>' in opened.text
    forged = {"value": "gone-by-now", "was": "web", "seal": "0" * 64}
    saved = shown.post(at(customer, "source"), {"value": "web", "was": "gone-by-now"}, htmx=True)
    assert saved.status_code == 200
    assert shown.post(at(customer, "source"), forged, htmx=True).status_code == 422


def test_whatever_a_column_edits_is_a_field_of_the_list(factory, runtime):
    actor = factory.actor(factory.user("management"))
    found = 0
    with runtime.database.actor_session(actor) as session:
        for view in declared_lists().values():
            edited = {column.edited for column in view.columns if column.edited}
            if view.changes is None:
                continue
            assert edited <= {item.key for item in view.changes.fields(session, actor)}, view.key
            found += len(edited)
    assert found >= 10
