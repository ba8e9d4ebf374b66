"""Working time: the week, holidays and the weekends that make up for them; the page and the API that keep them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from platform_core.kernel.clock import at_local, freeze
from platform_core.relay import services as relay
from platform_core.relay.workdays import services
from platform_core.relay.workdays.hours import WorkCalendar
from platform_core.relay.workdays.wording import read_days, read_hours, write_days

SPLIT = read_hours("09:00-12:00, 13:30-18:00")
# National Day 2026: off from Thursday the 1st to Wednesday the 7th, Saturday the 10th is worked.
YEAR = WorkCalendar(
    SPLIT, 5, {**{date(2026, 10, day): False for day in range(1, 8)}, date(2026, 10, 10): True, date(2026, 9, 20): True}
)


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return at_local(date(2026, month, day), hour, minute)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        (at(9, 28, 9), 2, at(9, 28, 11)),
        (at(9, 28, 11), 2, at(9, 28, 14, 30)),  # over lunch
        (at(9, 28, 12, 30), 1, at(9, 28, 14, 30)),  # handed over during lunch
        (at(9, 28, 20), 8, at(9, 30, 9, 30)),  # after hours: from the next morning, 7.5 hours a day
        (at(9, 30, 17), 2, at(10, 8, 10)),  # over the holidays
        (at(10, 9, 17), 2, at(10, 10, 10)),  # Saturday is worked
        (at(10, 10, 17), 2, at(10, 12, 10)),  # Sunday is not
        (at(9, 19, 10), 1, at(9, 20, 10)),  # from a free Saturday to a Sunday that is worked
        (at(9, 28, 9), 1000, at_local(date(2027, 4, 7), 11, 30)),
    ],
)
def test_deadlines_count_working_hours(start, hours, end):
    assert YEAR.after(start, hours) == end
    assert YEAR.between(start, end) == timedelta(hours=hours)


def test_what_lies_between_nothing_is_nothing():
    assert YEAR.between(at(10, 1, 9), at(10, 7, 23)) == timedelta()
    assert YEAR.between(at(10, 9, 9), at(10, 8, 9)) == timedelta()
    assert YEAR.days_after(date(2026, 9, 30), 1) == date(2026, 10, 8)
    assert YEAR.days_after(date(2026, 10, 9), 2) == date(2026, 10, 12)
    never = WorkCalendar(SPLIT, 5, {date(2026, 1, 1) + timedelta(number): False for number in range(4000)})
    assert never.after(at(9, 28, 9), 1) == at(9, 28, 9)


def test_lines_of_days_come_back_as_they_went_in():
    text = "01-01 New Year\n02-14..02-23 Spring\n12-31"
    assert write_days(read_days(text, 2026, works=False, field="off")) == text
    assert len(read_days("2026-10-01 ~ 10-07 National Day", 2026, works=False, field="off")) == 7
    assert read_hours("9:00-12:00\uff0c13:30-18:00") == ((time(9), time(12)), (time(13, 30), time(18)))


def test_the_page_keeps_a_year_and_offers_follow_it(house, browser):
    admin = browser.sign_in(house.people["admin"])
    url = "/settings/workdays/2026"
    assert "public holidays count as working days" in admin.get(url).text
    form = {"hours": "09:00-12:00, 13:30-18:00", "week": "5", "off": "10-01..10-07 National Day", "worked": "10-10"}
    for wrong, field in (
        ({"off": "10-01\n13-45 x"}, "Line 2 is not a day of 2026"),
        ({"off": "2025-10-01"}, "Line 1"),
        ({"off": "10-07..10-01"}, "Line 1"),
        ({"worked": "10-03"}, "10-03 cannot be both"),
        ({"hours": "18:00-09:00"}, "Write the hours as"),
        ({"week": "4"}, 'aria-invalid="true"'),
    ):
        refused = admin.post(url, {**form, **wrong})
        assert refused.status_code == 422, wrong
        assert field in refused.text
        assert next(iter(wrong.values())).splitlines()[0] in refused.text
    assert admin.post(url, form).status_code == 303
    shown = admin.get(url).text
    assert "10-01..10-07 National Day" in shown
    assert "257 working days in this year" in shown  # 261 weekdays, five of the holidays fall on them, one is made up
    engagement_id = house.open()
    with freeze(at(9, 30, 17)):
        leg_id = house.hand_over("collector", engagement_id)
    assert house.leg(leg_id).accept_due_at == at(10, 8, 17, 30)
    assert browser.sign_in(house.people["train_head"]).get(url).status_code == 403
    assert admin.get("/settings/workdays/1800").status_code == 404


def test_programs_keep_a_year(house, browser):
    admin = browser.token(house.people["admin"])
    body = {"hours": "09:00-17:00", "week": 6, "off": "05-01..05-03 Labour Day", "worked": "05-10"}
    answer = admin.request("PUT", "/api/v1/workdays/2027", json=body)
    assert answer.status_code == 200, answer.text
    found = admin.get("/api/v1/workdays/2027").json()
    assert found == answer.json()
    assert (found["week"], [day["works"] for day in found["exceptions"]]) == (6, [False, False, False, True][:4])
    assert admin.request("PUT", "/api/v1/workdays/2027", json={**body, "off": "x"}).status_code == 422
    assert browser.token(house.people["collector"]).get("/api/v1/workdays/2027").status_code == 403
    with house.runtime.database.system_session("test") as session:
        known = services.calendar(session)
        assert known.works(date(2027, 5, 9)) is False
        assert known.works(date(2027, 5, 8)) is True
        assert known.hours == ((time(9), time(17)),)


def test_a_route_that_changes_keeps_its_earlier_versions(house, browser):
    admin = browser.sign_in(house.people["admin"])
    url = f"/settings/routes/{house.route.id}"
    running = house.open()
    office, train = (str(house.departments[name].id) for name in ("office", "train"))
    form = {"name": "Short", "active": "1", "version": "1", "department_id": [office, train], "title": ["a", "b"]}
    more = {"checklist": ["Names *", ""], "needs": ["", ""], "accept_hours": ["4", "8"], "work_days": ["7", "14"]}
    saved = admin.post(url, {**form, **more})
    assert saved.status_code == 303, saved.text
    late = admin.post(url, {**form, **more, "name": "Mine"})
    assert late.status_code == 422
    assert "Somebody else has changed this route meanwhile: version 2." in late.text
    assert 'value="Mine"' in late.text
    with house.as_("collector") as (session, _actor):
        view = relay.engagements_of(session, house.customer.id)[0]
        assert (view.engagement.id, view.engagement.route_version, len(view.legs)) == (running, 1, 4)
    shown = admin.get(url).text
    assert "Version 2 is in force." in shown
    assert "1 open engagement keeps to it" in shown
    earlier = admin.get(f"{url}?version=1").text
    assert 'value="collect"' in earlier
    assert 'name="version" value="2"' in earlier
    assert admin.get(f"{url}?version=7").status_code == 404
    assert browser.token(house.people["admin"]).get(f"/api/v1/routes/{house.route.id}").status_code in {200, 403}
