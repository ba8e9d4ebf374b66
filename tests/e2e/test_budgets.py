"""What a page may weigh (docs/design-system.md), and what stays in the browser."""

import re

import pytest
from playwright.sync_api import Page, Response, expect

from platform_core.testing.chromium import Visitors
from tests.e2e.test_looks import address_of_shown

KB = 1024
COLD, SCRIPTS, STYLES, HTML = 60 * KB, 25 * KB, 16 * KB, 15 * KB
NODES = 1500
"""Elements of one page."""
SHIFT = 0.02
"""Layout shift of a first view, without unit; see web.dev/cls."""
DRAFT = "只写了一半的话"
STORED = "JSON.stringify([{...localStorage}, {...sessionStorage}])"
MEASURE = """new Promise((done) => {
  let shift = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) shift += entry.value;
  }).observe({ type: 'layout-shift', buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => done(shift)));
})"""


def weights(page: Page, path: str) -> dict[str, int]:
    """Bytes on the wire of a first visit, by kind of resource."""
    found: dict[str, int] = {}
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - Playwright marks what it is given
    page.goto(path, wait_until="load")
    for answer in answers:
        if "/live" in answer.url:
            continue  # stays open
        answer.finished()
        kind = answer.request.resource_type
        found[kind] = found.get(kind, 0) + answer.request.sizes()["responseBodySize"]
    return found


@pytest.mark.parametrize(
    ("account", "path"),
    [
        *(("clerk", path) for path in ("/", "/plans", "/customers/new", "@?tab=record")),
        *(("manager", path) for path in ("/customers", "/opportunities", "/relay/inbox", "@", "/audit")),
    ],
)
def test_a_cold_page(visitors: Visitors, account: str, path: str) -> None:
    page = visitors.sign_in(account)
    path = path.replace("@", address_of_shown(page))
    cold = visitors.window()  # nothing in its cache
    cold.context.add_cookies(page.context.cookies())  # type: ignore[arg-type]
    weight = weights(cold, path)
    assert weight["document"] <= HTML
    assert 0 < weight["script"] <= SCRIPTS
    assert 0 < weight["stylesheet"] <= STYLES
    assert sum(weight.values()) <= COLD, weight
    assert cold.evaluate("document.querySelectorAll('*').length") <= NODES
    assert cold.evaluate(MEASURE) <= SHIFT


def test_a_warm_page_fetches_nothing_but_itself(visitors: Visitors) -> None:
    page = visitors.sign_in("clerk")
    page.goto("/contacts")
    page.goto("/customers")
    fetched = page.evaluate(
        "performance.getEntriesByType('resource').filter((e) => e.transferSize > 0).map((e) => new URL(e.name).pathname)"
    )
    assert [path for path in fetched if path.startswith("/static/")] == []
    assert page.evaluate("performance.getEntriesByType('resource').length") > 1


def open_shown(visitors: Visitors) -> tuple[Page, str]:
    page = visitors.sign_in("clerk")
    page.goto(address_of_shown(page))
    return page, page.get_by_role("heading", level=1).inner_text()


KEPT = """(async () => {
  const found = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      found.push([new URL(request.url).pathname, await (await cache.match(request)).text()]);
    }
  }
  return found;
})()"""


def no_data_kept(page: Page, *words: str) -> None:
    """Scripts and workers put aside files of the program and the page without a network, and none of these words.

    Chromium's own cache follows Cache-Control.
    """
    for path, text in page.evaluate(KEPT):
        assert path.startswith("/static/") or path == "/offline"
        assert not [word for word in words if word in text]
    assert page.evaluate("indexedDB.databases()") == []


def sign_out(page: Page) -> None:
    page.locator("summary.me").click()
    page.locator("form[data-logout] button").click()
    expect(page.locator("#f-login")).to_be_visible()


def test_only_a_draft_stays_and_goes_with_the_sign_out(visitors: Visitors) -> None:
    page, name = open_shown(visitors)
    page.locator("button[hx-post$=reveal]").first.click()
    number = page.locator(".facts a[href^='tel:'], .facts .num").first.inner_text()
    page.locator("form.composer textarea[name=body]").first.fill(DRAFT)
    page.wait_for_function(f"{STORED}.includes('{DRAFT}')")
    page.goto("/customers")
    page.goto("/opportunities")
    stored = page.evaluate(STORED)
    assert DRAFT in stored
    assert name not in stored
    assert number not in stored
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    no_data_kept(page, name, number, DRAFT)
    sign_out(page)
    assert page.evaluate(STORED) == "[{},{}]"
    no_data_kept(page, name, number, DRAFT)


def test_the_back_button_shows_no_customer_after_the_sign_out(visitors: Visitors) -> None:
    page, name = open_shown(visitors)
    answer = page.reload()
    assert answer is not None
    assert answer.headers["cache-control"] == "no-store"
    address = page.url
    sign_out(page)
    page.go_back()
    expect(page.locator("#f-login")).to_be_visible()
    assert name not in page.content()
    page.goto(address)
    expect(page).to_have_url(re.compile("/login"))
    assert name not in page.content()
