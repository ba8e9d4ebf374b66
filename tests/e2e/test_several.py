"""Choosing several colleagues: by clicks alone, by the keyboard, and what is chosen stays in sight."""

from datetime import timedelta

from playwright.sync_api import Locator, Page, expect

from platform_core.api import today
from platform_core.testing.chromium import Visitors


def meeting(page: Page) -> Locator:
    page.goto("/calendar/meetings/new")
    return page.locator("select[name=people]")


def chosen(people: Locator) -> list[str]:
    names: list[str] = people.evaluate("(select) => [...select.selectedOptions].map((option) => option.text)")
    return names


def test_each_click_takes_one_more_in_or_out(visitors: Visitors) -> None:
    page = visitors.sign_in("collector")
    people = meeting(page)
    first, second, third = people.locator("option").all_inner_texts()[:3]
    for name in (first, second, third, second):
        people.locator("option", has_text=name).click()
    assert chosen(people) == [first, third]
    expect(page.locator("#f-people-chosen")).to_have_text(f"已选： {first}, {third}")
    page.locator("[name=subject]").fill("一起看名单")
    page.locator("[name=on]").fill((today() + timedelta(days=40)).isoformat())
    page.get_by_role("button", name="邀请", exact=True).click()
    page.wait_for_url(lambda url: "/new" not in url)
    page.goto(page.get_by_role("link", name="一起看名单").first.get_attribute("href") or "")
    for name in (first, third):
        expect(page.locator("main")).to_contain_text(name)


def test_one_is_found_among_many_by_the_keyboard(visitors: Visitors) -> None:
    page = visitors.sign_in("collector")
    people = meeting(page)
    names = people.locator("option").all_inner_texts()
    assert len(names) > 12
    find = page.get_by_role("searchbox", name="查找：邀请谁")
    find.fill(names[-1])
    expect(people.locator("option", has_text=names[0])).to_be_hidden()
    find.press("Enter")
    assert chosen(people) == [names[-1]]
    expect(people.locator("option", has_text=names[0])).to_be_visible()
    expect(find).to_have_value("")
    find.press("Enter")
    assert page.url.endswith("/new"), "Enter in an empty field neither chooses nor sends"
    assert chosen(people) == [names[-1]]


def test_a_telephone_keeps_its_own_list(visitors: Visitors) -> None:
    page = visitors.sign_in("collector", width=360, has_touch=True, is_mobile=True)
    people = meeting(page)
    expect(people).to_be_visible()
    assert page.locator("#f-people-chosen").count() == 0
    assert page.get_by_role("searchbox", name="查找：邀请谁").count() == 0
