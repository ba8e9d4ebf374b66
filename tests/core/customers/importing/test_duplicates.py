"""Who is in the house already, and what of it whoever imports may learn."""

from __future__ import annotations

import openpyxl
import pytest

from platform_core.customers import services
from platform_core.customers.forms import CustomerInput
from platform_core.customers.models import Customer
from platform_core.testing.browser import Browser
from platform_core.testing.factories import Factory
from platform_core.users.models import User
from tests.core.customers.importing.conftest import TITLES, Collector, row, uploads, xlsx

OTHER = "13911110000"


def existing(collector: Collector, factory: Factory, owner: User, **fields: str) -> Customer:
    with collector.runtime.database.actor_session(factory.actor(owner)) as session:
        return services.create(session, factory.actor(owner), CustomerInput(**fields))


def test_by_phone_and_by_name_in_the_house(collector: Collector, factory: Factory) -> None:
    existing(collector, factory, collector.user, name="早就有的公司", phone="13800006021")
    existing(collector, factory, collector.user, name="南京 百草堂", phone="025-86001234")
    rows = [
        row(客户名称="换了名字"),
        row(客户名称="南京（百草堂）", 手机=OTHER),
        row(客户名称="真正的新客户", 手机="13922220000"),
    ]
    collector.upload(xlsx(TITLES, rows))
    batch = collector.check()
    assert (batch.new_rows, batch.duplicate_rows) == (1, 2)
    page = collector.page()
    assert "早就有的公司 has this number; owner: Collector." in page
    assert "南京 百草堂 is in the house already" in page
    batch = collector.commit()
    assert [customer.name for customer in collector.customers()] == ["真正的新客户"]
    assert (batch.imported, batch.skipped) == (1, 2)


def test_twice_in_the_table(collector: Collector) -> None:
    rows = [row(), row(客户名称="同一个号码"), row(手机=OTHER), row(客户名称="另一家", 手机="13922220000")]
    collector.upload(xlsx(TITLES, rows))
    assert collector.check().duplicate_rows == 2
    page = collector.page()
    assert "Row 2 has the same phone number." in page
    assert "Row 2 has the same name." in page
    collector.commit()
    assert len(collector.customers()) == 2


def test_duplicates_can_be_imported_all_the_same(collector: Collector) -> None:
    collector.upload(xlsx(TITLES, [row(), row()]))
    assert collector.check(duplicates="import").duplicate_rows == 1
    assert collector.commit().imported == 2


def test_people_with_a_number_may_share_a_name(collector: Collector) -> None:
    rows = [
        row(客户名称="", 联系人="张伟"),
        row(客户名称="", 联系人="张伟", 手机=OTHER),
        row(客户名称="", 联系人="李娜", 手机=""),
        row(客户名称="", 联系人="李娜", 手机=""),
    ]
    collector.upload(xlsx(TITLES, rows))
    assert (collector.check().new_rows, collector.batch.duplicate_rows) == (3, 1)


def test_of_a_foreign_customer_only_the_department_is_told(collector: Collector, factory: Factory) -> None:
    stranger = factory.user(department=factory.department("猎头部"), name="Stranger")
    theirs = existing(collector, factory, stranger, name="别人的秘密客户", phone="13800006021")
    collector.upload(xlsx(TITLES, [row(客户名称="我的客户")]))
    assert collector.check().duplicate_rows == 1
    page = collector.page()
    assert "Exists already. Ask the department 猎头部." in page
    for secret in ("别人的秘密客户", "Stranger", theirs.code, str(theirs.id), theirs.id.hex):
        assert secret not in page
    content = collector.browser.get(f"{collector.url}/rows/duplicate").content
    path = collector.runtime.settings.data_dir / "duplicates.xlsx"
    path.write_bytes(content)
    reasons = [cells[-1] for cells in openpyxl.load_workbook(path).active.values]
    assert reasons == ["Reason", "Exists already. Ask the department 猎头部."]


def test_a_customer_in_the_bin_is_no_duplicate(collector: Collector, factory: Factory) -> None:
    manager = factory.user("management")
    gone = existing(collector, factory, manager, name="删掉的", phone="13800006021")
    with collector.runtime.database.actor_session(factory.actor(manager)) as session:
        services.move_to_bin(session, factory.actor(manager), gone.id)
    collector.upload(xlsx(TITLES, [row()]))
    assert collector.check().new_rows == 1


def test_who_came_in_between_check_and_commit_is_left_out(collector: Collector, factory: Factory) -> None:
    collector.upload(xlsx(TITLES, [row(), row(客户名称="另一家", 手机=OTHER)]))
    assert collector.check().new_rows == 2
    existing(collector, factory, collector.user, name="抢先一步", phone="13800006021")
    batch = collector.commit()
    assert (batch.imported, batch.skipped) == (1, 1)
    assert "抢先一步 has this number" in collector.page()


def test_codes_are_kept_and_must_be_free(collector: Collector, factory: Factory) -> None:
    existing(collector, factory, collector.user, name="有编码的", code="K-1")
    titles = [*TITLES, "客户编码"]
    rows = [
        [*row(客户名称=f"客户{place}", 手机=f"1391111000{place}"), code]
        for place, code in enumerate(["K-1", "K-2", "K-2", "", "C-2026-00003"])
    ]
    collector.upload(xlsx(titles, rows))
    batch = collector.check()
    assert (batch.new_rows, batch.error_rows) == (3, 2)
    page = collector.page()
    assert "This code is taken." in page
    assert "Row 3 has the same code." in page
    collector.commit()
    codes = sorted(customer.code for customer in collector.customers())
    assert "K-2" in codes
    assert len(set(codes)) == 3


def test_generated_codes_step_over_typed_ones(collector: Collector, factory: Factory) -> None:
    from platform_core.kernel.clock import today

    year = today().year
    existing(collector, factory, collector.user, name="抢号的", code=f"C-{year}-00002")
    rows = [row(客户名称=f"客户{place}", 手机=f"1391111000{place}") for place in range(3)]
    collector.upload(xlsx(TITLES, rows))
    collector.check()
    collector.commit()
    assert [customer.code for customer in collector.customers()] == [f"C-{year}-0000{n}" for n in (1, 3, 4)]


@pytest.mark.parametrize("role", ["coordinator", "department_head", "management"])
def test_rows_are_for_whoever_uploaded_them(
    collector: Collector, factory: Factory, browser: Browser, role: str
) -> None:
    """Above them, the batch is seen without its rows; beside them, it does not exist."""
    collector.upload(xlsx(TITLES, [row()]))
    collector.check()
    department = None if role == "management" else collector.user.department_id
    other = factory.user(role)
    if department:
        with factory.runtime.database.system_session("test") as session:
            session.get_one(User, other.id).department_id = department
    answer = browser.sign_in(other).get(collector.url)
    assert answer.status_code == (404 if role == "coordinator" else 200)
    assert "上海启衡" not in answer.text
    assert browser.sign_in(other).get(f"{collector.url}/rows/error").status_code == 404
    assert browser.sign_in(other).post(f"{collector.url}/commit", {}).status_code in {403, 404}


def test_only_holders_of_the_right_import(factory: Factory, browser: Browser) -> None:
    stranger = browser.sign_in(factory.user("finance"))
    before = uploads(factory.runtime)
    assert stranger.get("/customers/import").status_code == 403
    assert stranger.get("/customers/imports").status_code == 403
    assert stranger.post("/customers/import", {}, files={"file": ("a.csv", b"a,b\n1,2")}).status_code == 403
    assert uploads(factory.runtime) == before
