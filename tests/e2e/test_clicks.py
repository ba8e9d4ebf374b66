"""How many clicks the most frequent jobs take: each number is a promise. Typing and keys are not counted."""

from datetime import timedelta

from playwright.sync_api import Page, expect

from platform_core.kernel.clock import today
from platform_core.testing.chromium import Visitors
from tests.e2e import acts
from tests.e2e.stops import SHOWN

COUNT = """addEventListener('pointerdown', () => {
  sessionStorage.setItem('clicks', String(Number(sessionStorage.getItem('clicks') ?? 0) + 1));
}, true)"""


def counted(page: Page) -> Page:
    """Counts from here on, over pages too."""
    page.add_init_script(COUNT)
    page.reload()
    return page


def clicks(page: Page) -> int:
    return int(page.evaluate("Number(sessionStorage.getItem('clicks') ?? 0)"))


def own_customer(page: Page) -> None:
    page.goto("/customers?view=mine")
    page.locator(".grid .c-name a").first.click()
    expect(page.locator(".split form.composer textarea")).to_be_visible()
    counted(page)


def test_a_follow_up_with_the_next_plan_and_status_is_one_click_and_a_chord(visitors: Visitors) -> None:
    page = visitors.sign_in("collector")
    own_customer(page)
    page.keyboard.press("f")
    form = page.locator(".split form.composer")
    expect(form.locator("textarea")).to_be_focused()
    page.keyboard.type("想下周一再谈。")
    form.locator("label:has(input[name=outcome][value=considering])").click()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#timeline-new")).to_contain_text("想下周一再谈。")
    expect(page.locator("#timeline-new")).to_contain_text("下次计划")
    assert clicks(page) == 1


def test_a_follow_up_by_pointer_alone_is_three_clicks(visitors: Visitors) -> None:
    page = visitors.sign_in("collector")
    own_customer(page)
    form = page.locator(".split form.composer")
    form.locator("textarea").click()
    page.keyboard.type("先看资料。")
    form.locator("label:has(input[name=outcome][value=interested])").click()
    form.get_by_role("button", name="保存跟进").click()
    expect(page.locator("#timeline-new")).to_contain_text("先看资料。")
    assert clicks(page) == 3


def test_a_customer_is_found_without_a_click_or_by_two(visitors: Visitors) -> None:
    page = visitors.sign_in("collector")
    counted(page)
    page.keyboard.press("Control+k")
    page.locator("#palette input[name=q]").press_sequentially("qiheng")
    expect(page.locator("#palette-results").get_by_role("link", name=SHOWN).first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name=SHOWN)).to_be_visible()
    assert clicks(page) == 0
    acts.find(page, SHOWN[2:4]).get_by_role("link", name=SHOWN).first.click()
    expect(page.get_by_role("heading", level=1, name=SHOWN)).to_be_visible()
    assert clicks(page) == 2


def test_a_new_customer_is_no_click(visitors: Visitors) -> None:
    page = visitors.sign_in("collector")
    page.goto("/customers")
    counted(page)
    page.keyboard.press("c")
    form = page.locator("form[action='/customers/new']")
    expect(form.locator("[name=name]")).to_be_visible()
    form.locator("[name=name]").press_sequentially("宁波点击港务有限公司")
    form.locator("[name=name]").press("Enter")
    expect(page.get_by_role("heading", level=1, name="宁波点击港务有限公司")).to_be_visible()
    assert clicks(page) <= 1


def test_a_baton_is_handed_over_by_two_clicks_and_taken_by_one(visitors: Visitors) -> None:
    # Other tests hand the collector's batons over; whoever heads the house may hand over each that is held.
    page, receiver = visitors.sign_in("manager"), visitors.sign_in("trainer")
    page.goto("/relay/inbox?show=active")
    held = page.locator(".grid .c-name a[href*='engagement=']")
    for address in [link.get_attribute("href") or "" for link in held.all()]:
        page.goto(address)
        may = page.locator("header.rec a[href$='/hand-over']").count()
        if may and "培训管理部" in page.locator(".relay").first.inner_text():
            break
    counted(page)
    page.locator("header.rec a[href$='/hand-over']").first.click()
    page.locator("#dialog [name=note]").fill("两次点击交出去")
    page.locator("#dialog form button[type=submit]").click()
    expect(page.locator("#timeline, .timeline").first).to_contain_text("两次点击交出去")
    assert clicks(page) == 2
    name = page.get_by_role("heading", level=1).inner_text()
    receiver.goto("/")
    counted(receiver)
    receiver.locator(".wb-side li", has_text=name).get_by_role("button", name="接棒").first.click()
    expect(receiver.locator(".wb-side")).not_to_contain_text("接棒失败")
    expect(receiver.locator(".wb-side li", has_text=name).get_by_role("button", name="接棒")).to_have_count(0)
    assert clicks(receiver) == 1


def test_what_somebody_did_yesterday_is_one_click(visitors: Visitors) -> None:
    writer, page = visitors.sign_in("collector"), visitors.sign_in("manager")
    own_customer(writer)
    form = writer.locator(".split form.composer")
    form.locator("summary").click()
    form.locator("[name=at]").fill(f"{today() - timedelta(days=1)}T10:00")
    form.locator("textarea").fill("昨天问过名单。")
    form.get_by_role("button", name="保存跟进").click()
    expect(writer.locator("#timeline-new")).to_contain_text("昨天问过名单。")
    page.goto("/team")
    department = page.locator("#f-department option", has_text="资料收集部").first.get_attribute("value")
    page.goto(f"/team?department={department}")
    counted(page)
    page.locator("#team tbody td:nth-of-type(6) a").first.click()
    expect(page.locator("main table tbody tr").first).to_be_visible()
    assert clicks(page) == 1
