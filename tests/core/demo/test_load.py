"""The demo is loaded through bulk statements, and what it leaves is as good as what the services leave."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, inspect, select, text

from platform_core.customers import services as customers
from platform_core.customers.forms import CustomerInput
from platform_core.customers.models import Attachment, ContactPoint, Customer
from platform_core.demo import bulk, load, notices, spec
from platform_core.kernel.errors import Conflict
from platform_core.kernel.i18n import speaking, translator
from platform_core.kernel.model import METADATA
from platform_core.privacy.allowed import allowed
from platform_core.privacy.models import Consent
from platform_core.relay import services as relay
from platform_core.relay.models import Engagement, Leg
from platform_core.users.models import User

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
MADE_NOW = {"cipher", "uploaded_at", "changed_at"}
"""Encryption draws a fresh nonce each time; the rest says when it was done."""


@pytest.fixture
def demo(runtime):
    """A loaded demo, seen from now."""
    load.load(runtime, spec.make(120, 5), "x")
    return runtime


def user(demo, login):
    with demo.database.system_session("test", write=False) as session:
        return session.scalars(select(User).where(User.login == login)).one()


def act_as(demo, factory, login):
    return factory.actor(user(demo, login))


def test_it_marks_the_database_and_counts_what_it_wrote(demo, session):
    assert load.state(demo.database)["customers"] == 120
    assert session.scalar(select(func.count(Customer.id))) == 124
    assert session.scalar(select(func.count(Engagement.id))) > 30
    assert set(session.scalars(select(Leg.state).distinct())) == {"planned", "offered", "active", "done"}


def test_a_database_with_real_people_is_refused(runtime, factory):
    factory.user()
    with pytest.raises(load.NotADemoError):
        load.state(runtime.database)


def test_an_empty_database_has_no_mark(runtime):
    assert load.state(runtime.database) is None


def _written(runtime, seed):
    """Everything a demo writes, without keeping it."""
    found = {}
    with runtime.database.system_session("test") as session:
        load.write(session, runtime, spec.make(60, seed, NOW), "x", {})
        for table in METADATA.sorted_tables:
            columns = [column for column in table.columns if column.name not in MADE_NOW and not column.primary_key]
            if table.name.startswith(("customers_", "relay_", "activities_", "opportunities_")) and columns:
                rows = session.execute(select(*columns)).all()
                found[table.name] = sorted(repr(tuple(row)) for row in rows)
        session.rollback()
    return found


def test_equal_seeds_write_equal_rows(runtime):
    one, other, third = _written(runtime, 3), _written(runtime, 3), _written(runtime, 4)
    different = [name for name in one if one[name] != other[name]]
    # Project types, meetings and the like are made by plugins beforehand, with keys and stamps of the moment.
    of_activities = {"activities_meeting", "activities_invitation", "activities_phrase", "activities_cycle"}
    assert set(different) <= {"opportunities_project_type", "opportunities_opportunity", *of_activities}
    assert one["customers_customer"] != third["customers_customer"]


def test_phone_numbers_are_encrypted_and_of_the_invented_range(demo, session):
    points = session.scalars(select(ContactPoint).where(ContactPoint.kind == "mobile")).all()
    assert points
    for point in points:
        clear = demo.vault.decrypt(point.cipher)
        assert re.fullmatch(r"\+861390000\d{4}", clear)
        assert demo.vault.lookup("point", clear) == point.full_hash
        assert point.mask == f"139****{clear[-4:]}"


def test_most_may_be_greeted_and_some_may_not(demo, session):
    """A firm whose customers never agreed to anything would greet nobody, and a demo has to show greetings."""
    customers = session.scalars(select(Customer)).all()
    greeted = [
        bool(allowed(session, customer, "sms", "greeting")) for customer in customers if customer.kind == "person"
    ]
    assert 0.3 < sum(greeted) / len(greeted) < 0.9
    assert session.scalar(select(func.count(Consent.id)).where(Consent.given.is_(False))) > 0


def test_contracts_have_their_files(demo, session):
    attachments = session.scalars(select(Attachment)).all()
    assert attachments
    for attachment in attachments:
        body = (demo.settings.data_dir / "files" / attachment.stored_as).read_bytes()
        assert body.startswith(b"%PDF-")
        assert len(body) == attachment.size


def test_the_relay_goes_on_where_the_demo_stands(demo, factory):
    trainer = act_as(demo, factory, "trainer")
    with demo.database.actor_session(trainer) as mine:
        leg = mine.scalars(
            select(Leg)
            .join(Customer, Customer.id == Leg.customer_id)
            .where(Customer.name.contains("秦岭"), Leg.state == "offered")
        ).one()
        assert relay.accept(mine, trainer, leg.id).assignee_id == trainer.user_id
        mine.flush()
        with pytest.raises(Conflict, match="合同"):
            relay.hand_over(mine, trainer, leg.engagement_id, note="Go on")
    with demo.database.actor_session(act_as(demo, factory, "headhunter")) as foreign:
        assert foreign.scalars(select(Leg).where(Leg.id == leg.id)).one_or_none() is None


def test_codes_go_on_behind_the_last_one(demo, factory):
    with demo.database.system_session("test", write=False) as session:
        known = set(session.scalars(select(Customer.code)))
    collector = act_as(demo, factory, "collector")
    with demo.database.actor_session(collector) as mine:
        assert customers.create(mine, collector, CustomerInput(name="New")).code not in known


@pytest.mark.parametrize(
    ("login", "path"),
    [("collector", "/customers"), ("trainer", "/"), ("service", "/relay/inbox"), ("manager", "/opportunities")],
)
def test_people_find_their_work(demo, browser, login, path):
    answer = browser.sign_in(user(demo, login)).get(path)
    assert answer.status_code == 200
    assert "customers/" in answer.text


def test_the_administrator_sees_no_customer(demo, factory):
    with demo.database.actor_session(act_as(demo, factory, "admin")) as session:
        assert session.scalars(select(Customer)).all() == []


def test_the_notice_is_in_the_relays_catalogue(runtime):
    with speaking("zh"):
        text = translator("relay")(notices.HANDED_OVER, who="赵敏", title="TR1", customer="启衡")
    assert "交" in text
    assert "赵敏" in text


def test_indexes_come_back_as_they_were(runtime, backend):
    def plain(index):
        return {name: str(value) for name, value in index.get("dialect_options", {}).items()}

    def described():
        found = inspect(runtime.database.engine)
        return {
            name: (
                sorted(str({**index, "dialect_options": plain(index)}) for index in found.get_indexes(name)),
                sorted(str(key["name"]) for key in found.get_foreign_keys(name)),
            )
            for name in ("customers_customer", "permissions_access", "customers_search", "relay_leg")
        }

    before = described()
    with bulk.without_indexes(runtime.database):
        if backend == "postgresql":
            assert described() != before
    assert described() == before


def test_parts_are_written_by_several_processes(runtime):
    done = []
    load.load(runtime, spec.make(spec.SMALL + 1, 2), "x", processes=2, progress=lambda *state: done.append(state))
    assert done[-1][0] == spec.SMALL + 1 + 4
    with runtime.database.system_session("test") as session:
        assert session.scalar(select(func.count(Customer.id))) == spec.SMALL + 1 + 4
        assert session.scalar(text("SELECT count(DISTINCT code) FROM customers_customer")) == spec.SMALL + 1 + 4
    assert load.state(runtime.database)["state"] == "loaded"
