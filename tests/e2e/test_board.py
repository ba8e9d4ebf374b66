"""The relay board in a browser: a card dragged to the next department is handed over; the keyboard does the same."""

from playwright.sync_api import Page, expect

from platform_core.testing.chromium import Visitors
from tests.e2e import acts

NOTE = "对方希望三月开班，先电话确认人数"


def _board(page: Page) -> None:
    page.goto("/relay/board")
    page.get_by_role("link", name="培训路线", exact=True).first.click()
    expect(page.locator(".board-col")).to_have_count(4)


def test_a_card_is_handed_over_by_mouse_and_by_keyboard(visitors: Visitors) -> None:
    page = visitors.sign_in("collector")
    _board(page)
    columns = page.locator(".board-col")
    first = columns.first.locator(".board-card.now").first
    customer = first.locator("b").inner_text()
    address = page.url
    first.drag_to(columns.last)
    expect(acts.dialog(page)).to_contain_text("从这里不能移到那里")
    page.keyboard.press("Escape")
    expect(acts.dialog(page)).to_have_count(0)

    first.get_by_role("link", name="移到").focus()
    page.keyboard.press("Enter")
    acts.dialog(page).get_by_role("link", name="交棒给").focus()
    page.keyboard.press("Enter")
    expect(acts.dialog(page).locator("textarea[name=note]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(acts.dialog(page)).to_have_count(0)

    first.drag_to(columns.nth(1))
    acts.dialog(page).locator("textarea[name=note]").fill(NOTE)
    page.keyboard.press("Control+Enter")
    expect(columns.nth(1).locator(".board-card.wait").filter(has_text=customer).first).to_be_visible()
    assert page.url == address
