"""Merging two customers and taking that back, over everything that refers to them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier

import pytest
from baton_plugins.activities.models import FollowUp, Plan
from baton_plugins.opportunities.models import Contract, Opportunity, ProjectType
from sqlalchemy import func, select

from platform_core.audit.models import AuditEntry
from platform_core.customers import contacts, merging, queries, searching, services, tags, unmerging
from platform_core.customers.forms import ContactInput, CustomerInput
from platform_core.customers.mergemodels import Merge
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from platform_core.kernel.i18n import speaking
from platform_core.kernel.ids import new_id
from platform_core.kernel.jobs import enqueue
from platform_core.plugins.asking import hooks_of
from platform_core.plugins.references import pointers
from platform_core.relay.services import open_engagement


@pytest.fixture(autouse=True)
def in_english():
    with speaking("en"):
        yield


@pytest.fixture
def boss(factory):
    return factory.user("management", name="Max")


@pytest.fixture
def acting(runtime, factory, boss):
    """A session of the manager's, committed at the end of each block."""
    actor = factory.actor(boss)

    def begin():
        return runtime.database.actor_session(actor)

    begin.actor = actor
    return begin


@pytest.fixture
def pair(acting, factory, boss):
    """Two records of one customer, each with something of every owner."""
    actor, found = acting.actor, []
    department = factory.department()
    for name, phone, city in (("甲咨询", "13800006021", ""), ("甲咨询有限公司", "13900007700", "上海")):
        with acting() as session:
            made = services.create(session, actor, CustomerInput(name=name, contact_name=f"{name}张", phone=phone))
            made.city = city
            tags.assign(session, actor, made.id, ["vip", name])
        with acting() as session:
            customer = queries.get(session, made.id)
            open_engagement(session, actor, customer, None, f"{name} training", departments=[department.id])
            kind = session.scalars(select(ProjectType)).first()
            opportunity = Opportunity(customer_id=made.id, project_type_id=kind.id, title=f"{name} deal")
            session.add(opportunity)
            session.add(FollowUp(customer_id=made.id, author_label="Max", body=f"{name} said hello"))
            session.add(Plan(customer_id=made.id, assignee_id=boss.id, subject="call", due_at=now()))
            session.flush()
            session.add(
                Contract(
                    customer_id=made.id, opportunity_id=opportunity.id, number=f"HT-{name}", signed_on=date(2026, 1, 5),
                    amount=Decimal(100),
                )
            )  # fmt: skip
        found.append(made.id)
    return found


def rows_of(runtime, customer_id):
    """Table and column -> how many rows refer to the customer, over the real foreign keys of all mapped tables."""
    from platform_core.kernel.model import METADATA

    found = {}
    with runtime.database.connection("count what refers to a customer") as connection:
        for table in METADATA.sorted_tables:
            for key in table.foreign_keys:
                if key.target_fullname == "customers_customer.id":
                    counted = select(func.count()).select_from(table).where(key.parent == customer_id)
                    if count := connection.scalar(counted):
                        found[f"{table.name}.{key.parent.name}"] = count
    return found


def test_every_row_of_every_owner_moves_and_returns(runtime, acting, pair):
    keep, other = pair
    before = rows_of(runtime, keep), rows_of(runtime, other)
    assert {"activities_plan.customer_id", "opportunities_contract.customer_id", "relay_leg.customer_id"} < set(
        before[1]
    )
    with acting() as session:
        done = merging.merge(session, acting.actor, keep, other)
    assert rows_of(runtime, other) == {"customers_merge.other_id": 1}
    after = rows_of(runtime, keep)
    assert after["customers_customer_tag.customer_id"] == 3  # `vip` was on both
    assert after["customers_contact.customer_id"] == 2
    assert after["activities_follow_up.customer_id"] == 2
    with acting() as session:
        kept = queries.get(session, keep)
        assert (kept.name, kept.city) == ("甲咨询", "上海")
        assert kept.contact_name == "甲咨询张"
        assert [contact.is_primary for contact in queries.contacts_of(session, keep)] == [True, False]
        assert kept.phone_mask == "138****6021"
        with pytest.raises(NotFound):
            queries.get(session, other)
        unmerging.unmerge(session, acting.actor, done.id)
    assert (rows_of(runtime, keep) | {"customers_merge.kept_id": 1}, rows_of(runtime, other)) == (
        before[0] | {"customers_merge.kept_id": 1}, before[1] | {"customers_merge.other_id": 1}
    )  # fmt: skip
    with acting() as session:
        kept, back = queries.get(session, keep), queries.get(session, other)
        assert (kept.city, back.city, back.phone_mask) == ("", "上海", "139****7700")
        assert [contact.is_primary for contact in queries.contacts_of(session, other)] == [True]
        assert {tag.name for tag in queries.tags_of(session, other)} == {"vip", "甲咨询有限公司"}
        with pytest.raises(Conflict, match="no longer"):
            unmerging.unmerge(session, acting.actor, done.id)


