"""The list of text messages: conditions, what each person sees of it, numbers as masks alone."""

from __future__ import annotations

import pytest
from baton_plugins.sms import listview
from sqlalchemy import select, update

from platform_core.api.messages import OutboxMessage, Outgoing
from platform_core.customers import points, row_reach, widths
from platform_core.outbox import services as outbox
from platform_core.web.lists import dialogs
from platform_core.web.lists.reading import Reader

NUMBER = "13800138000"


@pytest.fixture
def sent(shop):
    """Two messages to the management's customer and one to somebody else's, one of the first not delivered."""
    other = shop.factory.user(department=shop.factory.department(), name="Otto")
    theirs = shop.factory.customer(other, name="Mountain Ltd")
    with shop.runtime.database.system_session("test") as session:
        point = points.add(session, customer_id=theirs.id, kind="mobile", text="13800138001")
        for key, customer, place, text in (
            ("a", shop.customer.id, shop.point_id, "Your course begins on Monday."),
            ("b", shop.customer.id, shop.point_id, "The room has changed."),
            ("c", theirs.id, point.id, "Greetings from the mountain."),
        ):
            message = Outgoing(
                key=key, channel="sms", owner="sms", text=text, point_id=place, customer_id=customer,
            )  # fmt: skip
            outbox.put(session, None, message)
        session.execute(update(OutboxMessage).where(OutboxMessage.key == "b").values(state="undelivered"))
    shop.other = other
    return shop


@pytest.mark.parametrize("wide", [1, 3000])
def test_everybody_finds_just_the_messages_that_the_policy_allows(sent, monkeypatch, wide):
    monkeypatch.setattr(row_reach, "WIDE", wide)
    monkeypatch.setattr(row_reach, "_WIDER", 0)
    widths.forget()
    for user, expected in ((sent.user, 3), (sent.other, 1)):
        actor = sent.factory.actor(user)
        with sent.runtime.database.actor_session(actor) as session:
            state = dialogs.from_query(session, actor, listview.MESSAGES, "")
            found = [row.id for row in Reader(session, actor, state).page().rows]
            assert set(found) == set(session.scalars(select(OutboxMessage.id)))
            assert len(found) == expected


def test_conditions_and_texts_of_messages(sent, browser, count_queries):
    boss = browser.sign_in(sent.user)
    boss.get("/sms/messages")
    with count_queries(at_most=12):
        page = boss.get("/sms/messages").text
    for text in ("Your course begins on Monday.", "The room has changed.", "Greetings", "138****8000", "Mountain Ltd"):
        assert text in page
    assert NUMBER not in page
    assert "/papers" in page
    failed = boss.get("/sms/messages?view=failed").text
    assert "The room has changed." in failed
    assert "Monday" not in failed
    assert "Greetings" not in boss.get("/sms/messages?f=made:on:yesterday").text
    assert "not delivered" in boss.get("/sms/messages/counts?by=state").text
    otto = browser.sign_in(sent.other)
    theirs = otto.get("/sms/messages").text
    assert "Greetings" in theirs
    assert "Monday" not in theirs
    assert "/papers" not in theirs
    assert 'href="/sms/messages"' in theirs


def test_no_right_to_messages_no_list(sent, browser):
    admin = browser.sign_in(sent.factory.user("system_admin", name="Ada"))
    assert admin.get("/sms/messages").status_code == 403
