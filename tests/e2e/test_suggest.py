"""What is typed behind an @ becomes a colleague's name, by keyboard and by pointer."""

from playwright.sync_api import Locator, Page, expect

from platform_core.testing.chromium import Visitors


def composer(page: Page) -> tuple[Locator, Locator]:
    page.goto("/customers?view=mine")
    page.locator(".grid .c-name a").first.click()
    body = page.locator(".split form.composer textarea[name=body]")
    return body, page.locator(".split form.composer .suggest [role=option]")


def test_a_name_is_chosen_by_arrows_and_enter(visitors: Visitors) -> None:
    page = visitors.sign_in("collector")
    body, options = composer(page)
    body.press_sequentially("请@")
    expect(options).to_have_count(8)
    first = options.nth(1).inner_text()
    expect(body).to_have_attribute("aria-controls", "composer-body-suggest")
    body.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(body).to_have_attribute("aria-activedescendant", "composer-body-suggest-1")
    body.press("Enter")
    expect(body).to_have_value(f"请@{first} ")
    expect(options).to_have_count(0)
    body.press_sequentially("确认 a@b")
    expect(options).to_have_count(0)
    body.press_sequentially(" @wang")
    expect(options.first).to_contain_text("王")
    body.press("Escape")
    expect(options).to_have_count(0)
    expect(body).to_be_focused()
    page.reload()
    expect(body).to_have_value(f"请@{first} 确认 a@b @wang")


def test_a_name_is_chosen_by_pointer_on_a_phone(visitors: Visitors) -> None:
    page = visitors.sign_in("collector", width=390, height=844)
    page.goto("/plans")
    page.locator(".todo .tick").first.dispatch_event("click")
    body = page.locator(".todo form.inlinelog textarea")
    body.press_sequentially("@")
    option = page.locator(".suggest [role=option]").nth(2)
    name = option.inner_text()
    option.click()
    expect(body).to_have_value(f"@{name} ")
    expect(body).to_be_focused()
