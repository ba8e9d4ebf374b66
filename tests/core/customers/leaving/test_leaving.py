"""Somebody leaves: everything that any table says they hold passes on or ends, and they are out."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from baton_plugins.activities.models import FollowUp, Plan
from baton_plugins.opportunities.models import Opportunity, ProjectType
from baton_plugins.telephony.models import Line, Source
from sqlalchemy import func, select

from platform_core.audit.models import AuditEntry
from platform_core.customers.leaving import inventory, services
from platform_core.customers.models import Contact, Customer
from platform_core.customers.transfer import rules
from platform_core.customers.transfer import services as transfers
from platform_core.customers.transfer.models import Transfer
from platform_core.kernel.clock import now
from platform_core.kernel.errors import Conflict, Forbidden, Invalid
from platform_core.kernel.model import METADATA
from platform_core.kernel.models import JobRow
from platform_core.permissions.models import Access, Delegation, Looking, Role, RoleAssignment
from platform_core.permissions.policies import live
from platform_core.relay.models import Leg
from platform_core.relay.services import hand_over, open_engagement
from platform_core.users.keymodels import Credential, RecoveryCode
from platform_core.users.models import ApiToken, Notification, OneTimeCode, SignInSession, Team, TeamMember, User


@pytest.fixture
def holder(runtime, factory, house, browser):
    """Anna with a row of every kind that people hold, some of them with customers of others."""
    own, binned = factory.customer(house.anna), factory.customer(house.anna, deleted_at=now())
    bens, carls = factory.customer(house.ben), factory.customer(house.carl)
    anna, carl = factory.actor(house.anna), factory.actor(house.carl)
    browser.sign_in(house.anna)
    browser.token(house.anna)
    with runtime.database.actor_session(anna) as session:
        first = open_engagement(
            session, anna, session.get(Customer, own.id), None, "Seminar", departments=[house.north.id]
        )
    with runtime.database.actor_session(carl) as session:
        places = [house.south.id, house.north.id]
        second = open_engagement(session, carl, session.get(Customer, carls.id), None, "Audit", departments=places)
    with runtime.database.actor_session(carl) as session:
        hand_over(session, carl, second.id, note="for Anna", to_user_id=house.anna.id)
    with runtime.database.system_session("what somebody holds") as session:
        kind = session.scalars(select(ProjectType)).first()
        plan = {"assignee_id": house.anna.id, "department_id": house.north.id, "due_at": now()}
        team = Team(name="Tigers", lead_id=house.anna.id)
        source = Source(name="Exchange", kind="webhook")
        session.add_all([team, source])
        session.flush()
        role = session.scalars(select(Role.id).where(Role.code == "finance")).one()
        later = now() + timedelta(days=9)
        session.add_all([
            Plan(customer_id=own.id, subject="call", engagement_id=first.id, **plan),
            Plan(customer_id=bens.id, subject="help Ben", **plan),
            Plan(customer_id=carls.id, subject="in Carl's engagement", engagement_id=second.id, **plan),
            FollowUp(customer_id=own.id, author_id=house.anna.id, author_label="Anna", body="hello"),
            Opportunity(customer_id=own.id, project_type_id=kind.id, title="Deal", owner_id=house.anna.id),
            Contact(name="Alone", owner_id=house.anna.id, department_id=house.north.id),
            TeamMember(team_id=team.id, user_id=house.anna.id),
            Line(source_id=source.id, user_id=house.anna.id),
            RoleAssignment(user_id=house.anna.id, role_id=role, department_id=house.south.id),
            Access(kind="share", user_id=house.anna.id, customer_id=bens.id, granted_by=house.ben.id),
            Credential(user_id=house.anna.id, key_id=b"1", public_key=b"2", name="Key", kind="key"),
            RecoveryCode(user_id=house.anna.id, digest=b"2" * 32),
            OneTimeCode(digest=b"1" * 32, user_id=house.anna.id, expires_at=later),
            Delegation(giver_id=house.anna.id, receiver_id=house.ben.id, reason="x", valid_from=now(), valid_to=later),
            Delegation(giver_id=house.ben.id, receiver_id=house.anna.id, reason="x", valid_from=now(), valid_to=later),
            Looking(session_id=team.id, looker_id=house.anna.id, seen_id=house.ben.id, reason="x", until=later),
        ])  # fmt: skip
    return own, binned, bens, carls


def held(runtime, user):
    with runtime.database.system_session("what a test reads") as session:
        return {item.key: item.count for item in inventory.of(session, user.id)}


def leave(runtime, factory, house, choices, reason="moves to Berlin", by=None):
    actor = factory.actor(by or house.boss)
    with runtime.database.actor_session(actor) as session:
        key = services.choose(session, actor, house.anna.id, choices).id
    with runtime.database.actor_session(actor) as session:
        return services.confirm(session, actor, key, reason)


def pointing(runtime, user):
    """Table and column -> rows that point to the person, over the real foreign keys of every mapped table."""
    found = {}
    with runtime.database.connection("count what points to somebody") as connection:
        for table in METADATA.sorted_tables:
            for key in table.foreign_keys:
                if key.target_fullname == "users_user.id":
                    counted = select(func.count()).select_from(table).where(key.parent == user.id)
                    if count := connection.scalar(counted):
                        found[f"{table.name}.{key.parent.name}"] = count
    return found


def test_nothing_is_left_ownerless(runtime, factory, house, holder, general):
    general("management")
    declared = {
        f"{item.value.model.__table__.name}.{item.value.column}": item.value
        for item in runtime.manager.declared.user_references.installed()
    }
    before = held(runtime, house.anna)
    assert set(before) == {key for key, item in declared.items() if item.on_leave != "keep"}  # each kind is tried
    transfer = leave(runtime, factory, house, {str(house.north.id): f"person:{house.ben.id}"})
    assert held(runtime, house.anna) == {}
    left = pointing(runtime, house.anna)
    assert all(declared[key].on_leave != "move" or declared[key].held for key in left)
    with runtime.database.system_session("what a test reads") as session:
        anna = session.get(User, house.anna.id)
        assert (anna.status, anna.password_hash) == ("left", "")
        for model in (SignInSession, ApiToken):
            assert not session.scalars(select(model).where(model.user_id == anna.id, model.revoked_at.is_(None))).all()
        assert set(session.scalars(select(Customer.owner_id))) == {house.ben.id, house.carl.id}
        assert set(session.scalars(select(Plan.assignee_id))) == {house.ben.id}
        legs = {leg.state: (leg.assignee_id, leg.offered_to) for leg in session.scalars(select(Leg))}
        assert legs == {"active": (house.ben.id, None), "done": (house.carl.id, None), "offered": (None, house.ben.id)}
        assert session.scalars(select(Team.lead_id)).one() == house.ben.id
        assert session.scalars(select(Contact.owner_id)).one() == house.ben.id
        assert session.scalars(select(FollowUp.author_label)).one() == "Anna"
    assert (factory.read(Transfer, transfer.id).state, transfer.moved, transfer.refused) == ("done", 1, 0)


def test_whoever_takes_over_reads_what_they_have_to_do(runtime, factory, house, holder, general):
    """A plan within an engagement of others would be nobody's if its new owner could not see it."""
    general("management")
    leave(runtime, factory, house, {str(house.north.id): f"person:{house.ben.id}"})
    ben = factory.actor(house.ben)
    with runtime.database.actor_session(ben) as session:
        seen = set(session.scalars(select(Plan.subject)))
        assert seen == {"call", "help Ben", "in Carl's engagement"}
        writing = select(Access.engagement_id).where(Access.user_id == ben.user_id, Access.may_write, live())
        leg = session.scalars(select(Leg).where(Leg.state == "active")).one()
        assert set(session.scalars(writing)) == {leg.engagement_id}  # his own leg; the other engagement he reads


