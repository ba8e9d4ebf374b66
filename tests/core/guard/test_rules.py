"""Each rule: what it describes raises an alert, one less does not; alerts are told once, looked at and decided."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from platform_core.audit.models import AuditEntry
from platform_core.guard import measuring, rules
from platform_core.guard.models import Alert, RuleSetting
from platform_core.kernel.clock import at_local, local, now, today
from platform_core.kernel.i18n import speaking
from platform_core.kernel.ids import new_id
from platform_core.kernel.jobs import enqueue
from platform_core.users import notifications


def rows(runtime, statement):
    with runtime.database.system_session("look", write=False) as session:
        return list(session.scalars(statement))


def watch(runtime):
    with runtime.database.system_session("the minute is over") as session:
        key = enqueue(session, "guard.watch")
    assert runtime.jobs.run(key)
    return [alert.rule for alert in rows(runtime, select(Alert).order_by(Alert.at))]


@pytest.fixture
def thief(factory):
    return factory.user(name="Theo", department=factory.department())


class Trail:
    """Lines as services write them, `ago` minutes old."""

    def __init__(self, factory, user):
        self.factory, self.user = factory, user

    def write(self, action, keys, ago=5, *, at=None, **fields):
        moment = at or now() - timedelta(minutes=ago)
        with self.factory.runtime.database.system_session("lines") as session:
            for key in keys:  # one by one: each takes the next number
                values = {"at": moment, "action": action, "customer_id": key, "salt": b"0" * 16, **fields}
                session.add(AuditEntry(actor_id=self.user.id, actor_label=self.user.name, **values))
                session.flush()


@pytest.fixture
def trail(factory, thief):
    return Trail(factory, thief)


@pytest.fixture(autouse=True)
def at_noon(factory, monkeypatch):
    """Whatever the time is: the rule about nights has its own test."""
    monkeypatch.setattr(measuring, "is_work", lambda _moment: True)


def shuffled(number):
    return [uuid4() for _number in range(number)]


def reveals(trail, number):
    trail.write("customers.reveal", shuffled(number))


def paging(trail, number):
    trail.write("customers.list", [None] * number)


def refusals(trail, number):
    trail.write("permissions.denied", shuffled(number), result="denied")


def searches(trail, number):
    trail.write("customers.search", [None] * number)
    trail.write("customers.view", shuffled(number // 12))


def walk(trail, number):
    for key in [new_id() for _number in range(number)]:
        trail.write("customers.view", [key])


def places(trail, number):
    trail.write("customers.list", [None], ago=60 * 24 * 3, ip="10.0.0.1")
    trail.write("exports.ask", [None] * number, ip="172.16.0.9")


def foreign(trail, number):
    owned = [trail.factory.customer(department_id=trail.factory.department().id).id for _number in range(number)]
    trail.write("customers.view", sorted(owned, key=hash))


def unused(trail, number):
    called = [trail.factory.customer(last_contact_at=now()).id for _number in range(3)]
    trail.write("customers.reveal", called, ago=60 * 30)
    never = [trail.factory.customer().id for _number in range(number)]
    trail.write("customers.reveal", never, ago=60 * 30)


STORIES = {
    "reveals": reveals, "paging": paging, "refusals": refusals, "searches": searches, "walk": walk, "places": places,
    "foreign": foreign, "unused": unused,
}  # fmt: skip


@pytest.mark.parametrize("code", STORIES)
def test_what_a_rule_describes_alerts_and_one_less_does_not(runtime, trail, code):
    limit = rules.RULES[code].threshold
    if limit > 1:
        STORIES[code](trail, limit - 1)
        assert code not in watch(runtime)
    else:
        places(trail, 0)
        assert not watch(runtime)
    with runtime.database.system_session("a rule by itself") as session:
        session.add_all(
            RuleSetting(code=other, enabled=False, threshold=1, minutes=1) for other in rules.RULES if other != code
        )
    STORIES[code](trail, limit)
    assert watch(runtime) == [code]
    (alert,) = rows(runtime, select(Alert))
    assert alert.number >= limit
    assert alert.user_label == "Theo"


def test_every_rule_has_a_story_and_words_in_both_languages():
    assert {*STORIES, "night"} == set(rules.RULES)
    filled = {"name": "N", "number": 1, "threshold": 2, "minutes": 3}
    for rule in rules.RULES.values():
        for source in (rule.title, rule.explained):
            with speaking("en"):
                english = str(source)
            with speaking("zh"):
                assert str(source) != english
        assert rule.told % filled


def test_nights_are_counted_by_the_clock_of_the_house(runtime, trail, monkeypatch, thief):
    monkeypatch.undo()
    day = today() - timedelta(days=2)
    for hour, found in ((12, 0), (6, 10), (22, 10)):
        moment = at_local(day, hour, 30)
        trail.write("customers.view", shuffled(10), at=moment)
        assert local(moment).hour == hour
        window = measuring.Window(moment - timedelta(minutes=5), moment + timedelta(minutes=5), 10)
        with runtime.database.system_session("measure", write=False) as session:
            measured = measuring.at_night(session, window)
        assert [item.number for item in measured] == ([found] if found else [])


@given(st.lists(st.uuids(), max_size=40))
def test_the_longest_walk_is_that_of_a_slower_search(keys: list[UUID]):
    def slow() -> int:
        steps = [key for number, key in enumerate(keys) if number == 0 or keys[number - 1] != key]
        found = [0]
        for start in range(len(steps)):
            for end in range(start + 1, len(steps) + 1):
                part = steps[start:end]
                if part in (sorted(part), sorted(part, reverse=True)):
                    found.append(len(part))
        return max(found)

    assert measuring.longest_walk(keys) == slow()


def test_an_alert_is_told_once_and_leads_to_the_lines(runtime, factory, browser, trail):
    guard = factory.user("security_admin")
    known = [factory.customer(name=f"Secret {number}").id for number in range(25)]
    trail.write("customers.reveal", known)
    assert watch(runtime) == ["reveals"]
    trail.write("customers.reveal", shuffled(5), ago=1)
    assert watch(runtime) == ["reveals"]
    with speaking("en"), runtime.database.system_session("look", write=False) as session:
        (news,) = notifications.page_of(session, factory.actor(guard))
    assert news.text.startswith("Theo revealed numbers of 25 customers within 60 minutes")
    here = browser.sign_in(guard)
    page = here.get(news.url)
    assert "Se***" in page.text
    assert "Secret 3" not in page.text
    assert rows(runtime, select(Alert.number)) == [30]
    assert here.post(news.url, {"state": "false", "note": "A campaign"}).status_code == 303
    (alert,) = rows(runtime, select(Alert))
    assert (alert.state, alert.note) == ("false", "A campaign")
    assert "Many numbers" in here.get("/settings/alerts?state=false").text
    assert "Many numbers" not in here.get("/settings/alerts?state=new").text
    counted = select(func.count()).where(AuditEntry.action.in_(["guard.alert", "guard.look", "guard.decide"]))
    assert rows(runtime, counted) == [3]


def test_limits_are_set_and_rules_switched_off_by_the_security_administrator(runtime, factory, browser, trail):
    here = browser.sign_in(factory.user("security_admin"))
    manager = browser.sign_in(factory.user("management"))
    reveals(trail, 3)
    for posted, expected in (({"threshold": "3", "minutes": "30"}, []), ({"threshold": "4", "enabled": "1"}, [])):
        answer = here.post("/settings/rules/reveals", {"minutes": "30", **posted})
        assert answer.status_code == 303
        assert watch(runtime) == expected
    assert here.post("/settings/rules/reveals", {"threshold": "3", "minutes": "30", "enabled": "1"}).status_code == 303
    assert watch(runtime) == ["reveals"]
    assert here.post("/settings/rules/reveals", {"threshold": "0", "minutes": "30"}).status_code == 422
    assert here.post("/settings/rules/nothing", {"threshold": "3", "minutes": "30"}).status_code == 404
    assert manager.get("/settings/rules").status_code == 403
    assert manager.get("/settings/alerts").status_code == 200
    changed = rows(runtime, select(AuditEntry.after).where(AuditEntry.action == "guard.rule").order_by(AuditEntry.seq))
    assert changed[0] == {"rule": "reveals", "enabled": False, "threshold": 3, "minutes": 30}


def test_one_broken_rule_leaves_the_others_to_their_work(runtime, trail, monkeypatch, lenient):
    def fail(session, window):
        raise ZeroDivisionError

    broken = rules.Rule("unused", "", "", "", 1, 1, fail, ())
    monkeypatch.setattr(rules, "RULES", {"unused": broken, **{k: v for k, v in rules.RULES.items() if k != "unused"}})
    reveals(trail, 20)
    assert watch(runtime) == ["reveals"]


def test_pages_stay_within_their_statements(runtime, factory, browser, trail, count_queries):
    reveals(trail, 20)
    watch(runtime)
    here = browser.sign_in(factory.user("security_admin"))
    (alert,) = rows(runtime, select(Alert.id))
    for url in ("/settings/alerts", f"/settings/alerts/{alert}", "/settings/rules", "/settings/bait"):
        with count_queries(at_most=12):
            assert here.get(url).status_code == 200, url
