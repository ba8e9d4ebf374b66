"""What was typed and not sent: a browser that dies gives it back, to whoever typed it alone."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from platform_core.testing.chromium import PATIENCE_MS, Visitors
from platform_core.testing.services import chromium_path
from platform_core.testing.serving import PASSWORD, Served

TYPED = "They asked for dates in March"
BODY = ".split form.composer textarea[name=body]"
DRAFTS = "Object.keys(localStorage).filter((name) => name.startsWith('draft:'))"


@pytest.fixture
def again(engine: Browser, served: Served, tmp_path: Path):
    """Opens a browser that keeps its profile, as one does that is started anew after a crash."""
    opened: list[BrowserContext] = []

    def open_it() -> Page:
        context = engine.browser_type.launch_persistent_context(
            tmp_path / "profile", executable_path=str(chromium_path()), args=["--no-sandbox", "--disable-gpu"],
            base_url=served.url, locale="zh-CN", viewport={"width": 1440, "height": 900},
        )  # fmt: skip
        context.set_default_timeout(PATIENCE_MS)
        opened.append(context)
        return context.pages[0]

    yield open_it
    for context in opened:
        with suppress(Error):  # one of them is dead
            context.close()


def signed_in(page: Page, path: str) -> None:
    page.goto(path)
    if "/login" in page.url:
        page.locator("#f-login").fill("collector")
        page.locator("#f-password").fill(PASSWORD)
        page.locator("form[action='/login'] button[type=submit]").click()
        page.wait_for_url(lambda url: "/login" not in url)
        page.goto(path)


def written(profile: Path) -> bool:
    """Chromium writes what a page keeps some seconds later: what it has not written dies with it."""
    logs = profile.glob("Default/Local Storage/leveldb/*.log")
    return any(TYPED.encode() in log.read_bytes() for log in logs)


def test_a_browser_that_dies_gives_back_what_was_typed(again, tmp_path: Path) -> None:
    page = again()
    signed_in(page, "/customers?view=mine")
    page.locator(".grid .c-name a").first.click()
    page.locator(BODY).fill(TYPED)
    page.locator(".split label:has(input[name=outcome][value=considering])").click()
    address = page.url
    ends = time.monotonic() + PATIENCE_MS / 1000
    while not written(tmp_path / "profile") and time.monotonic() < ends:
        page.wait_for_timeout(200)
    with suppress(Error):  # nobody is left to answer
        page.context.new_cdp_session(page).send("Browser.crash")

    page = again()
    signed_in(page, address)
    expect(page.locator(BODY)).to_have_value(TYPED)
    expect(page.locator(".split input[name=outcome][value=considering]")).to_be_checked()
    page.keyboard.press("f")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#timeline-new")).to_contain_text(TYPED)
    assert page.evaluate(DRAFTS) == []


def test_a_draft_is_of_whoever_typed_it(visitors: Visitors) -> None:
    """On the same device somebody else does not get it; old ones of others are taken away."""
    page = visitors.sign_in("collector")
    page.goto("/customers?view=mine")
    page.locator(".grid .c-name a").first.click()
    page.locator(BODY).fill(TYPED)
    (mine,) = page.evaluate(DRAFTS)
    address = page.url
    page.context.clear_cookies()
    page.goto("/login")
    page.locator("#f-login").fill("manager")
    page.locator("#f-password").fill(PASSWORD)
    page.locator("form[action='/login'] button[type=submit]").click()
    page.wait_for_url(lambda url: "/login" not in url)
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert TYPED not in "".join(page.locator("textarea").evaluate_all("all => all.map((one) => one.value)"))
    assert page.evaluate(DRAFTS) == [mine]
    page.evaluate(
        """(name) => {
          const draft = JSON.parse(localStorage.getItem(name));
          localStorage.setItem(name, JSON.stringify({ ...draft, at: draft.at - 7 * 24 * 60 * 60 * 1000 }));
        }""",
        mine,
    )
    page.reload()
    page.wait_for_function(f"({DRAFTS}).length === 0")
