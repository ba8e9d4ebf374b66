"""Every step of the relay: its state, its rights, and who sees what before and after."""

from __future__ import annotations

import threading
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.kernel.clock import freeze, now
from platform_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from platform_core.relay import inbox, services
from platform_core.relay.models import Engagement, RelayEvent
from platform_core.users.models import Notification

EVERYTHING = {"customer": True, "engagement": True, "leg": True, "event": True}
NOTHING = dict.fromkeys(EVERYTHING, False)
ONLY_CUSTOMER = {**NOTHING, "customer": True}


def told(house: Any, name: str) -> list[str]:
    with house.runtime.database.system_session("test") as session:
        rows = session.scalars(
            select(Notification).where(Notification.user_id == house.people[name].id).order_by(Notification.id)
        )
        return [row.message for row in rows]


def kinds(house: Any, engagement_id: UUID) -> list[str]:
    with house.runtime.database.system_session("test") as session:
        found = select(RelayEvent.kind).where(RelayEvent.engagement_id == engagement_id).order_by(RelayEvent.id)
        return list(session.scalars(found))


def legs(house: Any, engagement_id: UUID) -> list[str]:
    with house.as_("manager") as (session, _actor):
        return [view.leg.state for view in services.engagements_of(session, house.customer.id)[0].legs]


def test_opener_of_the_first_department_holds_the_first_leg(house):
    engagement_id = house.open()
    assert legs(house, engagement_id) == ["active", "planned", "planned", "planned"]
    assert house.sees("collector") == EVERYTHING
    assert house.writes("collector", engagement_id)
    assert house.sees("manager") == EVERYTHING
    for name in ("other_collector", "trainer", "train_head", "clerk", "admin"):
        assert house.sees(name) == NOTHING, name


def test_opener_of_another_department_offers_the_first_leg(house):
    house.customer = house.factory.customer(house.people["clerk"])
    engagement_id = house.open("clerk")
    assert legs(house, engagement_id)[0] == "offered"
    assert house.sees("collector") == house.sees("clerk") == EVERYTHING
    assert not house.writes("clerk", engagement_id)
    assert told(house, "collector")


def test_four_departments_pass_one_customer_on(house):
    engagement_id = house.open()
    house.pass_on("collector", "trainer", engagement_id)
    office = house.pass_on("trainer", "clerk", engagement_id)
    house.tick("clerk", office)
    house.pass_on("clerk", "agent", engagement_id)
    assert legs(house, engagement_id) == ["done", "done", "done", "active"]
    for name in ("collector", "trainer", "clerk"):
        assert house.sees(name) == EVERYTHING, name
        assert not house.writes(name, engagement_id), name
    assert house.writes("agent", engagement_id)
    with house.as_("agent") as (session, actor):
        services.finish(session, actor, engagement_id, outcome="All fine")
    assert house.factory.read(Engagement, engagement_id).state == "done"
    assert house.sees("agent") == EVERYTHING
    assert not house.writes("agent", engagement_id)
    assert kinds(house, engagement_id) == [
        "opened", "handed_over", "accepted", "handed_over", "accepted", "handed_over", "accepted", "closed",
    ]  # fmt: skip


def test_offer_is_seen_by_the_department_and_taken_by_one(house):
    engagement_id = house.open()
    leg_id = house.hand_over("collector", engagement_id)
    for name in ("trainer", "second_trainer", "train_head", "collector"):
        assert house.sees(name) == EVERYTHING, name
        assert not house.writes(name, engagement_id), name
    assert house.sees("clerk") == house.sees("other_collector") == NOTHING
    assert told(house, "second_trainer")
    house.accept("trainer", leg_id)
    assert house.writes("trainer", engagement_id)
    assert house.sees("second_trainer") == NOTHING
    assert told(house, "second_trainer") == []
    assert house.sees("train_head") == EVERYTHING
    assert house.writes("train_head", engagement_id)
    assert told(house, "collector") == ["%(who)s took over “%(title)s” of %(customer)s"]


def test_named_offer_is_for_that_person_and_the_head(house):
    engagement_id = house.open()
    leg_id = house.hand_over("collector", engagement_id, to_user_id=house.people["trainer"].id)
    assert house.sees("trainer") == house.sees("train_head") == EVERYTHING
    assert house.sees("second_trainer") == NOTHING
    with pytest.raises(NotFound), house.as_("second_trainer") as (session, actor):
        services.accept(session, actor, leg_id)
    house.accept("trainer", leg_id)
    assert house.writes("trainer", engagement_id)


def test_named_receiver_must_belong_to_the_department(house):
    engagement_id = house.open()
    with pytest.raises(Invalid) as refusal:
        house.hand_over("collector", engagement_id, to_user_id=house.people["clerk"].id)
    assert "to_user_id" in refusal.value.fields
    assert legs(house, engagement_id)[0] == "active"


