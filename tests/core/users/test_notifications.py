"""Notifications: stored once per receiver, read in the reader's language, nobody reads another's."""

from __future__ import annotations

import pytest

from platform_core.kernel import signals
from platform_core.users import notifications
from platform_core.users.models import Notification

WAITING = "%(who)s hands “%(title)s” of %(customer)s over to you"


@pytest.fixture
def tell(runtime):
    def tell(*users, url="/engagements/1", title="Training"):
        parameters = {"who": "Carol", "title": title, "customer": "Acme"}
        with runtime.database.system_session("test") as session:
            notifications.notify(session, [user.id for user in users], "relay", WAITING, parameters, url=url)

    return tell


def test_each_reads_in_their_language(factory, browser, tell):
    english, chinese = factory.user(language="en"), factory.user(language="zh")
    tell(english, chinese, english)
    page = browser.sign_in(english).get("/notifications").text
    assert page.count("Carol hands “Training” of Acme over to you") == 1
    assert "Carol把Acme的“Training”交棒给你" in browser.sign_in(chinese).get("/notifications").text


def test_parameters_are_text_not_markup(factory, browser, tell):
    user = factory.user()
    tell(user, title="<b>100%</b>")
    assert "&lt;b&gt;100%&lt;/b&gt;" in browser.sign_in(user).get("/notifications").text


def test_bell_counts_and_reading_leads_on(factory, browser, tell, session):
    user, other = factory.user(), factory.user()
    tell(user)
    mine = browser.sign_in(user)
    bell = mine.get("/notifications/bell").text
    assert 'id="bell"' in bell
    assert ">1</em>" in bell
    row = session.query(Notification).one()
    session.commit()
    assert browser.sign_in(other).post(f"/notifications/{row.id}/read", {}).status_code == 404
    answer = mine.post(f"/notifications/{row.id}/read", {})
    assert (answer.status_code, answer.headers["location"]) == (303, "/engagements/1")
    assert ">1</em>" not in mine.get("/notifications/bell").text


def test_all_are_read_at_once(factory, browser, tell):
    user, other = factory.user(), factory.user()
    tell(user, other)
    tell(user)
    assert browser.sign_in(user).post("/notifications/read", {}, htmx=True).status_code == 200
    assert ">2</em>" not in browser.sign_in(user).get("/notifications/bell").text
    assert ">1</em>" in browser.sign_in(other).get("/notifications/bell").text


def test_pages_by_keyset(factory, browser, tell, monkeypatch, count_queries):
    monkeypatch.setattr(notifications, "PAGE_SIZE", 2)
    user = factory.user()
    for number in range(5):
        tell(user, title=f"T{number}")
    mine = browser.sign_in(user)
    url, seen = "/notifications", []
    while url:
        with count_queries(at_most=12):
            text = mine.get(url).text
        seen += [number for number in range(4, -1, -1) if f"“T{number}”" in text]
        url = text.partition('rel="next" href="')[2].partition('"')[0]
    assert seen == [4, 3, 2, 1, 0]


def test_withdrawn_news_are_gone(factory, browser, tell, runtime):
    user = factory.user()
    tell(user, url="/engagements/1?leg=2")
    tell(user, url="/engagements/10")
    with runtime.database.system_session("test") as session:
        notifications.withdraw(session, [user.id], "/engagements/1?leg=2")
    assert browser.sign_in(user).get("/notifications").text.count("Carol") == 1


def test_signals_leave_only_after_commit(factory, runtime):
    user, sent = factory.user(), []
    previous = list(signals._send)
    signals.send_through(lambda *signal: sent.append(signal))
    try:
        with runtime.database.system_session("test") as session:
            notifications.notify(session, [user.id], "relay", WAITING)
            session.rollback()
        assert sent == []
        with runtime.database.system_session("test") as session:
            notifications.notify(session, [user.id], "relay", WAITING)
            assert sent == []
        assert sent == [((user.id,), "notify", "")]
    finally:
        signals._send[:] = previous


def test_nothing_yet(factory, browser):
    assert "Nothing has happened yet" in browser.sign_in(factory.user()).get("/notifications").text
