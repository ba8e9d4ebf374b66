"""Everything that happened in one list: whole, in order, by conditions, within rights, to paper and file."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape
from random import Random
from typing import Any

import pytest
from baton_plugins.activities.models import FollowUp, Plan
from baton_plugins.sms.models import Reply
from baton_plugins.telephony.models import Call, Ring
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from platform_core.api import at_local, dictionaries, now, today
from platform_core.app import Runtime
from platform_core.audit.models import AuditEntry
from platform_core.contracts.happenings import HappeningKind, HappeningSource
from platform_core.customers.groups.models import Group
from platform_core.customers.models import Contact, Customer
from platform_core.kernel.ids import new_id
from platform_core.permissions.models import Access
from platform_core.relay.models import Engagement, RelayEvent
from platform_core.reports.tracking import asking
from platform_core.reports.tracking.taking import TrackingSource
from platform_core.testing import pytest_plugin as kit
from platform_core.testing.browser import Browser
from platform_core.testing.factories import Factory
from tests.core.reports.tracked import House


def _asked(random: Random, house: House) -> asking.Asked:
    kinds = [
        "activities.plans",
        "activities.tasks",
        "activities.follow_ups",
        "telephony.calls",
        "sms.replies",
        "relay.steps",
    ]
    return asking.Asked(
        today() - timedelta(random.choice([1, 5])),
        today(),
        kind=random.choice(["", "", "", *kinds]),
        person=random.choice([None, None, None, house.people[0].id]),
        owner=random.choice([None, None, house.people[0].id, house.people[4].id]),
        status=random.choice(["", "", "", "activities.plans:open"]),
        words=random.choice(["", "", "", "SAID 1", "1"]),
        group=random.choice(["", "", str(house.group.id)]),
    )


def test_the_pages_joined_are_the_whole_list_in_order(stand: kit.Stand, factory: Factory) -> None:
    """For everybody, whatever is asked: nothing twice, nothing left out, nothing that is not theirs."""

    @settings(max_examples=4, deadline=None, database=None, suppress_health_check=list(HealthCheck),
              phases=[Phase.generate])  # fmt: skip
    @given(st.integers(min_value=0, max_value=2**32))
    def explore(seed: int) -> None:
        with stand.runtime.database.connection("clean up after a house") as connection:
            kit._restore(connection, stand)
        random = Random(seed)
        house = House(stand.runtime, factory, random).build(60)
        for person in house.people:
            everything = asking.Asked(today() - timedelta(9), today())
            for asked in (everything, *(_asked(random, house) for _ in range(4))):
                wanted = house.oracle(person, asked)
                assert house.pages(person, asked, random.choice([3, 7, 100])) == wanted, asked

    explore()


@pytest.fixture
def house(runtime: Runtime, factory: Factory) -> House:
    return House(runtime, factory, Random(7)).build(0)


def _write(house: House, number: int = 0, **fields: Any) -> FollowUp:
    made = {"customer_id": house.customers[number].id, "body": "They want a course.", "at": now(), **fields}
    row = FollowUp(**made)
    house.factory.add(row)
    return row


@pytest.fixture
def manager(house: House, browser: Browser) -> Browser:
    return browser.sign_in(house.people[2])


def test_each_row_says_what_whose_and_leads_to_its_record(house: House, manager: Browser, count_queries) -> None:
    key = house.customers[0].id
    written = _write(house, author_label="Carol", outcome="agreed", kind="visit", contact_label="Mrs Li")
    plan = Plan(customer_id=key, assignee_id=house.people[0].id, subject="Send the offer", due_at=now(), all_day=True)
    task = Plan(customer_id=key, assignee_id=house.people[1].id, subject="Count", due_at=now(), task_id=new_id())
    call = Call(customer_id=key, number_mask="138****0000", answered_by_label="Otto", state="missed")
    house.factory.add(plan, task, call)
    house.factory.add(Reply(key="r", customer_id=key, mask="139****0000", text="Yes please", at=now()))
    manager.get("/tracking")
    with count_queries(at_most=12):
        text = unescape(manager.get("/tracking").text)
    with house.runtime.database.system_session("labels", write=False) as session:
        agreed, visit, ring = (
            dictionaries.label(session, f"activities.{name}", code)
            for name, code in (("outcome", "agreed"), ("kind", "visit"), ("kind", "call"))
        )
    for shown in ("They want a course.", "Mrs Li", agreed, visit, f"{ring}: Send the offer", "all day", "Tasks", "Otto",
                  "missed", "Yes please", house.customers[0].name, f'href="/plans/{plan.id}"',
                  f'href="/customers/{key}?tab=telephony.calls"'):  # fmt: skip
        assert shown in text, shown
    url = re.search(rf'href="(/customers/{key}\?before=[^"]+)"', text)
    assert url is not None
    assert "They want a course." in manager.get(url[1]).text
    assert written.body not in manager.get("/tracking?kind=activities.plans").text
    only = manager.get("/tracking?kind=activities.tasks").text
    assert "Count" in only
    assert "Send the offer" not in only


def test_steps_of_engagements_stand_there_by_who_took_them(house: House, manager: Browser, browser: Browser) -> None:
    """A hand-over, a return and what the house told the heads by itself; of other matters nobody reads."""
    customer = house.customers[1]
    hanna = house.people[1]
    matter = Engagement(customer_id=customer.id, title="Team course")
    house.factory.add(matter)
    step = {"engagement_id": matter.id, "customer_id": customer.id, "at": now()}
    house.factory.add(
        RelayEvent(kind="handed_over", actor_id=hanna.id, actor_label="Hanna", to_department="train",
                   to_person="Otto", text="They wait for dates.", **step),
        RelayEvent(kind="returned", actor_id=house.people[3].id, actor_label="Otto", text="No address.", **step),
        RelayEvent(kind="escalated", to_department="train", **step),
    )  # fmt: skip
    text = unescape(manager.get("/tracking?kind=relay.steps").text)
    for shown in ("Team course · → train · Otto", "They wait for dates.", "handed over", "returned the baton",
                  "told the heads: not taken over in time", "Baton", f'href="/engagements/{matter.id}"'):  # fmt: skip
        assert shown in text, shown
    for query, there, absent in (
        (f"person={hanna.id}", "They wait for dates.", "No address."),
        ("status=relay.steps:returned", "No address.", "They wait for dates."),
        ("words=WAIT", "They wait for dates.", "No address."),
    ):
        found = manager.get(f"/tracking?{query}").text
        assert there in found, query
        assert absent not in found, query
    stranger = next(one for one in (house.people[0], house.people[3]) if one.id != customer.owner_id)
    house.factory.add(Access(kind="share", user_id=stranger.id, customer_id=customer.id))
    text = browser.sign_in(stranger).get("/tracking").text
    assert customer.name not in text, "who sees the customer does not see another's engagement with it"


def test_what_somebody_sees_of_their_own_is_within_the_budget_too(
    house: House, browser: Browser, count_queries
) -> None:
    _write(house, 0, body="Theirs")
    house.factory.add(Access(kind="share", user_id=house.people[3].id, customer_id=house.customers[0].id))
    reader = browser.sign_in(house.people[3])
    reader.get("/tracking")
    for narrowed in ("", f"?group={house.group.id}"):
        with count_queries(at_most=12):
            assert "Theirs" in reader.get(f"/tracking{narrowed}").text


def test_a_hidden_customer_does_not_tell_what_it_meets_nor_whose_it_is(house: House, browser: Browser) -> None:
    other = house.people[3]
    hidden = next(each for each in house.customers[2:] if each.owner_id != other.id)
    call = Call(customer_id=hidden.id, number_mask="138****0000", state="talked")
    house.factory.add(call)
    house.factory.add(Ring(call_id=call.id, user_id=other.id, department_id=other.department_id))
    group = Group(name="By code", owner_id=other.id, reach="private", conditions=[f"code:is:{hidden.code}"])
    house.factory.add(group)
    reader = browser.sign_in(other)
    asked = ("", f"?group={group.id}", f"?owner={hidden.owner_id}")
    shown = ["138****0000" in reader.get(f"/tracking{narrowed}").text for narrowed in asked]
    assert shown == [True, False, False]
    unknown = reader.get(f"/tracking?group={new_id()}")
    assert (unknown.status_code, "Please choose from the list." in unknown.text) == (422, True)


def test_it_is_narrowed_by_each_condition(house: House, manager: Browser) -> None:
    contact = Contact(customer_id=house.customers[0].id, name="Mrs Li")
    house.factory.add(contact)
    carol = house.people[0]
    _write(house, 0, body="Number one", author_id=carol.id, contact_id=contact.id)
    _write(house, 1, body="Number two", at=now() - timedelta(40))
    key = house.customers[0].id
    long_ago = (today() - timedelta(60)).isoformat()
    for query, one, two in (
        ("", True, False),
        (f"first={long_ago}", True, True),
        (f"customer={key}&first=2020-01-01", True, False),
        (f"customer={key}&contact={contact.id}", True, False),
        (f"person={carol.id}&first={long_ago}", True, False),
        (f"owner={house.customers[1].owner_id}&first={long_ago}",
         house.customers[0].owner_id == house.customers[1].owner_id, True),
        (f"group={house.group.id}", True, False),
        (f"group={house.group.id}&person={house.people[1].id}", False, False),
        ("words=NUMBER+O", True, False),
        ("words=o%25e", False, False),
        ("status=activities.plans:open", False, False),
    ):  # fmt: skip
        text = manager.get(f"/tracking?{query}").text.split("<main", 1)[1]
        assert ("Number one" in text, "Number two" in text) == (one, two), query
    page = manager.get(f"/tracking?customer={key}").text
    assert "Mrs Li" in page, "contacts of the customer are offered"
    assert house.customers[0].name in page


def test_what_cannot_be_asked_is_said_at_its_field_and_stays_typed(house: House, manager: Browser) -> None:
    year_ago = (today() - timedelta(365)).isoformat()
    for query, said in (
        (f"first={year_ago}&last={today()}", "At most 92 days at once, unless a customer is named."),
        (f"first={today() - timedelta(40)}&words=dates", "Words are looked for in at most 31 days"),
        (f"first={today()}&last={year_ago}", "The end is before the start."),
        (f"first={today()}&last=9999-12-31", "There is no such day."),
        (f"first=0001-01-01&last={today()}", "There is no such day."),
        ("first=soon", "Write the date as"),
        ("kind=nonsense", "Please choose from the list."),
        ("status=activities.plans:gone", "Please choose from the list."),
        ("person=nobody", "Please choose from the list."),
        (f"contact={new_id()}", "Choose a customer first"),
        ("name=13800138000", "Numbers and addresses do not stand here"),
        ("words=a@example.com", "Numbers and addresses do not stand here"),
    ):
        answer = manager.get(f"/tracking?{query}")
        assert answer.status_code == 422, query
        assert said in unescape(answer.text), query
    assert 'value="dates"' in manager.get(f"/tracking?first={year_ago}&words=dates").text
    assert manager.get("/tracking?after=nonsense").status_code == 422


def test_only_whoever_sees_the_customer_sees_its_rows_and_none_of_the_bin(house: House, browser: Browser) -> None:
    for number in range(6):
        _write(house, number, body=f"Written {number}.")
    carol = house.people[0]
    mine = {number for number, each in enumerate(house.customers) if each.owner_id == carol.id} | {0}
    text = browser.sign_in(carol).get("/tracking").text
    assert {number for number in range(6) if f"Written {number}." in text} == mine
    with house.runtime.database.system_session("bin") as session:
        session.get(Customer, house.customers[0].id).deleted_at = now()
    for person in (carol, house.people[2]):
        assert "Written 0." not in browser.sign_in(person).get("/tracking").text
    assert browser.sign_in(house.factory.user("audit_admin")).get("/tracking").status_code == 403


def test_a_call_at_ones_own_telephone_stands_there_without_its_customer(house: House, browser: Browser) -> None:
    stranger = next(each for each in house.customers if each.owner_id != house.people[3].id)
    call = Call(customer_id=stranger.id, number_mask="138****0000", state="talked")
    house.factory.add(call)
    other = house.people[3]
    house.factory.add(Ring(call_id=call.id, user_id=other.id, department_id=other.department_id))
    text = browser.sign_in(other).get("/tracking").text
    assert "138****0000" in text
    assert stranger.name not in text


def test_it_goes_on_by_keyset_and_every_reading_is_written_down(house: House, manager: Browser) -> None:
    at = at_local(today() - timedelta(1), 12)
    for number in range(45):
        _write(house, 0, body=f"Line {number:02}.", at=at + timedelta(minutes=number))
    first = manager.get("/tracking?words=line").text
    assert "Line 44." in first
    assert "Line 04." not in first
    following = unescape(re.search(r'rel="next" href="([^"]+)"', first)[1])
    rest = manager.get(following).text
    assert "Line 04." in rest
    assert "Line 05." not in rest
    with house.runtime.database.system_session("look", write=False) as session:
        lines = session.scalars(select(AuditEntry).where(AuditEntry.action == "reports.tracking")).all()
    assert len(lines) == 2
    assert "line" in str(lines[0].after)
    assert str(house.customers[0].id.hex) in str(lines[0].ids).replace("-", "") or lines[0].ids


def test_it_is_printed_and_asked_for_by_right_without_restricted_records(house: House, browser: Browser) -> None:
    _write(house, 0, body="To paper.")
    _write(house, 1, body="Held back.")
    with house.runtime.database.system_session("restrict") as session:
        session.get(Customer, house.customers[1].id).restricted_at = now()
    manager, carol = browser.sign_in(house.people[2]), browser.sign_in(house.people[0])
    assert "/papers/new?of=tracking:everything" in browser.sign_in(house.people[2]).get("/tracking").text
    assert "/papers/new?of=tracking" not in carol.get("/tracking").text
    assert (
        carol.post("/papers/new", {"source": "tracking:everything", "query": "", "reason": "For me"}).status_code == 404
    )
    manager = browser.sign_in(house.people[2])
    made = manager.post("/papers/new", {"source": "tracking:everything", "query": "kind=activities.follow_ups",
                                    "reason": "For the file"})  # fmt: skip
    assert made.status_code == 303, made.text
    paper = manager.get(made.headers["location"]).text
    assert "To paper." in paper
    assert "Held back." not in paper
    assert "Kind: Follow-ups" in paper


def test_only_whoever_sees_everything_decides_about_such_a_file(house: House) -> None:
    asker = house.factory.actor(house.people[2])
    with house.runtime.database.actor_session(asker, write=False) as session:
        found = [TrackingSource().beyond(session, asker, "", house.factory.actor(person)) for person in house.people]
    assert found == [True, True, False, True, True, False]


def test_a_source_names_a_time_that_is_never_empty_and_a_kind() -> None:
    kind = HappeningKind("x.y", "Y")
    for bad in ({"at": Plan.done_at, "kinds": (kind,)}, {"at": Plan.due_at, "kinds": ()}):
        with pytest.raises(ValueError, match=r"source x\.y"):
            HappeningSource(
                key="x.y", permission="x.view", model=Plan, fields=(), show=lambda _s, _a, _r: [], **bad
            )  # fmt: skip


def test_days_without_an_end_reach_until_today_and_those_ahead_until_their_own() -> None:
    data = asking.Conditions(first=date(2020, 1, 1))
    assert asking._period(data) == (date(2020, 1, 1), today())
    ahead = today() + timedelta(20)
    assert asking._period(asking.Conditions(first=ahead)) == (ahead, ahead)
