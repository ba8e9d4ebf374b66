"""How moments read, in the organisation's zone and the reader's language."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from platform_core.kernel import clock
from platform_core.kernel.i18n import speaking
from platform_core.web import formats

# A Sunday, 14:05 in Shanghai.
NOON = datetime(2026, 11, 22, 6, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_english():
    with speaking("en"), clock.freeze(NOON):
        yield


@pytest.mark.parametrize(
    ("before", "read"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=2), "Today 12:05"),
        (timedelta(hours=14, minutes=6), "Yesterday 23:59"),
        (timedelta(days=2), "2 days ago"),
        (timedelta(days=31), "10-22 Thu"),
        (timedelta(days=365), "2025-11-22"),
        (-timedelta(hours=1), "Today 15:05"),
        (-timedelta(days=1), "11-23 Mon"),
    ],
)
def test_ago(before, read):
    assert formats.ago(NOON - before) == read
    assert f">{read}</time>" in formats.time_tag(NOON - before, "ago")


@pytest.mark.parametrize(
    ("after", "read", "tone"),
    [
        (-timedelta(days=2), "2 days overdue", "red"),
        (-timedelta(hours=1), "overdue since 13:05", "red"),
        (timedelta(hours=1), "Today 15:05", "amber"),
        (timedelta(days=1), "Tomorrow 14:05", "primary"),
        (timedelta(days=2), "11-24 Tue 14:05", ""),
    ],
)
def test_due(after, read, tone):
    assert (formats.due(NOON + after), formats.due_tone(NOON + after)) == (read, tone)


def test_whole_days_have_no_time():
    today = date(2026, 11, 22)
    assert [formats.due(today + timedelta(days=number)) for number in (-1, 0, 1, 2)] == [
        "1 day overdue", "Today", "Tomorrow", "11-24 Tue",
    ]  # fmt: skip
    assert [formats.ago(today - timedelta(days=number)) for number in (0, 1, 2)] == ["Today", "Yesterday", "2 days ago"]
    assert formats.time_tag(today) == '<time datetime="2026-11-22">11-22 Sun</time>'


def test_a_moment_names_its_exact_time():
    drawn = formats.time_tag(NOON, "datetime", "muted")
    assert drawn == (
        '<time datetime="2026-11-22 14:05+08:00" title="2026-11-22 14:05" class="muted">2026-11-22 14:05</time>'
    )
    assert "2026" not in formats.time_tag(None)


def test_the_day_changes_at_the_organisations_midnight():
    midnight = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
    days = []
    for moment in (midnight - timedelta(seconds=1), midnight, midnight - timedelta(seconds=1), midnight):
        with clock.freeze(moment):
            days.append(clock.today().day)
    assert days == [22, 23, 22, 23]
    try:
        clock.configure("America/New_York")
        assert clock.today().day == 22
        assert formats.exact(NOON) == "2026-11-22 01:05"
    finally:
        clock.configure("Asia/Shanghai")
