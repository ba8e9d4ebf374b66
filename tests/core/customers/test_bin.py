"""The bin: who sees what in it, by what it is found, and the way out."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, update

from platform_core.audit.models import AuditEntry
from platform_core.customers import erasing, merging, services
from platform_core.customers.models import Customer
from platform_core.kernel.clock import now
from tests.core.customers.transfer.conftest import house, in_english

__all__ = ["house", "in_english"]


def names(page):
    return re.findall(r'<td class="c-name"><a [^>]*>([^<]*)</a>', page.text)


@pytest.fixture
def throw(runtime, factory):
    def act(user, *customers):
        actor = factory.actor(user)
        for customer in customers:
            with runtime.database.actor_session(actor) as session:
                services.move_to_bin(session, actor, customer.id)

    return act


def test_what_was_deleted_is_found_and_taken_out_again(browser, runtime, factory, house, throw, count_queries):
    ones = [factory.customer(house.anna, name=f"Acme {number}") for number in range(3)]
    throw(house.head, *ones)
    head = browser.sign_in(house.head)
    assert 'href="/bin"' in head.get("/customers").text
    with count_queries(at_most=12):
        page = head.get("/bin")
    assert names(page) == ["Acme 2", "Acme 1", "Acme 0"]
    assert ("Hanna" in page.text, "Anna" in page.text) == (True, True)  # who deleted it, and whose it is
    assert names(head.get("/bin?f=name:has:1")) == ["Acme 1"]
    answer = head.post("/bin/restore", {"ids": [str(ones[0].id), str(ones[1].id)]})
    assert (answer.status_code, answer.headers["location"]) == (303, "/customers")
    assert names(head.get("/bin")) == ["Acme 2"]
    assert browser.sign_in(house.anna).get(f"/customers/{ones[0].id}").status_code == 200
    one = head.post("/bin/restore", {"ids": [str(ones[2].id)]})
    assert one.headers["location"] == f"/customers/{ones[2].id}"
    assert "The bin is empty." in head.get("/bin").text
    with runtime.database.system_session("look", write=False) as session:
        lines = session.scalars(select(AuditEntry).where(AuditEntry.action == "customers.list")).all()
        assert {one.id.hex for one in ones} in [{str(key).replace("-", "") for key in line.ids} for line in lines]
        back = select(AuditEntry.customer_id).where(AuditEntry.action == "customers.restore")
        assert set(session.scalars(back)) == {one.id for one in ones}


def test_others_bins_stay_shut(browser, factory, house, throw):
    mine, theirs = factory.customer(house.anna, name="Mine"), factory.customer(house.tom, name="Theirs")
    throw(house.head, mine)
    throw(house.boss, theirs)
    head = browser.sign_in(house.head)
    assert names(head.get("/bin")) == ["Mine"]
    assert sorted(names(browser.sign_in(house.boss).get("/bin"))) == ["Mine", "Theirs"]
    assert browser.sign_in(house.anna).get("/bin").status_code == 403  # coordinators do not delete
    assert head.post("/bin/restore", {"ids": [str(mine.id), str(theirs.id)]}).status_code == 404
    assert names(head.get("/bin")) == ["Mine"], "all or none"
    assert head.post("/bin/restore", {}).status_code == 422
    assert head.get(f"/bin/{theirs.id}").status_code == 404
    card = head.get(f"/bin/{mine.id}")
    assert ("Mine" in card.text, f'action="/customers/{mine.id}/restore"' in card.text) == (True, True)
    assert head.post(f"/customers/{mine.id}/restore", {}).status_code == 303
    assert head.get(f"/bin/{mine.id}").status_code == 404


def test_what_was_merged_or_erased_is_in_no_bin(browser, runtime, factory, house, throw):
    kept, merged, erased, there = (factory.customer(house.anna, name=name) for name in ("K", "M", "E", "There"))
    boss = factory.actor(house.boss)
    with runtime.database.actor_session(boss) as session:
        merging.merge(session, boss, kept.id, merged.id, [], None)
    with runtime.database.actor_session(boss) as session:
        erasing.erase(session, boss, erased.id, "asked to be forgotten")
    throw(house.boss, there)
    page = browser.sign_in(house.boss).get("/bin")
    assert names(page) == ["There"]
    with runtime.database.system_session("restricted meanwhile") as session:
        session.execute(update(Customer).where(Customer.id == there.id).values(restricted_at=now()))
    assert names(browser.sign_in(house.boss).get("/bin")) == []


def test_pages_of_a_large_bin_follow_each_other(browser, factory, house, throw):
    ones = [factory.customer(house.anna, name=f"C{number:03}") for number in range(45)]
    throw(house.head, *ones)
    head = browser.sign_in(house.head)
    first = head.get("/bin")
    following = re.search(r'href="(/bin\?[^"]*after=[^"]*)"', first.text)[1].replace("&amp;", "&")
    seen = names(first) + names(head.get(following))
    assert sorted(seen) == [f"C{number:03}" for number in range(45)]
