"""A real Chromium for tests, and a watch that makes a test fail for what its page complained about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect, sync_playwright

from platform_core.testing.services import chromium_path

PATIENCE_MS = 30_000
"""How long a page may take: a machine that runs other tests too is slow, and waiting ends when the page is there."""
_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium_path()), args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass  # without slots: Playwright remembers on the object which of its methods listen
class Watch:
    """Collects errors on the console (refusals of the content security policy among them) and answers >= 400."""

    expected: set[int] = field(default_factory=set)
    """Statuses that the test provokes on purpose."""
    problems: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        context.on("page", self._page)

    def _page(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        # A failed request is on the console too, without its status; `_response` knows more.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.problems.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.problems.append(f"{response.status}: {response.request.method} {response.url}")

    def check(self) -> None:
        assert not self.problems, "\n".join(self.problems)


@dataclass(slots=True)
class Visitors:
    """Opens windows of one browser on one server, each with cookies of its own."""

    browser: Browser
    url: str
    password: str
    watch: Watch = field(default_factory=Watch)
    _contexts: list[BrowserContext] = field(default_factory=list)

    def window(self, *, width: int = 1440, height: int = 900, lang: str = "zh", **options: Any) -> Page:
        """A window that nobody is signed in with; `lang` is a code that the preferences offer."""
        context = self.browser.new_context(
            base_url=self.url,
            viewport={"width": width, "height": height},
            locale="zh-CN" if lang.startswith("zh") else "en-GB",
            reduced_motion="reduce",
            **options,
        )
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        self.watch.over(context)
        return context.new_page()

    def sign_in(self, login: str, **options: Any) -> Page:
        """A window on the workbench of an account."""
        page = self.window(**options)
        page.goto("/login")
        page.locator("#f-login").fill(login)
        page.locator("#f-password").fill(self.password)
        page.locator("form[action='/login'] button[type=submit]").click()
        page.wait_for_url(f"{self.url}/")
        self._speak(page, options.get("lang", "zh"))
        return page

    @staticmethod
    def _speak(page: Page, lang: str) -> None:
        """The language is kept with the account, whatever the window was opened with."""
        if not (page.locator("html").get_attribute("lang") or "").startswith(lang):
            page.locator(f".prefs button[name=lang][value={lang}]").dispatch_event("click")
            page.locator(f"html[lang^={lang}]").wait_for()

    def close(self) -> None:
        for context in self._contexts:
            context.close()
        self._contexts.clear()
