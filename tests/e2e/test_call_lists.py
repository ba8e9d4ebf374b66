"""From ticked customers to a list, and through it: the saved result of one brings the next by itself."""

from playwright.sync_api import Page, expect

from platform_core.testing.chromium import Visitors


def heading(page: Page) -> str:
    return page.locator("#calling h2").first.inner_text()


def test_ticked_customers_are_called_one_by_one(visitors: Visitors) -> None:
    boss = visitors.sign_in("manager")
    boss.goto("/calls/scripts")
    expect(boss.locator("main .people a").first).to_be_visible()
    script = boss.locator("main .people a").first.inner_text()
    page = visitors.sign_in("collector")
    page.goto("/customers")
    for row in range(2):
        page.locator("tbody input[type=checkbox]").nth(row).check()
    page.get_by_role("button", name="逐个拨打").click()
    page.wait_for_url("**/calls/lists/*")
    page.locator("[name=script_id]").select_option(label=script)
    page.get_by_role("button", name="保存").click()
    expect(page.locator("[name=script_id] option[selected]")).to_have_text(script)
    page.get_by_role("button", name="逐个拨打").click()
    page.wait_for_url("**/call")
    expect(page.locator("#calling")).to_contain_text(script)
    first = heading(page)
    for turn in range(2):
        composer = page.locator("#calling form.composer")
        expect(composer).to_have_count(1)
        composer.locator("textarea").first.fill(f"谈了课程 {turn}")
        composer.locator("label:has(input[name=outcome][value=considering])").click()
        composer.locator("button[type=submit]").first.click()
        if turn == 0:
            expect(page.locator("#calling h2").first).not_to_have_text(first)
    expect(page.locator("#calling")).to_contain_text("没有要你打的客户了")
    page.locator("#calling a.btn").click()
    expect(page.locator("main .people")).to_contain_text("考虑")