def test_departments_take_turns_and_each_gets_its_own(runtime, factory, house, general):
    general("management")
    customers = [factory.customer(house.anna) for _ in range(4)]
    south = [factory.customer(house.anna, department_id=house.south.id) for _ in range(2)]
    dora = factory.user("coordinator", house.north, name="Dora")
    with pytest.raises(Invalid) as wrong:
        leave(runtime, factory, house, {str(house.north.id): f"department:{house.north.id}"})
    assert set(wrong.value.fields) == {f"to-{house.south.id}"}
    choices = {
        str(house.north.id): f"department:{house.north.id}", str(house.south.id): f"person:{house.carl.id}",
    }  # fmt: skip
    leave(runtime, factory, house, choices)
    owners = [factory.read(Customer, item.id).owner_id for item in customers]
    assert sorted(owners) == sorted([house.ben.id, dora.id] * 2)
    assert {factory.read(Customer, item.id).owner_id for item in south} == {house.carl.id}


def test_batons_are_taken_over_in_their_department_or_above(runtime, factory, house, holder, general):
    general("management")
    with pytest.raises(Invalid) as wrong:
        leave(runtime, factory, house, {str(house.north.id): f"person:{house.carl.id}"})
    assert "Carl cannot take over the batons" in wrong.value.fields[f"to-{house.north.id}"]
    assert factory.read(User, house.anna.id).status == "active"
    leave(runtime, factory, house, {str(house.north.id): f"person:{house.head.id}"})
    assert held(runtime, house.anna) == {}
    with runtime.database.system_session("what a test reads") as session:
        assert set(session.scalars(select(Leg.assignee_id).where(Leg.state == "active"))) == {house.head.id}


