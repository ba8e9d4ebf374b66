"""The bin is emptied by a rule or by a person, and never without having been told: who goes, who stays and why."""

from __future__ import annotations

from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import delete, select, update

from platform_core.audit.models import AuditEntry
from platform_core.customers import erasing
from platform_core.customers.bin import many, rule
from platform_core.customers.mergemodels import Erasure
from platform_core.customers.models import Customer
from platform_core.kernel import settingvalues
from platform_core.kernel.clock import freeze, now, today
from platform_core.kernel.jobs import enqueue
from platform_core.kernel.models import JobRow
from platform_core.outbox.models import Message
from platform_core.privacy.models import PersonRequest
from platform_core.relay.models import Engagement
from platform_core.users.models import Notification
from tests.core.customers.test_bin import names, throw
from tests.core.customers.transfer.conftest import house, in_english

__all__ = ["house", "in_english", "throw"]


@pytest.fixture
def night(runtime):
    """Run the job as the schedule does, `days` from now."""

    def run(days=0):
        with freeze(now() + timedelta(days=days)):
            with runtime.database.system_session("start") as session:
                job = enqueue(session, "customers.purge")
            assert runtime.jobs.run(job)
            with runtime.database.system_session("look", write=False) as session:
                return set(session.scalars(select(Erasure.customer_id)))

    return run


@pytest.fixture
def days(runtime):
    def change(number):
        with runtime.database.system_session("change the rule") as session:
            settingvalues.write(session, rule.DAYS, number)

    return change


def told(runtime, user):
    with runtime.database.system_session("look", write=False) as session:
        found = session.scalars(select(Notification).where(Notification.user_id == user.id)).all()
    return [
        (note.message, note.parameters["count"], note.url)
        for note in found
        if note.message.startswith("%(count)s of the")
    ]


def test_whose_days_are_over_goes_after_a_notice(browser, runtime, factory, house, throw, night):
    old, later = factory.customer(house.anna, name="Old"), factory.customer(house.anna, name="Later")
    throw(house.head, old)
    with freeze(now() + timedelta(days=20)):
        throw(house.head, later)
    assert night(22) == set()
    assert told(runtime, house.head) == [], "not before the last seven days"
    assert night(24) == set()
    ((message, count, url),) = told(runtime, house.head)
    assert ("erased for good" in message, count, url) == (True, 1, "/bin")
    assert night(29) == set()
    assert night(30) == {old.id}
    assert len(told(runtime, house.head)) == 1, "each is told of once"
    assert night(50) == {old.id, later.id}
    assert len(told(runtime, house.head)) == 2
    with runtime.database.system_session("look", write=False) as session:
        row = session.get_one(Customer, old.id)
        assert (row.name, row.phone_mask) == (f"Erased customer {row.code}", "")
        line = session.scalars(select(AuditEntry).where(AuditEntry.action == "customers.erase")).first()
        assert (line.actor_id, line.via, line.reason) == (None, "system", "Its days in the bin were over.")
        assert session.get_one(Erasure, old.id).by_id is None
    assert browser.sign_in(house.boss).get(f"/customers/{old.id}/erase").status_code == 404


def test_a_new_or_shorter_rule_takes_nobody_by_surprise(factory, runtime, house, throw, night, days):
    long_ago = factory.customer(house.anna, name="Long ago")
    throw(house.head, long_ago)
    with runtime.database.system_session("before there was a rule") as session:
        session.execute(
            update(Customer).where(Customer.id == long_ago.id).values(deleted_at=now() - timedelta(days=400))
        )
    assert night(0) == set()
    assert len(told(runtime, house.head)) == 1
    assert night(6) == set()
    days(0)
    assert night(8) == set()
    assert night(900) == set(), "never"
    days(10)
    assert night(901) == set(), "begins anew"
    days(5)
    assert night(908) == set(), "and so does a shorter one"
    assert night(912) == set()
    assert night(913) == {long_ago.id}


def test_one_that_cannot_be_erased_holds_up_nobody(runtime, factory, house, throw, monkeypatch, caplog):
    first, second = factory.customer(house.anna, name="First"), factory.customer(house.anna, name="Second")
    throw(house.head, first)
    throw(house.head, second)

    def refuse(_session, _actor, ids):
        if first.id in ids:
            raise RuntimeError("its file cannot be removed")

    def night(day):
        with freeze(now() + timedelta(days=day)):
            with runtime.database.system_session("start") as session:
                job = enqueue(session, "customers.purge")
            runtime.jobs.run(job)
        with runtime.database.system_session("look", write=False) as session:
            return session.get_one(JobRow, job), set(session.scalars(select(Erasure.customer_id)))

    night(24)
    with monkeypatch.context() as broken:
        broken.setattr(erasing, "_before", [*erasing._before, refuse])
        job, gone = night(31)
    assert (gone, job.state, "1 deleted customers" in job.message) == ({second.id}, "failed", True)
    assert str(first.id) in caplog.text
    job, gone = night(32)
    assert (gone, job.state) == ({first.id, second.id}, "done")


