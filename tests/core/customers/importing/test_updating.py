"""Rows of customers that are in the house: filled in, overwritten, given back."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select

from platform_core.audit.models import AuditEntry
from platform_core.customers import queries, searching, services, tags
from platform_core.customers.forms import CustomerInput, CustomerPatch
from platform_core.customers.importing import running, updating
from platform_core.customers.importing.columns import TARGETS
from platform_core.customers.models import Customer, StatusChange
from platform_core.kernel.ids import new_id
from platform_core.kernel.jobs import JobFailedError
from platform_core.permissions.models import Access
from platform_core.testing.browser import Browser
from platform_core.testing.factories import Factory
from platform_core.users.models import User
from tests.core.customers.importing.conftest import TITLES, Collector, csv_text, row, xlsx

PHONE = "13800006021"


def existing(collector: Collector, factory: Factory, owner: User | None = None, **fields: Any) -> Customer:
    actor = factory.actor(owner or collector.user)
    with collector.runtime.database.actor_session(actor) as session:
        return services.create(session, actor, CustomerInput(**{"name": "早就有的公司", "phone": PHONE, **fields}))


def look(collector: Collector, factory: Factory, customer: Customer) -> tuple[Customer, list[str], list[str], set[str]]:
    """The customer, its contacts' names, masks and tags."""
    with collector.runtime.database.system_session("test", write=False) as session:
        found = session.get_one(Customer, customer.id)
        people = [contact.name for contact in queries.contacts_of(session, customer.id)]
        masks = sorted(point.mask for point in queries.points_of(session, customer.id))
        return found, people, masks, {tag.name for tag in queries.tags_of(session, customer.id)}


def take_in(collector: Collector, mode: str, *rows: list[Any], titles: list[str] = TITLES) -> None:
    collector.upload(xlsx(titles, rows))
    collector.check(duplicates=mode)


@pytest.mark.parametrize("mode", ["fill", "overwrite"])
def test_the_dry_run_says_what_would_change_and_the_import_does_it(
    collector: Collector, factory: Factory, mode: str
) -> None:
    customer = existing(collector, factory, grade="B", notes="Old note")
    take_in(collector, mode, row(客户名称="换了名字"), row(客户名称="新的公司", 手机="13922220000", 微信="other_wx"))
    batch = collector.batch
    assert (batch.new_rows, batch.update_rows, batch.duplicate_rows) == (1, 1, 0)
    page = collector.page()
    assert "Import 2 customers" in page
    assert "Industry: — → " in page
    assert ("Grade: B" in page) == (mode == "overwrite")
    assert "zhang@qiheng.example" not in page
    assert PHONE not in page
    batch = collector.commit()
    assert (batch.imported, batch.updated, batch.skipped) == (1, 1, 0)
    found, people, masks, _tags = look(collector, factory, customer)
    assert (found.name, found.industry, found.region) == ("早就有的公司", "manufacturing", "east")
    assert (found.grade, found.notes) == (("A", "对总裁班有兴趣") if mode == "overwrite" else ("B", "Old note"))
    assert people == ["张海涛"]
    assert (found.contact_name, len(masks)) == ("张海涛", 3)
    assert "换了名字" not in collector.page()
    with collector.runtime.database.system_session("test", write=False) as session:
        lines = session.scalars(select(AuditEntry).where(AuditEntry.action == "customers.import_update")).all()
    assert [(line.customer_id, line.after["industry"]) for line in lines] == [(customer.id, "manufacturing")]
    assert PHONE not in str(lines[0].after)


