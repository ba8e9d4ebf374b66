"""Bait looks like any other customer; touching it alerts in the transaction of the touch."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.customers.models import ContactPoint, Customer
from platform_core.guard.models import Alert, Canary
from platform_core.kernel.i18n import speaking
from platform_core.users import notifications
from platform_core.users.models import Notification
from tests.core.permissions.test_looking import begin
from tests.core.web.test_watermark import words as watermark_words


def rows(runtime, statement):
    with runtime.database.system_session("look", write=False) as session:
        return list(session.scalars(statement))


@pytest.fixture
def guard(factory):
    return factory.user("security_admin", name="Greta")


@pytest.fixture
def owner(factory):
    return factory.user(name="Otto", department=factory.department())


@pytest.fixture
def bait(runtime, browser, guard, owner):
    given = {"owner_id": str(owner.id), "name": "Plain Trading", "contact_name": "Ann", "phone": "13800001111"}
    answer = browser.sign_in(guard).post("/settings/bait", {**given, "note": "shelf 3"})
    assert answer.status_code == 303, answer.text
    return rows(runtime, select(Customer))[0]


def alerts(runtime):
    return rows(runtime, select(Alert).order_by(Alert.at))


def test_bait_is_made_as_its_owner_would_have_made_it(runtime, factory, browser, guard, owner, bait):
    assert (bait.owner_id, bait.created_by, bait.department_id) == (owner.id, owner.id, owner.department_id)
    made, laid = rows(
        runtime,
        select(AuditEntry)
        .where(AuditEntry.action.in_(["customers.create", "guard.lay"])).order_by(AuditEntry.seq),
    )  # fmt: skip
    assert (made.actor_id, laid.actor_id, laid.customer_id) == (owner.id, guard.id, None)
    assert laid.after == {"customer": str(bait.id), "owner": "Otto"}
    assert not alerts(runtime)


def test_nothing_that_staff_see_tells_bait_from_others(runtime, factory, browser, owner, bait):
    """Page by page it differs from a real customer of the same name only in ids and times."""
    real = factory.customer(owner, name=bait.name)
    boss = factory.user("management")
    here, program = browser.sign_in(boss), browser.token(boss)
    one, other = (program.get(f"/api/v1/customers/{item.id}").json() for item in (bait, real))
    assert one.keys() == other.keys()
    listed = program.get("/api/v1/customers").json()["items"]
    assert {item["id"] for item in listed} == {str(bait.id), str(real.id)}
    for url in (f"/customers/{bait.id}", "/customers", f"/customers/{bait.id}?tab=history", "/customers/new"):
        text = here.get(url).text.lower()
        for word in ("bait", "canary", "greta", "shelf 3"):
            assert word not in text, (url, word)


@pytest.mark.parametrize("way", ["page", "contacts", "program", "edit", "reveal", "plugin"])
def test_whoever_touches_it_is_told_about_at_once(runtime, factory, browser, guard, bait, way):
    thief = factory.user("management", name="Theo")
    here = browser.sign_in(thief)
    point = rows(runtime, select(ContactPoint.id))[0]
    answer = {
        "page": lambda: here.get(f"/customers/{bait.id}"),
        "contacts": lambda: here.get(f"/customers/{bait.id}/contacts"),
        "program": lambda: browser.token(thief).get(f"/api/v1/customers/{bait.id}"),
        "edit": lambda: here.get(f"/customers/{bait.id}/edit"),
        "reveal": lambda: here.post(f"/customers/{bait.id}/points/{point}/reveal"),
        "plugin": lambda: browser.token(thief).get(f"/api/v1/follow-ups?customer_id={bait.id}"),
    }[way]()
    assert answer.status_code == 200, answer.text
    (alert,) = alerts(runtime)
    assert (alert.rule, alert.user_id, alert.customer_id, alert.state) == ("canary", thief.id, bait.id, "new")
    touch = rows(runtime, select(AuditEntry).where(AuditEntry.customer_id == bait.id, AuditEntry.actor_id == thief.id))
    assert alert.action == touch[0].action
    with speaking("en"), runtime.database.system_session("look", write=False) as session:
        news = notifications.page_of(session, factory.actor(guard))
    assert [(item.text, item.url) for item in news] == [
        ("Theo touched a bait customer.", f"/settings/alerts/{alert.id}")
    ]
    assert not rows(runtime, select(Notification).where(Notification.user_id == thief.id))
    here.get(f"/customers/{bait.id}")  # what goes on belongs to the same alert
    assert len(alerts(runtime)) == 1
    page = browser.sign_in(guard).get(f"/settings/alerts/{alert.id}")
    assert "Pl***" in page.text
    assert bait.name not in page.text


def test_lists_and_its_owner_raise_nothing_but_revealing_does(runtime, browser, owner, bait):
    here = browser.sign_in(owner)
    for url in ("/customers", "/contacts", f"/customers/{bait.id}"):
        assert here.get(url).status_code == 200
    assert here.post("/search", {"q": "Plain"}).status_code == 200
    assert not alerts(runtime)
    point = rows(runtime, select(ContactPoint.id))[0]
    assert here.post(f"/customers/{bait.id}/points/{point}/reveal").status_code == 200
    assert [(item.user_id, item.action) for item in alerts(runtime)] == [(owner.id, "customers.reveal")]


def test_on_paper_it_alerts_without_being_opened(runtime, factory, browser, guard, bait):
    boss = factory.user("management")
    printed = browser.sign_in(boss).post("/papers/new", {"source": "list:customers", "reason": "For the visit"})
    assert printed.status_code == 303
    assert [(item.action, item.customer_id) for item in alerts(runtime)] == [("exports.print", bait.id)]


def test_an_existing_customer_becomes_bait_and_stops_being_it(runtime, factory, browser, guard):
    real = factory.customer(name="Imported")
    other = factory.customer()
    here, boss = browser.sign_in(guard), browser.sign_in(factory.user("management"))
    assert here.post("/settings/bait", {"code": "C-nothing"}).status_code == 422
    assert here.post("/settings/bait", {"code": real.code}).status_code == 303
    assert real.code in here.get("/settings/bait").text
    boss.get(f"/customers/{other.id}")
    assert not alerts(runtime)
    boss.get(f"/customers/{real.id}")
    assert len(alerts(runtime)) == 1
    assert here.post(f"/settings/bait/{real.id}/release").status_code == 303
    assert not rows(runtime, select(Canary))
    second = browser.sign_in(factory.user("management"))
    second.get(f"/customers/{real.id}")
    assert len(alerts(runtime)) == 1


def test_bait_costs_an_ordinary_opening_no_statement(factory, browser, guard, count_queries):
    boss = browser.sign_in(factory.user("management"))
    ordinary = factory.customer()
    boss.get(f"/customers/{ordinary.id}")
    with count_queries(at_most=12) as before:
        boss.get(f"/customers/{ordinary.id}")
    browser.sign_in(guard).post("/settings/bait", {"code": factory.customer().code})
    boss.get(f"/customers/{ordinary.id}")
    with count_queries(at_most=12) as after:
        boss.get(f"/customers/{ordinary.id}")
    assert len(after) == len(before)


def test_only_security_administrators_know(factory, browser):
    for role in ("management", "system_admin", "audit_admin", "office", "coordinator"):
        here = browser.sign_in(factory.user(role))
        assert here.get("/settings/bait").status_code == 403
        assert "/settings/bait" not in here.get("/me").text


def test_whoever_looks_as_its_owner_is_told_about_under_their_own_name(runtime, factory, browser, owner, bait):
    boss = factory.user("management", name="Boss Lin")
    inside, answer = begin(browser, runtime, boss, owner)
    assert answer.status_code == 303, answer.text
    page = inside.get(f"/customers/{bait.id}")
    assert page.status_code == 200, page.text
    assert watermark_words(page.text)[0] == "Boss Lin"
    assert [(alert.user_id, alert.user_label) for alert in alerts(runtime)] == [(boss.id, "Boss Lin")]
    for url in ("/exports", "/papers/new?of=list:customers"):
        assert inside.get(url).status_code in {403, 404}


def test_knocking_at_it_without_the_right_is_told_about_too(runtime, factory, browser, bait):
    stranger = factory.user(name="Stan", department=factory.department())
    assert browser.sign_in(stranger).get(f"/customers/{bait.id}").status_code == 404
    assert [(alert.user_id, alert.action) for alert in alerts(runtime)] == [(stranger.id, "permissions.denied")]
