"""Plans that repeat, and plans that end."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice

import pytest
from baton_plugins.activities import plans, series
from baton_plugins.activities.models import Plan
from baton_plugins.activities.reminders import arranging
from sqlalchemy import select

from platform_core.api import Invalid, local, today


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("first", "repeat", "following"),
    [
        (date(2026, 1, 30), "1d", ["2026-01-31", "2026-02-01"]),
        (date(2026, 11, 20), "workday", ["2026-11-23", "2026-11-24"]),
        (date(2026, 11, 23), "2w", ["2026-12-07", "2026-12-21"]),
        (date(2026, 1, 31), "1m", ["2026-02-28", "2026-03-31", "2026-04-30"]),
        (date(2024, 2, 29), "1y", ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
    ],
)
def test_days_of_a_series(first, repeat, following):
    assert [day.isoformat() for day in islice(series.days(first, repeat), len(following))] == following


def open_ones(house):
    with house.as_("manager") as (session, _actor):
        return session.scalars(select(Plan).where(Plan.state == "open").order_by(Plan.due_at)).all()


def test_the_next_comes_with_time_end_and_reminders_when_one_is_settled(house):
    day = today() + timedelta(days=1)
    first = house.plan(
        "collector", on=day, time="14:00", end="15:30", repeat="1w", repeat_until=day + timedelta(days=15),
        remind=["1h"], remind_people=[house.people["manager"].id],
    )  # fmt: skip
    house.finish("collector", first.id)
    (second,) = open_ones(house)
    assert local(second.due_at).date() == day + timedelta(days=7)
    assert (local(second.due_at).hour, local(second.ends_at).hour, local(second.ends_at).minute) == (14, 15, 30)
    assert second.assignee_id == house.people["collector"].id
    with house.as_("collector") as (session, actor):
        assert len(arranging.wishes_of(session, second.id)) == 2
        plans.cancel_plan(session, actor, second.id)
    (third,) = open_ones(house)
    with house.as_("collector") as (session, actor):  # cancelled by mistake: the third waits for its turn again
        plans.reopen_plan(session, actor, second.id)
    assert [plan.id for plan in open_ones(house)] == [second.id]
    house.finish("collector", second.id)
    assert [plan.id for plan in open_ones(house)] == [third.id]
    house.finish("collector", third.id)
    assert open_ones(house) == [], "the series is over"


def test_a_series_is_cancelled_as_a_whole_and_skips_what_was_missed(house, browser):
    plan = house.plan("collector", on=today(), repeat="1d")
    with house.runtime.database.system_session("a month passes") as session:
        row = session.get_one(Plan, plan.id)
        row.due_at -= timedelta(days=30)
        row.series_from -= timedelta(days=30)
    house.finish("collector", plan.id)
    (follower,) = open_ones(house)
    assert local(follower.due_at).date() == today() + timedelta(days=1)
    carol = browser.sign_in(house.people["collector"])
    assert "Cancel it and all that follow" in carol.get(f"/plans/{follower.id}/move", htmx=True).text
    assert carol.post(f"/plans/{follower.id}/cancel", {"series": "1"}, htmx=True).status_code == 200
    assert open_ones(house) == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"time": "14:00", "end": "13:00"}, "end"),
        ({"time": "14:00", "end": "14:00"}, "end"),
        ({"end": "14:00"}, "time"),
        ({"repeat": "1w", "repeat_until": today()}, "repeat_until"),
    ],
)
def test_an_end_before_the_start_is_refused_at_its_field(house, browser, fields, field):
    with pytest.raises(Invalid) as refusal:
        house.plan("collector", **{"on": today() + timedelta(days=1), **fields})
    assert list(refusal.value.fields) == [field]
    carol = browser.sign_in(house.people["collector"])
    typed = {"customer_id": str(house.customer.id), "subject": "Kept <text>", "on": today(), **fields}
    sent = {**{name: str(value) for name, value in typed.items()}, "remind": ["1h", "1d"]}
    answer = carol.post("/plans", sent, htmx=True)
    assert answer.status_code == 422
    assert "Kept &lt;text&gt;" in answer.text
    assert answer.text.count(" checked") == 2