def test_also_of_a_plugin_that_is_switched_off(runtime, acting, pair, browser, factory):
    admin = browser.sign_in(factory.user("system_admin"))
    assert admin.post("/settings/plugins/activities", {"enabled": "0"}).status_code == 303
    with acting() as session:
        shown = merging.preview(session, acting.actor, *pair)
        assert ("activities", 1) in {(share.owner, share.count) for share in shown.shares}
        merging.merge(session, acting.actor, *pair)
    assert rows_of(runtime, pair[0])["activities_follow_up.customer_id"] == 2
    assert not [name for name in rows_of(runtime, pair[1]) if name.startswith("activities")]


def test_what_was_added_since_stays_with_the_kept_record(acting, pair):
    keep, other = pair
    with acting() as session:
        done = merging.merge(session, acting.actor, keep, other, ["name"])
    with acting() as session:
        assert queries.get(session, keep).name == "甲咨询有限公司"
        queries.get(session, keep).short_name = "Jia"
        contacts.create(session, acting.actor, ContactInput(name="Newcomer", customer_id=keep))
    with acting() as session:
        unmerging.unmerge(session, acting.actor, done.id)
        assert {contact.name for contact in queries.contacts_of(session, keep)} == {"甲咨询张", "Newcomer"}
        kept = queries.get(session, keep)
        assert (kept.name, kept.short_name) == ("甲咨询", "Jia")


def test_the_old_code_and_address_lead_on_and_merges_chain(acting, pair, browser, boss, factory):
    keep, other = pair
    third = factory.customer(boss, name="Third")
    with acting() as session:
        old = queries.get(session, other).code
        merging.merge(session, acting.actor, keep, other)
    with acting() as session:
        merging.merge(session, acting.actor, third.id, keep)
    page = browser.sign_in(boss).get(f"/customers/{other}")
    assert (page.status_code, page.headers["location"]) == (303, f"/customers/{third.id}")
    assert browser.token(boss).get(f"/api/v1/customers/{other}").json()["id"] == str(third.id)
    with acting() as session:
        assert [row.id for row in searching.find(session, acting.actor, old).rows] == [third.id]
    stranger = browser.sign_in(factory.user("coordinator", factory.department()))
    assert stranger.get(f"/customers/{other}").status_code == 404


def test_both_must_be_within_the_right_and_nothing_half_happens(runtime, acting, pair, factory):
    head = factory.actor(factory.user("department_head", factory.department()))
    with runtime.database.actor_session(head) as session, pytest.raises(NotFound):
        merging.merge(session, head, *pair)
    mine = factory.customer(factory.user("coordinator"))
    clerk = factory.actor(factory.user("finance"))
    with runtime.database.actor_session(clerk) as session, pytest.raises(Forbidden):
        merging.merge(session, clerk, mine.id, pair[0])
    with acting() as session, pytest.raises(Invalid):
        merging.merge(session, acting.actor, pair[0], pair[0])
    with acting() as session, pytest.raises(Conflict, match="meantime"):
        merging.merge(session, acting.actor, *pair, versions=(1, 99))
    assert rows_of(runtime, pair[1])["activities_plan.customer_id"] == 1


def test_after_thirty_days_there_is_no_way_back(runtime, acting, pair):
    with acting() as session:
        done = merging.merge(session, acting.actor, *pair)
    with runtime.database.system_session("test") as session:
        session.get_one(Merge, done.id).at = now() - timedelta(days=31)
    with acting() as session, pytest.raises(Conflict, match="30 days"):
        unmerging.unmerge(session, acting.actor, done.id)


def test_rows_that_come_late_follow_and_return(runtime, acting, pair):
    keep, other = pair
    with acting() as session:
        done = merging.merge(session, acting.actor, keep, other)
    with runtime.database.system_session("a writer that waited for the merge") as session:
        session.add(FollowUp(customer_id=other, author_label="Late", body="late"))
    with runtime.database.system_session("test") as session:
        job = enqueue(session, "customers.gather")
    assert runtime.jobs.run(job)
    assert rows_of(runtime, other) == {"customers_merge.other_id": 1}
    assert rows_of(runtime, keep)["activities_follow_up.customer_id"] == 3
    with acting() as session:
        unmerging.unmerge(session, acting.actor, done.id)
    assert rows_of(runtime, other)["activities_follow_up.customer_id"] == 2


