"""Finishing plans, logging and answering over a line that breaks: everything arrives, and once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from baton_plugins.activities.models import FollowUp, Plan
from playwright.sync_api import Browser as Engine
from playwright.sync_api import BrowserContext, Page, Route, expect
from sqlalchemy import select

from platform_core.kernel.clock import now
from platform_core.testing.browser import Browser
from platform_core.testing.chromium import PATIENCE_MS, chromium
from platform_core.testing.waiting import wait_until
from platform_core.users.models import User
from tests.reliability.places import Place
from tests.reliability.poorline import Mood, PoorLine

PHONE = {"width": 360, "height": 740}
EACH = 3
STORED = "JSON.stringify([{...localStorage}, {...sessionStorage}])"


@dataclass
class Phone:
    """Somebody on the road: their page, the line it goes through, and what the database holds in the end."""

    place: Place
    line: PoorLine
    engine: Engine
    user: User

    def page(self, user: User | None = None) -> Page:
        context: BrowserContext = self.engine.new_context(
            base_url=f"http://127.0.0.1:{self.line.port}", viewport=PHONE, has_touch=True, is_mobile=True, locale="en-GB",
            reduced_motion="reduce",
        )  # fmt: skip
        context.set_default_timeout(PATIENCE_MS)
        with self.place.program() as client:
            cookie = Browser(self.place.runtime, client).sign_in(user or self.user).cookie
        name, _equals, value = cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": f"http://127.0.0.1:{self.line.port}"}])
        return context.new_page()

    def logged(self) -> Counter[str]:
        with self.place.runtime.database.system_session("look", write=False) as session:
            return Counter(body.replace("\r\n", "\n") for body in session.scalars(select(FollowUp.body)))

    def log(self, page: Page, text: str) -> None:
        form = page.locator("form.composer")
        form.locator("[name=body]").fill(text)
        form.locator("button[type=submit]").click()


@pytest.fixture
def phone(embedded: Place) -> Iterator[Phone]:
    embedded.served.start()
    line = PoorLine(embedded.served.port)
    try:
        with chromium() as engine:
            yield Phone(embedded, line, engine, embedded.factory.user(department=embedded.factory.department()))
    finally:
        line.stop()


def compose(phone: Phone, page: Page) -> None:
    customer = phone.place.factory.customer(phone.user, name="Customer of the road")
    page.goto(f"/follow-ups/new?customer={customer.id}")
    expect(page.locator("html[data-leads]")).to_be_attached()


def waiting(page: Page, number: int) -> None:
    expect(page.locator("#queue-count em")).to_have_text(str(number))


def test_what_the_line_swallows_arrives_once(phone: Phone) -> None:
    page = phone.page()
    compose(phone, page)
    wanted: list[str] = []
    for mood in (Mood.SWALLOWS_REQUESTS, Mood.SWALLOWS_ANSWERS, Mood.AWAY):
        for number in range(EACH):
            phone.line.become(mood)
            wanted.append(f"{mood.value} {number}\nand a second line")
            phone.log(page, wanted[-1])
            waiting(page, len(wanted))
            assert page.locator("form.composer [name=body]").input_value() == "", "ready for the next"
    assert page.evaluate("document.scrollingElement.scrollWidth") == PHONE["width"]
    # It breaks once more in the middle of sending again; the page is left and opened anew.
    phone.line.become(Mood.SWALLOWS_ANSWERS)
    swallowed = phone.line.swallowed
    wait_until(lambda: (page.wait_for_timeout(50), phone.line.swallowed > swallowed)[1])
    phone.line.delay = 0.02
    phone.line.become(Mood.GOOD)
    page.goto("/")
    expect(page.locator("#queue-count")).to_be_hidden(timeout=2 * PATIENCE_MS)
    assert phone.logged() == Counter(wanted)
    assert page.evaluate(STORED).count("swallows") == 0, "nothing of it stays on the device"


def test_a_page_that_is_closed_while_it_sends_loses_nothing(phone: Phone) -> None:
    page = phone.page()
    compose(phone, page)
    phone.line.become(Mood.HOLDS)
    phone.log(page, "On its way")
    wait_until(lambda: (page.wait_for_timeout(20), phone.line.swallowed)[1])
    fresh = page.context.new_page()
    page.close()
    phone.line.become(Mood.GOOD)
    fresh.goto("/")
    wait_until(lambda: (fresh.wait_for_timeout(200), phone.logged())[1], 120)
    assert phone.logged() == {"On its way": 1}


def test_a_plan_is_finished_once_and_a_refusal_gives_the_text_back(phone: Phone) -> None:
    customer = phone.place.factory.customer(phone.user, name="Customer of the road")
    plans = [
        Plan(customer_id=customer.id, assignee_id=phone.user.id, subject=f"Call {n}", due_at=now()) for n in range(2)
    ]
    phone.place.factory.add(*plans)
    page = phone.page()
    for plan in plans:
        phone.line.become(Mood.GOOD)
        page.goto(f"/plans/{plan.id}/finish")
        expect(page.locator("html[data-leads]")).to_be_attached()
        phone.line.become(Mood.AWAY)
        phone.log(page, f"Done with {plan.subject}")
        expect(page.locator("#toasts [data-kind=queued]")).to_be_visible()
        assert page.locator("form.composer").evaluate("form => form.inert"), "not a second time"
    waiting(page, 2)
    # Meanwhile the first is finished from elsewhere.
    with phone.place.program() as client:
        elsewhere = Browser(phone.place.runtime, client).token(phone.user)
        quicker = {"body": "Was quicker", "next": "3d", "next_subject": "Call again"}
        done = elsewhere.post(f"/api/v1/plans/{plans[0].id}/finish", json=quicker)
        assert done.status_code == 201, done.text
    phone.line.become(Mood.GOOD)
    page.evaluate("dispatchEvent(new Event('online'))")
    waiting(page, 1)
    page.locator("#queue-count").tap()
    failed = page.locator("#queue li")
    expect(failed).to_contain_text("Done with Call 0")
    expect(failed).to_contain_text("was not accepted")
    assert page.evaluate("document.scrollingElement.scrollWidth") == PHONE["width"]
    failed.get_by_role("button", name="Take the text back").tap()
    expect(page).to_have_url(f"http://127.0.0.1:{phone.line.port}/plans/{plans[0].id}/finish")
    assert phone.logged() == {"Was quicker": 1, "Done with Call 1": 1}


def test_the_queue_is_its_owners_and_goes_with_the_sign_out(phone: Phone) -> None:
    page = phone.page()
    compose(phone, page)
    phone.line.become(Mood.AWAY)
    phone.log(page, "Not for other eyes")
    waiting(page, 1)

    # Somebody else signs in on the same device: they neither see nor send it.
    other = phone.place.factory.user(department=phone.place.factory.department("other"))
    theirs = phone.page(other)
    cookies, mine = theirs.context.cookies(), page.context.cookies()
    theirs.context.close()
    phone.line.become(Mood.GOOD)
    page.context.clear_cookies()
    page.context.add_cookies(cookies)  # type: ignore[arg-type]
    page.goto("/me")
    expect(page.locator("html[data-leads]")).to_be_attached()
    expect(page.locator("#queue-count")).to_be_hidden()
    page.wait_for_timeout(1500)
    assert phone.logged() == {}

    page.context.clear_cookies()
    page.context.add_cookies(mine)  # type: ignore[arg-type]
    phone.line.become(Mood.SWALLOWS_REQUESTS)
    page.goto("/me")
    waiting(page, 1)
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss())[0])
    page.locator("main form[data-logout] button").tap()
    assert "Not sent yet: 1" in asked[0]
    waiting(page, 1)
    page.once("dialog", lambda dialog: dialog.accept())
    phone.line.become(Mood.GOOD)
    page.locator("main form[data-logout] button").tap()
    expect(page.locator("#f-login")).to_be_visible()
    assert "Not for other eyes" not in page.evaluate(STORED)


def test_without_a_line_baton_opens_and_says_so(phone: Phone) -> None:
    page = phone.page()
    page.goto("/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    wait_until(lambda: page.evaluate("caches.keys().then((names) => names.length)") == 1)
    page.reload()
    kept = page.evaluate(
        "caches.keys().then(async ([name]) => (await (await caches.open(name)).keys()).map((one) => new URL(one.url).pathname))"
    )
    assert {path.rpartition("/")[0] for path in kept} <= {"/static", ""}
    assert "/offline" in kept
    phone.line.become(Mood.AWAY)
    page.goto("/customers")
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).fontFamily").count(",") > 2, "the style is there, too"
    phone.line.become(Mood.GOOD)
    page.get_by_role("link", name="Try again").tap()
    expect(page.locator("html[data-leads]")).to_be_attached()


def test_what_was_on_its_way_at_a_sign_out_does_not_come_back(phone: Phone) -> None:
    """It fails after another tab took it away, and is not kept to be sent again."""
    page = phone.page()
    compose(phone, page)
    phone.line.become(Mood.AWAY)
    phone.log(page, "Not for other eyes")
    waiting(page, 1)
    under_way: list[Route] = []
    page.route("**/follow-ups*", lambda route: under_way.append(route))  # noqa: PLW0108 - a method cannot be wrapped
    page.evaluate("dispatchEvent(new Event('online'))")
    wait_until(lambda: (page.wait_for_timeout(50), under_way)[1])
    phone.line.become(Mood.GOOD)
    tab = page.context.new_page()
    tab.goto("/me")
    tab.once("dialog", lambda dialog: dialog.accept())
    tab.locator("main form[data-logout] button").tap()
    expect(tab.locator("#f-login")).to_be_visible()
    under_way[0].abort()
    page.wait_for_timeout(500)
    assert "Not for other eyes" not in page.evaluate(STORED)
    assert phone.logged() == {}
