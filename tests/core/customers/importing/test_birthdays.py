"""Birthdays in tables: of either calendar, of each contact of a row, as they are written and as lists export them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from platform_core.customers import fields
from platform_core.customers.contact_listing import CONTACTS
from platform_core.customers.importing.birthdays import parse
from platform_core.customers.importing.refusing import Refused
from platform_core.customers.models import Contact, Customer
from platform_core.kernel.cells import CellError
from platform_core.kernel.i18n import LANGUAGES, speaking
from tests.core.customers.importing.conftest import Collector, csv_text

Born = tuple[int | None, int, int, bool, bool]
TITLES = ["公司", "联系人", "手机", "生日", "联系人2", "生日2", "联系人3", "联系人3生日"]


def born(row: Any) -> Born:
    return tuple(getattr(row, name) for name in fields.BIRTH)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1986-05-20", (1986, 5, 20, False, False)),
        ("1986年5月20日", (1986, 5, 20, False, False)),
        ("05-20", (None, 5, 20, False, False)),
        ("5月20日", (None, 5, 20, False, False)),
        ("农历1980-08-15", (1980, 8, 15, True, False)),
        ("1980年农历八月十五", (1980, 8, 15, True, False)),
        ("阴历八月廿三", (None, 8, 23, True, False)),
        ("正月初一", (None, 1, 1, True, False)),
        ("1975年腊月三十", (1975, 12, 30, True, False)),
        ("冬月十一", (None, 11, 11, True, False)),
        ("十二月初十", (None, 12, 10, True, False)),
        ("闰六月初一", (None, 6, 1, True, True)),
        ("农历２００６年闰７月９日", (2006, 7, 9, True, True)),
        ("lunar 1980-08-15", (1980, 8, 15, True, False)),
        ("二月二十九", None),
        ("农历13月1日", None),
        ("农历八月三十一", None),
        ("农历明天", None),
        ("农历2999-01-01", None),
        ("02-30", None),
        ("2999-01-01", None),
    ],
)
def test_as_people_write_them(text: str, expected: Born | None) -> None:
    if expected is None:
        with pytest.raises((CellError, Refused)):
            parse(text)
    else:
        assert tuple(parse(text).values()) == expected


@given(
    st.one_of(st.none(), st.integers(1901, 2020)), st.integers(1, 12), st.integers(1, 28), st.booleans(), st.booleans()
)
def test_what_lists_export_is_read_back(year: int | None, month: int, day: int, lunar: bool, leap: bool) -> None:
    told = dict(zip(fields.BIRTH, (year, month, day, lunar, lunar and leap), strict=True))
    for language in LANGUAGES:
        with speaking(language):
            assert parse(fields.born(SimpleNamespace(**told))) == told
    assert parse("") == {}
    assert parse(None) == {}


def test_each_contact_of_a_row_has_its_own(collector: Collector) -> None:
    row = ["启衡咨询", "张海涛", "13800006021", "1986-05-20", "李四", "农历八月十五", "王五", "1975年闰四月初二"]
    collector.upload(csv_text(TITLES, [row]).encode(), "contacts.csv")
    collector.check()
    collector.commit()
    with collector.runtime.database.system_session("test", write=False) as session:
        contacts = {contact.name: contact for contact in session.scalars(select(Contact))}
        customer = session.scalars(select(Customer)).one()
        assert {name: born(contact) for name, contact in contacts.items()} == {
            "张海涛": (1986, 5, 20, False, False), "李四": (None, 8, 15, True, False),
            "王五": (1975, 4, 2, True, True),
        }  # fmt: skip
        assert born(customer) == (None, None, None, False, False), "a company has none"
        column = next(column for column in CONTACTS.columns if column.key == "birthday")
        with speaking("zh"):
            assert column.text(contacts["李四"], {}) == fields.born(contacts["李四"])


def test_what_is_no_day_is_said_at_its_column(collector: Collector) -> None:
    row = ["启衡咨询", "张海涛", "13800006021", "", "李四", "农历13月1日", "", ""]
    collector.upload(csv_text(TITLES, [row]).encode(), "contacts.csv")
    assert collector.check().error_rows == 1


def test_a_person_changes_calendar_and_what_is_not_said_stays(collector: Collector) -> None:
    days = {
        "农历1980-08-15": (1980, 8, 15, True, False), "1980-09-23": (1980, 9, 23, False, False),
        "10-01": (1980, 10, 1, False, False),
    }  # fmt: skip
    for day, expected in days.items():
        collector.upload(csv_text(["姓名", "手机", "生日"], [["张海涛", "13800006021", day]]).encode(), "people.csv")
        collector.check(duplicates="overwrite")
        collector.commit()
        with collector.runtime.database.system_session("test", write=False) as session:
            assert born(session.scalars(select(Customer)).one()) == expected
    for day, mode in (("11-11", "fill"), ("", "overwrite")):
        collector.upload(csv_text(["姓名", "手机", "生日"], [["张海涛", "13800006021", day]]).encode(), "people.csv")
        assert collector.check(duplicates=mode).update_rows == 0
