"""The core of the story by touch, 390 px wide, in Chinese."""

from playwright.sync_api import Page, expect

from platform_core.testing.chromium import Visitors
from tests.e2e import acts
from tests.e2e.looks import HEIGHT, PHONE

COMPANY = "台州海门船舶配件有限公司"
MATTER = "班组长训练营"
CALL = "厂长说二十个班组长，想放在春节前"
NOTE = "厂长定，预算已批，别在周一打电话"


def sign_in(visitors: Visitors, login: str) -> Page:
    return visitors.sign_in(
        login, width=PHONE, height=HEIGHT[PHONE], has_touch=True, is_mobile=True, device_scale_factor=2
    )


def fits(page: Page) -> None:
    """Nothing is wider than the screen."""
    assert page.evaluate("document.scrollingElement.scrollWidth") == PHONE


def test_a_call_a_hand_over_and_a_take_over(visitors: Visitors) -> None:
    collector = sign_in(visitors, "collector")
    _adds_a_customer(collector)
    _logs_the_call(collector)
    _hands_over(collector)
    trainer = sign_in(visitors, "trainer")
    _takes_over(trainer)
    _finds_the_card(trainer)
    _signs_out(trainer)


def _adds_a_customer(page: Page) -> None:
    page.locator(".fab").tap()
    page.locator("#create").get_by_role("link", name="新建客户").tap()
    page.locator("#f-phone").fill("13900008519")
    page.locator("#f-name").fill(COMPANY)
    page.get_by_role("button", name="保存并打开").tap()
    expect(page.get_by_role("heading", level=1, name=COMPANY)).to_be_visible()
    fits(page)


def _logs_the_call(page: Page) -> None:
    page.locator(".mcompose button").tap()
    sheet = acts.dialog(page)
    sheet.locator("textarea[name=body]").fill(CALL)
    sheet.locator("label:has(input[name=outcome][value=interested])").tap()
    fits(page)
    sheet.get_by_role("button", name="保存跟进").tap()
    expect(page.locator("#dialog[open]")).to_have_count(0)
    expect(page.locator("#timeline")).to_contain_text(CALL)
    expect(page.locator("#activities-plans li")).to_have_count(1)


def _hands_over(page: Page) -> None:
    page.locator(".rec-a").get_by_role("link", name="新建商机").tap()
    form = acts.dialog(page).locator("form")
    form.locator("[name=title]").fill(MATTER)
    form.locator("[name=project_type]").select_option(label="培训")
    expect(form.locator("#opportunity-route")).to_contain_text("→")
    form.get_by_role("button", name="保存商机").tap()
    acts.dialog(page).get_by_role("link", name="马上交棒").tap()
    form = acts.dialog(page).locator("form")
    form.locator("[name=note]").fill(NOTE)
    fits(page)
    form.get_by_role("button", name="交棒").tap()
    expect(page.locator("#dialog[open]")).to_have_count(0)
    expect(page.locator(".relay .wait")).to_be_visible()
    fits(page)


def _takes_over(page: Page) -> None:
    row = page.locator(".wb-side li", has_text=MATTER)
    row.get_by_role("button", name="接棒").tap()
    taken = page.locator(".wb-side li", has_text="已接棒")
    taken.get_by_role("link").last.tap()
    expect(page.get_by_role("heading", level=1, name=COMPANY)).to_be_visible()
    expect(page.locator("#timeline")).to_contain_text(CALL)
    expect(page.locator("#timeline")).to_contain_text(NOTE)
    fits(page)


def _finds_the_card(page: Page) -> None:
    page.locator(".bottom").get_by_role("link", name="客户").tap()
    card = page.locator(".grid tbody tr", has_text=COMPANY)
    expect(page.locator(".grid thead")).to_be_hidden()
    expect(card).to_have_css("display", "grid")
    expect(card).to_contain_text("139****8519")
    fits(page)
    card.get_by_role("link", name=COMPANY, exact=True).tap()
    expect(page.get_by_role("heading", level=1, name=COMPANY)).to_be_visible()


def _signs_out(page: Page) -> None:
    page.locator(".bottom").get_by_role("link", name="我的").tap()
    page.locator("main").get_by_role("button", name="退出登录").tap()
    expect(page.locator("#f-login")).to_be_visible()
