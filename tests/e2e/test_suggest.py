"""What is typed behind an @ becomes a colleague's name, by keyboard and by pointer."""

import re

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


def test_a_phrase_is_put_in_by_its_first_letters(visitors: Visitors) -> None:
    page = visitors.sign_in("collector")
    body, options = composer(page)
    customer = page.locator("h1").first.inner_text()
    body.fill("3/4 ok http://a/b ")
    body.press_sequentially("/zl")
    expect(options).to_have_text(["资料已发"])
    body.press("Enter")
    expect(body).to_have_value(
        re.compile(f"^3/4 ok http://a/b 已把课程资料发给.+，{re.escape(customer)}内部讨论后回复。$")
    )
    expect(options).to_have_count(0)
    body.press_sequentially(" 5/")
    expect(options).to_have_count(0)
    # Used once, it stands first now.
    body.press_sequentially("6 /")
    expect(options.first).to_have_text("资料已发")
    body.press("Escape")


def test_a_phrase_is_put_in_by_pointer_and_made_from_what_was_typed_on_a_phone(visitors: Visitors) -> None:
    page = visitors.sign_in("collector", width=390, height=844)
    page.goto("/plans")
    page.locator(".todo .tick").first.dispatch_event("click")
    form = page.locator(".todo form.inlinelog")
    form.get_by_role("button", name="常用语", exact=True).click()
    page.locator(".suggest [role=option]", has_text="未接通").click()
    expect(form.locator("textarea")).to_have_value("电话未接通，改日再打。")
    form.locator("textarea").fill("下周三再谈报价。")
    form.get_by_role("button", name="存为常用语").click()
    dialog = page.locator("#dialog")
    expect(dialog.locator("textarea[name=text]")).to_have_value("下周三再谈报价。")
    dialog.locator("input[name=name]").fill("再谈报价")
    dialog.get_by_role("button", name="保存").click()
    expect(page.locator("#toasts")).to_contain_text("/再谈报价")
    expect(dialog).not_to_be_visible()
    expect(form.locator("textarea")).to_have_value("下周三再谈报价。")
    form.locator("textarea").fill("/ztb")
    form.locator("textarea").press("End")
    form.locator("textarea").dispatch_event("input")
    page.locator(".suggest [role=option]", has_text="再谈报价").click()
    expect(form.locator("textarea")).to_have_value("下周三再谈报价。")
    page.goto("/phrases")
    page.get_by_role("link", name="再谈报价").click()
    page.locator("#dialog").get_by_role("button", name="移除").click()
    expect(page.locator("main")).not_to_contain_text("下周三再谈报价。")
    page.locator("#toasts").get_by_role("button", name="撤销").click()
    expect(page.locator("main")).to_contain_text("下周三再谈报价。")
