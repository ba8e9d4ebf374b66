"""What people do in the story, by mouse, on the Chinese pages."""

import io
import re
from pathlib import Path

import openpyxl
from playwright.sync_api import Locator, Page, expect

COMPANY = "杭州云栖精密制造有限公司"
PHONE = "13900008321"
SHEET = [
    ["客户名称", "联系人", "手机", "邮箱", "备注", "收集日期"],
    [COMPANY, "沈佳宁", "１３９ ０００ ０８３２１", "shen@yunqi.example", "展会上要了总裁班的资料", "2026.11.20"],
    ["宁波海曙港务有限公司", "任可", "1.39E+10", "", "号码被表格改坏了", "2026.11.20"],
    ["绍兴镜湖纺织有限公司", "周密", "13900008323 / 13900008324", "", "两个号码", 46346],
    ["", "", "13900008325", "", "没有名称", ""],
]


def sheet(folder: Path) -> Path:
    book = openpyxl.Workbook(write_only=True)
    table = book.create_sheet()
    for line in SHEET:
        table.append(line)
    target = io.BytesIO()
    book.save(target)
    path = folder / "customers.xlsx"
    path.write_bytes(target.getvalue())
    return path


def dialog(page: Page) -> Locator:
    return page.locator("#dialog[open]")


def import_sheet(page: Page, folder: Path) -> None:
    page.goto("/customers/import")
    page.set_input_files("#f-file", sheet(folder))
    page.get_by_role("button", name="上传").click()
    page.get_by_role("button", name="检查表格").click()
    commit = page.get_by_role("button", name=re.compile("^导入2个客户"))
    expect(commit).to_be_visible()
    expect(page.locator("main")).to_contain_text("1.39E+10")
    expect(page.locator("main")).not_to_contain_text(PHONE)
    commit.click()
    expect(page.get_by_text("导入完成。")).to_be_visible()


def find(page: Page, words: str) -> Locator:
    """The palette, opened by its button, with what it found."""
    page.locator("button.search").click()
    page.locator("#palette input[name=q]").fill(words)
    return page.locator("#palette-results")


def open_customer(page: Page, words: str = "") -> None:
    page.goto("/")
    find(page, words or COMPANY).get_by_role("link", name=COMPANY).first.click()
    expect(page.get_by_role("heading", level=1, name=COMPANY)).to_be_visible()


def log_call(page: Page, text: str, outcome: str = "interested") -> None:
    form = page.locator("form.composer").first
    form.locator("textarea[name=body]").fill(text)
    form.locator(f"label:has(input[name=outcome][value={outcome}])").click()
    form.get_by_role("button", name="保存跟进").click()
    expect(page.locator("#timeline-new")).to_contain_text(text)


def create_opportunity(page: Page, title: str, kind: str) -> None:
    """Ends with the hand-over dialog open: the first opportunity has a page of its own, a further one a dialog."""
    page.locator("header.rec .tabs").get_by_role("link", name="商机").click()
    page.locator(".col").get_by_role("link", name="新建商机").first.click()
    form = page.locator("form.form[action^='/opportunities/new/']")
    form.locator("[name=title]").fill(title)
    form.locator("[name=project_type]").select_option(label=kind)
    expect(form.locator("#opportunity-route")).to_contain_text("→")
    form.locator("[name=expected_value]").fill("180000")
    form.get_by_role("button", name="保存商机").click()
    expect(page.get_by_text(f"商机“{title}”已保存")).to_be_visible()
    page.get_by_role("link", name=re.compile("^(马上)?交棒$")).first.click()
    expect(dialog(page).locator("[name=note]")).to_be_visible()


def hand_over(page: Page, note: str) -> None:
    """In the dialog that is open."""
    form = dialog(page).locator("form")
    form.locator("[name=note]").fill(note)
    form.get_by_role("button", name="交棒").click()
    expect(page.locator("#dialog[open]")).to_have_count(0)


def take_over(page: Page, title: str) -> None:
    """From the workbench, where the baton waits; ends on the customer's page."""
    page.goto("/")
    row = page.locator(".wb-side li", has_text=title)
    expect(row).to_contain_text(COMPANY)
    row.get_by_role("button", name="接棒").click()
    taken = page.locator(".wb-side li", has_text="已接棒")
    expect(taken).to_be_visible()
    taken.get_by_role("link").last.click()
    expect(page.get_by_role("heading", level=1, name=COMPANY)).to_be_visible()


def open_hand_over(page: Page, title: str) -> None:
    bar = page.locator(f"section.relay-bar[aria-label*='{title}']")
    bar.locator("a.pass").click()
    expect(dialog(page).locator("[name=note], [name=outcome]").first).to_be_visible()


def sign_contract(page: Page, folder: Path, number: str) -> None:
    """From the customer's page."""
    file = folder / "contract.pdf"
    file.write_bytes(b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n")
    page.locator("header.rec .tabs").get_by_role("link", name="商机").click()
    page.locator(".col").get_by_role("link", name="登记合同").first.click()
    form = dialog(page).locator("form.form")
    form.locator("[name=number]").fill(number)
    form.locator("[name=signed_on]").fill("2026-11-20")
    form.locator("[name=amount]").fill("180000")
    form.locator("[name=term]").fill("一年，四次课")
    form.locator("[name=file]").set_input_files(file)
    form.get_by_role("button", name="保存合同").click()
    expect(page.locator("#dialog[open]")).to_have_count(0)
    expect(page.locator("main")).to_contain_text(number)


def tick_all(page: Page) -> None:
    panel = page.locator("section.panel[id^=checklist-]")
    boxes = panel.locator("input[type=checkbox]")
    for number in range(boxes.count()):
        panel.locator("label").nth(number).click()
        expect(panel.locator("h2 small")).to_have_text(f"{number + 1} / {boxes.count()}")
