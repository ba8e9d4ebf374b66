"""Seeing Baton as somebody else: read only, masked, counted and written down to the looker, and told afterwards."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from platform_core.audit.models import AuditEntry
from platform_core.caps.models import Opened
from platform_core.contracts.identity import Scope
from platform_core.kernel import counters
from platform_core.kernel.clock import freeze, now
from platform_core.kernel.errors import Conflict, Forbidden
from platform_core.kernel.i18n import speaking
from platform_core.permissions import looking, seeing
from platform_core.permissions.actors import COUNTER, load_actor
from platform_core.permissions.models import Looking, Role, RoleGrant
from platform_core.testing.browser import Browser
from platform_core.users import accounts
from platform_core.users.models import Notification, SignInSession, User
from platform_core.web import badges

PASSWORD = "nine tall birches"
REASON = "She cannot find her customers"


@pytest.fixture
def house(factory):
    """A manager, a coordinator with a customer, and a customer of somebody else."""
    place = factory.department("Sales")
    boss, seller = factory.user("management", name="Boss Lin"), factory.user("coordinator", place, name="Seller Wang")
    own = factory.customer(seller, name="Orchid Own")
    other = factory.customer(factory.user("coordinator", place), name="Lotus Other")
    return boss, seller, own, other


def begin(browser, runtime, boss, seen, **form):
    with runtime.database.system_session("password for a test") as session:
        accounts.set_password(session, session.get_one(User, boss.id), PASSWORD)
    inside = browser.sign_in(boss)
    data = {"reason": REASON, "password": PASSWORD, **form}
    answer = inside.post(f"/settings/users/{seen.id}/see-as", data)
    return inside, answer


def again(browser, inside):
    """The same browser with the token of a page that it sees now."""
    token = re.search(r'name="_csrf" value="([^"]+)"', inside.get("/").text)[1]
    return Browser(inside._runtime, inside._client, inside.cookie, token)


def lines(runtime, *where):
    with runtime.database.system_session("look", write=False) as session:
        return session.scalars(select(AuditEntry).where(*where).order_by(AuditEntry.seq)).all()


def count(runtime, model, *where):
    with runtime.database.system_session("look", write=False) as session:
        return session.scalar(select(func.count()).select_from(model).where(*where))


def test_pages_are_as_the_person_sees_them_and_lead_back(browser, house, runtime, count_queries):
    boss, seller, own, other = house
    inside, answer = begin(browser, runtime, boss, seller)
    assert answer.status_code == 303, answer.text
    for url in ("/", "/customers", f"/customers/{own.id}", "/opportunities"):
        with count_queries(at_most=12):
            page = inside.get(url)
        assert page.status_code == 200, url
        assert "You see Baton as Seller Wang sees it" in page.text
        assert 'action="/see-as/end"' in page.text
        assert 'name="live-url"' not in page.text
    shown = inside.get("/customers").text
    assert own.name in shown
    assert other.name not in shown
    assert inside.get(f"/customers/{other.id}").status_code == 404
    refused = inside.get("/audit")
    assert refused.status_code == 403, "the manager may read the trail, the seller not"
    assert 'action="/see-as/end"' in refused.text, "refusals lead back too"
    back = again(browser, inside).post("/see-as/end")
    assert (back.status_code, back.headers["location"]) == (303, f"/settings/users/{seller.id}")
    assert other.name in browser.sign_in(boss).get("/customers").text
    assert "You see Baton as" not in inside.get("/").text
    assert inside.get("/audit").status_code == 200


def test_every_line_and_count_is_the_lookers(browser, house, runtime):
    boss, seller, own, _other = house
    inside, _answer = begin(browser, runtime, boss, seller)
    assert inside.get(f"/customers/{own.id}").status_code == 200
    assert again(browser, inside).post("/see-as/end").status_code == 303
    begun, viewed, ended = lines(
        runtime, AuditEntry.action.in_(("permissions.see_as", "customers.view", "permissions.see_as_end"))
    )
    for line in (begun, viewed, ended):
        assert (line.actor_id, line.actor_label) == (boss.id, boss.name)
    assert (begun.entity_id, begun.reason) == (ended.entity_id, ended.reason) == (seller.id, REASON)
    assert viewed.after == {"seen_as": seller.name}
    assert not lines(runtime, AuditEntry.actor_id == seller.id)
    assert count(runtime, Opened, Opened.user_id == seller.id) == 0
    assert count(runtime, Opened, Opened.user_id == boss.id) == 1
    told = re.findall(r'hx-get="(/audit/lines/[^"]+)"', inside.get("/audit?who=Boss").text)
    assert any("Seen as" in inside.get(line).text for line in told)


def test_the_person_is_told_afterwards(browser, house, runtime):
    boss, seller, _own, _other = house
    inside, _answer = begin(browser, runtime, boss, seller)
    assert count(runtime, Notification, Notification.user_id == seller.id) == 0
    again(browser, inside).post("/see-as/end")
    theirs = browser.sign_in(seller).get("/notifications").text
    assert f"{boss.name} looked at Baton as you see it" in theirs
    assert REASON in theirs


def test_nothing_is_written_in_the_persons_name(browser, house, runtime, factory):
    boss, seller, own, _other = house
    factory.add(Notification(user_id=seller.id, domain="users", message="Saved."))
    inside, _answer = begin(browser, runtime, boss, seller)
    acting = again(browser, inside)
    before = count(runtime, AuditEntry, AuditEntry.result == "ok")
    sent = {
        "/notifications/read": {}, f"/customers/{own.id}/edit": {"name": "Changed"}, "/search": {"q": "Orchid"},
        f"/customers/{own.id}/points/{own.id}/reveal": {}, "/me": {"language": "en"}, "/me/tokens": {"name": "x"},
        f"/settings/users/{boss.id}/see-as": {"reason": REASON, "password": PASSWORD},
    }  # fmt: skip
    for url, data in sent.items():
        assert acting.post(url, data).status_code == 403, url
    for method, url in (("POST", "/api/v1/customers"), ("PATCH", f"/api/v1/customers/{own.id}")):
        assert acting.request(method, url, json={"name": "Changed"}).status_code == 403
    for url in ("/me", "/me/tokens", "/notifications"):
        assert acting.get(url).status_code == 403, "what is that person's alone"
    assert inside.get("/live").status_code == 204
    assert count(runtime, AuditEntry, AuditEntry.result == "ok") == before
    assert count(runtime, Notification, Notification.read_at.is_(None)) == 1
    denied = lines(runtime, AuditEntry.result == "denied")
    assert {line.actor_id for line in denied} == {boss.id}


def test_what_a_page_would_write_for_the_person_is_refused_too(runtime, house, factory):
    """A GET of a plugin that writes: nothing of it stays."""
    boss, seller, _own, _other = house
    with runtime.database.system_session("test") as session:
        looker = load_actor(session, boss.id)
        look = Looking(
            session_id=looker.session_id, looker_id=boss.id, seen_id=seller.id, reason=REASON,
            until=now() + timedelta(minutes=5),
        )  # fmt: skip
        session.add(look)
        session.flush()  # its id is asked for
        seen = seeing.through(session, looker, look.id, counters.read(session, COUNTER))
    writes = (
        lambda session: session.add(Notification(user_id=seller.id, domain="users", message="x")),
        lambda session: setattr(session.get(User, seller.id), "notes", "x"),
        lambda session: session.delete(session.get(User, seller.id)),
        lambda session: session.execute(update(User).where(User.id == seller.id).values(notes="x")),
    )
    for write in writes:
        with (
            speaking("en"),
            pytest.raises(Forbidden, match="Go back to yourself"),
            runtime.database.actor_session(seen.actor) as session,
        ):
            write(session)
    assert factory.read(User, seller.id).notes == ""


def test_looking_shows_nobody_anything_new(browser, house, runtime, factory):
    """Rights that the looker does not hold for the whole house are left out, whatever the person has."""
    boss, _seller, _own, other = house
    head = factory.user("department_head", factory.department("Marketing"))
    grant(runtime, "department_head", seeing.PERMISSION)
    with runtime.database.system_session("look", write=False) as session:
        mine = load_actor(session, head.id)
    assert mine.scope("customers.view") == Scope.SUBTREE
    inside, answer = begin(browser, runtime, head, boss)
    assert answer.status_code == 303
    assert inside.get("/customers").status_code == 403, "neither reach nor right of the manager"
    assert inside.get("/audit").status_code == 403
    page = inside.get("/").text
    assert "rights of this person are left out" in page
    assert other.name not in page


def test_a_looker_who_sees_nothing_keeps_the_persons_pages_shut(browser, house, runtime, factory):
    _boss, seller, own, _other = house
    grant(runtime, "security_admin", seeing.PERMISSION)
    inside, answer = begin(browser, runtime, factory.user("security_admin"), seller)
    assert answer.status_code == 303
    assert inside.get(f"/customers/{own.id}").status_code == 403
    assert own.name not in inside.get("/").text


def grant(runtime, code, permission, scope=Scope.ALL):
    with runtime.database.system_session("test") as session:
        role = session.scalars(select(Role).where(Role.code == code)).one()
        session.add(RoleGrant(role_id=role.id, permission=permission, scope=scope))
        counters.bump(session, COUNTER)


def test_the_numbers_of_the_person_stay_theirs(browser, house, runtime, factory):
    """The navigation counts with fewer rights while somebody looks; the person's own numbers are not replaced."""
    boss, seller, _own, _other = house
    badges.forget()
    inside, _answer = begin(browser, runtime, boss, seller)
    kept = set(badges._kept)
    inside.get("/customers")
    assert {key[1] for key in set(badges._kept) - kept} <= {boss.id}


