from __future__ import annotations

import pytest
from sqlalchemy import func, select

from platform_core.audit.models import AuditEntry
from platform_core.customers import contacts, queries, rights, services
from platform_core.customers.forms import ContactInput, CustomerInput, CustomerPatch, DuplicateQuery
from platform_core.customers.models import Contact, ContactPoint, Customer, StatusChange
from platform_core.customers.searchmodel import SearchRow
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Forbidden, Invalid, NotFound
from platform_core.permissions.models import Access


@pytest.fixture
def me(factory):
    return factory.user("coordinator", factory.department())


@pytest.fixture
def actor(factory, me):
    return factory.actor(me)


@pytest.fixture
def acting(runtime, actor):
    """A session as the actor's requests have it."""
    with runtime.database.session_for(actor) as session, session.begin():
        yield session


def audited(session, action):
    return session.scalars(select(AuditEntry).where(AuditEntry.action == action)).all()


def test_create_fills_in_what_follows_from_the_input(acting, actor):
    customer = services.create(
        acting,
        actor,
        CustomerInput(name="上海启衡管理咨询有限公司", contact_name="张海涛", phone="138 0000 6021 / 021-62345678"),
    )
    acting.flush()
    assert customer.code.startswith("C-20")
    assert (customer.owner_id, customer.department_id) == (actor.user_id, actor.department_id)
    assert customer.status == "new"
    assert customer.name_key.startswith("shang")
    assert customer.contact_name == "张海涛"
    assert customer.phone_mask == "138****6021"
    assert {point.mask for point in queries.points_of(acting, customer.id)} == {"138****6021", "021****5678"}
    assert acting.scalar(select(func.count()).select_from(SearchRow)) == 1
    assert [change.new for change in acting.scalars(select(StatusChange))] == ["new"]
    (line,) = audited(acting, "customers.create")
    assert "13800006021" not in str(line.after)
    assert "138****6021" in str(line.after)


def test_codes_count_up_and_skip_typed_ones(acting, actor):
    first = services.create(acting, actor, CustomerInput(name="甲公司"))
    year, number = first.code.rsplit("-", 1)
    typed = f"{year}-{int(number) + 1:05}"
    assert services.create(acting, actor, CustomerInput(name="乙公司", code=typed)).code == typed
    assert services.create(acting, actor, CustomerInput(name="丙公司")).code == f"{year}-{int(number) + 2:05}"
    with pytest.raises(Invalid) as refused:
        services.create(acting, actor, CustomerInput(name="丁公司", code=typed))
    assert "code" in refused.value.fields
    assert acting.scalar(select(func.count()).select_from(Customer)) == 3


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"phone": "12345"}, "phone"),
        ({"email": "nobody"}, "email"),
        ({"status": "nonsense"}, "status"),
        ({"birth_month": 2, "birth_day": 30}, "birth_day"),
    ],
)
def test_create_refuses_at_the_field(acting, actor, fields, wrong):
    with pytest.raises(Invalid) as refused:
        services.create(acting, actor, CustomerInput(name="甲公司", **fields))
    assert set(refused.value.fields) == {wrong}


def test_lunar_birthdays_may_have_a_thirtieth_of_the_second_month(acting, actor):
    data = CustomerInput(name="王建国", kind="person", birth_month=2, birth_day=30, birth_lunar=True)
    assert services.create(acting, actor, data).birth_day == 30


def test_update_changes_only_what_is_given(acting, actor):
    customer = services.create(acting, actor, CustomerInput(name="甲公司", city="上海", phone="13800006021"))
    services.update(acting, actor, customer.id, CustomerPatch(grade="A", status="signed"), customer.version)
    acting.flush()
    assert (customer.city, customer.grade, customer.status, customer.phone_mask) == (
        "上海",
        "A",
        "signed",
        "138****6021",
    )
    (line,) = audited(acting, "customers.update")
    assert line.before == {"grade": "", "status": "new"}
    assert line.after == {"grade": "A", "status": "signed"}
    assert len(acting.scalars(select(StatusChange)).all()) == 2


