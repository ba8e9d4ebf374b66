"""What the plugin does, through its pages, its API and its services, on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from platform_core.api import Forbidden, enqueue, now
from sqlalchemy import select

from baton_plugins.@name@.forms import EntryInput
from baton_plugins.@name@.models import Entry
from baton_plugins.@name@.services import create


@pytest.fixture
def house(runtime, factory):
    """Somebody with a customer, a colleague of another department, a manager."""
    department = factory.department()
    writer = factory.user("coordinator", department, name="Wei")
    colleague = factory.user("coordinator", factory.department())
    customer = factory.customer(writer)
    return SimpleNamespace(
        runtime=runtime, factory=factory, writer=writer, colleague=colleague, manager=factory.user("management"),
        customer=customer,
    )  # fmt: skip


def add(house, title="First", **fields):
    actor = house.factory.actor(house.writer)
    with house.runtime.database.actor_session(actor) as session:
        return create(session, actor, house.customer.id, EntryInput(title=title, **fields))


def entries(house):
    with house.runtime.database.system_session("look", write=False) as session:
        return session.scalars(select(Entry).order_by(Entry.created_at, Entry.id)).all()


def test_an_entry_is_written_corrected_and_removed_from_the_customers_page(house, browser):
    page = browser.sign_in(house.writer)
    url = f"/@name@/new/{house.customer.id}"
    assert url in page.get(f"/customers/{house.customer.id}").text
    assert page.get(url).status_code == 200
    refused = page.post(url, {"title": "", "amount": "many"})
    assert refused.status_code == 422
    assert 'id="f-title-error"' in refused.text
    assert 'id="f-amount-error"' in refused.text
    assert page.post(url, {"title": "Thanks", "amount": "3"}).status_code == 303
    (entry,) = entries(house)
    assert (entry.title, entry.amount, entry.author_label) == ("Thanks", 3, "Wei")
    assert "Thanks" in page.get(f"/customers/{house.customer.id}").text
    form = page.get(f"/@name@/{entry.id}")
    assert 'value="Thanks"' in form.text
    changed = {"title": "Many thanks", "amount": "4", "version": entry.version}
    assert page.post(f"/@name@/{entry.id}", changed).status_code == 303
    assert entries(house)[0].title == "Many thanks"
    assert page.post(f"/@name@/{entry.id}", changed).status_code == 409, "somebody else was faster"
    assert page.post(f"/@name@/{entry.id}/remove", {}).status_code == 303
    assert not entries(house)


def test_nobody_sees_or_writes_entries_of_customers_of_others(house, browser):
    entry = add(house)
    stranger = browser.sign_in(house.colleague)
    assert stranger.get(f"/@name@/{entry.id}").status_code == 404
    assert stranger.get(f"/@name@/new/{house.customer.id}").status_code == 404
    assert "First" not in stranger.get("/@name@").text
    assert browser.token(house.colleague).get("/api/v1/@name@").json()["items"] == []
    reader = house.factory.user("finance")
    assert browser.sign_in(reader).get("/@name@").status_code == 403
    actor = house.factory.actor(reader)
    with house.runtime.database.actor_session(actor) as session, pytest.raises(Forbidden):
        create(session, actor, house.customer.id, EntryInput(title="No"))


def test_the_list_is_quick_and_is_printed_by_right(house, browser, count_queries):
    add(house, "First", amount=5)
    page = browser.sign_in(house.manager)
    with count_queries(at_most=12):
        listed = page.get("/@name@?f=amount:least:5")
    assert listed.status_code == 200
    assert house.customer.name in listed.text
    asked = {"source": "list:@name@", "reason": "For the meeting"}
    paper = page.get(page.post("/papers/new", asked).headers["location"])
    for cell in ("First", house.customer.name, "5"):
        assert f"<td>{cell}</td>" in paper.text
    assert browser.sign_in(house.writer).post("/papers/new", asked).status_code == 404


def test_programs_add_and_read(house, browser):
    program = browser.token(house.writer)
    sent = {"customer_id": str(house.customer.id), "title": "By program", "amount": 2}
    added = program.request("POST", "/api/v1/@name@", json=sent)
    assert added.status_code == 201, added.text
    assert program.get(f"/api/v1/@name@/{added.json()['id']}").json()["amount"] == 2
    add(house, "Another")
    first = program.get("/api/v1/@name@?limit=1").json()
    second = program.get(f"/api/v1/@name@?limit=1&cursor={first['next_cursor']}").json()
    assert {first["items"][0]["title"], second["items"][0]["title"]} == {"By program", "Another"}
    assert second["next_cursor"] is None


def test_a_table_is_imported_as_a_whole_or_not_at_all(house, browser):
    page = browser.sign_in(house.writer)

    def upload(text):
        return page.post("/import/@name@.entries", {}, files={"file": ("table.csv", text.encode(), "text/csv")})

    head, good = "Customer code,Title,Amount\n", f"{house.customer.code},From a table,7\n"
    refused = upload(f"{head}{good}C-404,Nobody,1\n")
    assert refused.status_code == 422
    assert "There is no customer with this code" in refused.text
    assert not entries(house)
    assert upload(head + good).status_code == 303
    assert [(entry.title, entry.amount) for entry in entries(house)] == [("From a table", 7)]


def test_the_report_counts_and_leads_to_its_rows(house, browser):
    add(house, "One", amount=2)
    add(house, "Two", amount=3)
    report = browser.sign_in(house.manager).get("/reports/@name@.by_person")
    assert report.status_code == 200
    assert f"/@name@?f=author:is:{house.writer.id}" in report.text
    assert '<td class="num">5</td>' in report.text


def test_the_job_removes_old_empty_entries_and_may_run_twice(house):
    add(house, "Old and empty")
    add(house, "New and empty")
    kept = add(house, "Old with an amount", amount=1)
    with house.runtime.database.system_session("make some old") as session:
        for entry in session.scalars(select(Entry).where(Entry.title.startswith("Old"))):
            entry.updated_at = now() - timedelta(days=400)
    for _run in range(2):
        with house.runtime.database.system_session("start the job") as session:
            job_id = enqueue(session, "@name@.tidy")
        assert house.runtime.jobs.run(job_id)
        assert {entry.title for entry in entries(house)} == {"New and empty", kept.title}


def test_the_setting_is_checked(house, browser):
    page = browser.sign_in(house.factory.user("system_admin"))
    url = "/settings/plugins/@name@/settings"
    assert page.post(url, {"keep_days": "0"}).status_code == 422
    assert page.post(url, {"keep_days": "30"}).status_code == 303
    assert 'value="30"' in page.get(url).text
