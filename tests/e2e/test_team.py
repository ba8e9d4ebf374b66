"""The head's view of the day in one browser, the work in another: what is done is seen at once."""

from __future__ import annotations

import time

from playwright.sync_api import Page, expect

from platform_core.testing.chromium import Visitors
from tests.e2e.acts import log_call

AT_ONCE = 2.0
"""Seconds; without the signal the page would look again after a minute."""
_TOTAL = (
    "[...document.querySelectorAll('#team tbody tr')].reduce((sum, row) => sum + Number(row.cells[4].innerText), 0)"
)


def shown(team: Page, department: str) -> int:
    """Follow-ups of the day in a department, once its page hears signals."""
    key = team.locator("#f-department option", has_text=department).first.get_attribute("value")
    team.goto(f"/team?department={key}")
    team.locator("html[data-leads]").wait_for(state="attached")
    return int(team.evaluate(_TOTAL))


def test_a_result_is_seen_by_the_head_within_two_seconds(visitors: Visitors) -> None:
    worker, team, other = (visitors.sign_in(login) for login in ("collector", "manager", "manager"))
    for page in (team, other):
        page.goto("/team")  # where the departments are to choose from
    before = shown(team, "资料收集部")
    asked: list[str] = []
    shown(other, "服务部")
    other.on("request", lambda request: asked.append(request.url))
    worker.goto("/customers?view=mine")
    worker.locator(".grid .c-name a").first.click()
    expect(worker.locator("form.composer textarea").first).to_be_visible()
    log_call(worker, "电话里说定了周四的时间。")
    begun = time.monotonic()
    team.wait_for_function(f"({_TOTAL}) === {before + 1}", timeout=AT_ONCE * 1000)
    assert time.monotonic() - begun < AT_ONCE
    other.wait_for_timeout(300)
    assert not [url for url in asked if "/team" in url], "the page of another department stays as it is"
