"""From the list or the customer's menu to the receipt and back, over the pages and by JSON."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from baton_plugins.activities.models import Plan
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.contracts.identity import Scope
from platform_core.customers.models import Customer
from platform_core.customers.transfer.models import Transfer
from platform_core.kernel.clock import now
from platform_core.permissions import delegating
from platform_core.permissions.delegating import DelegationInput


def owner_of(factory, customer):
    return factory.read(Customer, customer.id).owner_id


def version_in(page):
    return re.search(r'name="version" value="(\d+)"', page.text)[1]


def test_from_the_customers_menu_to_the_receipt_and_back(browser, factory, house, count_queries):
    customer = factory.customer(house.anna, name="Acme")
    factory.add(Plan(customer_id=customer.id, assignee_id=house.anna.id, subject="call", due_at=now()))
    head = browser.sign_in(house.head)
    shown = head.get(f"/customers/{customer.id}").text
    assert f'action="/customers/{customer.id}/transfer"' in shown
    begun = head.post(f"/customers/{customer.id}/transfer", {})
    assert begun.status_code == 303
    url = begun.headers["location"]
    with count_queries(at_most=12):
        page = head.get(url)
    assert "Acme" in page.text
    assert 'optgroup label="South"' in page.text
    assert "Tom" not in page.text  # of another branch
    refused = head.post(f"{url}/choose", {"to": f"person:{house.tom.id}"})
    assert refused.status_code == 422
    assert "Please choose from the list" in refused.text
    head.post(f"{url}/choose", {"to": f"person:{house.carl.id}"})
    with count_queries(at_most=12):
        page = head.get(url)
    assert "What goes along" in page.text
    assert owner_of(factory, customer) == house.anna.id
    assert head.post(f"{url}/confirm", {"reason": " ", "version": version_in(page)}).status_code == 422
    done = head.post(f"{url}/confirm", {"reason": "Anna moves", "version": version_in(page)})
    assert done.headers["location"] == url
    assert owner_of(factory, customer) == house.carl.id
    with count_queries(at_most=12):
        receipt = head.get(url)
    for part in ("The transfer is finished", "Hanna", "Anna moves", "Acme", "Anna", "Carl", "Plans"):
        assert part in receipt.text
    source = f"transfer:{url.rpartition('/')[2]}"
    assert f"/papers/new?of={source}" in receipt.text
    asked = head.get(f"/papers/new?of={source}")
    assert "1" in asked.text
    made = head.post("/papers/new", {"source": source, "query": "", "reason": "for the file"})
    paper = head.get(made.headers["location"])
    for part in ("Receipt of a transfer", "Acme", "Anna", "Carl", "Anna moves", "given"):
        assert part in paper.text
    head.post(f"{url}/undo", {})
    assert owner_of(factory, customer) == house.anna.id
    assert "was taken back" in head.get(url).text
    with count_queries(at_most=12):
        assert "Anna moves" in head.get("/customers/transfers").text


def test_a_deputy_has_the_buttons_of_whom_they_stand_for(browser, runtime, factory, house):
    """Lent by page, used by page: on what the lent right reaches, and nowhere else."""
    deputy = factory.user("coordinator", house.training, name="Dora")
    lent, own = factory.customer(house.anna), factory.customer(deputy)
    theirs = browser.sign_in(deputy)
    assert "/customers/transfers" not in theirs.get("/customers").text
    giver = factory.actor(house.head)
    with runtime.database.actor_session(giver) as session:
        data = DelegationInput(colleague=deputy.login, reason="holidays", valid_to=now() + timedelta(days=2))
        rights = dict.fromkeys(("customers.view", "customers.transfer"), Scope.SUBTREE)
        delegating.delegate(session, giver, runtime.manager, data, rights)
    assert 'formaction="/customers/transfers"' in theirs.get("/customers").text
    assert f'action="/customers/{lent.id}/transfer"' in theirs.get(f"/customers/{lent.id}").text
    assert f'action="/customers/{own.id}/transfer"' not in theirs.get(f"/customers/{own.id}").text
    url = theirs.post(f"/customers/{lent.id}/transfer", {}).headers["location"]
    theirs.post(f"{url}/choose", {"to": f"person:{house.carl.id}"})
    theirs.post(f"{url}/confirm", {"reason": "while Hanna is away", "version": version_in(theirs.get(url))})
    assert owner_of(factory, lent) == house.carl.id


def test_a_selection_and_everything_that_a_list_shows(browser, factory, house, runtime):
    mine = [factory.customer(house.anna, status="won") for _ in range(3)]
    other = factory.customer(house.ben)
    head = browser.sign_in(house.head)
    shown = head.get("/customers").text
    assert 'formaction="/customers/transfers"' in shown
    assert 'name="ids"' in shown
    head.post("/customers/transfers", {"ids": [str(mine[0].id), str(other.id)]})
    with runtime.database.system_session("what a test reads") as session:
        assert session.scalars(select(Transfer)).one().total == 2
    begun = head.post("/customers/transfers", {"state": f"f=owner:is:{house.anna.id}", "whole": "1"})
    with runtime.database.system_session("what a test reads") as session:
        found = session.scalars(select(Transfer).order_by(Transfer.id.desc())).first()
    assert (found.total, found.conditions) == (3, [f"owner:is:{house.anna.id}"])
    assert begun.headers["location"] == found.url


def test_the_receipt_names_only_customers_that_the_reader_sees(browser, factory, house, give):
    customer = factory.customer(house.anna, name="Acme")
    transfer = give(house.head, [customer], house.carl)
    assert "Acme" in browser.sign_in(house.carl).get(transfer.url).text
    anna = browser.sign_in(house.anna).get(transfer.url)
    assert anna.status_code == 200
    assert "Acme" not in anna.text
    assert "None of these customers is yours to see" in anna.text
    assert browser.sign_in(house.tom).get(transfer.url).status_code == 404


def test_coordinators_have_no_such_verb(browser, factory, house):
    customer = factory.customer(house.anna)
    anna = browser.sign_in(house.anna)
    assert "/transfer" not in anna.get(f"/customers/{customer.id}").text
    assert 'formaction="/customers/transfers"' not in anna.get("/customers").text
    assert anna.post(f"/customers/{customer.id}/transfer", {}).status_code == 403
    assert anna.post("/customers/transfers", {"ids": str(customer.id)}).status_code == 403
    assert "No customers have been given" in anna.get("/customers/transfers").text


def test_the_refusal_says_why_and_whom_to_ask(browser, factory, house, general):
    from platform_core.permissions.models import Access

    general("management")
    customer, own = factory.customer(house.tom, name="Theirs"), factory.customer(house.anna)
    share = {"customer_id": customer.id, "granted_by": house.tom.id}
    factory.add(Access(kind="member", user_id=house.head.id, role="helper", **share))
    head = browser.sign_in(house.head)
    begun = head.post("/customers/transfers", {"ids": [str(customer.id), str(own.id)]})
    url = begun.headers["location"]
    head.post(f"{url}/choose", {"to": f"person:{house.ben.id}"})
    page = head.get(url).text
    assert "It belongs to another branch of the house" in page
    assert "by the relay" in page
    assert "Max" in page
    assert head.post(f"{url}/discard", {}).status_code == 303
    assert head.get(url).status_code == 404


def test_programs_transfer_by_json(browser, factory, house, runtime):
    customer = factory.customer(house.anna)
    api = browser.token(house.head)
    wrong = api.post("/api/v1/transfers", json={"customer_ids": [str(customer.id)]})
    assert wrong.status_code == 422
    made = api.post("/api/v1/transfers", json={"customer_ids": [str(customer.id)], "to_id": str(house.ben.id)}).json()
    assert (made["state"], made["total"], made["going"]) == ("draft", 1, 1)
    url = f"/api/v1/transfers/{made['id']}"
    done = api.post(f"{url}/confirm", json={"reason": "a new split", "version": made["version"]}).json()
    assert (done["state"], done["moved"]) == ("done", 1)
    line = api.get(f"{url}/customers").json()["items"][0]
    assert (line["state"], line["to_id"]) == ("moved", str(house.ben.id))
    assert api.get(url).json()["reason"] == "a new split"
    assert [item["id"] for item in api.get("/api/v1/transfers").json()["items"]] == [made["id"]]
    assert browser.token(house.tom).get("/api/v1/transfers").json()["items"] == []
    assert api.post(f"{url}/retry").status_code == 409
    assert api.post(f"{url}/undo", json={}).json()["undone"] == 1
    assert owner_of(factory, customer) == house.anna.id
    other = api.post("/api/v1/transfers", json={"customer_ids": [str(customer.id)], "to_id": str(house.ben.id)}).json()
    assert api.request("DELETE", f"/api/v1/transfers/{other['id']}").status_code == 204
    tom = api.post("/api/v1/transfers", json={"customer_ids": [str(customer.id)], "to_id": str(house.tom.id)})
    assert tom.status_code == 422
    with runtime.database.system_session("what a test reads") as session:
        actions = set(session.scalars(select(AuditEntry.action)))
    assert {"customers.transfer", "customers.transfer_undo", "customers.transfer_discard"} <= actions


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_empty_list_answers_in_both_languages(browser, factory, house, language):
    reader = factory.user("department_head", house.south, language=language)
    assert browser.sign_in(reader).get("/customers/transfers").status_code == 200
