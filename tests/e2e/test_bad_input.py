"""What cannot be is said at the field, in the browser, and nothing that was typed is lost."""

from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from platform_core.kernel.clock import today
from platform_core.testing.chromium import Visitors
from tests.e2e.stops import SHOWN


def customer_of(page: Page) -> str:
    """The id of the customer of the demo in which several departments have a part."""
    page.goto(f"/customers?q={SHOWN}")
    address = page.locator(".grid .c-name a", has_text=SHOWN).first.get_attribute("href") or ""
    return address.rpartition("/")[2].partition("?")[0]


def planned(page: Page, subject: str, customer: str = "") -> str:
    """The address of a plan of one's own."""
    page.goto(f"/plans/new?customer={customer or customer_of(page)}")
    form = page.locator("form[action='/plans']")
    form.locator("[name=subject]").fill(subject)
    form.locator("[name=kind]").select_option("note")
    if form.locator("[name=engagement_id]").count():
        form.locator("[name=engagement_id]").select_option("")
    form.locator("button[type=submit]").last.click()
    expect(page.locator("c-toast")).to_contain_text("已安排")
    page.goto("/plans")
    found = page.locator(".todo li", has_text=subject).locator("a.ico").first.get_attribute("href")
    assert found is not None
    return found


def field_error(form: Locator, name: str) -> Locator:
    return form.locator(f".field:has([name={name}]) .field-error")


@pytest.mark.parametrize(
    ("values", "field", "told"),
    [
        ({"on": (today() - timedelta(days=1)).isoformat()}, "on", "已经过去"),
        ({"on": (today() + timedelta(days=1)).isoformat(), "time": "15:00", "end": "14:00"}, "end", "早于"),
        ({"on": (today() + timedelta(days=1)).isoformat(), "end": "14:00"}, "time", "开始"),
    ],
)
def test_a_plan_that_cannot_be(visitors: Visitors, values: dict[str, str], field: str, told: str) -> None:
    visitors.watch.expected.add(422)
    page = visitors.sign_in("collector")
    page.goto(f"/plans/new?customer={customer_of(page)}")
    form = page.locator("form[action='/plans']")
    form.locator("[name=subject]").fill("问清楚人数再报价")
    for name, value in values.items():
        form.locator(f"[name={name}]").fill(value)
    form.locator("button[type=submit]").last.click()
    expect(field_error(form, field)).to_contain_text(told)
    expect(form.locator(f"[name={field}]")).to_be_focused()
    expect(form.locator("[name=subject]")).to_have_value("问清楚人数再报价")
    for name, value in values.items():
        expect(form.locator(f"[name={name}]")).to_have_value(value)


def ask(page: Page, plan: str, colleague: str) -> Locator:
    page.goto(f"{plan}/assist")
    form = page.locator("form[action$='/assist']")
    form.locator("[name=user_id]").select_option(label=colleague)
    form.locator("[name=note]").fill("他们只在上午有空")
    form.locator("button[type=submit]").click()
    return form


def test_a_colleague_who_does_not_see_the_customer(visitors: Visitors) -> None:
    visitors.watch.expected |= {404, 422}
    page, stranger = visitors.sign_in("collector"), visitors.sign_in("trainer")
    page.goto("/customers?view=mine")
    addresses = [link.get_attribute("href") or "" for link in page.locator(".grid .c-name a").all()]
    unseen = next(url for url in addresses if stranger.request.get(url.partition("?")[0]).status == 404)
    customer = unseen.rpartition("/")[2].partition("?")[0]
    form = ask(page, planned(page, "送资料上门", customer), me(stranger))
    expect(field_error(form, "user_id")).to_contain_text("看不到这个客户")
    expect(form.locator("[name=note]")).to_have_value("他们只在上午有空")
    expect(form.get_by_role("link", name="交棒")).to_have_attribute("href", f"/customers/{customer}")


def me(page: Page) -> str:
    """Whoever is signed in."""
    name: str = page.locator("summary.me span:not(.ava)").evaluate("(el) => el.firstChild.textContent")
    return name.strip()


def test_a_circle_of_assistance(visitors: Visitors) -> None:
    visitors.watch.expected.add(422)
    page, colleague = visitors.sign_in("collector"), visitors.sign_in("trainer")
    plan = planned(page, "确认讲师时间")
    ask(page, plan, me(colleague))
    expect(page.locator("c-toast")).to_be_visible()
    colleague.goto("/plans/asked")
    colleague.locator(".todo li", has_text="确认讲师时间").locator("form[action$='/accept'] button").click()
    expect(colleague.locator("main")).to_contain_text("确认讲师时间")
    form = ask(colleague, plan, me(page))
    expect(field_error(form, "user_id")).to_contain_text("成了循环")
    expect(form.locator("[name=note]")).to_have_value("他们只在上午有空")


def test_two_people_finish_the_same_plan(visitors: Visitors) -> None:
    visitors.watch.expected.add(409)
    page, colleague = visitors.sign_in("collector"), visitors.sign_in("trainer")
    plan = planned(page, "问发票抬头")
    for window in (page, colleague):
        window.goto(f"{plan}/finish")
        window.locator("form.composer textarea[name=body]").fill(f"{me(window)}问到了：上海启衡")
    page.locator("form.composer button.primary[type=submit]").click()
    expect(page.get_by_role("heading", level=1, name=SHOWN)).to_be_visible()
    colleague.locator("form.composer button.primary[type=submit]").click()
    form = colleague.locator("form.composer")
    expect(form.locator("[role=alert]")).to_contain_text(me(page))
    expect(form.locator("textarea[name=body]")).to_have_value(f"{me(colleague)}问到了：上海启衡")
