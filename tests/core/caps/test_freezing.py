"""Over the cap: refused, frozen on every device, told why; unfrozen by somebody else, with a reason and a password."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.caps import thawing
from platform_core.caps.limits import OPEN, REVEAL
from platform_core.caps.models import UserCap
from platform_core.customers import contacts
from platform_core.customers.forms import ContactInput
from platform_core.customers.models import ContactPoint
from platform_core.kernel.errors import Conflict, Forbidden
from platform_core.kernel.i18n import speaking
from platform_core.permissions import services as permissions
from platform_core.users import accounts, notifications
from platform_core.users.models import Freeze, User

PASSWORD = "correct horse battery"


@pytest.fixture
def clerk(factory):
    return factory.user("office", name="Olga Office")


@pytest.fixture
def thief(factory, clerk):
    """May open two customers a day, and owns four."""
    user = factory.user(name="Theo")
    factory.add(UserCap(user_id=user.id, counter=OPEN, cap=2))
    return user


@pytest.fixture
def loot(factory, thief):
    return [factory.customer(thief, name=f"Company {number}", phone_mask="138****0000") for number in range(4)]


def rows(runtime, statement) -> list[Any]:
    with runtime.database.system_session("look", write=False) as session:
        return list(session.scalars(statement))


def frozen_by(browser, thief, loot):
    """A browser in which the cap was broken."""
    signed_in = browser.sign_in(thief)
    for customer in loot[:2]:
        assert signed_in.get(f"/customers/{customer.id}").status_code == 200
    broke = signed_in.get(f"/customers/{loot[2].id}")
    assert broke.status_code == 403
    return signed_in, broke


def test_one_more_than_the_cap_freezes_on_every_device_within_one_request(runtime, browser, thief, loot, clerk):
    elsewhere, program = browser.sign_in(thief), browser.token(thief)
    assert elsewhere.get("/customers").status_code == 200
    assert program.get(f"/api/v1/customers/{loot[0].id}").status_code == 200
    here, broke = frozen_by(browser, thief, loot)
    assert loot[2].name not in broke.text
    assert "more than the 2 customers" in broke.text
    assert "Olga Office" in broke.text
    for url in ("/", f"/customers/{loot[0].id}", "/me"):
        answer = elsewhere.get(url)
        assert answer.status_code == 403
        assert "daily cap of 2 customers" in answer.text
        assert "Olga Office" in answer.text
        assert "Company" not in answer.text
    assert here.get("/notifications/bell", htmx=True).headers["hx-redirect"] == "/"
    problem = program.get(f"/api/v1/customers/{loot[0].id}")
    assert problem.status_code == 403
    assert problem.json()["type"] == "urn:baton:problem:frozen"
    assert browser.get("/").status_code == 303  # somebody unknown is asked to sign in, as ever
    assert [row.status for row in rows(runtime, select(User).where(User.id == thief.id))] == ["frozen"]
    row = rows(runtime, select(Freeze))[0]
    assert (row.rule, row.used, row.cap) == (OPEN, 2, 2)


def test_freezing_is_audited_and_tells_those_who_may_unfreeze(runtime, browser, factory, thief, loot, clerk):
    boss = factory.user("management", name="Max")
    frozen_by(browser, thief, loot)
    line = rows(runtime, select(AuditEntry).where(AuditEntry.action == "caps.freeze"))[0]
    assert (line.actor_id, line.entity_id, line.via) == (thief.id, thief.id, "page")
    assert line.after == {"status": "frozen", "rule": OPEN, "used": 2, "cap": 2}
    for user in (clerk, boss):
        with speaking("en"), runtime.database.system_session("look", write=False) as session:
            news = notifications.page_of(session, factory.actor(user))
        assert [(item.text, item.url) for item in news] == [
            ("Theo was frozen: more than 2 customers opened on one day.", f"/settings/frozen/{thief.id}")
        ]
    seen = rows(runtime, select(AuditEntry.customer_id).where(AuditEntry.action == "customers.view"))
    assert set(seen) == {loot[0].id, loot[1].id}  # the third was never shown


def test_signing_in_while_frozen_says_whom_to_ask(runtime, browser, thief, loot):
    unfreezer(runtime, browser, thief)
    frozen_by(browser, thief, loot)
    answer = browser.post("/login", {"login": thief.login, "password": PASSWORD}, headers={"Accept-Language": "en"})
    assert "A daily cap has frozen this account." in answer.text
    assert "set-cookie" not in answer.headers


def test_the_page_warns_from_80_percent_on(factory, browser, clerk):
    user = factory.user()
    factory.add(UserCap(user_id=user.id, counter=OPEN, cap=5))
    signed_in, customers = browser.sign_in(user), [factory.customer(user) for _ in range(4)]
    answers = [signed_in.get(f"/customers/{customer.id}").text for customer in customers]
    assert ["One more than that freezes" in text for text in answers] == [False, False, False, True]
    assert "You have opened 4 customers today; 5 are allowed." in answers[3]
    assert "You have opened 4 customers today" in signed_in.get(f"/customers/{customers[0].id}").text


def test_ways_around_the_page_are_counted(factory, browser, thief, loot):
    """Reads of parts, and writes that answer with the record."""
    program = browser.token(thief)
    assert program.get(f"/api/v1/customers/{loot[0].id}/contacts").status_code == 200
    assert program.request("PATCH", f"/api/v1/customers/{loot[1].id}", json={}).status_code == 200
    assert program.get(f"/api/v1/customers/{loot[2].id}/addresses").status_code == 403
    assert program.get(f"/api/v1/customers/{loot[0].id}").status_code == 403


def test_changing_a_contact_through_the_api_counts(runtime, factory, browser, clerk):
    """Its answer holds the contact; an empty change would be a way to read them all."""
    user = factory.user()
    factory.add(UserCap(user_id=user.id, counter=OPEN, cap=1))
    ids = []
    for number in range(2):
        data = ContactInput(name=f"Ann {number}", customer_id=factory.customer(user).id)
        with runtime.database.actor_session(factory.actor(user)) as session:
            ids.append(contacts.create(session, factory.actor(user), data).id)
    program = browser.token(user)
    assert program.request("PATCH", f"/api/v1/contacts/{ids[0]}", json={}).json()["name"] == "Ann 0"
    refused = program.request("PATCH", f"/api/v1/contacts/{ids[1]}", json={})
    assert refused.status_code == 403
    assert "Ann 1" not in refused.text


def test_who_sees_a_customer_counts_as_opening_it(factory, browser, clerk):
    user = factory.user("management")
    factory.add(UserCap(user_id=user.id, counter=OPEN, cap=0))
    answer = browser.sign_in(user).get(f"/customers/{factory.customer(name='Deep Sea').id}/audience")
    assert answer.status_code == 403
    assert "Deep Sea" not in answer.text


def test_lists_are_not_openings(browser, thief, loot):
    signed_in = browser.sign_in(thief)
    for _ in range(4):
        assert signed_in.get("/customers").status_code == 200


def test_revealing_has_a_cap_of_its_own(runtime, factory, browser, clerk):
    user = factory.user()
    factory.add(UserCap(user_id=user.id, counter=REVEAL, cap=1))
    actor, urls = factory.actor(user), []
    for number in range(2):
        customer = factory.customer(user)
        with runtime.database.actor_session(actor) as session:
            data = ContactInput(name="Ann", phone=f"1380000000{number}", customer_id=customer.id)
            contacts.create(session, actor, data)
        point = rows(runtime, select(ContactPoint.id).where(ContactPoint.customer_id == customer.id))[0]
        urls.append(f"/customers/{customer.id}/points/{point}/reveal")
    signed_in = browser.sign_in(user)
    assert "138 0000 0000" in signed_in.post(urls[0]).text
    assert signed_in.post(urls[0]).status_code == 200  # the same customer again
    refused = signed_in.post(urls[1])
    assert refused.status_code == 403
    assert "13800000001" not in refused.text.replace(" ", "")
    assert rows(runtime, select(Freeze.rule)) == [REVEAL]


def unfreezer(runtime, browser, user):
    with runtime.database.system_session("test") as session:
        accounts.set_password(session, session.get_one(User, user.id), PASSWORD)
    return browser.sign_in(user)


def test_unfreezing_needs_a_reason_and_the_own_password(runtime, browser, thief, loot, clerk):
    frozen_by(browser, thief, loot)
    helper = unfreezer(runtime, browser, clerk)
    url = f"/settings/frozen/{thief.id}"
    assert "Theo" in helper.get("/settings/frozen").text
    shown = helper.get(url).text
    assert "Co***" in shown
    assert "Company" not in shown
    assert "138****" not in shown
    assert rows(runtime, select(AuditEntry.ids).where(AuditEntry.action == "caps.sheet"))[0]
    assert helper.post(url, {"reason": "", "password": PASSWORD}).status_code == 422
    wrong = helper.post(url, {"reason": "busy day", "password": "guess", "extra": "1"})
    assert "That was not your password" in wrong.text
    assert rows(runtime, select(AuditEntry.result).where(AuditEntry.action == "caps.unfreeze")) == ["failed"]
    assert rows(runtime, select(User.status).where(User.id == thief.id)) == ["frozen"]
    done = helper.post(url, {"reason": "busy day", "password": PASSWORD, "extra": "1"})
    assert done.status_code == 303
    row = rows(runtime, select(Freeze))[0]
    assert (row.thawed_by, row.reason, row.extra) == (clerk.id, "busy day", 1)
    line = rows(runtime, select(AuditEntry).where(AuditEntry.action == "caps.unfreeze", AuditEntry.result == "ok"))[0]
    assert (line.actor_id, line.entity_id, line.reason) == (clerk.id, thief.id, "busy day")
    assert "busy day" in helper.get("/settings/frozen").text


def test_after_unfreezing_the_count_goes_on_where_it_was(runtime, browser, factory, thief, loot, clerk):
    old, _broke = frozen_by(browser, thief, loot)
    actor = factory.actor(clerk)
    with runtime.database.actor_session(actor) as session:
        thawing.unfreeze(session, actor, thief.id, thawing.UnfreezeInput(reason="busy day", extra=1))
    assert old.get("/").status_code == 303  # the old sessions stay ended
    again = browser.sign_in(thief)
    assert again.get(f"/customers/{loot[0].id}").status_code == 200
    assert again.get(f"/customers/{loot[2].id}").status_code == 200
    assert again.get(f"/customers/{loot[3].id}").status_code == 403
    assert len(rows(runtime, select(Freeze))) == 2


def test_whoever_manages_accounts_does_not_decide_about_a_cap(runtime, browser, factory, thief, loot):
    frozen_by(browser, thief, loot)
    admin = factory.user("system_admin")
    actor = factory.actor(admin)
    with runtime.database.actor_session(actor) as session, pytest.raises(Conflict):
        permissions.change_status(session, actor, thief.id, "active")
    for who, status in ((None, "left"), (actor, "active")):  # nor by taking back somebody who left
        with runtime.database.system_session("the operator, then an administrator") as session:
            permissions.change_status(session, who, thief.id, status)
    assert rows(runtime, select(User.status).where(User.id == thief.id)) == ["frozen"]
    page = browser.sign_in(admin)
    assert page.get(f"/settings/frozen/{thief.id}").status_code == 403
    assert "A daily cap has frozen this account" in page.get(f"/settings/users/{thief.id}").text


def test_nobody_unfreezes_their_own_head(runtime, browser, factory, loot):
    department = factory.department()
    below = factory.department(parent=department)
    head, clerk = factory.user("department_head", department), factory.user("office", below)
    other = factory.user("office", factory.department())
    factory.add(UserCap(user_id=head.id, counter=OPEN, cap=0))
    customer = factory.customer(head)
    assert browser.sign_in(head).get(f"/customers/{customer.id}").status_code == 403
    data = thawing.UnfreezeInput(reason="please")
    mine = factory.actor(clerk)
    with runtime.database.actor_session(mine) as session, pytest.raises(Forbidden):
        thawing.unfreeze(session, mine, head.id, data)
    theirs = factory.actor(other)
    with runtime.database.actor_session(theirs) as session:
        thawing.unfreeze(session, theirs, head.id, data)
    assert rows(runtime, select(User.status).where(User.id == head.id)) == ["active"]


def test_somebody_an_administrator_froze_is_told_so(browser, runtime, factory, thief):
    admin = factory.actor(factory.user("system_admin", name="Ada"))
    signed_in = browser.sign_in(thief)
    with runtime.database.actor_session(admin) as session:
        permissions.change_status(session, admin, thief.id, "frozen", reason="on leave")
    answer = signed_in.get("/")
    assert answer.status_code == 403
    assert "frozen by an administrator" in answer.text
    assert "Ada" in answer.text
    assert "on leave" not in answer.text


def test_caps_are_decided_on_two_pages(browser, factory, thief):
    boss = browser.sign_in(factory.user("security_admin"))
    shown = boss.get("/settings/caps").text
    assert 'placeholder="150"' in shown
    name = next(part.split('"')[0] for part in shown.split('name="')[1:] if part.startswith("open-"))
    assert boss.post("/settings/caps", {name: "40"}).status_code == 303
    assert 'value="40"' in boss.get("/settings/caps").text
    refused = boss.post("/settings/caps", {name: "lots"})
    assert refused.status_code == 422
    assert "Write a whole number" in refused.text
    assert boss.post(f"/settings/users/{thief.id}/caps", {"open": "7", "reveal": ""}).status_code == 303
    assert 'value="7"' in boss.get(f"/settings/users/{thief.id}").text
    assert browser.sign_in(factory.user("office")).get("/settings/caps").status_code == 403
