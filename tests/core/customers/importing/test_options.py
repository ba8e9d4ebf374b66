"""What a customer of the house is known by, whether new ones are made, and what they get where a row says nothing."""

from __future__ import annotations

import pytest

from platform_core.customers import services
from platform_core.customers.forms import CustomerInput
from platform_core.customers.models import Customer
from platform_core.testing.factories import Factory
from tests.core.customers.importing.conftest import Collector, csv_text
from tests.core.kernel.oldfiles import ods, xls

_TITLES = ["客户名称", "手机", "邮箱", "客户编码", "备注", "级别"]
_ROWS = [
    ["号码相同", "13800006021", "", "", "phone", ""],
    ["邮箱相同", "13922220001", "known@house.example", "", "email", ""],
    ["早就有的公司", "13922220002", "", "", "name", ""],
    ["编码相同", "13922220003", "", "OLD-7", "code", ""],
    ["全新的公司", "13922220004", "new@house.example", "", "new", "A"],
]


@pytest.fixture
def known(collector: Collector, factory: Factory) -> Customer:
    actor = factory.actor(collector.user)
    told = {"name": "早就有的公司", "phone": "13800006021", "email": "known@house.example", "code": "OLD-7"}
    with collector.runtime.database.actor_session(actor) as session:
        return services.create(session, actor, CustomerInput(**told))


def notes(collector: Collector, customer: Customer) -> str:
    with collector.runtime.database.system_session("test", write=False) as session:
        return session.get_one(Customer, customer.id).notes


@pytest.mark.parametrize("key", ["phone", "email", "name", "code"])
def test_only_customers_of_the_house_are_changed_and_known_by_the_chosen_key(
    collector: Collector, known: Customer, key: str
) -> None:
    collector.upload(csv_text(_TITLES, _ROWS).encode(), "rows.csv")
    batch = collector.check(duplicates="fill", newcomers="leave", match=key)
    # A code that is taken is a fault where it does not say whom the row means.
    assert (batch.update_rows, batch.error_rows) == (1, int(key != "code"))
    assert batch.new_rows + batch.duplicate_rows == 4 - int(key != "code")
    page = collector.page()
    assert "Import 1 customer" in page
    assert "will be left out" in page
    done = collector.commit()
    assert (done.state, done.imported, done.updated) == ("done", 0, 1)
    assert done.skipped == batch.new_rows + batch.duplicate_rows
    assert collector.customers() == []
    assert notes(collector, known) == key
    assert collector.act("revert").status_code == 303
    assert collector.run()
    assert (collector.batch.restored, notes(collector, known)) == (1, "")


@pytest.mark.any_database
def test_new_customers_get_what_their_row_does_not_say(collector: Collector) -> None:
    """The table is one of an old program."""
    rows = [["客户名称", "级别", "手机"], ["甲公司", "A", 13800006021.0], ["乙公司", None, 13800006022.0]]
    for place, (name, content) in enumerate((("old.xls", xls(rows)), ("free.ods", ods(rows)))):
        collector.upload(content, name)
        if not place:
            refused = collector.act("mapping", **{"column-0": "name", "grade": "nonsense", "duplicates": "skip"})
            assert refused.status_code == 422
            assert "Please choose from the list." in refused.text
        batch = collector.check(grade="B", region="east", duplicates="import")
        assert (batch.new_rows, batch.duplicate_rows) == ((2, 0), (0, 2))[place]
        collector.commit()
        made = {customer.name: (customer.grade, customer.region) for customer in collector.customers()}
        assert made == {"甲公司": ("A", "east"), "乙公司": ("B", "east")}


@pytest.mark.any_database
def test_choices_that_would_take_nothing_in_are_refused_at_their_field(collector: Collector) -> None:
    collector.upload(csv_text(_TITLES, _ROWS[:1]).encode(), "rows.csv")
    columns = {"column-0": "name", "column-1": "phone"}
    for change, told in (
        ({"newcomers": "leave", "duplicates": "skip"}, "Then nothing would be imported"),
        ({"match": "code", "duplicates": "fill"}, "Say which column holds the code."),
    ):
        answer = collector.act("mapping", **columns, **change)
        assert answer.status_code == 422
        assert told in answer.text


@pytest.mark.any_database
def test_an_address_book_is_taken_in(collector: Collector) -> None:
    book = "BEGIN:VCARD\nVERSION:3.0\nFN:张三\nORG:甲公司\nTEL:13800006021\nTEL:021-55556666\nEND:VCARD\n"
    book += "BEGIN:VCARD\nVERSION:3.0\nFN:李四\nTEL:13900139001\nEND:VCARD\n"
    collector.upload(book.encode(), "contacts.vcf")
    batch = collector.check()
    assert (batch.new_rows, batch.error_rows) == (2, 0)
    collector.commit()
    made = {customer.name: customer.kind for customer in collector.customers()}
    assert made == {"甲公司": "organisation", "李四": "person"}