def test_return_puts_the_baton_back(house):
    engagement_id = house.open()
    leg_id = house.hand_over("collector", engagement_id)
    with pytest.raises(Invalid), house.as_("trainer") as (session, actor):
        services.return_leg(session, actor, leg_id, "  ")
    with house.as_("trainer") as (session, actor):
        services.return_leg(session, actor, leg_id, "No phone number")
    assert legs(house, engagement_id)[:2] == ["active", "planned"]
    assert house.leg(leg_id).returned_reason == "No phone number"
    for name in ("trainer", "second_trainer", "train_head"):
        assert house.sees(name) == NOTHING, name
        assert told(house, name) == [], name
    assert house.writes("collector", engagement_id)
    assert told(house, "collector") == ["%(who)s returned “%(title)s” of %(customer)s: %(reason)s"]
    house.pass_on("collector", "second_trainer", engagement_id)
    assert house.leg(leg_id).returned_reason == ""


def test_returned_first_leg_is_offered_again_by_the_opener(house):
    house.customer = house.factory.customer(house.people["clerk"])
    engagement_id = house.open("clerk")
    with house.as_("collector") as (session, actor):
        leg_id = inbox.read(session, actor)[0].leg.id
        services.return_leg(session, actor, leg_id, "Not for us")
    assert house.sees("collector") == ONLY_CUSTOMER  # of her own
    assert house.hand_over("clerk", engagement_id) == leg_id
    house.accept("other_collector", leg_id)
    assert house.writes("other_collector", engagement_id)


def test_open_checklist_refuses_the_hand_over(house):
    engagement_id = house.open()
    house.pass_on("collector", "trainer", engagement_id)
    leg_id = house.pass_on("trainer", "clerk", engagement_id)
    with pytest.raises(Conflict, match="Names"):
        house.hand_over("clerk", engagement_id)
    with pytest.raises(Forbidden), house.as_("collector") as (session, actor):
        services.tick(session, actor, leg_id, "names", True)
    with pytest.raises(NotFound), house.as_("clerk") as (session, actor):
        services.tick(session, actor, leg_id, "unknown", True)
    house.tick("clerk", leg_id)
    item = house.leg(leg_id).checklist[0]
    assert (item["done"], item["by"]) == (True, "Clara")
    house.hand_over("clerk", engagement_id)


def test_hand_over_needs_a_note_and_a_holder(house):
    engagement_id = house.open()
    with pytest.raises(Invalid) as refusal, house.as_("collector") as (session, actor):
        services.hand_over(session, actor, engagement_id, note=" ")
    assert "note" in refusal.value.fields
    with pytest.raises(NotFound):
        house.hand_over("other_collector", engagement_id)
    leg_id = house.pass_on("collector", "trainer", engagement_id)
    with pytest.raises(Forbidden):
        house.hand_over("collector", engagement_id)
    with pytest.raises(Conflict), house.as_("trainer") as (session, actor):
        services.finish(session, actor, engagement_id)
    house.hand_over("train_head", engagement_id)
    assert house.leg(leg_id).closed_by == house.people["train_head"].id
    assert house.sees("trainer") == EVERYTHING
    assert not house.writes("trainer", engagement_id)
    with pytest.raises(Conflict):
        house.hand_over("trainer", engagement_id)


def test_reassign_moves_the_part_within_the_department(house):
    engagement_id = house.open()
    leg_id = house.pass_on("collector", "trainer", engagement_id)
    second = house.people["second_trainer"].id
    with pytest.raises(Forbidden), house.as_("trainer") as (session, actor):
        services.reassign(session, actor, leg_id, second)
    with pytest.raises(Invalid), house.as_("train_head") as (session, actor):
        services.reassign(session, actor, leg_id, house.people["clerk"].id)
    with house.as_("train_head") as (session, actor):
        services.reassign(session, actor, leg_id, second)
    assert house.sees("trainer") == NOTHING
    assert house.writes("second_trainer", engagement_id)
    assert told(house, "second_trainer") == ["%(who)s gave you “%(title)s” of %(customer)s"]


def test_reassigned_offer_waits_for_the_new_person_alone(house):
    engagement_id = house.open()
    leg_id = house.hand_over("collector", engagement_id)
    with house.as_("train_head") as (session, actor):
        services.reassign(session, actor, leg_id, house.people["second_trainer"].id)
    assert house.sees("trainer") == NOTHING
    house.accept("second_trainer", leg_id)
    assert house.sees("collector") == EVERYTHING


def test_members_come_and_go(house):
    engagement_id = house.open()
    clerk = house.people["clerk"].id
    with house.as_("collector") as (session, actor):
        services.add_member(session, actor, engagement_id, clerk)
    assert house.sees("clerk") == EVERYTHING
    assert house.writes("clerk", engagement_id)
    with pytest.raises(Forbidden), house.as_("clerk") as (session, actor):
        services.hand_over(session, actor, engagement_id, note="Mine now")
    with house.as_("collector") as (session, actor):
        services.remove_member(session, actor, engagement_id, clerk)
    assert house.sees("clerk") == NOTHING
    assert told(house, "clerk") == []