def test_who_may_and_as_whom(browser, house, runtime, factory):
    boss, seller, _own, _other = house
    for code in ("security_admin", "system_admin", "office", "coordinator"):
        other = factory.user(code)
        assert browser.sign_in(other).get(f"/settings/users/{seller.id}/see-as").status_code == 403, code
        assert "see-as" not in browser.sign_in(other).get(f"/settings/users/{seller.id}").text
    inside = browser.sign_in(boss)
    assert f"/settings/users/{seller.id}/see-as" in inside.get(f"/settings/users/{seller.id}").text
    assert inside.get(f"/settings/users/{boss.id}/see-as").status_code == 409
    gone = factory.user("coordinator", status="left")
    assert inside.get(f"/settings/users/{gone.id}/see-as").status_code == 409
    assert inside.post(f"/settings/users/{seller.id}/see-as", {"reason": "", "password": PASSWORD}).status_code == 422
    _inside, wrong = begin(browser, runtime, boss, seller, password="not it")
    assert "That was not your password" in wrong.text
    assert count(runtime, Looking) == 0
    failed = lines(runtime, AuditEntry.action == "permissions.see_as", AuditEntry.result == "failed")
    assert [line.actor_id for line in failed] == [boss.id]


def test_a_program_does_not_look(browser, house, runtime):
    boss, seller, _own, _other = house
    with runtime.database.system_session("test") as session:
        actor = load_actor(session, boss.id, via="api")
        with pytest.raises(Forbidden):
            looking.begin(session, actor, seller.id, REASON)
        with pytest.raises(Conflict):
            looking.begin(session, actor, boss.id, REASON)