def test_who_may_take_leave_of_whom(runtime, factory, house, general):
    boss, head = factory.actor(house.boss), factory.actor(house.head)
    with runtime.database.actor_session(head) as session, pytest.raises(Forbidden) as refused:
        services.leaver(session, head, house.anna.id)
    assert refused.value.lacks == rules.OFFBOARD
    with runtime.database.actor_session(boss) as session, pytest.raises(Forbidden, match="themselves"):
        services.leaver(session, boss, house.boss.id)
    manager = factory.actor(factory.user("management", house.training, name="Mona"))
    with runtime.database.actor_session(manager) as session, pytest.raises(Forbidden, match="outside"):
        services.leaver(session, manager, house.anna.id)
    general("management")
    with runtime.database.actor_session(factory.actor(house.boss)) as session:
        assert services.leaver(session, factory.actor(house.boss), house.anna.id).name == "Anna"


def test_what_cannot_be_passed_on_stops_it_before_anything_happens(runtime, factory, house):
    """Without the general right a customer of another branch stays; so does everything else."""
    customer = factory.customer(house.anna, department_id=house.training.id)
    manager = factory.user("management", house.sales, name="Mona")
    choices = {str(key): f"person:{house.ben.id}" for key in (house.training.id, house.north.id)}
    with pytest.raises(Conflict, match="cannot be passed on"):
        leave(runtime, factory, house, choices, by=manager)
    assert factory.read(User, house.anna.id).status == "active"
    assert factory.read(Customer, customer.id).owner_id == house.anna.id


def test_the_last_administrator_does_not_leave(runtime, factory, house, general):
    general("management")
    with runtime.database.system_session("her second role") as session:
        for code in ("system_admin", "security_admin"):
            role = session.scalars(select(Role.id).where(Role.code == code)).one()
            session.add(RoleAssignment(user_id=house.anna.id, role_id=role))
        session.get(User, house.anna.id).password_hash = "x"
    with pytest.raises(Conflict, match="Somebody must remain"):
        leave(runtime, factory, house, {str(house.north.id): f"person:{house.ben.id}"})
    assert factory.read(User, house.anna.id).status == "active"


