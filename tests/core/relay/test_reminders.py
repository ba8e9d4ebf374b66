"""Reminders of the job `relay.remind`: each state once, nobody twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.kernel.clock import freeze, now
from platform_core.kernel.jobs import enqueue
from platform_core.relay import services
from platform_core.relay.models import Leg, RelayEvent
from platform_core.users.models import Notification


def remind(house: Any, moment: Any = None) -> None:
    with freeze(moment or now()):
        with house.runtime.database.system_session("test") as session:
            job_id = enqueue(session, "relay.remind")
        assert house.runtime.jobs.run(job_id)


def alarms(house: Any, name: str) -> list[str]:
    with house.runtime.database.system_session("test") as session:
        mine = select(Notification).where(Notification.user_id == house.people[name].id, Notification.icon == "alarm")
        return [row.message for row in session.scalars(mine.order_by(Notification.id))]


def test_overdue_offer_reminds_department_and_sender_once(house):
    engagement_id = house.open()
    leg_id = house.hand_over("collector", engagement_id)
    remind(house)
    assert alarms(house, "trainer") == []
    later = now() + timedelta(days=12)
    for _time in range(2):
        remind(house, later)
    lies = "Nobody of %(department)s has taken over “%(title)s” of %(customer)s in time: reassign it"
    assert alarms(house, "train_head") == [lies]
    assert alarms(house, "manager") == []
    for name in ("trainer", "second_trainer"):
        assert alarms(house, name) == ["“%(title)s” of %(customer)s is still waiting to be taken over by you"], name
    assert alarms(house, "collector") == ["%(department)s has not taken over “%(title)s” of %(customer)s in time"]
    assert alarms(house, "clerk") == []
    with freeze(later):
        assert house.leg(leg_id).late
    with house.runtime.database.system_session("test") as session:
        assert session.scalars(select(RelayEvent.kind).where(RelayEvent.leg_id == leg_id)).all() == [
            "handed_over",
            "escalated",
        ]
        trail = select(AuditEntry).where(AuditEntry.action == "relay.escalate")
        assert [row.customer_id for row in session.scalars(trail)] == [house.customer.id]


def test_without_a_head_the_management_is_told(house):
    leg_id = house.hand_over("collector", house.open())
    with house.as_("trainer") as (session, actor):
        services.accept(session, actor, leg_id)
    house.hand_over("trainer", house.leg(leg_id).engagement_id)
    remind(house, now() + timedelta(days=12))
    assert len(alarms(house, "manager")) == 1
    assert "reassign it" in alarms(house, "manager")[0]
    assert alarms(house, "train_head") == []


def test_overdue_leg_reminds_its_holder_once(house):
    engagement_id = house.open()
    house.pass_on("collector", "trainer", engagement_id)
    with house.as_("trainer") as (session, actor):
        services.add_member(session, actor, engagement_id, house.people["clerk"].id, writes=True)
        services.add_member(session, actor, engagement_id, house.people["agent"].id, writes=False)
    later = now() + timedelta(days=15)
    for _time in range(2):
        remind(house, later)
    assert alarms(house, "clerk") == ["The leg “%(title)s” of %(customer)s is overdue"]
    assert alarms(house, "agent") == []
    assert alarms(house, "trainer") == ["The leg “%(title)s” of %(customer)s is overdue"]
    assert alarms(house, "collector") == []


def test_a_returned_offer_reminds_nobody_of_itself(house):
    engagement_id = house.open()
    leg_id = house.hand_over("collector", engagement_id)
    with house.as_("trainer") as (session, actor):
        services.return_leg(session, actor, leg_id, "No")
    remind(house, now() + timedelta(days=12))
    assert alarms(house, "trainer") == alarms(house, "collector") == []


def test_the_database_tells_late_legs_as_python_does(house):
    leg_id = house.hand_over("collector", house.open())
    for after in (timedelta(hours=-1), timedelta(days=12), timedelta(days=27)):
        with freeze(now() + after), house.runtime.database.system_session("test") as session:
            legs = session.execute(select(Leg, Leg.late)).all()
            assert [bool(late) for _leg, late in legs] == [leg.late for leg, _late in legs]
            assert any(leg.id == leg_id and leg.late for leg, _late in legs) is (after > timedelta(0))
    house.accept("trainer", leg_id)
    with freeze(now() + timedelta(days=15)), house.runtime.database.system_session("test") as session:
        assert session.scalars(select(Leg.id).where(Leg.late)).all() == [leg_id]
