"""A collector's table from the upload to the customers."""

from __future__ import annotations

from datetime import date, datetime

import openpyxl
import pytest
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.customers.models import Address, Contact, ContactPoint, Customer, StatusChange
from platform_core.customers.searchmodel import SearchRow
from platform_core.kernel import dictionaries
from platform_core.kernel.clock import today
from platform_core.kernel.secrets import Vault
from tests.core.customers.importing.conftest import GOOD, TITLES, Collector, csv_text, row, xlsx

FORMATS = {
    "xlsx": lambda rows: ("customers.xlsx", xlsx(TITLES, rows)),
    "csv, UTF-8": lambda rows: ("customers.csv", csv_text(TITLES, rows).encode()),
    "csv, UTF-8 with BOM": lambda rows: ("customers.csv", csv_text(TITLES, rows).encode("utf-8-sig")),
    "csv, GB18030": lambda rows: ("customers.csv", csv_text(TITLES, rows).encode("gb18030")),
}


@pytest.mark.parametrize("kind", FORMATS)
def test_a_table_becomes_customers(collector: Collector, kind: str) -> None:
    filename, content = FORMATS[kind]([row()])
    assert collector.upload(content, filename).status_code == 303
    batch = collector.check()
    assert (batch.state, batch.new_rows, batch.duplicate_rows, batch.error_rows) == ("checked", 1, 0, 0)
    assert collector.customers() == []
    assert collector.commit().state == "done"
    with collector.runtime.database.system_session("test") as session:
        customer = session.scalars(select(Customer)).one()
        contact = session.scalars(select(Contact)).one()
        points = {point.kind: point for point in session.scalars(select(ContactPoint))}
        address = session.scalars(select(Address)).one()
        change = session.scalars(select(StatusChange)).one()
        search = session.scalars(select(SearchRow)).one()
    assert customer.name == GOOD[0]
    assert customer.code == f"C-{today().year}-00001"
    assert (customer.industry, customer.region, customer.source, customer.grade) == (
        "manufacturing",
        "east",
        "exhibition",
        "A",
    )
    assert (customer.status, change.new, change.cause) == ("new", "new", "customers.import")
    assert customer.collected_on == date(2026, 11, 20)
    assert (customer.owner_id, customer.created_by, customer.department_id) == (
        collector.user.id,
        collector.user.id,
        collector.user.department_id,
    )
    assert (customer.contact_name, customer.phone_mask, customer.phone_point_id) == (
        "张海涛",
        "138****6021",
        points["mobile"].id,
    )
    assert contact.is_primary
    assert address.street == GOOD[8]
    assert {point.contact_id for point in points.values()} == {contact.id}
    vault = collector.runtime.vault
    assert vault.decrypt(points["mobile"].cipher) == "+8613800006021"
    assert vault.decrypt(points["email"].cipher) == GOOD[3]
    assert vault.decrypt(points["wechat"].cipher) == GOOD[13]
    assert all(word in search.tokens for word in ("启衡", "zht", "qhgl"))
    assert customer.version == 1


def test_cells_as_people_write_them_are_understood(collector: Collector) -> None:
    rows = [
        row(客户名称="全角电话", 手机="１３９００００１１１１"),
        row(客户名称="浮点电话", 手机=13700002222.0),
        row(客户名称="两个电话", 手机="13600003333/021-62345678", 邮箱="a@b.example；c@d.example"),
        row(客户名称=" 尾部空格\u3000", 手机="13500004444 "),
        row(客户名称="点号日期", 手机="13400005555", 收集日期="2026.11.2"),
        row(客户名称="序号日期", 手机="13300006666", 收集日期=46328),
        row(客户名称="真日期", 手机="13200007777", 收集日期=datetime(2026, 10, 1)),  # noqa: DTZ001
        row(
            客户名称="空字段", 手机="13100008888", 联系人="", 邮箱="无", 行业="/", 地区="", 来源="", 微信="-", 级别=None
        ),
    ]
    collector.upload(xlsx(TITLES, rows))
    assert collector.check().new_rows == len(rows), collector.page()
    collector.commit()
    made = {customer.name: customer for customer in collector.customers()}
    assert made["全角电话"].phone_mask == "139****1111"
    assert made["浮点电话"].phone_mask == "137****2222"
    assert made["两个电话"].phone_mask == "136****3333"
    assert "尾部空格" in made
    assert [made[name].collected_on for name in ("点号日期", "序号日期", "真日期")] == [
        date(2026, 11, 2),
        date(2026, 11, 2),
        date(2026, 10, 1),
    ]
    with collector.runtime.database.system_session("test") as session:
        held = session.scalars(select(ContactPoint.kind).where(ContactPoint.customer_id == made["两个电话"].id)).all()
    assert sorted(held) == ["email", "email", "mobile", "phone", "wechat"]


BAD = {
    "手机": [(13800000000.0, "1.38e+10"), ("1.38E+10", "1.38E+10"), ("62345678", "62345678"), ("abc", "abc")],
    "收集日期": [
        ("11/12/2026", "11/12/2026"),
        ("2026-02-30", "2026-02-30"),
        ("2099-01-01", "still to come"),
        ("2026年11月", "no day"),
    ],
    "邮箱": [("nobody", "no mail address")],
    "行业": [("炼金术", "炼金术"), ("#N/A", "#N/A")],
    "级别": [("Z", "A")],
    "客户名称": [("x" * 121, "121"), ("=1+1", "formula")],
}