def test_it_goes_on_where_it_was_interrupted(runtime, factory, house, general):
    """The account is closed first; what a killed worker leaves is passed on by the next one."""
    general("management")
    factory.add(*(
        Customer(code=f"L{number}", name=f"L{number}", owner_id=house.anna.id, department_id=house.north.id)
        for number in range(205)
    ))  # fmt: skip
    transfer = leave(runtime, factory, house, {str(house.north.id): f"person:{house.ben.id}"})
    assert (transfer.state, factory.read(User, house.anna.id).status) == ("moving", "left")
    assert held(runtime, house.anna) == {"customers_customer.owner_id": 205}
    boss = factory.actor(house.boss)
    with runtime.database.actor_session(boss) as session:
        found = services.draft_of(session, boss, house.anna.id)
        assert found is not None
        assert found.id == transfer.id
    runtime.jobs.run(transfer.job_id)
    assert factory.read(JobRow, transfer.job_id).state == "done"
    assert held(runtime, house.anna) == {}


def test_the_wizard_from_the_account_to_the_report(browser, runtime, factory, house, holder, general, count_queries):
    general("management")
    boss = browser.sign_in(house.boss)
    url = f"/settings/users/{house.anna.id}/leaving"
    assert url in boss.get(f"/settings/users/{house.anna.id}").text
    with count_queries(at_most=12):
        page = boss.get(url)
    for part in (
        "Customers",
        "Legs of engagements",
        "Tokens for programs",
        "Rights lent to others",
        "others take over",
    ):
        assert part in page.text
    assert boss.post(url, {}).status_code == 422
    chosen = {f"to-{house.north.id}": f"person:{house.ben.id}"}
    assert boss.post(url, chosen).status_code == 303
    with count_queries(at_most=12):
        page = boss.get(url)
    assert "What would happen" in page.text
    version = re.search(r'name="version" value="(\d+)"', page.text)[1]
    assert boss.post(f"{url}/confirm", {"reason": "", "version": version}).status_code == 422
    anna = browser.sign_in(house.anna)
    assert anna.get("/customers").status_code == 200
    done = boss.post(f"{url}/confirm", {"reason": "moves away", "version": version})
    assert anna.get("/customers").status_code in {302, 303, 401}
    boss.get(done.headers["location"])  # a process's first page of rows reads names and the cap once
    with count_queries(at_most=12):
        receipt = boss.get(done.headers["location"])
    assert "Who has left" in receipt.text
    with count_queries(at_most=12):
        assert "Nothing is held by this person any more" in boss.get(url).text
    with runtime.database.system_session("what a test reads") as session:
        actions = set(session.scalars(select(AuditEntry.action)))
    assert {"users.leave", "customers.leaving_confirm", "customers.leaving_rights", "customers.transfer"} <= actions


def test_the_report_says_what_the_leaver_looked_at(browser, factory, house, general, count_queries):
    general("management")
    customer = factory.customer(house.anna, name="Acme")
    browser.sign_in(house.anna).get(f"/customers/{customer.id}")
    boss = browser.sign_in(house.boss)
    with count_queries(at_most=12):
        page = boss.get(f"/settings/users/{house.anna.id}/leaving/seen")
    assert "Acme" in page.text
    assert "Opened: 1" in page.text
    head = browser.sign_in(house.head)
    assert head.get(f"/settings/users/{house.anna.id}/leaving/seen").status_code == 403


def test_programs_take_leave_of_somebody(browser, runtime, factory, house, holder, general):
    general("management")
    plain, program = browser.token(house.boss), browser.token(house.boss, changes_rights=True)
    url = f"/api/v1/users/{house.anna.id}/leaving"
    assert browser.token(house.head).get(url).status_code == 403
    assert plain.get(f"/api/v1/users/{house.boss.id}/leaving").status_code == 403, "nobody takes leave of themselves"
    shown = plain.get(url).json()
    counts = {item["kind"]: item["count"] for item in shown["held"]}
    assert counts == held(runtime, house.anna)
    assert set(shown["departments"]) == {str(house.north.id)}
    assert program.post(f"{url}/confirm", json={"reason": "moves"}).status_code == 404, "nothing is chosen yet"
    wrong = plain.post(f"{url}/choices", json={"to": {str(house.north.id): "person:nobody"}})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, f"to-{house.north.id}")
    chosen = plain.post(f"{url}/choices", json={"to": {str(house.north.id): f"person:{house.ben.id}"}}).json()
    assert (chosen["transfer"]["state"], chosen["refusals"]) == ("draft", [])
    body = {"reason": "moves to Berlin", "version": chosen["transfer"]["version"]}
    assert plain.post(f"{url}/confirm", json=body).status_code == 403, "its token was not made for it"
    assert factory.read(User, house.anna.id).status == "active"
    done = program.post(f"{url}/confirm", json=body).json()
    assert done["state"] == "done"
    assert factory.read(User, house.anna.id).status == "left"
    assert plain.get(url).json()["held"] == []
    assert plain.get("/api/v1/transfers").json()["items"][0]["id"] == done["id"]
    seen = plain.get(f"{url}/seen").json()["items"]
    assert {item["name"] for item in seen} <= {factory.read(Customer, row.id).name for row in holder}