def test_an_untouched_form_writes_nothing_back(acting, actor):
    customer = services.create(
        acting, actor, CustomerInput(name="甲公司", phone="13800006021", email="zhang@example.com")
    )
    before = [(point.id, point.cipher) for point in queries.points_of(acting, customer.id)]
    patch = CustomerPatch(name="甲公司", phone="138****6021", email="zh***@example.com", wechat="")
    services.update(acting, actor, customer.id, patch, customer.version)
    acting.flush()
    assert [(point.id, point.cipher) for point in queries.points_of(acting, customer.id)] == before
    assert audited(acting, "customers.update") == []


def test_a_foreign_mask_is_no_number(acting, actor):
    customer = services.create(acting, actor, CustomerInput(name="甲公司", phone="13800006021"))
    with pytest.raises(Invalid):
        services.update(acting, actor, customer.id, CustomerPatch(phone="139****1111"))


def test_a_new_number_becomes_the_main_one(acting, actor):
    customer = services.create(acting, actor, CustomerInput(name="甲公司", phone="13800006021"))
    services.update(acting, actor, customer.id, CustomerPatch(phone="13911112222"))
    acting.flush()
    assert customer.phone_mask == "139****2222"
    assert len(queries.points_of(acting, customer.id)) == 2
    (line,) = audited(acting, "customers.update")
    assert line.after == {"phone": "139****2222"}


def test_a_stale_form_is_refused_with_the_difference(acting, actor):
    customer = services.create(acting, actor, CustomerInput(name="甲公司"))
    acting.flush()
    opened_with = customer.version
    services.update(acting, actor, customer.id, CustomerPatch(city="北京"), opened_with)
    acting.flush()
    with pytest.raises(services.StaleCustomer) as refused:
        services.update(acting, actor, customer.id, CustomerPatch(city="上海", name="甲公司"), opened_with)
    assert refused.value.theirs == {"city": ("北京", "上海")}
    services.update(acting, actor, customer.id, CustomerPatch(city="北京"), opened_with)


def test_touch_leaves_open_forms_valid(acting, actor):
    customer = services.create(acting, actor, CustomerInput(name="甲公司"))
    acting.flush()
    version = customer.version
    services.touch(acting, customer, last_contact_at=now())
    acting.flush()
    assert customer.version == version
    acting.expire_all()
    assert queries.get(acting, customer.id).last_contact_at is not None
    assert queries.get(acting, customer.id).version == version


def test_the_bin_hides_and_gives_back(runtime, factory):
    head = factory.user("department_head", factory.department())
    actor = factory.actor(head)
    customer = factory.customer(head)
    with runtime.database.actor_session(actor) as session:
        services.move_to_bin(session, actor, customer.id)
    with runtime.database.actor_session(actor) as session:
        with pytest.raises(NotFound):
            queries.get(session, customer.id)
        services.restore(session, actor, customer.id)
    with runtime.database.actor_session(actor) as session:
        assert queries.get(session, customer.id).name == customer.name
        with pytest.raises(NotFound):
            services.restore(session, actor, customer.id)


def test_seeing_is_not_changing(runtime, factory):
    department = factory.department("客户部")
    owner = factory.user("coordinator", department, name="李文博")
    helper = factory.actor(factory.user("coordinator", department))
    customer = factory.customer(owner)
    factory.add(Access(kind="member", user_id=helper.user_id, customer_id=customer.id))
    with runtime.database.actor_session(helper) as session:
        seen = queries.get(session, customer.id)
        assert not rights.may(session, helper, "customers.edit", seen)
        with pytest.raises(Forbidden) as refused:
            services.update(session, helper, customer.id, CustomerPatch(city="上海"))
        assert refused.value.ask is not None
        assert owner.id in refused.value.ask.people
    factory.add(Access(kind="member", user_id=helper.user_id, customer_id=customer.id, may_write=True))
    with runtime.database.actor_session(helper) as session:
        assert services.update(session, helper, customer.id, CustomerPatch(city="上海")).city == "上海"


