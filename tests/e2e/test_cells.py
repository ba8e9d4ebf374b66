"""A cell of a list changed where it stands: by the pointer, and by keys alone."""

from playwright.sync_api import Locator, Page, expect

from platform_core.testing.chromium import Visitors


def row(page: Page, at: int) -> Locator:
    return page.locator(".grid tbody tr").nth(at)


def test_a_status_is_changed_by_a_double_click_and_given_back(visitors: Visitors) -> None:
    page = visitors.sign_in("manager")
    page.goto("/customers")
    row(page, 1).locator(".ck input").check()
    cell = row(page, 1).locator(".c-st")
    before = cell.inner_text()
    cell.dblclick()
    choice = page.locator(".cell select")
    expect(choice).to_be_focused()
    other = choice.locator("option:not(:checked)").first
    value, label = other.get_attribute("value"), other.inner_text()
    choice.select_option(value)
    page.locator(".cell [type=submit]").click()
    expect(page.locator("c-toast")).to_be_visible()
    expect(row(page, 1).locator(".c-st")).to_have_text(label)
    expect(row(page, 1).locator(".ck input")).to_be_checked()
    page.locator("c-toast form button").click()
    expect(row(page, 1).locator(".c-st")).to_have_text(before)
    row(page, 1).locator(".c-st").dblclick()
    expect(choice).to_be_focused()
    page.locator("[data-cell-leave]").click()
    expect(choice).to_have_count(0)
    expect(row(page, 1).locator(".c-st")).to_have_text(before)


def test_keys_go_from_cell_to_cell_and_escape_leaves_it(visitors: Visitors) -> None:
    page = visitors.sign_in("manager")
    page.goto("/customers")
    visitors.watch.expected.add(422)
    link = row(page, 2).locator(".c-name a")
    name = link.inner_text()
    link.focus()
    page.keyboard.press("F2")
    field = page.locator(".cell [name=value]")
    expect(field).to_have_value(name)
    expect(field).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type(" (2)")
    page.keyboard.press("Tab")
    expect(page.locator(".cell select")).to_be_focused()
    expect(link).to_have_text(f"{name} (2)")
    page.keyboard.press("Shift+Tab")
    expect(field).to_have_value(f"{name} (2)")
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.press("Enter")
    expect(page.locator(".cell .field-error")).to_be_visible()
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(field).to_have_count(0)
    expect(link).to_be_focused()
    expect(link).to_have_text(f"{name} (2)")
    page.keyboard.press("F2")
    expect(field).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(link).to_have_text(name)
    expect(link).to_be_focused()
