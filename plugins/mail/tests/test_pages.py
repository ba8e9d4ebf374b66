"""Setting up an account, trying it, and choosing one's own mails."""

from __future__ import annotations

import re

import pytest
from baton_plugins.mail import choosing
from sqlalchemy import select

from platform_core.api import service_of
from platform_core.api.messages import MAIL_SENDER, Mail, OutboxAccount, Reader
from platform_core.testing.mailserver import SECRET

NEW = "/settings/messages/accounts/new"
CHOSEN = re.compile(r'name="kinds"[^>]* checked')


def form(server, **changed):
    given = {f"config_{name}": value for name, value in server.config().items()}
    return {"driver": "mail.smtp", "name": "Post", "per_second": "20", "order": "50", "purposes": "service",
            "enabled": "1", **given, **changed}  # fmt: skip


@pytest.fixture
def keeper(runtime, factory, browser):
    user = factory.user("management", name="Li Na", language="en", email="li@house.example")
    return browser.sign_in(user)


def accounts(runtime):
    with runtime.database.system_session("test", write=False) as session:
        return session.scalars(select(OutboxAccount)).all()


def test_an_account_is_set_up_checked_and_tried(runtime, keeper, server, post):
    with runtime.database.system_session("test") as session:
        session.query(OutboxAccount).delete()
    shown = keeper.get(f"{NEW}?driver=mail.smtp").text
    assert "STARTTLS" in shown
    assert "Numbers of" not in shown
    assert keeper.post(NEW, form(server)).status_code == 303
    (account,) = accounts(runtime)
    page = f"/settings/messages/accounts/{account.id}"
    shown = keeper.get(page).text
    assert SECRET not in shown
    assert "Your own address" in shown
    wrong = keeper.post(f"{page}/test", {"number": "13800138000"})
    assert wrong.status_code == 422
    assert 'value="13800138000"' in wrong.text, "what was typed is still there"
    assert keeper.post(f"{page}/test", {"number": "li@house.example", "_key": "1"}).status_code == 303
    assert post.work() == 1
    (mail,) = server.mails()
    assert mail["subject"] == "Test message of Baton"
    assert "The account Post works." in mail.get_content()
    # An empty secret stays as it is.
    assert keeper.post(page, form(server, config_password="", config_sender_name="New")).status_code == 303
    assert keeper.post(f"{page}/test", {"number": "li@house.example", "_key": "2"}).status_code == 303
    post.work()
    assert server.mails()[1]["from"].addresses[0].display_name == "New"


@pytest.mark.parametrize(("name", "value", "told"), [
    ("host", "", "Please fill this in."), ("port", "x", "Write a number from 1 to 65535."),
    ("security", "ssl", "Please choose from the list."), ("sender", "crm", "This is no mail address."),
    ("sender", "a@b.example\r\nBcc: c@d.example", "This is no mail address."),
    ("authority", "/nowhere.pem", "This file holds no certificate."),
])  # fmt: skip
def test_what_is_wrong_is_said_at_its_field(runtime, keeper, server, name, value, told):
    answer = keeper.post(NEW, form(server, **{f"config_{name}": value}))
    assert answer.status_code == 422
    assert f'href="#f-config_{name}">{told}' in answer.text
    assert "crm@house.example" in answer.text or name == "sender", "what was typed is still there"
    assert accounts(runtime) == []


def test_everybody_says_which_mails_they_want(runtime, factory, browser, post, count_queries):
    user = factory.user("coordinator", name="Wang", language="en", email="wang@house.example")
    browser = browser.sign_in(user)
    assert choosing.PATH in browser.get("/me").text
    browser.get(choosing.PATH)
    with count_queries(at_most=12):
        shown = browser.get(choosing.PATH).text
    assert "wang@house.example" in shown
    assert len(CHOSEN.findall(shown)) == 3
    assert browser.post(choosing.PATH, {"kinds": ["digest"]}).status_code == 303
    assert len(CHOSEN.findall(browser.get(choosing.PATH).text)) == 1

    with runtime.database.system_session("test") as session:
        sender = service_of(session, MAIL_SENDER)
        assert sender.readers(session, [user.id], "reminder") == {}
        reader = sender.readers(session, [user.id], "digest")[user.id]
        mail = Mail("digest:1", reader, "Your\r\nBcc: day", "3 plans", path="/plans")
        assert [sender.send(session, [mail]), sender.send(session, [mail])] == [1, 0]
    post.work()
    (sent,) = post.server.mails()
    assert sent["subject"] == "Your Bcc: day"
    assert "bcc" not in sent
    assert f"3 plans\n\n{runtime.settings.base_url}/plans\n\n-- \n" in sent.get_content().replace("\r\n", "\n")


def test_who_cannot_be_reached_is_no_reader(runtime, factory, post):
    people = [
        factory.user("coordinator", name=name, email=address, status=status)
        for name, address, status in [("A", "", "active"), ("B", "b@house.example", "left"), ("C", "c at", "active")]
    ]
    known = factory.user("coordinator", name="D", email="d@house.example")
    everybody = [user.id for user in (*people, known)]
    with runtime.database.system_session("test") as session:
        sender = service_of(session, MAIL_SENDER)
        assert set(sender.readers(session, everybody, "reminder")) == {known.id}
        assert sender.address(session, people[2].id) == ""
        session.query(OutboxAccount).update({"enabled": False})
        assert sender.readers(session, everybody, "reminder") == {}


def test_switched_off_nobody_is_written_to(runtime, factory, post, browser):
    user = factory.user("coordinator", name="D", language="en", email="d@house.example")
    browser = browser.sign_in(user)
    everything = runtime.manager.enabled
    runtime.manager.enabled = everything - {"mail"}
    try:
        with runtime.database.system_session("test") as session:
            sender = service_of(session, MAIL_SENDER)
            assert sender.readers(session, [user.id], "reminder") == {}
            assert (
                sender.send(session, [Mail("a", Reader(user.id, "D", "d@house.example", "en"), "News", "Hello")]) == 0
            )
        assert choosing.PATH not in browser.get("/me").text
        assert browser.get(choosing.PATH).status_code == 404
    finally:
        runtime.manager.enabled = everything
