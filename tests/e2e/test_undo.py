"""The bin's toast: what was deleted by mistake comes back by one click, with and without the script's help."""

from playwright.sync_api import expect

from platform_core.testing.chromium import Visitors


def test_a_deleted_customer_comes_back(visitors: Visitors) -> None:
    page = visitors.sign_in("manager")
    page.goto("/customers")
    page.locator(".grid .c-name a").last.click()
    name = page.get_by_role("heading", level=1).inner_text()
    page.on("dialog", lambda question: question.accept())
    page.locator(".rec-a summary").click()
    page.get_by_role("button", name="移到回收站").click()
    toast = page.locator("c-toast")
    expect(toast).to_contain_text("回收站")
    expect(page.locator(".grid .c-name a", has_text=name)).to_have_count(0)
    assert name not in str(page.context.cookies())
    toast.get_by_role("button", name="撤销").click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    page.goto("/customers")
    expect(page.locator(".grid .c-name a").first).to_be_visible()
    expect(page.locator("c-toast")).to_have_count(0)