def test_the_way_back_restores_what_nobody_changed_since(collector: Collector, factory: Factory) -> None:
    customer = existing(collector, factory, grade="B", city="Qingdao")
    kept = existing(collector, factory, name="另一家", phone="13922220000", grade="C")
    before = look(collector, factory, customer)
    tagged = [*TITLES, "标签"]
    take_in(
        collector, "overwrite", [*row(状态="需考虑"), "展会;重点"], [*row(客户名称="另一家", 手机="13922220000"), ""],
        titles=tagged,
    )  # fmt: skip
    assert collector.commit().updated == 2
    changed = look(collector, factory, customer)
    assert changed[3] == {"展会", "重点"}
    assert changed[0].status == "considering"
    actor = factory.actor(collector.user)
    with collector.runtime.database.actor_session(actor) as session:
        services.update(session, actor, kept.id, CustomerPatch(grade="B"))
    preview = collector.page("/revert")
    assert "Will be given back what they were" in preview
    collector.act("revert")
    assert collector.run()
    batch = collector.batch
    assert (batch.state, batch.restored, batch.kept, batch.removed) == ("reverted", 1, 1, 0)
    after = look(collector, factory, customer)
    fields = [column.name for column in Customer.__table__.columns if column.name not in {"version", "updated_at"}]
    assert [getattr(after[0], name) for name in fields] == [getattr(before[0], name) for name in fields]
    assert after[1:] == before[1:]
    other = look(collector, factory, kept)
    assert other[0].grade == "B"
    assert other[0].industry == ""
    with collector.runtime.database.system_session("test", write=False) as session:
        history = session.scalars(
            select(StatusChange.new).where(StatusChange.customer_id == customer.id).order_by(StatusChange.at)
        ).all()
    assert history == ["new", "considering", "new"]


def test_only_customers_the_uploader_may_edit_are_changed(
    collector: Collector, factory: Factory, browser: Browser
) -> None:
    """Seen through the relay is not enough, unless with the right to write; unseen ones stay what they were."""
    stranger = factory.user(department=factory.department())
    foreign = existing(collector, factory, stranger, name="别人的", phone="13900000001")
    readable = existing(collector, factory, stranger, name="只能看", phone="13900000002")
    writable = existing(collector, factory, stranger, name="可以写", phone="13900000003")
    for customer, may_write in ((readable, False), (writable, True)):
        factory.add(
            Access(id=new_id(), customer_id=customer.id, user_id=collector.user.id, kind="share", may_write=may_write)
        )
    rows = [row(客户名称=f"行{place}", 手机=f"1390000000{place}", 微信=f"wx_{place}") for place in (1, 2, 3)]
    take_in(collector, "overwrite", *rows)
    batch = collector.batch
    assert (batch.update_rows, batch.duplicate_rows) == (1, 2)
    assert "别人的" not in collector.page()
    assert (collector.commit().updated, collector.batch.skipped) == (1, 2)
    industries = [look(collector, factory, customer)[0].industry for customer in (foreign, readable, writable)]
    assert industries == ["", "", "manufacturing"]


def test_a_code_names_its_customer_and_a_second_row_changes_nothing(collector: Collector, factory: Factory) -> None:
    customer = existing(collector, factory, phone="")
    titles = ["客户编码", "客户名称", "城市"]
    rows = [[customer.code, "随便", "青岛"], [customer.code, "随便", "济南"], ["C-1999-1", "新客户", "北京"]]
    collector.upload(csv_text(titles, rows).encode(), "codes.csv")
    batch = collector.check(duplicates="overwrite")
    assert (batch.new_rows, batch.update_rows, batch.duplicate_rows, batch.error_rows) == (1, 1, 1, 0)
    collector.commit()
    found, *_rest = look(collector, factory, customer)
    assert (found.name, found.city) == ("早就有的公司", "青岛")
    collector.upload(csv_text(titles, rows[:1]).encode(), "codes.csv")
    assert collector.check(duplicates="skip").error_rows == 1


def test_what_was_filled_in_after_the_check_is_not_written_over(collector: Collector, factory: Factory) -> None:
    customer = existing(collector, factory)
    take_in(collector, "fill", row())
    actor = factory.actor(collector.user)
    with collector.runtime.database.actor_session(actor) as session:
        services.update(session, actor, customer.id, CustomerPatch(notes="By hand"))
    collector.commit()
    found, *_rest = look(collector, factory, customer)
    assert (found.notes, found.industry) == ("By hand", "manufacturing")
    take_in(collector, "fill", row())
    assert (collector.batch.update_rows, collector.batch.duplicate_rows) == (0, 1)


def test_the_default_source_is_for_new_customers_only(collector: Collector, factory: Factory) -> None:
    customer = existing(collector, factory, source="referral")
    collector.upload(csv_text(["客户名称", "电话"], [["早就有的公司", "13900001111"]]).encode(), "a.csv")
    assert collector.check(duplicates="overwrite", source="exhibition").update_rows == 1
    collector.commit()
    found, _people, masks, _tags = look(collector, factory, customer)
    assert (found.source, len(masks)) == ("referral", 2)


