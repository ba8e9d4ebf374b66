"""The click path of those who telephone all day: the next customer opens by itself."""

from playwright.sync_api import Page, expect

from platform_core.testing.chromium import Visitors

COUNT = "window.clicks = 0; document.addEventListener('click', (e) => { if (e.detail) window.clicks += 1; }, true)"


def plan_today(page: Page, subject: str) -> None:
    """One more call with the customer whose plan is due first."""
    page.goto("/plans")
    customer = page.locator(".todo .t-b small a").first.get_attribute("href") or ""
    page.goto(f"/plans/new?customer={customer.rpartition('/')[2]}")
    page.locator("[name=subject]").fill(subject)
    page.get_by_role("button", name="保存计划").click()
    expect(page.locator("c-toast")).to_contain_text("已安排")


def test_a_result_is_one_click_and_one_chord_and_opens_the_next_customer(visitors: Visitors) -> None:
    page = visitors.sign_in("collector")
    plan_today(page, "再问一次发票")
    plan_today(page, "确认人数")
    page.goto("/")
    page.get_by_role("link", name="逐个联系").click()
    opened = page.locator("li.open[id^=plan-]")
    for number in range(2):
        expect(opened).to_have_count(1)
        expect(opened.locator("textarea")).to_be_focused()
        before = opened.get_attribute("id")
        page.evaluate(COUNT)
        page.keyboard.type(f"说好再联系 {number}")
        opened.locator("label:has(input[name=outcome][value=considering])").click()
        page.keyboard.press("Control+Enter")
        expect(page.locator(f"#{before}")).to_contain_text("下次计划")
        # The browser tells the click on a label a second time, as one on its radio button.
        assert page.evaluate("window.clicks") <= 2
        expect(opened.locator("textarea")).to_have_value("")
        assert opened.get_attribute("id") != before