def test_reader_never_writes_and_helpers_stop_with_the_leg(house):
    engagement_id = house.open()
    with house.as_("collector") as (session, actor):
        services.add_member(session, actor, engagement_id, house.people["clerk"].id, writes=False)
        services.add_member(session, actor, engagement_id, house.people["agent"].id)
    assert house.sees("clerk") == EVERYTHING
    assert not house.writes("clerk", engagement_id)
    assert house.writes("agent", engagement_id)
    leg_id = house.hand_over("collector", engagement_id)
    assert not house.writes("agent", engagement_id)
    with house.as_("trainer") as (session, actor):
        services.return_leg(session, actor, leg_id, "Too early")
    assert house.writes("agent", engagement_id)
    assert not house.writes("clerk", engagement_id)


def test_membership_ends_by_the_clock(house):
    engagement_id = house.open()
    with house.as_("collector") as (session, actor):
        end = now().replace(year=now().year + 1)
        services.add_member(session, actor, engagement_id, house.people["clerk"].id, until=end)
    assert house.writes("clerk", engagement_id)
    with freeze(end.replace(year=end.year + 1)):
        assert house.sees("clerk") == NOTHING


def test_earlier_sender_can_be_removed_but_not_the_holder(house):
    engagement_id = house.open()
    house.pass_on("collector", "trainer", engagement_id)
    with house.as_("trainer") as (session, actor):
        services.remove_member(session, actor, engagement_id, house.people["collector"].id)
    assert house.sees("collector") == ONLY_CUSTOMER  # the customer is still theirs
    with pytest.raises(Conflict), house.as_("train_head") as (session, actor):
        services.remove_member(session, actor, engagement_id, house.people["trainer"].id)


def test_cancel_ends_offers_and_writing(house):
    engagement_id = house.open()
    leg_id = house.hand_over("collector", engagement_id)
    with pytest.raises(Forbidden), house.as_("trainer") as (session, actor):
        services.cancel(session, actor, engagement_id, "No")
    with house.as_("manager") as (session, actor):
        services.cancel(session, actor, engagement_id, "The customer gave up")
    assert house.sees("trainer") == NOTHING
    assert not house.writes("collector", engagement_id)
    with pytest.raises(Conflict):
        house.accept("manager", leg_id)
    with house.runtime.database.system_session("test") as session:
        reason = session.scalars(select(AuditEntry.reason).where(AuditEntry.action == "relay.cancel")).one()
    assert reason == "The customer gave up"


def test_two_routes_for_one_customer_stay_apart(house):
    first = house.open("collector", "Training")
    second = house.open("collector", "Search")
    house.pass_on("collector", "trainer", first)
    house.pass_on("collector", "second_trainer", second)
    for name, own, other in (("trainer", first, second), ("second_trainer", second, first)):
        with house.as_(name) as (session, actor):
            assert session.scalars(select(Engagement.id)).all() == [own], name
            assert set(session.scalars(select(RelayEvent.engagement_id))) == {own}, name
            with pytest.raises(NotFound):
                services.hand_over(session, actor, other, note="x")


def test_two_at_once_one_takes_the_baton(house):
    engagement_id = house.open()
    leg_id = house.hand_over("collector", engagement_id)
    ready = threading.Barrier(2)
    results: dict[str, str] = {}

    def take(name: str) -> None:
        actor = house.factory.actor(house.people[name])
        ready.wait()
        try:
            with house.runtime.database.actor_session(actor) as session:
                services.accept(session, actor, leg_id)
            results[name] = "taken"
        except Conflict:
            results[name] = "conflict"

    threads = [threading.Thread(target=take, args=[name]) for name in ("trainer", "second_trainer")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results.values()) == ["conflict", "taken"]
    winner = next(name for name, result in results.items() if result == "taken")
    assert house.leg(leg_id).assignee_id == house.people[winner].id
    assert [house.writes(name, engagement_id) for name in results] == [name == winner for name in results]
    assert kinds(house, engagement_id).count("accepted") == 1


def test_two_hand_overs_at_once_make_one_offer(house):
    engagement_id = house.open()
    ready = threading.Barrier(2)
    results: list[str] = []

    def pass_on() -> None:
        ready.wait()
        try:
            house.hand_over("collector", engagement_id)
            results.append("offered")
        except Conflict:
            results.append("conflict")

    threads = [threading.Thread(target=pass_on) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["conflict", "offered"]
    assert legs(house, engagement_id) == ["done", "offered", "planned", "planned"]


def test_opening_needs_the_right_a_title_and_steps(house):
    with pytest.raises(Forbidden), house.as_("admin") as (session, actor):
        services.open_engagement(session, actor, house.customer, house.route, "Training")
    with pytest.raises(Invalid):
        house.open(title=" ")
    house.route = services.Route(code="empty", name="Empty")
    house.factory.add(house.route)
    with pytest.raises(Invalid) as refusal:
        house.open()
    assert "route_id" in refusal.value.fields
