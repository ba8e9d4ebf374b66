"""Which column is what: guessed from titles, remembered, corrected."""

from __future__ import annotations

import re

import pytest

from platform_core.customers.importing.columns import TARGETS, guess
from platform_core.testing.browser import Browser
from platform_core.testing.factories import Factory
from tests.core.customers.importing.conftest import TITLES, Collector, csv_text, row


@pytest.mark.parametrize(
    ("title", "target"),
    [
        ("公司名称", "name"), ("客户名称", "name"), ("企业名称（全称）", "name"), ("Company", "name"), ("customer name", "name"),
        ("手机", "phone"), ("联系电话", "phone"), ("手机号码 *", "phone"), ("联系人电话", "phone"), ("Mobile No.", "phone"), ("Tel.", "phone"),
        ("邮箱", "email"), ("E-mail", "email"), ("公司邮箱", "email"), ("微信号", "wechat"), ("所属行业", "industry"), ("地区", "region"),
        ("来源", "source"), ("来源网址", "source_url"), ("客户来源", "source"), ("公司地址", "address"), ("详细地址", "address"),
        ("备注", "notes"), ("客户级别", "grade"), ("状态", "status"), ("收集日期", "collected_on"), ("采集时间", "collected_on"),
        ("生日", "birthday"), ("职务", "position"), ("性别", "gender"), ("统一社会信用代码", "tax_no"), ("法人", "legal_person"),
        ("星座", ""), ("Remarks", "notes"), ("Industry", "industry"), ("Lead source", "source"), ("客户编码", "code"),
    ],
)  # fmt: skip
def test_titles_are_recognised(runtime, title: str, target: str) -> None:
    assert guess(["公司" if target != "name" else "星座", title]).targets[1] == target


def test_each_field_is_taken_once_by_the_best_title(runtime) -> None:
    made = guess(["姓名", "公司名称", "电话", "手机", "备注", "沟通记录"])
    assert made.targets == ["contact_name", "name", "phone", "phone", "notes", "notes"]
    assert made.options.kind == "organisation"


@pytest.mark.parametrize(
    ("titles", "targets"),
    [
        (["公司", "联系人1", "手机1", "联系人2", "职务2", "手机2"], ["contact_name", "phone", ".name", ".position", ".phone"]),
        (["公司", "联系人", "手机", "联系人2", "联系人2手机", "联系人2邮箱"], ["contact_name", "phone", ".name", ".phone", ".email"]),
        (["company", "contact", "phone", "Contact 2", "Title 2", "E-mail 2"], ["contact_name", "phone", ".name", ".position", ".email"]),
        (["公司", "联系人", "手机", "手机2", "邮箱2"], ["contact_name", "phone", "phone", "email"]),
    ],
)  # fmt: skip
def test_columns_of_a_second_contact_are_its_own(runtime, titles: list[str], targets: list[str]) -> None:
    assert guess(titles).targets == ["name", *(f"contact.2{key}" if key[0] == "." else key for key in targets)]


def test_titles_of_the_table_to_fill_in_are_recognised(runtime) -> None:
    assert guess([str(target) for target in TARGETS.values()]).targets == list(TARGETS)


def test_a_table_of_people(runtime) -> None:
    made = guess(["姓名", "电话"])
    assert (made.targets, made.options.kind) == (["name", "phone"], "person")


def test_the_page_shows_samples_and_its_guesses(collector: Collector) -> None:
    collector.upload(csv_text(TITLES, [row()]).encode(), "a.csv")
    page = collector.page()
    assert '<small class="muted">上海启衡管理咨询有限公司</small>' in page
    assert page.count(" selected>") == len(TITLES) + 4


def test_a_mapping_is_remembered_for_these_titles_and_this_user(
    collector: Collector, factory: Factory, browser: Browser
) -> None:
    titles = ["甲", "乙", "丙"]
    collector.upload(csv_text(titles, [["某公司", "13800001111", "x"]]).encode(), "a.csv")
    assert collector.batch.mapping == ["", "", ""]
    collector.check(**{"column-0": "name", "column-1": "phone", "duplicates": "import", "source": "web"})
    assert collector.batch.new_rows == 1
    collector.upload(csv_text(titles[::-1], [["x", "13800002222", "另一家"]]).encode(), "b.csv")
    assert collector.batch.mapping == ["", "phone", "name"]
    chosen = {name: value for name, value in collector.batch.options.items() if value}
    assert chosen == {
        "duplicates": "import", "newcomers": "import", "match": "any", "kind": "organisation", "source": "web",
    }  # fmt: skip
    other = Collector(collector.runtime, browser.sign_in(factory.user()), collector.user)
    other.upload(csv_text(titles, [["某公司", "13800001111", "x"]]).encode(), "a.csv")
    assert other.batch.mapping == ["", "", ""]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"column-0": ""}, "Say which column holds the name"),
        ({"column-2": "name"}, "Another column is Name already."),
        ({"column-2": "no such thing"}, "Please choose from the list."),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_at_its_column(
    collector: Collector, changes: dict[str, str], message: str
) -> None:
    collector.upload(csv_text(["公司", "电话", "其它"], [["某公司", "13800001111", "x"]]).encode(), "a.csv")
    data = {"column-0": "name", "column-1": "phone", "column-2": "", "duplicates": "skip", "kind": "organisation"}
    answer = collector.act("mapping", **{**data, **changes})
    assert answer.status_code == 422
    assert message in answer.text
    assert collector.batch.state == "uploaded"


def test_the_mapping_can_be_changed_after_the_check(collector: Collector) -> None:
    collector.upload(csv_text(["公司", "电话"], [["某公司", "坏的"], ["另一家", "13800001111"]]).encode(), "a.csv")
    assert collector.check().error_rows == 1
    batch = collector.check(**{"column-1": ""})
    assert (batch.new_rows, batch.error_rows) == (2, 0)


def test_rows_that_have_shifted_are_refused(collector: Collector) -> None:
    collector.upload("公司,电话\n某公司,13800001111\n多,一个,逗号\n".encode(), "a.csv")
    assert (collector.check().new_rows, collector.batch.error_rows) == (1, 1)
    assert "more cells than the table has titles" in collector.page()


def test_rows_without_a_source_get_the_chosen_one(collector: Collector) -> None:
    collector.upload(csv_text(["公司", "来源"], [["某公司", ""], ["另一家", "referral"]]).encode(), "a.csv")
    collector.check(source="exhibition")
    collector.commit()
    assert {customer.name: customer.source for customer in collector.customers()} == {
        "某公司": "exhibition",
        "另一家": "referral",
    }


def test_a_table_of_very_many_columns_shares_one_list_of_targets(collector: Collector) -> None:
    titles = ["公司名称", "手机", *(f"列{number}" for number in range(38))]
    collector.upload(csv_text(titles, [["启衡", "13800006021", *["x"] * 38]]).encode(), "wide.csv")
    page = collector.page("/mapping")
    assert len(re.findall(r"<[a-z]", page)) < 1500
    assert page.count("<datalist") == 1
    shown = re.findall(r'<input[^>]* name="(column-[0-9]+)" value="([^"]*)"', page)
    assert len(shown) == 40
    data = dict(shown) | {"column-2": "City", "duplicates": "skip", "kind": "organisation"}
    wrong = collector.act("mapping", **data | {"column-3": "Sity"})
    assert wrong.status_code == 422
    assert 'value="Sity"' in wrong.text
    assert collector.act("mapping", **data).status_code == 303
    assert collector.batch.mapping[:4] == ["name", "phone", "city", ""]