def test_foreign_customers_do_not_exist(runtime, factory, actor):
    customer = factory.customer(factory.user("coordinator", factory.department()))
    with runtime.database.actor_session(actor) as session, pytest.raises(NotFound):
        services.update(session, actor, customer.id, CustomerPatch(city="上海"))


def test_duplicates_tell_of_foreign_rows_only_whom_to_ask(runtime, factory, actor):
    other = factory.user("coordinator", factory.department("培训管理部"), name="王晓")
    stranger = factory.actor(other)
    with runtime.database.actor_session(stranger) as session:
        services.create(session, stranger, CustomerInput(name="上海启衡", phone="13800006021"))
    with runtime.database.actor_session(actor) as session:
        mine = services.create(session, actor, CustomerInput(name="北京远山", phone="13900007777"))

    def ask(session, **known):
        return services.possible_duplicates(session, actor, DuplicateQuery(**known))

    with runtime.database.actor_session(actor) as session:
        (foreign,) = ask(session, phone="138-0000-6021")
        (by_name,) = ask(session, name="上海（启衡）")
        (own,) = ask(session, phone="139 0000 7777")
        assert ask(session, phone="1380000") == []
    assert foreign == by_name.__class__(by="phone", department="培训管理部")
    assert (by_name.customer_id, by_name.name, by_name.owner) == (None, "", "")
    assert "培训管理部" in foreign.text
    assert "王晓" not in foreign.text
    assert (own.customer_id, own.name) == (mine.id, "北京远山")


def test_a_mail_address_or_the_sound_of_a_name_tells_of_a_duplicate(runtime, factory, actor):
    with runtime.database.actor_session(actor) as session:
        mine = services.create(session, actor, CustomerInput(name="张伟", email="Zhang.Wei@example.com"))
    stranger = factory.actor(factory.user("coordinator", factory.department("培训管理部")))
    # What only sounds alike is no answer about rows that the reader does not see.
    for reader, seen in ((actor, [("email", mine.id), ("sound", mine.id)]), (stranger, [("email", None)])):
        with runtime.database.actor_session(reader) as session:
            by_mail = services.possible_duplicates(session, reader, DuplicateQuery(email="zhang.wei@EXAMPLE.com"))
            by_sound = services.possible_duplicates(session, reader, DuplicateQuery(name="章薇"))
            assert services.possible_duplicates(session, reader, DuplicateQuery(name="章微风")) == []
        assert [(item.by, item.customer_id) for item in (*by_mail, *by_sound)] == seen, (
            "what only sounds alike is no answer about hidden rows"
        )
    with runtime.database.system_session("test", write=False) as session:
        asked = session.scalars(select(AuditEntry).where(AuditEntry.action == "customers.check_duplicates")).all()
    assert asked
    assert "zhang.wei" not in str([line.after for line in asked]).lower()


def test_contacts_follow_their_customer(acting, actor):
    customer = services.create(acting, actor, CustomerInput(name="甲公司", contact_name="张海涛", phone="13800006021"))
    second = contacts.create(acting, actor, ContactInput(name="李梅", customer_id=customer.id, phone="13911112222"))
    assert (customer.contact_name, customer.phone_mask) == ("张海涛", "138****6021")
    contacts.make_primary(acting, actor, second.id)
    assert (customer.contact_name, customer.phone_mask) == ("李梅", "139****2222")
    assert [person.name for person in queries.contacts_of(acting, customer.id)] == ["李梅", "张海涛"]
    contacts.remove(acting, actor, second.id)
    assert (customer.contact_name, customer.phone_mask) == ("张海涛", "138****6021")
    assert acting.scalar(select(func.count()).select_from(ContactPoint)) == 1


def test_a_contact_that_stood_alone_brings_its_numbers(acting, actor):
    alone = contacts.create(acting, actor, ContactInput(name="赵敏", phone="13800006021"))
    assert queries.contact(acting, alone.id).customer_id is None
    customer = services.create(acting, actor, CustomerInput(name="甲公司"))
    contacts.attach(acting, actor, alone.id, customer.id)
    assert (customer.contact_name, customer.phone_mask) == ("赵敏", "138****6021")
    assert acting.scalars(select(Contact.is_primary)).all() == [True]
