"""Several contacts in one row, each with numbers of its own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from platform_core.app import Runtime
from platform_core.customers.models import Contact, ContactPoint
from tests.core.customers.importing.conftest import Collector, csv_text

TITLES = ["公司", "联系人", "手机", "联系人2", "职务2", "手机2", "联系人3", "联系人3手机", "联系人3邮箱"]


def house(runtime: Runtime) -> dict[str, tuple[bool, str, list[str]]]:
    """Contact -> (is main, title, masks of the points); "" holds those of no contact."""
    with runtime.database.system_session("test", write=False) as session:
        found: dict[Any, Contact] = {contact.id: contact for contact in session.scalars(select(Contact))}
        told: dict[str, tuple[bool, str, list[str]]] = {
            contact.name: (contact.is_primary, contact.title, []) for contact in found.values()
        }
        for point in session.scalars(select(ContactPoint).order_by(ContactPoint.kind, ContactPoint.mask)):
            assert point.customer_id is not None
            told[found[point.contact_id].name][2].append(point.mask)
    return told


def taken(collector: Collector, *rows: list[str]) -> dict[str, tuple[bool, str, list[str]]]:
    collector.upload(csv_text(TITLES, rows).encode(), "contacts.csv")
    collector.check()
    collector.commit()
    return house(collector.runtime)


def test_three_contacts_with_their_numbers(collector: Collector) -> None:
    found = taken(collector, ["启衡咨询", "张海涛", "13800006021", "李四", "经理", "13900001111; 010-62345678", "王五",
                              "13700002222", "wang@qiheng.example"])  # fmt: skip
    assert {name: about[:2] for name, about in found.items()} == {
        "张海涛": (True, ""), "李四": (False, "经理"), "王五": (False, ""),
    }  # fmt: skip
    assert [len(found[name][2]) for name in ("张海涛", "李四", "王五")] == [1, 2, 2]
    customer = collector.customers()[0]
    assert (customer.contact_name, customer.phone_mask[-4:]) == ("张海涛", "6021")


def test_without_a_first_contact_the_second_is_the_main_one(collector: Collector) -> None:
    found = taken(collector, ["启衡咨询", "", "", "李四", "", "13900001111", "", "", ""])
    assert {name: about[0] for name, about in found.items()} == {"李四": True}
    assert collector.customers()[0].contact_name == "李四"


def test_numbers_of_a_nameless_contact_go_to_the_first(collector: Collector) -> None:
    found = taken(collector, ["启衡咨询", "张海涛", "13800006021", "", "", "13900001111", "", "", ""])
    assert len(found["张海涛"][2]) == 2


def test_a_number_that_is_said_twice_comes_once(collector: Collector) -> None:
    row = ["启衡咨询", "张海涛", "13800006021", "李四", "", "138 0000 6021", "王五", "13800006021", ""]
    assert {name: len(about[2]) for name, about in taken(collector, row).items()} == {"张海涛": 1, "李四": 0, "王五": 0}


def test_a_further_contact_betrays_a_duplicate(collector: Collector) -> None:
    taken(collector, ["别的公司", "赵六", "13700002222", "", "", "", "", "", ""])
    collector.upload(
        csv_text(TITLES, [["启衡咨询", "张海涛", "", "", "", "", "王五", "13700002222", ""]]).encode(), "a.csv"
    )
    assert collector.check().duplicate_rows == 1


def test_what_cannot_be_a_number_is_said_at_its_column(collector: Collector) -> None:
    collector.upload(csv_text(TITLES, [["启衡咨询", "张海涛", "", "李四", "", "12", "", "", ""]]).encode(), "a.csv")
    assert collector.check().error_rows == 1
    assert "李四" in collector.page() or "启衡咨询" in collector.page()
