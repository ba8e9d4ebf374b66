"""The story of the first release, whole, by mouse at 1440 px in Chinese."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from platform_core.testing.chromium import Visitors
from tests.e2e import acts

TRAINING = "管理层总裁班"
SEARCH = "生产总监寻访"
CALL = "接电话的是行政，培训归人力总监沈佳宁管，周三再打"
INTERVIEW = "沈总监确认二十人，预算十八万"
SEARCHING = "只对猎头说的薪酬范围"


def test_one_customer_from_spreadsheet_to_after_care(visitors: Visitors, tmp_path: Path) -> None:
    collector = visitors.sign_in("collector")
    _collects(collector, tmp_path)
    trainer = visitors.sign_in("trainer")
    _sells(visitors, trainer, tmp_path)
    _route_b_runs_meanwhile(visitors, collector)
    expect(_all_lines(trainer)).to_contain_text(INTERVIEW)
    expect(trainer.locator("main")).not_to_contain_text(SEARCHING)
    _is_cared_for(visitors)
    url = collector.url.partition("?")[0]
    _sees_nothing(visitors, url)


def _all_lines(page: Page):
    """The timeline, not only of one engagement."""
    page.locator(".tl-filter").get_by_role("link", name="全部").click()
    expect(page.locator(".tl-filter [aria-current=true]")).to_have_text("全部")
    return page.locator("#timeline")


def _collects(collector: Page, folder: Path) -> None:
    acts.import_sheet(collector, folder)
    acts.open_customer(collector)
    expect(collector.locator("main")).not_to_contain_text(acts.PHONE)
    acts.log_call(collector, CALL)
    expect(collector.locator("#activities-plans li")).to_have_count(1)
    acts.create_opportunity(collector, TRAINING, "培训")
    acts.hand_over(collector, "客户要总裁班，人力总监沈佳宁定")


def _sells(visitors: Visitors, trainer: Page, folder: Path) -> None:
    acts.take_over(trainer, TRAINING)
    expect(_all_lines(trainer)).to_contain_text(CALL)
    expect(trainer.locator("#timeline")).to_contain_text("客户要总裁班，人力总监沈佳宁定")
    acts.log_call(trainer, INTERVIEW)
    acts.open_hand_over(trainer, TRAINING)
    visitors.watch.expected.add(409)
    form = acts.dialog(trainer).locator("form")
    form.locator("[name=note]").fill("已谈妥")
    form.get_by_role("button", name="交棒").click()
    expect(form.locator("[role=alert]")).to_contain_text("这一环节需要已签合同")
    visitors.watch.expected.clear()
    trainer.keyboard.press("Escape")
    acts.sign_contract(trainer, folder, "HT-2026-118")
    acts.open_customer(trainer)
    acts.open_hand_over(trainer, TRAINING)
    acts.hand_over(trainer, "合同已签，二十人，首付款一周内到")


def _route_b_runs_meanwhile(visitors: Visitors, collector: Page) -> None:
    acts.open_customer(collector)
    acts.create_opportunity(collector, SEARCH, "猎头")
    acts.hand_over(collector, "要找一位生产总监")
    headhunter = visitors.sign_in("headhunter")
    acts.take_over(headhunter, SEARCH)
    acts.log_call(headhunter, SEARCHING)
    expect(headhunter.locator("main")).not_to_contain_text(INTERVIEW)
    expect(_all_lines(headhunter)).not_to_contain_text(INTERVIEW)
    acts.open_customer(collector)
    expect(collector.locator("section.relay-bar")).to_have_count(2)


def _is_cared_for(visitors: Visitors) -> None:
    clerk = visitors.sign_in("clerk")
    acts.take_over(clerk, TRAINING)
    expect(_all_lines(clerk)).to_contain_text(INTERVIEW)
    expect(clerk.locator("#timeline")).not_to_contain_text(SEARCHING)
    acts.tick_all(clerk)
    acts.open_hand_over(clerk, TRAINING)
    acts.hand_over(clerk, "名单与款项已齐，十二月开班")
    service = visitors.sign_in("service")
    acts.take_over(service, TRAINING)
    expect(service.locator("#activities-plans")).to_contain_text("回访")
    service.goto("/plans")
    expect(service.locator("main")).to_contain_text(acts.COMPANY)


def _sees_nothing(visitors: Visitors, url: str) -> None:
    """A colleague of the collector, who has no part in it."""
    colleague = visitors.sign_in("collector.2")
    colleague.goto("/customers")
    expect(colleague.locator("table.grid, .empty").first).to_be_visible()
    expect(colleague.locator("main")).not_to_contain_text(acts.COMPANY)
    results = acts.find(colleague, acts.COMPANY)
    expect(results).to_contain_text("在你可见的范围内没有找到。")
    visitors.watch.expected.add(404)
    answer = colleague.goto(url)
    assert answer is not None
    assert answer.status == 404
    assert acts.COMPANY not in answer.text()
    _programs_see_nothing(colleague, url.rpartition("/")[2])


def _programs_see_nothing(colleague: Page, customer_id: str) -> None:
    api = colleague.context.request
    own = (f"customers/{customer_id}", f"customers/{customer_id}/contacts", f"follow-ups?customer_id={customer_id}")
    for path in own:
        assert api.get(f"/api/v1/{path}").status == 404
    for kind in ("customers", "contacts", "engagements", "opportunities", "plans"):
        answer = api.get(f"/api/v1/{kind}?limit=200")
        assert answer.status == 200, answer.text()
        assert not {customer_id, acts.COMPANY, TRAINING, CALL} & set(_texts(answer.json()))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(part)
