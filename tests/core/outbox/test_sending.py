"""Each message leaves once, whatever a gateway answers and whoever else is sending."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from platform_core.contracts.messaging import NotSent, Rejected, Rules, Taken
from platform_core.customers.models import Contact
from platform_core.kernel.clock import freeze, now
from platform_core.kernel.errors import Conflict, Invalid
from platform_core.kernel.ids import new_id
from platform_core.outbox import claiming, holding, services
from platform_core.outbox.checks import opening
from platform_core.outbox.claiming import Claimed
from platform_core.outbox.dispatch import Timing
from platform_core.outbox.models import Account, Exclusion
from platform_core.privacy.consent import opt_out
from platform_core.privacy.models import Consent
from tests.core.outbox.conftest import NUMBER, House


def test_it_is_claimed_before_the_network_and_settled_after(house: House) -> None:
    _account, provider = house.account()
    seen = []

    def look(parcel):
        seen.append(house.message().state)

    provider.answer = look
    assert house.put() is not None
    assert house.put() is None, "the same meaning twice"
    assert house.work() == 1
    message = house.message()
    assert seen == ["sending"]
    assert (message.state, message.provider_id, message.fence) == ("sent", "provider-1".replace("provider", "first"), 1)
    assert provider.accepted[0].address == f"+86{NUMBER}"
    assert "/messages/told/" in provider.accepted[0].callback_url
    assert house.work() == 0


def test_nobody_reads_number_or_text_in_the_database(house: House) -> None:
    house.account()
    house.put(text="秘密计划")
    house.work()
    with house.runtime.database.connection("test") as connection:
        for table in ("outbox_message", "outbox_account", "core_job"):
            for row in connection.execute(text(f"SELECT * FROM {table}")):
                told = b"|".join(
                    bytes(cell) if isinstance(cell, bytes | memoryview) else str(cell).encode() for cell in row
                )
                assert NUMBER.encode() not in told
                assert "秘密计划".encode() not in told
    assert house.message().mask == "138****8000"


@pytest.mark.parametrize(
    ("told", "state", "waits"),
    [
        (NotSent("refused"), "queued", True),
        (Rejected("isv.BLACK", "in the blacklist"), "failed", False),
        (TimeoutError(), "sending", False),
    ],
)
def test_the_kind_of_answer_decides(house: House, told, state, waits) -> None:
    _account, provider = house.account()

    def raising(parcel):
        raise told

    provider.answer = raising
    house.put()
    house.work()
    message = house.message()
    assert message.state == state
    assert (message.next_at > now()) is waits
    assert (message.reason == "isv.BLACK in the blacklist") is (state == "failed")


def test_whose_answer_was_lost_is_found_again_by_our_reference(house: House) -> None:
    _account, provider = house.account()
    house.put()

    def accepted_then_lost(parcel):
        provider.accepted.append(parcel)
        raise ConnectionResetError

    provider.answer = accepted_then_lost
    house.work()
    assert house.message().state == "sending"
    provider.answer = None
    house.work()
    assert house.message().state == "sent"
    assert len(provider.accepted) == 1


def test_what_is_missing_twice_goes_again_with_the_same_reference(house: House) -> None:
    _account, provider = house.account()
    house.put()
    refs = []

    def lost(parcel):
        refs.append(parcel.ref)
        raise TimeoutError

    provider.answer = lost
    house.work()
    provider.answer = None
    house.work()
    assert (house.message().state, provider.asked, provider.accepted) == ("sending", 1, [])
    house.work()
    assert (house.message().state, len(provider.accepted)) == ("sent", 1)
    assert provider.accepted[0].ref == refs[0]


def test_who_cannot_be_asked_leaves_it_to_people(house: House, factory, runtime) -> None:
    _account, provider = house.account()
    provider.askable = False
    house.put_many(["a", "b", "c"])

    def lost(parcel):
        raise TimeoutError

    provider.answer = lost
    house.work()
    house.work()
    assert house.states() == {"unknown": 3}
    provider.answer = None
    assert house.work() == 0
    actor = factory.actor(factory.user("system_admin"))
    with runtime.database.actor_session(actor) as session:
        for key, verdict in (("a", "sent"), ("b", "again"), ("c", "drop")):
            services.decide(session, actor, house.message(key).id, verdict)
    with runtime.database.actor_session(actor) as session, pytest.raises(Conflict):
        services.decide(session, actor, house.message("a").id, "again")
    house.work()
    assert {key: house.message(key).state for key in "abc"} == {"a": "sent", "b": "sent", "c": "failed"}
    assert len(provider.accepted) == 1


def test_a_late_worker_overwrites_nothing_but_knows_what_has_left(house: House) -> None:
    house.account()
    house.put()
    message = house.message()
    late = Claimed(message.id, "sms", 1, 0, now(), None)  # type: ignore[arg-type]
    for held, state, outcome, becomes in (
        (2, "sending", claiming.not_sent(late, "refused", 0), "sending"),
        (2, "sending", claiming.taken(late, Taken("x")), "sending"),
        (1, "queued", claiming.rejected(late, "no"), "queued"),
        (1, "unknown", claiming.taken(late, Taken("x")), "sent"),
        (1, "queued", claiming.taken(late, Taken("x")), "sent"),
        (1, "cancelled", claiming.taken(late, Taken("x")), "cancelled"),
    ):
        house.change(fence=held, state=state, rank=0, provider_id="")
        with house.runtime.database.connection("test") as connection:
            claiming.settle(connection, [outcome])
        assert house.message().state == becomes, (held, state)
    house.change(fence=1, state="delivered", rank=30, provider_id="")
    with house.runtime.database.connection("test") as connection:
        claiming.settle(connection, [claiming.taken(late, Taken("x"))])
    assert (house.message().state, house.message().provider_id) == ("delivered", "x"), "a report was faster"


def test_what_changed_since_it_was_put_in_counts(house: House, factory, runtime) -> None:
    house.account(rules=Rules(window=(9, 20), per_day=2))
    noon, night = (datetime(2031, 11, 23, hour, tzinfo=UTC) for hour in (4, 15))
    gone, left_alone, fine = factory.customer(), factory.customer(), factory.customer()
    alone, other = (Contact(id=new_id(), customer_id=fine.id, name="Li") for _each in range(2))
    with runtime.database.system_session("test") as session:
        session.add_all([alone, other])
    with freeze(noon):
        for key, customer in (("gone", gone), ("excluded", left_alone), ("fine", fine)):
            house.put(
                key, customer_id=customer.id, purpose="marketing", occasion="birthday", address=f"1380013800{len(key)}"
            )
        for key, contact in (("contact excluded", alone), ("contact", other)):
            address = f"1380013801{len(key) % 10}"
            house.put(key, customer_id=fine.id, contact_id=contact.id, purpose="marketing", address=address)
        house.put("late", expires_at=noon - timedelta(seconds=1))
        house.put("service", customer_id=left_alone.id)
        house.put_many([f"often{number}" for number in range(3)], purpose="marketing", address="13900000000")
    with runtime.database.system_session("test") as session:
        session.merge(gone).deleted_at = noon
        for customer in (gone, left_alone, fine):
            session.add(
                Consent(customer_id=customer.id, channel="", purpose="marketing", given=True, at=noon, source="x")
            )
        session.add(Exclusion(customer_id=left_alone.id, occasion="birthday", reason=b""))
        session.add(Exclusion(contact_id=alone.id, reason=b""))
        for contact in (alone, other):
            said = {"channel": "", "purpose": "marketing", "given": True, "at": noon, "source": "x"}
            session.add(Consent(contact_id=contact.id, **said))
    with freeze(night):
        house.work()
        assert house.message("fine").state == "queued"
        assert house.message("fine").next_at == datetime(2031, 11, 24, 1, tzinfo=UTC), "nine in Shanghai"
        assert house.message("service").state == "sent", "who is left alone still hears what they asked for"
        assert [house.message(key).state for key in ("gone", "excluded", "late")] == ["refused", "refused", "expired"]
        assert [house.message(key).reason for key in ("contact excluded", "contact")] == ["excluded", "window"]
        assert [house.message(key).reason for key in ("gone", "excluded", "late")] == ["gone", "excluded", "late"]
    for _again in range(3):  # one number, two a day: the claim counts what earlier claims sent
        with freeze(datetime(2031, 11, 24, 2, tzinfo=UTC)):
            house.dispatcher.timing = Timing(lease=0, look_again=0, batch=1)
            house.change("often0", next_at=noon)
            house.work()
    assert house.message("fine").state == "sent"
    assert sorted(house.message(f"often{number}").state for number in range(3)) == ["queued", "sent", "sent"]


def test_who_has_said_no_since_then_hears_nothing_more(house: House, factory, runtime) -> None:
    _account, provider = house.account()
    keys = ["silent", "agreed", "opted", "service"]
    for number, key in enumerate(keys):
        customer = factory.customer()
        purpose = "service" if key == "service" else "greeting"
        house.put(key, customer_id=customer.id, purpose=purpose, address=f"1390000000{number}")
        with runtime.database.system_session("test") as session:
            if key in {"agreed", "opted"}:
                yes = {"channel": "sms", "purpose": "greeting", "given": True, "at": now(), "source": "x"}
                session.add(Consent(customer_id=customer.id, **yes))
            if key in {"opted", "service"}:
                assert opt_out(session, "sms", f"1390000000{number}")
    house.work()
    assert {key: house.message(key).reason for key in keys} == {
        "silent": "no_consent", "agreed": "", "opted": "opted_out", "service": "",
    }  # fmt: skip
    assert len(provider.accepted) == 2


def test_what_a_provider_knows_of_opt_outs_counts_from_then_on(house: House, factory) -> None:
    _account, provider = house.account()
    customer = factory.customer()

    def no(parcel):
        raise Rejected("21610", "unsubscribed", opted_out=True)

    provider.answer = no
    house.put("first", customer_id=customer.id)
    house.work()
    house.put("second", customer_id=customer.id, purpose="survey")
    house.work()
    assert (house.message("first").state, house.message("second").reason) == ("failed", "opted_out")


@pytest.mark.parametrize(
    ("zone", "moment", "opens"),
    [
        ("", datetime(2026, 11, 23, 4, tzinfo=UTC), datetime(2026, 11, 23, 4, tzinfo=UTC)),
        ("", datetime(2026, 11, 23, 12, tzinfo=UTC), datetime(2026, 11, 24, 1, tzinfo=UTC)),
        ("Europe/London", datetime(2026, 11, 23, 4, tzinfo=UTC), datetime(2026, 11, 23, 9, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 3, 8, 2, tzinfo=UTC), datetime(2026, 3, 8, 13, tzinfo=UTC)),
    ],
)
def test_the_window_is_the_recipients_day(zone, moment, opens) -> None:
    assert opening((9, 20), zone, moment) == opens


def test_another_account_takes_over_what_certainly_did_not_leave(house: House) -> None:
    first_id, first = house.account("first")
    _second, second = house.account("second")

    def half(parcel):
        if parcel.text == "sure":
            raise NotSent("connection refused", account_down=True)
        raise TimeoutError

    first.answer = half
    house.put("unsure", text="unsure", not_before=now() - timedelta(hours=1))
    house.put("sure", text="sure")
    house.work()
    house.change("sure", next_at=now())
    house.work()
    assert house.message("sure").state == "sent"
    assert [parcel.text for parcel in second.accepted] == ["sure"]
    assert house.message("unsure").account_id == first_id
    with house.runtime.database.system_session("test", write=False) as session:
        account = session.get(Account, first_id)
        assert account.trouble == "connection refused"
        assert account.down_until > now()


def test_an_account_is_not_asked_for_more_than_it_may(house: House) -> None:
    account_id, provider = house.account(per_second=3)
    house.put_many([f"n{number}" for number in range(10)])
    moment = now() + timedelta(minutes=1)
    with freeze(moment):
        house.work()
        assert len(provider.accepted) == 3
    with freeze(moment + timedelta(seconds=1)):
        house.work()
    assert len(provider.accepted) == 6
    with house.runtime.database.system_session("test") as session:
        session.get(Account, account_id).enabled = False
    assert house.work() == 0


def test_single_messages_do_not_wait_behind_many(house: House) -> None:
    _account, provider = house.account()
    house.put_many([f"n{number}" for number in range(5)], lane="bulk", text="bulk")
    house.put("one", text="one")
    assert house.dispatcher.due() == ["interactive", "bulk"]
    house.work("interactive")
    assert [parcel.text for parcel in provider.accepted] == ["one"]
    assert house.dispatcher.due() == ["bulk"]


def test_a_batch_is_paused_let_go_on_and_taken_back(house: House, factory, runtime) -> None:
    _account, provider = house.account()
    batch, other, actor = factory.customer().id, factory.customer().id, factory.actor(factory.user("management"))
    house.put_many(["a", "b"], batch_id=batch)
    house.put_many(["c"], batch_id=other)
    with runtime.database.actor_session(actor) as session:
        assert services.change_batch(session, actor, batch, "pause") == 2
    house.work()
    assert house.states() == {"paused": 2, "sent": 1}
    with runtime.database.actor_session(actor) as session:
        services.change_batch(session, actor, batch, "resume")
    house.work()
    with runtime.database.actor_session(actor) as session:
        assert services.change_batch(session, actor, batch, "cancel") == 0, "they have left"
    assert len(provider.accepted) == 3


def test_workers_that_drain_at_once_double_nothing(house: House) -> None:
    _account, provider = house.account()
    house.put_many([f"n{number}" for number in range(300)], lane="bulk")
    house.timing = Timing(rows=5000, batch=7)
    workers = [house.another() for _number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        done = sum(pool.map(lambda worker: worker.drain("bulk"), workers))
    assert done == 300
    assert len({parcel.ref for parcel in provider.accepted}) == len(provider.accepted) == 300


@pytest.mark.parametrize("number", ["", "no number", "12345", "02162345678", "13800138000;13900139000"])
def test_what_is_no_mobile_number_is_refused(house: House, number) -> None:
    with pytest.raises(Invalid):
        house.put(address=number)


def test_what_waits_too_long_is_an_alarm(house: House, browser) -> None:
    house.put(not_before=now() - timedelta(minutes=5), expires_at=now() + timedelta(days=1))
    assert house.dispatcher.alarm() == "the oldest interactive message waits for 5 minutes"
    house.runtime.outbox = house.dispatcher
    house.runtime.watch_outbox()
    assert "5 minutes" in browser.get("/healthz").text


def test_while_the_house_is_held_nothing_leaves_and_what_waited_may_be_dropped(house: House) -> None:
    _account, provider = house.account()
    house.put("old:1")
    with house.runtime.database.system_session("test") as session:
        assert holding.hold(session, "restore") == 1
    assert house.work() == 0
    assert "baton outbox status" in house.dispatcher.alarm()
    with house.runtime.database.system_session("test") as session:
        assert holding.release(session, drop=True) == 1
    house.put("new:1", text="新的")
    assert house.work() == 1
    assert [parcel.text for parcel in provider.accepted] == ["新的"]
    assert house.states() == {"cancelled": 1, "sent": 1}
    assert house.dispatcher.alarm() == ""


def test_what_became_of_many_is_written_at_once_and_of_each_by_itself(house: House, count_queries) -> None:
    _account, provider = house.account()
    answers = [None, Taken("told", 3), NotSent("busy"), Rejected("bad"), TimeoutError("lost"), None]

    def answer(parcel):
        found = answers[int(parcel.address[-1])]
        if isinstance(found, Exception):
            raise found
        return found

    provider.answer = answer
    for number in range(6):
        house.put(f"hello:{number}", address=f"1380013800{number}")
    with count_queries(at_most=21):  # one for each kind of outcome and one that holds; 7 are the second, empty round
        house.dispatcher.drain("interactive")
    found = [house.message(f"hello:{number}") for number in range(6)]
    assert [message.state for message in found] == ["sent", "sent", "queued", "failed", "sending", "sent"]
    assert [message.parts for message in found] == [0, 3, 0, 0, 0, 0]
    assert [message.failures for message in found] == [0, 0, 1, 0, 0, 0]
    assert [message.provider_id for message in found[:2]] == ["first-1", "told"]
    assert [bool(message.lease_until) for message in found] == [False] * 4 + [True, False]
