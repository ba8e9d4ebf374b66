"""Sharing a customer with named colleagues: who may, what they see and write, until when, and what the trail says."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from platform_core.audit.models import AuditEntry
from platform_core.customers import merging
from platform_core.customers.sharing import services
from platform_core.customers.sharing.services import ShareInput
from platform_core.kernel import clock
from platform_core.kernel.clock import freeze
from platform_core.permissions.models import Access
from platform_core.users.models import Notification
from tests.core.customers.transfer.conftest import house, in_english

__all__ = ["house", "in_english"]


@pytest.fixture
def shared(runtime, factory):
    def act(by, customer, to, **data):
        actor = factory.actor(by)
        with runtime.database.actor_session(actor) as session:
            services.share(session, actor, customer.id, ShareInput(user_id=to.id, **data))

    return act


def test_from_the_form_to_the_colleagues_list_and_away_again(browser, runtime, factory, house, count_queries):
    acme = factory.customer(house.anna, name="Acme")
    url = f"/customers/{acme.id}"
    anna, tom = browser.sign_in(house.anna), browser.sign_in(house.tom)
    assert tom.get(url).status_code == 404
    assert f"{url}/shares?panel=1" in anna.get(url).text
    assert "Shared with nobody." in anna.get(f"{url}/shares?panel=1").text
    assert "Share with a colleague" in anna.get(f"{url}/shares/new").text
    assert anna.post(f"{url}/shares", {"user_id": str(house.tom.id)}).status_code == 303
    with count_queries(at_most=12):
        panel = anna.get(f"{url}/shares?panel=1").text
    assert re.search(r"<b>Tom</b><small>Training · reads only · by Anna</small>", panel)
    assert "Acme" in tom.get("/customers").text
    assert tom.get(url).status_code == 200
    assert "it is shared with them" in browser.sign_in(house.boss).get(f"{url}/audience").text
    with runtime.database.system_session("look", write=False) as session:
        told = session.execute(select(Notification.user_id, Notification.url)).all()
        lines = session.execute(
            select(AuditEntry.after).where(AuditEntry.action == "customers.share", AuditEntry.customer_id == acme.id)
        ).scalars()
        assert [(key, where) for key, where in told if where == url] == [(house.tom.id, url)]
        assert list(lines) == [{"person": "Tom", "writes": False, "until": ""}]
    assert anna.post(f"{url}/shares/{house.tom.id}/end", {}).status_code == 303
    assert tom.get(url).status_code == 404
    assert anna.post(f"{url}/shares/{house.tom.id}/end", {}).status_code == 404
    with runtime.database.system_session("look", write=False) as session:
        assert session.scalar(select(func.count()).select_from(Notification).where(Notification.url == url)) == 0
        assert session.scalar(select(Access.kind).where(Access.customer_id == acme.id)) == "share"  # ended, not deleted


def test_reading_and_writing_are_two_levels(browser, factory, house, shared):
    acme = factory.customer(house.anna, name="Acme")
    shared(house.anna, acme, house.tom)
    tom = browser.sign_in(house.tom)
    assert tom.get(f"/customers/{acme.id}/edit").status_code == 403
    shared(house.anna, acme, house.tom, writes=True)
    assert tom.get(f"/customers/{acme.id}/edit").status_code == 200
    program = browser.token(house.anna)
    assert [
        (item["name"], item["writes"]) for item in program.get(f"/api/v1/customers/{acme.id}/shares").json()["items"]
    ] == [("Tom", True)]


def test_the_last_day_is_part_of_it(browser, factory, house, shared):
    acme = factory.customer(house.anna, name="Acme")
    shared(house.anna, acme, house.tom, until=clock.today() + timedelta(days=1))
    tom = browser.sign_in(house.tom)
    panel = browser.sign_in(house.anna).get(f"/customers/{acme.id}/shares?panel=1").text
    assert "until" in panel
    assert tom.get(f"/customers/{acme.id}").status_code == 200
    end = clock.day_start(clock.today() + timedelta(days=2))
    with freeze(end - timedelta(minutes=5)):
        assert browser.sign_in(house.tom).get(f"/customers/{acme.id}").status_code == 200
    with freeze(end + timedelta(minutes=5)):
        assert browser.sign_in(house.tom).get(f"/customers/{acme.id}").status_code == 404


def test_whoever_got_it_gives_it_back_and_shares_it_with_nobody(browser, factory, house, shared):
    acme = factory.customer(house.anna, name="Acme")
    url = f"/customers/{acme.id}/shares"
    shared(house.anna, acme, house.tom, writes=True)
    shared(house.anna, acme, house.carl)
    tom = browser.sign_in(house.tom)
    refused = tom.post(url, {"user_id": str(house.ben.id)})
    assert (refused.status_code, "Anna" in refused.text) == (403, True)
    assert tom.get(f"{url}/new").status_code == 403
    assert tom.post(f"{url}/{house.carl.id}/end", {}).status_code == 403
    assert tom.post(f"{url}/{house.tom.id}/end", {}).status_code == 303
    assert tom.get(f"/customers/{acme.id}").status_code == 404
    # The head of the branch may share it as well, the other branch's people not even see it.
    assert browser.sign_in(house.head).post(url, {"user_id": str(house.ben.id)}).status_code == 303
    assert browser.sign_in(house.ben).get(f"/customers/{acme.id}").status_code == 200


def test_what_makes_no_sense_is_refused_at_its_field_and_nothing_is_lost(browser, factory, house):
    acme = factory.customer(house.anna, name="Acme")
    url = f"/customers/{acme.id}/shares"
    anna = browser.sign_in(house.anna)
    nobody = factory.user("system_admin", house.company, name="Olaf")
    for form, told in (
        ({"user_id": ""}, "field"),
        ({"user_id": str(house.anna.id)}, "theirs already"),
        ({"user_id": str(nobody.id)}, "see no customers at all"),
        ({"user_id": str(house.tom.id), "until": "2020-01-01"}, "This day has passed."),
        ({"user_id": str(house.tom.id), "until": "soon"}, "field"),
    ):
        answer = anna.post(url, form | {"writes": "1"})
        assert (answer.status_code, told in answer.text) == (422, True), form
        assert re.search(r'name="writes" value="1" checked', answer.text)
    assert anna.get(f"{url}?panel=1").text.count("<b>") == 0


def test_two_at_once_make_one_share(runtime, factory, house):
    acme = factory.customer(house.anna, name="Acme")

    def act(by):
        actor = factory.actor(by)
        with runtime.database.actor_session(actor) as session:
            services.share(session, actor, acme.id, ShareInput(user_id=house.tom.id))

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(act, (house.anna, house.head)))
    with runtime.database.system_session("look", write=False) as session:
        assert session.scalar(select(func.count()).select_from(Access).where(Access.customer_id == acme.id)) == 1


def test_shares_of_customers_that_were_merged_are_one_and_end_as_one(browser, runtime, factory, house, shared):
    acme, twin = factory.customer(house.anna, name="Acme"), factory.customer(house.anna, name="Acme Ltd")
    shared(house.anna, acme, house.tom)
    shared(house.anna, twin, house.tom, writes=True, until=clock.today() + timedelta(days=2))
    boss = factory.actor(house.boss)
    with runtime.database.actor_session(boss) as session:
        merging.merge(session, boss, acme.id, twin.id, [], None)
    anna = browser.sign_in(house.anna)
    panel = anna.get(f"/customers/{acme.id}/shares?panel=1").text
    assert re.findall(r"<b>Tom</b><small>Training · ([a-z ]+) · by Anna</small>", panel) == ["may write"]
    shared(house.anna, acme, house.tom)
    assert browser.sign_in(house.tom).get(f"/customers/{acme.id}/edit").status_code == 403
    assert anna.post(f"/customers/{acme.id}/shares/{house.tom.id}/end", {}).status_code == 303
    assert browser.sign_in(house.tom).get(f"/customers/{acme.id}").status_code == 404


def test_programs_share_and_end_it(browser, factory, house):
    acme = factory.customer(house.anna, name="Acme")
    url = f"/api/v1/customers/{acme.id}/shares"
    program = browser.token(house.anna)
    last = (clock.today() + timedelta(days=3)).isoformat()
    made = program.post(url, json={"user_id": str(house.tom.id), "writes": True, "until": last})
    assert made.status_code == 201
    assert [(item["name"], item["writes"], item["until"]) for item in made.json()["items"]] == [("Tom", True, last)]
    assert browser.token(house.tom).get(f"/api/v1/customers/{acme.id}").status_code == 200
    assert program.request("DELETE", f"{url}/{house.tom.id}").status_code == 204
    assert browser.token(house.tom).get(f"/api/v1/customers/{acme.id}").status_code == 404
