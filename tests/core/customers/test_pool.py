"""Leads and the pool: seen by right, taken within limits, given up with a reason, taken back when nobody speaks to
them, and made customers without moving a row."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from platform_core.audit.models import AuditEntry
from platform_core.caps.models import Opened
from platform_core.contracts.identity import Scope
from platform_core.customers import services as customer_services
from platform_core.customers.forms import CustomerInput
from platform_core.customers.models import Contact, Customer
from platform_core.customers.pool import rules, services
from platform_core.customers.pool.models import PoolMove
from platform_core.customers.pool.rules import LEADS, OTHERS, Idle, Limits
from platform_core.kernel.clock import now, today
from platform_core.kernel.errors import BatonError, Conflict, Invalid, NotFound
from platform_core.kernel.jobs import enqueue
from platform_core.permissions import editing
from platform_core.relay.models import Engagement
from platform_core.users.models import Notification
from tests.core.customers.transfer.conftest import house, in_english

__all__ = ["house", "in_english"]


@pytest.fixture
def as_(runtime, factory):
    """`as_(user, services.claim, ids, …)` in a transaction of its own."""

    def act(user, verb, *arguments):
        actor = factory.actor(user)
        with runtime.database.actor_session(actor) as session:
            return verb(session, actor, *arguments)

    return act


@pytest.fixture
def rule(as_, house):
    def change(idle=None, limits=None, user=None):
        if idle is not None:
            as_(house.boss, rules.change_idle, idle)
        if limits is not None:
            as_(house.boss, rules.change_limits, limits, user.id if user else None)

    return change


@pytest.fixture
def pooled(factory, house):
    """`pooled("North leads", 3)`: without an owner, in the department of `house.<place>`."""

    def make(name, number=1, place="north", **fields):
        where = getattr(house, place).id
        values = {"lead_since": now(), "phone_mask": "138****1234", "placed_at": now(), **fields}
        return [factory.customer(name=f"{name} {each}", department_id=where, **values) for each in range(number)]

    return make


def lines(runtime, action):
    with runtime.database.system_session("look", write=False) as session:
        return session.scalars(select(AuditEntry).where(AuditEntry.action == action)).all()


def names(page):
    return set(re.findall(r'<td class="c-name"><a href="[^"]+">([^<]*)</a>', page.text))


def test_the_pool_is_seen_by_right_and_opening_a_card_counts(browser, runtime, factory, house, pooled, count_queries):
    (north,), (training,) = pooled("North"), pooled("Training", place="training", lead_since=None)
    factory.customer(house.anna, name="Owned")
    gone = pooled("Gone", deleted_at=now()) + pooled("Restricted", restricted_at=now())
    anna, tom, head, boss = (browser.sign_in(getattr(house, who)) for who in ("anna", "tom", "head", "boss"))
    finance = browser.sign_in(factory.user("finance", house.north))
    anna.get("/pool?f=city:contains:x")  # what every process keeps is loaded now
    with count_queries(at_most=12):
        shown = anna.get("/pool")
    assert names(shown) == {north.name}
    assert ("138****1234" in shown.text, 'formaction="/pool/claim"' in shown.text) == (True, True)
    assert (names(tom.get("/pool")), names(head.get("/pool"))) == ({training.name}, {north.name})
    assert names(boss.get("/pool")) == {north.name, training.name}
    assert names(boss.get("/pool?f=stage:is:customer")) == {training.name}
    assert finance.get("/pool").status_code == finance.get(f"/pool/{north.id}").status_code == 403
    # The card counts as opened; the record itself, its files and the search stay closed.
    with count_queries(at_most=12):
        card = anna.get(f"/pool/{north.id}")
    assert (card.status_code, "138****1234" in card.text) == (200, True)
    assert [anna.get(f"/pool/{each.id}").status_code for each in (training, *gone)] == [404, 404, 404]
    assert anna.get(f"/customers/{north.id}").status_code == 404
    assert north.name not in anna.get("/customers").text
    with runtime.database.system_session("look", write=False) as session:
        mine = (Opened.user_id == house.anna.id, Opened.customer_id == north.id)
        assert session.scalar(select(func.count()).select_from(Opened).where(*mine)) == 1
    assert [line.customer_id for line in lines(runtime, "customers.pool_view")] == [north.id]
    program = browser.token(house.anna)
    found = program.get("/api/v1/pool").json()["items"]
    assert [(item["name"], item["lead"], item["phone"]) for item in found] == [(north.name, True, "138****1234")]
    assert program.get(f"/api/v1/pool/{training.id}").status_code == 404


def test_taking_giving_up_and_taking_again_keeps_the_whole_story(browser, runtime, factory, house, pooled):
    (lead,) = pooled("Acme")
    factory.add(Contact(customer_id=lead.id, name="Wang"))
    anna, ben = browser.sign_in(house.anna), browser.sign_in(house.ben)
    assert anna.post(f"/pool/{lead.id}/claim", {}).headers["location"] == f"/customers/{lead.id}"
    page = anna.get(f"/customers/{lead.id}")
    assert (page.status_code, f"/customers/{lead.id}/convert" in page.text) == (200, True)
    assert names(anna.get("/leads")) == {lead.name}
    assert ben.post(f"/pool/{lead.id}/claim", {}).status_code == 404  # somebody was faster
    form = {"ids": [str(lead.id)], "reason": "", "note": "call after May"}
    refused = anna.post("/customers/release/give", form)
    assert (refused.status_code, "call after May" in refused.text) == (422, True)
    assert anna.post("/customers/release/give", form | {"reason": "no_answer"}).status_code == 303
    assert anna.get(f"/customers/{lead.id}").status_code == 404
    card = ben.get(f"/pool/{lead.id}").text
    assert all(word in card for word in ("Anna", "联系不上", "call after May"))
    back = anna.post(f"/pool/{lead.id}/claim", {})  # nobody holds on by giving up
    assert (back.status_code, "somebody else may take it" in back.text) == (409, True)
    assert ben.post(f"/pool/{lead.id}/claim", {}).status_code == 303
    assert "Wang" in ben.get(f"/customers/{lead.id}/contacts").text
    found = factory.read(Customer, lead.id)
    assert (found.owner_id, found.department_id) == (house.ben.id, house.north.id)
    with runtime.database.system_session("look", write=False) as session:
        acts = session.scalars(select(PoolMove.act).order_by(PoolMove.at)).all()
    assert acts == ["claim", "release", "claim"]
    assert [len(lines(runtime, f"customers.{verb}")) for verb in ("claim", "release")] == [2, 1]
    assert lines(runtime, "customers.release")[0].reason == "联系不上 call after May"


def test_limits_hold_when_many_requests_come_at_once(runtime, factory, house, pooled, rule, as_):
    rule(limits=Limits(claims=5, leads=4))
    leads = pooled("Lead", 12)
    (customer,) = pooled("Customer", lead_since=None)

    def attempt(pair):
        user, lead = pair
        try:
            as_(user, services.claim, [lead.id])
        except BatonError as error:
            return type(error)
        return None

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(attempt, [(house.anna, lead) for lead in leads]))
    assert (results.count(None), results.count(Conflict)) == (4, 8)
    as_(house.anna, services.claim, [customer.id])  # leads are full, customers are not; the fifth of the day
    with pytest.raises(Conflict, match="take 5 from the pool on one day"):
        as_(house.anna, services.claim, [pooled("More", lead_since=None)[0].id])
    # Several want the same one: exactly one gets it.
    rule(limits=Limits(claims=0))
    (wanted,) = pooled("Wanted")
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(attempt, [(user, wanted) for user in (house.anna, house.ben) * 6]))
    assert (results.count(None), results.count(NotFound)) == (1, 11)
    # A limit of one's own; and all of a batch or none of it.
    rule(limits=Limits(claims=2), user=house.ben)
    batch = pooled("Batch", 3)
    with pytest.raises(Conflict):
        as_(house.ben, services.claim, [each.id for each in batch])
    assert {factory.read(Customer, each.id).owner_id for each in batch} == {None}


def test_what_nobody_speaks_to_goes_back_after_a_warning(browser, runtime, factory, house, rule):
    rule(idle={LEADS: Idle(days=10, warn=2), "existing": Idle(days=0), OTHERS: Idle(days=30, warn=0)})
    long_ago, kept = now() - timedelta(days=40), {"created_at": now() - timedelta(days=60)}

    def own(name, **fields):
        values = {"placed_at": long_ago, **kept, **fields}
        return factory.customer(house.anna, name=name, **values)

    late, spoken = own("Late", lead_since=long_ago), own("Spoken", lead_since=long_ago, last_contact_at=now())
    silent, existing = own("Silent"), own("Existing", classification="existing")
    busy = own("Busy")
    factory.add(Engagement(customer_id=busy.id, title="Under way"))

    def night():
        with runtime.database.system_session("start") as session:
            job = enqueue(session, "customers.recycle")
        assert runtime.jobs.run(job)
        return {
            each.name for each in (late, spoken, silent, existing, busy) if not factory.read(Customer, each.id).owner_id
        }

    assert night() == {"Silent"}, "whoever is to be warned is warned first, also on the first night of a rule"
    assert night() == {"Silent"}, "and not before the days are over"
    page = browser.sign_in(house.anna).get("/pool/due")
    assert (names(page), "goes back" in page.text.lower()) == ({"Late"}, True)
    with runtime.database.system_session("test") as session:
        told = session.scalars(select(Notification).where(Notification.user_id == house.anna.id)).all()
        assert sorted(note.url for note in told) == ["/pool", "/pool/due"]
        warning = session.scalars(select(PoolMove).where(PoolMove.act == "warn")).one()
        warning.day = today() - timedelta(days=2)
    assert night() == {"Silent", "Late"}
    with runtime.database.system_session("look", write=False) as session:
        moves = session.execute(select(PoolMove.act, PoolMove.from_label).where(PoolMove.customer_id == late.id)).all()
    assert sorted(moves) == [("recycle", "Anna"), ("warn", "")]
    assert {line.customer_id for line in lines(runtime, "customers.recycle")} == {late.id, silent.id}


def test_a_lead_becomes_a_customer_and_no_row_moves(browser, runtime, factory, house):
    anna = browser.sign_in(house.anna)
    form = {"name": "Acme", "kind": "organisation", "contact_name": "Wang", "phone": "13812345678", "lead": "1"}
    made = anna.post("/customers/new", form)
    url = made.headers["location"]
    lead = factory.read(Customer, UUID(url.rpartition("/")[2]))
    assert lead.lead_since is not None
    twin = factory.customer(house.anna, name="Acme", name_norm=lead.name_norm)
    anna.post(f"{url}/tags", {"tags": "fair", "new": "vip"})
    asked = anna.get(f"{url}/convert")
    assert f"/customers/{twin.id}" in asked.text or "Acme" in asked.text
    assert anna.post(f"{url}/convert", {}).status_code == 303
    found = factory.read(Customer, lead.id)
    assert (found.lead_since, found.code, found.phone_mask) == (None, lead.code, lead.phone_mask)
    page = anna.get(url).text
    assert all(word in page for word in ("Wang", "fair", "vip"))
    assert anna.post(f"{url}/convert", {}).status_code == 409
    assert names(anna.get("/leads")) == set()
    assert anna.post(f"{url}/lead", {}).status_code == 303
    assert names(anna.get("/customers?f=stage:is:lead")) == {"Acme"}
    assert [len(lines(runtime, f"customers.{verb}")) for verb in ("convert", "revert")] == [1, 1]
    program = browser.token(house.anna)
    assert program.post(f"/api/v1/customers/{lead.id}/convert", {}).json()["lead_since"] is None


def test_rights_and_rules(browser, runtime, factory, house, pooled, as_):
    mine = factory.customer(house.anna, name="Mine")
    factory.add(Engagement(customer_id=mine.id, title="Under way"))
    with pytest.raises(Conflict, match="Work is under way"):
        as_(house.anna, services.release, [mine.id], "no_need")
    with pytest.raises(Invalid):
        as_(house.anna, services.release, [mine.id], "unheard of")
    carl = browser.sign_in(house.carl)
    form = {"ids": [str(mine.id)], "reason": "no_need"}
    assert carl.post("/customers/release/give", form).status_code == 404
    with runtime.database.system_session("test") as session:
        role = editing.create_role(session, None, editing.RoleInput(name="Reader", code="reader"))
        rights = {"customers.view": Scope.ALL, "customers.pool": Scope.ALL}
        editing.change_grants(session, None, runtime.manager, role.id, rights, version=role.version)
    reader = browser.sign_in(factory.user("reader", house.north))
    (lead,) = pooled("Acme")
    assert 'formaction="/pool/claim"' not in reader.get("/pool").text
    assert reader.post(f"/pool/{lead.id}/claim", {}).status_code == 403
    assert reader.post("/customers/release/give", form).status_code == 403
    boss, anna = browser.sign_in(house.boss), browser.sign_in(house.anna)
    assert anna.get("/settings/pool").status_code == 403
    bad = boss.post("/settings/pool/idle", {"~lead.days": "2", "~lead.warn": "5"})
    assert (bad.status_code, "Fewer than the days without contact." in bad.text) == (422, True)
    assert boss.post("/settings/pool/idle", {"~lead.days": "9", "~lead.warn": "x"}).status_code == 422
    assert boss.post("/settings/pool/idle", {"~lead.days": "9", "~lead.warn": "2"}).status_code == 303
    limits = {"leads": "3", "customers": "0", "claims": "7", "cooldown": "1"}
    assert boss.post("/settings/pool/limits", limits | {"user_id": ""}).status_code == 422
    assert boss.post("/settings/pool/limits", limits | {"user_id": str(house.ben.id)}).status_code == 303
    assert boss.post("/settings/pool/limits", limits | {"claims": "9"}).status_code == 303
    program = browser.token(house.boss)
    told = program.get("/api/v1/pool/rules").json()
    assert (told["idle"]["~lead"], told["limits"]["claims"]) == ({"days": 9, "warn": 2}, 9)
    assert told["persons"][str(house.ben.id)]["claims"] == 7
    assert boss.post(f"/settings/pool/person/{house.ben.id}/forget", {}).status_code == 303
    assert program.get("/api/v1/pool/rules").json()["persons"] == {}
    assert len(lines(runtime, "customers.pool_rule")) == 9


def test_the_pool_is_searched_by_what_its_cards_show_also_with_a_slip(browser, factory, house, runtime, count_queries):
    actor = factory.actor(house.boss)
    with runtime.database.actor_session(actor) as session:
        for name, department in (("上海启衡管理咨询有限公司", house.north), ("Harbour Trading", house.north),
                                 ("Harbour Abroad", house.training)):  # fmt: skip
            data = CustomerInput(name=name, contact_name="Secret Person", phone="13800138123")
            made = customer_services.create(session, actor, data)
            made.owner_id, made.department_id, made.placed_at = None, department.id, now()
    anna = browser.sign_in(house.anna)
    anna.get("/pool")

    def found(words):
        place = anna.post("/pool/find", {"q": words, "state": ""}).headers["location"]
        with count_queries(at_most=12):
            page = anna.get(place)
        return names(page), "Nobody in this list is called just so." in page.text

    assert found("启衡") == ({"上海启衡管理咨询有限公司"}, False)
    assert found("qiheng") == ({"上海启衡管理咨询有限公司"}, False)
    assert found("启恒管理") == ({"上海启衡管理咨询有限公司"}, True)
    assert found("Harbour") == ({"Harbour Trading"}, False)
    assert found("Harbuor") == ({"Harbour Trading"}, True)
    for hidden in ("Secret", "Sercet Person", "138 0013 8123", "8123", "Abroad"):
        assert found(hidden) == (set(), False)
