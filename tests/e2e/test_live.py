"""One event stream for all tabs of a browser, handed over when its tab goes, however it goes."""

from __future__ import annotations

from contextlib import suppress

from playwright.sync_api import BrowserContext, Error, Page, Request

from platform_core.testing.chromium import Visitors
from platform_core.testing.waiting import wait_until

LISTEN = "document.body.addEventListener('live:notify', () => { window.heard = (window.heard ?? 0) + 1; });"
HEARD = "window.heard ?? 0"
LEADS = "document.documentElement.dataset.leads === '1'"


class Lines:
    """The open streams of a browser."""

    def __init__(self, context: BrowserContext) -> None:
        self._open: list[Request] = []
        context.on("request", self._begun)
        for event in ("requestfinished", "requestfailed"):
            context.on(event, self._ended)  # type: ignore[call-overload]

    def _begun(self, request: Request) -> None:
        if "/live?" in request.url:
            self._open.append(request)

    def _ended(self, request: Request) -> None:
        if request in self._open:
            self._open.remove(request)

    def count(self) -> int:
        return sum(not request.frame.page.is_closed() for request in self._open)


def tab(page: Page, path: str) -> Page:
    """Another tab of the same browser, in front."""
    with page.context.expect_page() as opened:
        page.evaluate("path => { open(path, '_blank', 'noopener'); }", path)
    found = opened.value
    leads(found)
    found.evaluate(LISTEN)
    return found


def signal(visitors: Visitors, login: str) -> None:
    """Somebody reads their news in another browser: all their pages look again."""
    elsewhere = visitors.sign_in(login)
    token = elsewhere.locator("form[data-logout] input[name=_csrf]").first.input_value()
    answer = elsewhere.request.post("/notifications/read", form={"_csrf": token})
    assert answer.ok
    elsewhere.context.close()


def one_leads(lines: Lines, *tabs: Page) -> None:
    """Once the tabs have agreed, one of them has a stream and the others have none."""

    def agreed() -> bool:
        tabs[0].wait_for_timeout(20)  # for what the browser reports to arrive
        return [page.evaluate(LEADS) for page in tabs].count(True) == 1 == lines.count()

    wait_until(agreed)


def leads(page: Page) -> None:
    page.locator("html[data-leads]").wait_for(state="attached")


def hears(page: Page, times: int = 1) -> None:
    wait_until(lambda: page.evaluate(HEARD) >= times)


def test_three_tabs_share_one_stream_and_hand_it_over(visitors: Visitors) -> None:
    first = visitors.sign_in("clerk")
    lines = Lines(first.context)
    first.reload()
    leads(first)
    first.evaluate(LISTEN)
    second = tab(first, "/customers")
    third = tab(second, "/plans")
    one_leads(lines, first, second, third)
    signal(visitors, "clerk")
    for page in (first, second, third):
        hears(page)
    third.close()
    one_leads(lines, first, second)
    signal(visitors, "clerk")
    for page in (first, second):
        hears(page, 2)


def test_a_tab_that_crashes_is_replaced_and_nothing_is_missed(visitors: Visitors) -> None:
    first = visitors.sign_in("clerk")
    leads(first)
    first.evaluate(LISTEN)
    second = tab(first, "/customers")
    assert not first.evaluate(LEADS)
    with suppress(Error):  # nobody is left to answer
        second.goto("chrome://crash", timeout=3_000)
    assert first.evaluate(HEARD) == 0
    signal(visitors, "clerk")
    hears(first)
    assert first.evaluate(LEADS)