def test_a_slice_that_fails_changes_nothing_and_is_done_again(
    collector: Collector, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "CHANGES", 2)
    customers = [existing(collector, factory, name=f"公司{place}", phone=f"1390000000{place}") for place in range(4)]
    rows = [row(客户名称=f"公司{place}", 手机=f"1390000000{place}", 微信=f"wx_{place}") for place in range(4)]
    take_in(collector, "fill", *rows)
    collector.act("commit")
    done: list[Any] = []
    change = updating.apply

    def fails_once(session: Any, actor: Any, present: Any, *more: Any) -> None:
        change(session, actor, present, *more)
        done.append(present)
        if len(done) == 4:
            raise JobFailedError("out of paper")

    monkeypatch.setattr(updating, "apply", fails_once)
    collector.run()
    filled = [bool(look(collector, factory, customer)[0].industry) for customer in customers]
    assert filled == [True, True, False, False]
    assert collector.batch.updated == 2
    assert "out of paper" in collector.page()
    collector.act("retry")
    assert collector.run()
    assert all(look(collector, factory, customer)[0].industry for customer in customers)
    assert (collector.batch.state, collector.batch.updated) == ("done", 4)


def test_the_table_to_fill_in_is_understood_as_it_is(collector: Collector, factory: Factory) -> None:
    answer = collector.browser.get("/customers/import/template")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    titles, example = [[cell.value or "" for cell in cells] for cells in sheet.iter_rows()]
    assert len(titles) == len(example) > 25
    collector.upload(answer.content, "filled in.xlsx")
    assert collector.batch.mapping == list(TARGETS)
    batch = collector.check()
    assert (batch.new_rows, batch.error_rows) == (1, 0), collector.page()
    collector.commit()
    (customer,) = collector.customers()
    _found, people, masks, words = look(collector, factory, customer)
    assert (people, len(masks), words) == (["Alex Smith"], 4, {"fair", "large"})
    collector.act("revert")
    assert collector.run()
    assert collector.batch.removed == 1


def test_a_tag_given_by_hand_keeps_an_imported_customer(collector: Collector, factory: Factory) -> None:
    collector.upload(csv_text(["客户名称", "标签"], [["甲公司", "展会"], ["乙公司", "展会、重点"]]).encode(), "a.csv")
    collector.check()
    collector.commit()
    first, _second = collector.customers()
    actor = factory.actor(collector.user)
    with collector.runtime.database.actor_session(actor) as session:
        tags.assign(session, actor, first.id, ["展会", "by hand"])
    collector.act("revert")
    collector.run()
    assert (collector.batch.removed, collector.batch.kept) == (1, 1)


def test_too_many_or_too_long_tags_are_errors(collector: Collector) -> None:
    many = ";".join(f"t{place}" for place in range(21))
    collector.upload(csv_text(["客户名称", "标签"], [["甲公司", many], ["乙公司", "x" * 41]]).encode(), "a.csv")
    assert collector.check().error_rows == 2
    page = collector.page()
    assert "At most 20 tags." in page
    assert "A tag has at most 40 characters." in page


def test_samples_of_recognised_columns_are_masked(collector: Collector) -> None:
    collector.upload(csv_text([*TITLES, "银行账号"], [[*row(), "6222020200001234567"]]).encode(), "a.csv")
    page = collector.page()
    for clear in ("0000 6021", "13800006021", "zhang@qiheng.example", "zht_6021", "6222020200001234567"):
        assert clear not in page
    assert "138****6021" in page
    assert "****4567" in page
    bad = csv_text(["客户名称", "手机"], [["甲公司", "1.38E+10"], ["乙公司", "1380000602"]]).encode()
    collector.upload(bad, "b.csv")
    assert "1380000602" not in collector.page()


def test_a_number_that_came_is_found_by_its_beginning_until_it_is_taken_back(
    collector: Collector, factory: Factory
) -> None:
    existing(collector, factory)
    actor = factory.actor(collector.user)

    def found() -> list[str]:
        with collector.runtime.database.actor_session(actor) as session:
            return [front for front in ("138", "139") if searching.find(session, actor, f"早就有 {front}").rows]

    take_in(collector, "fill", row(手机=f"{PHONE} / 13922223333", 联系人="", 邮箱="", 微信=""))
    collector.commit()
    assert found() == ["138", "139"]
    collector.act("revert")
    assert collector.run()
    assert found() == ["138"]