@pytest.mark.parametrize(("title", "cell", "shown"), [(title, *case) for title, cases in BAD.items() for case in cases])
def test_bad_cells_are_reported_by_row_and_column(collector: Collector, title: str, cell: object, shown: str) -> None:
    other = row(客户名称="好的一行", 手机="13912345678")
    collector.upload(csv_text(TITLES, [other, row(**{title: cell})]).encode(), "a.csv") if isinstance(
        cell, str
    ) else collector.upload(xlsx(TITLES, [other, row(**{title: cell})]))
    batch = collector.check()
    assert (batch.new_rows, batch.error_rows) == (1, 1)
    page = collector.page()
    assert f"{title} (column {'ABCDEFGHIJKLMN'[TITLES.index(title)]})" in page
    assert shown.casefold() in page.casefold()
    assert '<td class="num">3</td>' in page


def test_all_faults_of_a_row_are_reported_at_once_and_come_back_as_a_table(collector: Collector) -> None:
    collector.upload(
        xlsx(
            TITLES,
            [row(手机=13800000000.0, 收集日期="昨天", 级别="Z"), row(客户名称="", 联系人="", 手机="13912345678")],
        )
    )
    assert collector.check().error_rows == 2
    answer = collector.browser.get(f"{collector.url}/rows/error")
    assert answer.headers["content-disposition"].startswith("attachment")
    path = collector.runtime.settings.data_dir / "errors.xlsx"
    path.write_bytes(answer.content)
    rows = list(openpyxl.load_workbook(path).active.values)
    assert list(rows[0]) == [*TITLES, "Row", "Reason"]
    assert rows[1][2] == "1.38E+10"
    assert rows[1][-2] == "2"
    assert [line.split(" ")[0] for line in rows[1][-1].split("\n")] == ["手机", "级别", "收集日期"]
    assert "The name is missing" in rows[2][-1]


def test_corrected_error_rows_can_be_uploaded_as_they_are(collector: Collector) -> None:
    collector.upload(xlsx(TITLES, [row(手机="123")]))
    collector.check()
    content = collector.browser.get(f"{collector.url}/rows/error").content
    collector.upload(content)
    assert collector.batch.mapping[-2:] == ["", ""]
    assert collector.check().error_rows == 1


def test_people_need_no_company(collector: Collector) -> None:
    collector.upload(
        csv_text(["姓名", "电话", "性别", "职务"], [["何莉", "13600001111", "女", "店长"]]).encode(), "people.csv"
    )
    assert collector.batch.options["kind"] == "person"
    collector.check()
    collector.commit()
    customer = collector.customers()[0]
    assert (customer.kind, customer.name, customer.gender, customer.position, customer.phone_mask) == (
        "person",
        "何莉",
        "f",
        "店长",
        "136****1111",
    )


def test_a_row_with_only_a_contact_is_a_person(collector: Collector) -> None:
    collector.upload(csv_text(TITLES, [row(客户名称="")]).encode(), "a.csv")
    collector.check()
    collector.commit()
    customer = collector.customers()[0]
    assert (customer.kind, customer.name) == ("person", "张海涛")


def test_what_a_table_says_is_encrypted_and_what_was_done_is_on_record(collector: Collector) -> None:
    collector.upload(xlsx(TITLES, [row()]))
    collector.check()
    with collector.runtime.database.connection("test") as connection:
        kept = connection.exec_driver_sql("SELECT payload FROM customers_import_row").scalars().all()
        samples = connection.exec_driver_sql("SELECT samples FROM customers_import_batch").scalars().all()
    assert b"6021" not in b"".join(map(bytes, [*kept, *samples]))
    assert "6021" in Vault.decrypt(collector.runtime.vault, kept[0])
    collector.commit()
    with collector.runtime.database.system_session("test") as session:
        entries = {entry.action: entry for entry in session.scalars(select(AuditEntry))}
    made = collector.customers()[0]
    assert {
        "customers.import_upload",
        "customers.import_check",
        "customers.import_start",
        "customers.import_finish",
    } <= entries.keys()
    assert entries["customers.import"].ids == [made.id.hex]
    assert entries["customers.import"].entity_id == collector.batch_id
    assert "13800006021" not in str([(entry.before, entry.after, entry.entity_label) for entry in entries.values()])


def test_the_file_is_gone_when_the_customers_are_in(collector: Collector) -> None:
    collector.upload(xlsx(TITLES, [row()]))
    path = collector.runtime.settings.data_dir / "uploads" / collector.batch.stored_as
    assert path.stat().st_mode & 0o777 == 0o600
    collector.check()
    collector.commit()
    assert not path.exists()
    assert collector.batch.samples == b""


def test_dictionary_values_are_known_by_label_and_by_code(collector: Collector) -> None:
    with collector.runtime.database.system_session("test") as session:
        labels = [label for _code, label in dictionaries.choices(session, "customers.region")]
    rows = [row(客户名称=f"客户{place}号", 手机=f"1390000{place:04}", 地区=label) for place, label in enumerate(labels)]
    collector.upload(xlsx(TITLES, rows))
    assert collector.check().new_rows == len(labels)
    collector.commit()
    assert len({customer.region for customer in collector.customers()}) == len(labels)