def test_for_whom_something_speaks_stays_until_it_is_gone(
    browser, runtime, factory, house, throw, night, count_queries
):
    ones = {name: factory.customer(house.anna, name=name) for name in ("Open", "Asked", "Sent", "Free", "Kept")}
    at = {"lane": "sms-cn", "route": "service.cn", "expires_at": now() + timedelta(days=2)}
    what = {"channel": "sms", "owner": "sms", "purpose": "service", "address": b"", "address_hash": 1, "content": b""}
    message = Message(key="k", mask="", customer_id=ones["Sent"].id, **at, **what)
    asked = PersonRequest(
        code="P-1",
        kind="access",
        customer_id=ones["Asked"].id,
        asked_by="x",
        source="letter",
        received_on=today(),
        due_on=today(),
    )
    factory.add(Engagement(customer_id=ones["Open"].id, title="Under way"), asked, message)
    throw(house.boss, *ones.values())
    with runtime.database.system_session("restricted meanwhile") as session:
        session.execute(update(Customer).where(Customer.id == ones["Kept"].id).values(restricted_at=now()))
    boss = browser.sign_in(house.boss)
    boss.get("/bin")  # what a process keeps is read with the first page
    with count_queries(at_most=12):
        page = boss.get("/bin")
    text = unescape(page.text)
    for reason in ("1 engagement is still open.", "1 request of the person is open.", "1 message is on its way."):
        assert text.count(reason) == 1, reason
    assert "1 engagement is still open." in boss.get(f"/bin/{ones['Open'].id}").text
    assert "is erased for good. Nobody can undo that" in boss.get(f"/bin/{ones['Free'].id}").text
    night(0)
    assert night(40) == {ones["Free"].id}
    with runtime.database.system_session("it is done") as session:
        session.execute(update(Engagement).values(state="done"))
        session.execute(update(PersonRequest).values(state="done"))
        session.execute(delete(Message))
    assert night(41) == {ones[name].id for name in ("Open", "Asked", "Sent", "Free")}, "what is restricted is kept"


def test_somebody_with_the_right_empties_it_at_once(browser, runtime, factory, house, throw):
    ones = [factory.customer(house.anna, name=f"Acme {number}") for number in range(3)]
    factory.add(Engagement(customer_id=ones[2].id, title="Under way"))
    throw(house.head, *ones)
    head, boss = browser.sign_in(house.head), browser.sign_in(house.boss)
    ids = {"ids": [str(one.id) for one in ones]}
    assert 'formaction="/bin/purge"' not in head.get("/bin").text
    assert head.post("/bin/purge", ids).status_code == 403
    assert 'formaction="/bin/purge"' in boss.get("/bin").text
    asked = unescape(boss.post("/bin/purge", ids).text)
    assert "2 customers are erased with everything that tells who they are:" in asked
    assert "Acme 2 · 1 engagement is still open." in asked
    assert "This cannot be undone by anybody. Until then they can be taken out of the bin." in asked
    wrong = boss.post("/bin/purge/confirm", ids | {"count": "3", "reason": " "})
    assert (wrong.status_code, "Type the number of customers: 2." in wrong.text) == (422, True)
    assert "Say why" in wrong.text
    assert len(names(boss.get("/bin"))) == 3
    done = boss.post("/bin/purge/confirm", ids | {"count": "2", "reason": "made by mistake"})
    assert (done.status_code, done.headers["location"]) == (303, "/bin")
    assert names(boss.get("/bin")) == ["Acme 2"]
    with runtime.database.system_session("look", write=False) as session:
        gone = session.scalars(select(Erasure)).all()
        assert {(item.customer_id, item.by_id, item.reason) for item in gone} == {
            (one.id, house.boss.id, "made by mistake") for one in ones[:2]
        }
        looks = session.scalars(select(AuditEntry).where(AuditEntry.action == "customers.purge_preview")).all()
        assert {len(line.ids) for line in looks} == {3}
    assert boss.post("/bin/purge/confirm", ids | {"count": "2", "reason": "again"}).status_code == 404


def test_not_what_is_not_in_the_bin_or_too_much(browser, factory, house, throw, monkeypatch):
    there, binned = factory.customer(house.anna, name="There"), factory.customer(house.anna, name="Binned")
    throw(house.boss, binned)
    boss = browser.sign_in(house.boss)
    for url in ("/bin/purge", "/bin/purge/confirm"):
        form = {"ids": [str(there.id), str(binned.id)], "count": "2", "reason": "x"}
        assert boss.post(url, form).status_code == 404
        assert boss.post(url, {}).status_code == 422
    monkeypatch.setattr(many, "MOST", 0)
    assert boss.post("/bin/purge", {"ids": [str(binned.id)]}).status_code == 422
    assert factory.read(Customer, there.id).name == "There"


def test_the_rule_is_among_the_settings(browser, runtime, factory, house):
    admin = browser.sign_in(factory.user("system_admin"))
    page = "/settings/plugins/customers/settings"
    assert "Days that deleted customers stay in the bin" in admin.get(page).text
    assert admin.post(page, {"bin_days": "4000"}).status_code == 422
    assert admin.post(page, {"bin_days": "90"}).status_code == 303
    with runtime.database.system_session("look", write=False) as session:
        assert settingvalues.read(session, rule.DAYS) == 90