def test_merging_is_written_down_on_both(runtime, acting, pair):
    with acting() as session:
        merging.merge(session, acting.actor, *pair)
    with runtime.database.system_session("test", write=False) as session:
        lines = session.scalars(select(AuditEntry).where(AuditEntry.action.startswith("customers.merge"))).all()
    assert {(line.action, line.customer_id) for line in lines} == {
        ("customers.merge", pair[0]), ("customers.merged_into", pair[1])
    }  # fmt: skip
    assert not any("13900007700" in str(line.after) for line in lines)


def test_every_column_that_points_to_a_customer_is_walked(runtime, session):
    """The declarations against the foreign keys of the database itself."""
    from sqlalchemy import inspect

    walked = {(item.table.name, item.declared.column) for item in pointers(session, hooks_of(session))}
    look = inspect(session.connection())
    there = {
        (table, column)
        for table in look.get_table_names()
        for key in look.get_foreign_keys(table)
        if key["referred_table"] == "customers_customer"
        for column in key["constrained_columns"]
    } | {
        (table, "customer_id")
        for table in look.get_table_names()
        for column in look.get_columns(table)
        if column["name"] == "customer_id"
    }
    assert len(there) > 15
    assert there <= walked


def test_the_pages_compare_merge_and_undo(browser, boss, pair, count_queries):
    keep, other = pair
    page = browser.sign_in(boss)
    assert f"/customers/{keep}/merge" in page.get(f"/customers/{keep}").text
    chosen = page.get(f"/customers/{keep}/merge")
    assert f"/customers/{keep}/merge/{other}" in chosen.text
    assert "No other customer" in page.post(f"/customers/{keep}/merge", {"q": "nobody"}).text
    with count_queries(at_most=14):
        shown = page.get(f"/customers/{keep}/merge/{other}")
    assert shown.status_code == 200
    assert "Follow-ups" in shown.text
    assert 'name="take_name"' in shown.text
    stale = page.post(f"/customers/{keep}/merge/{other}", {"version": "77", "other_version": "1"})
    assert stale.status_code == 409
    assert "in the meantime" in stale.text
    done = page.post(f"/customers/{keep}/merge/{other}", {"take_name": "other", "take_city": "other"})
    assert done.status_code == 303
    record = page.get(f"/customers/{keep}?tab=record")
    assert "Records that became part of this one" in record.text
    assert "甲咨询有限公司" in record.text
    for late in (f"/customers/{keep}/merge/{other}", f"/customers/{other}/merge/{keep}"):
        answers = page.get(late), page.post(late, {"version": "1", "other_version": "1"})
        assert [(answer.status_code, answer.headers["location"]) for answer in answers] == [
            (303, f"/customers/{keep}")
        ] * 2
    assert page.get(f"/customers/{keep}/merge/{new_id()}").status_code == 404
    undo = record.text.split('action="/customers/merges/')[1].split("/")[0]
    back = page.post(f"/customers/merges/{undo}/undo", {})
    assert (back.status_code, back.headers["location"]) == (303, f"/customers/{other}")
    assert page.get(f"/customers/{other}").status_code == 200


def test_the_api_merges_and_takes_it_back(browser, boss, pair):
    keep, other = pair
    program = browser.token(boss)
    done = program.post(f"/api/v1/customers/{keep}/merge", json={"other_id": str(other), "take": ["name"]})
    assert done.json()["kept_id"] == str(keep)
    assert program.get(f"/api/v1/customers/{keep}").json()["name"] == "甲咨询有限公司"
    back = program.post(f"/api/v1/customers/merges/{done.json()['id']}/undo")
    assert back.json()["id"] == str(other)
    assert program.post(f"/api/v1/customers/{keep}/merge", json={"other_id": str(keep)}).status_code == 422


@pytest.mark.parametrize("crossed", [False, True], ids=["the same way", "each the other way"])
def test_of_two_who_merge_the_same_pair_one_does_and_nothing_is_lost(runtime, factory, acting, pair, crossed):
    first, second = pair
    people = [factory.actor(factory.user("management", name=name)) for name in ("Anna", "Ben")]
    together = Barrier(2)

    def attempt(one):
        keep, other = (second, first) if crossed and one else (first, second)
        together.wait()
        try:
            with speaking("en"), runtime.database.actor_session(people[one]) as session:
                merging.merge(session, people[one], keep, other)
        except (Conflict, NotFound) as error:
            return type(error)
        return None

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(attempt, range(2)))
    assert results.count(None) == 1
    with acting() as session:
        kept = session.scalars(select(Merge)).one().kept_id
        assert set(session.scalars(select(FollowUp.customer_id))) == {kept}
        assert len(session.scalars(select(FollowUp.id)).all()) == 2
        assert [queries.get(session, key).id for key in pair if key == kept] == [kept]