@pytest.mark.parametrize("what", ["time", "right", "person", "sign-out"])
def test_it_ends(browser, house, runtime, factory, what):
    """By its time, with the looker's right, with the person's account, and with the looker's session."""
    boss, seller, _own, other = house
    inside, _answer = begin(browser, runtime, boss, seller)
    assert inside.get(f"/customers/{other.id}").status_code == 404
    if what == "time":
        with freeze(now() + timedelta(minutes=looking.MINUTES, seconds=1)):
            assert inside.get(f"/customers/{other.id}").status_code == 200
            sweep(runtime)
    elif what == "right":
        with runtime.database.system_session("test") as session:
            role = session.scalar(select(Role.id).where(Role.code == "management"))
            session.delete(session.get(RoleGrant, (role, seeing.PERMISSION)))
            counters.bump(session, COUNTER)
        assert inside.get(f"/customers/{other.id}").status_code == 200
        return
    elif what == "person":
        with runtime.database.system_session("test") as session:
            session.get(User, seller.id).status = "frozen"
            counters.bump(session, COUNTER)
        assert inside.get(f"/customers/{other.id}").status_code == 200
        return
    else:
        assert again(browser, inside).post("/logout").status_code == 303
        assert inside.get("/").headers["location"].startswith("/login")
        sweep(runtime)
    assert count(runtime, Looking, Looking.ended_at.is_(None)) == 0
    assert count(runtime, SignInSession, SignInSession.looking_id.is_not(None)) == 0
    (line,) = lines(runtime, AuditEntry.action == "permissions.see_as_end")
    assert (line.actor_id, line.entity_id) == (boss.id, seller.id)
    assert count(runtime, Notification, Notification.user_id == seller.id) == 1


def sweep(runtime):
    job = next(item for item in runtime.manager.declared.jobs if item.name == "permissions.end_looking")
    job.run(type("Context", (), {"database": runtime.database})())


def test_a_form_of_the_persons_page_is_not_sent_as_oneself(browser, house, runtime):
    boss, seller, _own, _other = house
    inside, _answer = begin(browser, runtime, boss, seller)
    theirs = again(browser, inside)
    assert theirs.post("/see-as/end").status_code == 303
    stale = theirs.post("/me", {"language": "en"})
    assert stale.status_code == 403
    assert "too old" in stale.text
