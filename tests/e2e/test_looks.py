"""Every main page in every dress: free of what axe finds, and on a phone nothing too wide, too small or covered.

Each stop is seen in the four dresses of LOOKS, which hold every scheme, width and language twice. In two of them it
wears a further theme instead of the default one, so that each stop is seen wide and narrow in the default one, and the
next stop changes over. The open page changes its style sheet, since a theme of ours changes nothing else.
"""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from platform_core.testing.chromium import Visitors
from platform_core.web.themes import DEFAULT
from tests.e2e import acts
from tests.e2e.looks import DESK, PHONE, THEMES, dress, violations, wear
from tests.e2e.stops import SHOWN, STOPS, Stop

LOOKS = {"zh": (("light", DESK), ("dark", PHONE)), "en": (("dark", DESK), ("light", PHONE))}
WORN = {"zh": "compact", "en": "contrast"}
"""The theme beside the default one: over all stops each is seen light and dark, wide and narrow."""


def test_every_theme_of_ours_is_worn() -> None:
    assert {DEFAULT, *WORN.values()} == set(THEMES)


@pytest.mark.parametrize("lang", list(LOOKS))
@pytest.mark.parametrize("account", [name for name in STOPS if name])
def test_the_pages_of(account: str, lang: str, visitors: Visitors) -> None:
    page = visitors.sign_in(account, lang=lang)
    shown = address_of_shown(page) if any(stop.path.startswith("@") for stop in STOPS[account]) else ""
    _walk(visitors, page, account, lang, shown)


@pytest.mark.parametrize("lang", list(LOOKS))
def test_the_pages_of_nobody(lang: str, visitors: Visitors) -> None:
    _walk(visitors, visitors.window(lang=lang), "", lang, "")


@pytest.mark.parametrize("lang", list(LOOKS))
def test_the_steps_of_an_import(lang: str, visitors: Visitors, tmp_path: Path) -> None:
    page = visitors.sign_in("collector", lang=lang)
    page.goto("/customers/import")
    page.set_input_files("#f-file", acts.sheet(tmp_path))
    page.locator("main form button[type=submit]").first.click()
    expect(page.locator("#f-column-0")).to_be_visible()
    found = _seen(page, lang, "columns")
    page.locator("form[action$='/mapping'] .btn.primary").click()
    expect(page.locator("form[action$='/commit'] button")).to_be_visible()
    found += _seen(page, lang, "checked", turn=1)
    page.locator("form[action$='/commit'] button").click()
    expect(page.locator(".alert.jade")).to_be_visible()
    found += _seen(page, lang, "finished")
    page.locator("a[href$='/revert']").click()
    expect(page.locator("form[action$='/revert'] button")).to_be_visible()
    found += _seen(page, lang, "to be taken back", turn=1)
    page.locator("form[action$='/revert'] button").click()
    expect(page.locator("main .alert:not(.jade, .amber)")).to_be_visible()
    found += _seen(page, lang, "taken back")
    assert not found, "\n".join(found)


def address_of_shown(page: Page) -> str:
    acts.find(page, SHOWN).get_by_role("link", name=SHOWN).first.click()
    expect(page.get_by_role("heading", level=1, name=SHOWN)).to_be_visible()
    return page.url


def _walk(visitors: Visitors, page: Page, account: str, lang: str, shown: str) -> None:
    found: list[str] = []
    for turn, stop in enumerate(STOPS[account]):
        visitors.watch.expected = {stop.expected}
        _arrive(page, stop, shown)
        found += _seen(page, lang, f"{stop.path}", stop.phone_only, turn)
    assert not found, "\n".join(found)


def _arrive(page: Page, stop: Stop, shown: str) -> None:
    dress(page, "light", PHONE if stop.phone_only else DESK)
    path, _, link = stop.path.replace("@", shown).partition(" > ")
    page.goto("about:blank")  # an address that differs in its fragment only would not be loaded again
    page.goto(path)
    if link:
        page.goto(page.locator(link).first.get_attribute("href") or "")
    stop.act(page)


def _seen(page: Page, lang: str, name: str, phone_only: bool = False, turn: int = 0) -> list[str]:
    """`turn`: pages take turns at which of a language's two dresses has the further theme."""
    found: list[str] = []
    themed = (turn + list(LOOKS).index(lang)) % 2
    for place, (scheme, width) in enumerate(LOOKS[lang]):
        if width == DESK and phone_only:
            continue
        theme = WORN[lang] if place == themed else DEFAULT
        dress(page, scheme, width)
        wear(page, theme)
        found += [f"{name} ({lang}, {theme}, {scheme}, {width}): {text}" for text in violations(page)]
        wear(page, DEFAULT)
    return found