def test_nobody_is_marked_as_left_who_holds_work(browser, runtime, factory, house):
    customer = factory.customer(house.anna)
    admin = factory.user("system_admin", house.company, name="Ada")
    page, api = browser.sign_in(admin), browser.token(admin)
    at = f"/settings/users/{house.anna.id}"
    refused = page.post(f"{at}/status", {"status": "left"})
    assert refused.status_code == 409
    for part in ("Customers 1", "Leaving", "Max"):
        assert part in refused.text
    told = api.request("PUT", f"/api/v1{at.removeprefix('/settings')}/status", json={"status": "left"})
    assert (told.status_code, "Customers 1" in told.json()["title"]) == (409, True)
    assert factory.read(User, house.anna.id).status == "active"
    assert page.post(f"{at}/status", {"status": "frozen"}).status_code == 303, "at once, whatever is held"
    with runtime.database.system_session("somebody took it over") as session:
        session.get(Customer, customer.id).owner_id = house.ben.id
    assert page.post(f"{at}/status", {"status": "left"}).status_code == 303
    assert factory.read(User, house.anna.id).status == "left"


def test_who_left_without_the_wizard_is_listed(browser, runtime, factory, house, general, count_queries):
    """The operator closed the account at once: the customers are still found, and passed on afterwards."""
    general("management")
    customer = factory.customer(house.anna)
    with runtime.database.system_session("closed in a hurry") as session:
        session.get(User, house.anna.id).status = "left"
    boss = browser.sign_in(house.boss)
    with count_queries(at_most=12):
        page = boss.get("/customers/transfers").text
    assert "People who have left and still own customers" in page
    assert f"/settings/users/{house.anna.id}/leaving" in page
    leave(runtime, factory, house, {str(house.north.id): f"person:{house.ben.id}"})
    assert factory.read(Customer, customer.id).owner_id == house.ben.id
    assert "still own customers" not in boss.get("/customers/transfers").text
    assert "still own customers" not in browser.sign_in(house.head).get("/customers/transfers").text


def test_receivers_are_told_and_nothing_is_taken_back(runtime, factory, house, holder, general):
    general("management")
    transfer = leave(runtime, factory, house, {str(house.north.id): f"person:{house.ben.id}"})
    with runtime.database.system_session("what a test reads") as session:
        told = session.execute(select(Notification.user_id, Notification.message, Notification.parameters)).all()
    counts = {row.message.partition(":")[0]: row.parameters["count"] for row in told if row.user_id == house.ben.id}
    assert counts["%(who)s gave you customers"] == 1
    assert counts["%(who)s leaves. Plans, legs and other work that you take over"] == 6
    assert house.anna.id not in {row.user_id for row in told if "gave customers of yours" in row.message}
    boss = factory.actor(house.boss)
    with runtime.database.actor_session(boss) as session, pytest.raises(Conflict):
        transfers.undo(session, boss, transfer.id)


def test_an_account_that_holds_nothing_is_closed_the_same_way(runtime, factory, house, general):
    general("management")
    leave(runtime, factory, house, {})
    assert factory.read(User, house.anna.id).status == "left"
    assert held(runtime, house.anna) == {}
