"""Somebody with an ordinary account wants to leave with the customers: whatever they try, the cap is all they get.

A real server on PostgreSQL. A thousand customers of a colleague lie within the reach of everybody of the department;
each carries a word in its name, and another one that only its own pages and its number, revealed, tell.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from string import ascii_lowercase, digits
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from platform_core.app import Runtime
from platform_core.audit.models import AuditEntry
from platform_core.caps.limits import LIST, OPEN, PRINT, REVEAL
from platform_core.caps.models import Listed, UserCap
from platform_core.contracts.identity import Scope
from platform_core.customers import contacts, search_rows
from platform_core.customers.forms import ContactInput
from platform_core.customers.models import ContactPoint, Customer
from platform_core.kernel import counters
from platform_core.kernel.ids import new_id
from platform_core.permissions.actors import COUNTER
from platform_core.permissions.models import Role, RoleGrant
from platform_core.testing import pytest_plugin as kit
from platform_core.testing import services
from platform_core.testing.browser import Browser
from platform_core.testing.factories import Factory
from platform_core.testing.serving import Served
from platform_core.testing.waiting import wait_until
from platform_core.users.models import Department, Freeze, Notification, User

CUSTOMERS, WITH_NUMBERS, INDEXED = 1000, 20, 140
CAPS = {OPEN: 25, REVEAL: 6, LIST: 110, PRINT: 10}
NAME, SECRET = re.compile(r"Heron(\d{4})"), re.compile(r"Nest(\d{4})")
NUMBER = re.compile(r"138\s?0000\s?(\d{4})")
ALERT_SECONDS = 5
OF_ONE = (
    "/customers/{}", "/customers/{}/contacts", "/customers/{}/timeline", "/customers/{}/edit", "/customers/{}/tags",
    "/customers/{}?tab=files", "/plans/new?customer={}",
    "/follow-ups/new?customer={}", "/engagements/new?customer_id={}", "/opportunities/new/{}", "/api/v1/customers/{}",
    "/api/v1/customers/{}/contacts", "/api/v1/customers/{}/addresses", "/api/v1/follow-ups?customer_id={}",
    "/api/v1/plans?customer_id={}", "/api/v1/opportunities?customer_id={}", "/api/v1/contracts?customer_id={}",
)  # fmt: skip


@dataclass
class Loot:
    """Customers, by their number, of whom one learnt the name, the whole record, the telephone number."""

    names: set[str] = field(default_factory=set)
    records: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)

    def keep(self, answer: httpx.Response) -> None:
        self.names |= set(NAME.findall(answer.text))
        self.records |= set(SECRET.findall(answer.text))
        self.numbers |= set(NUMBER.findall(answer.text))


@dataclass
class Thief:
    user: User
    devices: list[Browser]
    loot: Loot = field(default_factory=Loot)

    @property
    def here(self) -> Browser:
        return self.devices[0]

    def takes(self, answer: httpx.Response) -> bool:
        """Keeps what an answer tells; whether it was one. Whoever is frozen is told so, in one way or another."""
        self.loot.keep(answer)
        assert answer.status_code < 500, answer.text
        return answer.status_code == 200


@dataclass
class Mark:
    """The house that is robbed."""

    runtime: Runtime
    factory: Factory
    url: str
    department: Department
    ids: list[UUID]
    points: list[tuple[UUID, UUID]]
    held: ExitStack
    _numbers: Iterator[int] = field(default_factory=count)

    def browser(self) -> Browser:
        client = self.held.enter_context(httpx.Client(base_url=self.url, timeout=60))
        return Browser(self.runtime, client)

    def thief(self, sessions: int = 1, tokens: int = 0, **caps: int) -> Thief:
        user = self.factory.user("sales", self.department, name=f"Theo {next(self._numbers)}")
        for counter, cap in (CAPS | caps).items():
            self.factory.add(UserCap(user_id=user.id, counter=counter, cap=cap))
        devices = [self.browser().sign_in(user) for _ in range(sessions)]
        return Thief(user, devices + [self.browser().token(user) for _ in range(tokens)])

    def rows(self, statement: Any) -> list[Any]:
        with self.runtime.database.system_session("look", write=False) as session:
            return list(session.scalars(statement))

    def assert_caught(self, thief: Thief, rule: str) -> None:
        """Every device is out with its next request; those who may unfreeze know within seconds."""
        began = time.monotonic()
        for device in thief.devices:
            for path in ("/customers", f"/customers/{self.ids[0]}", "/api/v1/customers", "/me"):
                answer = device.get(path)
                assert answer.status_code in {303, 401, 403}, path
                assert not NAME.search(answer.text)
        freezes = self.rows(select(Freeze).where(Freeze.user_id == thief.user.id))
        assert [row.rule for row in freezes] == [rule]
        told = select(Notification).where(Notification.url == f"/settings/frozen/{thief.user.id}")
        wait_until(lambda: bool(self.rows(told)), seconds=ALERT_SECONDS)
        assert time.monotonic() - began < ALERT_SECONDS
        of_thief = (AuditEntry.actor_id == thief.user.id, AuditEntry.action == "caps.freeze")
        assert len(self.rows(select(AuditEntry.id).where(*of_thief))) == 1
        assert self.rows(select(User.status).where(User.id == thief.user.id)) == ["frozen"]


@contextmanager
def _robbed(runtime: Runtime, served: Served) -> Iterator[Mark]:
    factory = Factory(runtime)
    department = factory.department("sales")
    with runtime.database.system_session("roles for a test") as session:
        role = Role(code="sales", name="sales")
        session.add(role)
        session.flush()
        ordinary = select(RoleGrant.permission).join(Role, Role.id == RoleGrant.role_id)
        held = set(session.scalars(ordinary.where(Role.code == "coordinator")))
        held |= {"customers.export", "customers.reveal"}  # more than an employee has, and it helps them nothing
        session.add_all(RoleGrant(role_id=role.id, permission=name, scope=Scope.DEPARTMENT) for name in sorted(held))
        counters.bump(session, COUNTER)
    owner = factory.user("sales", department, name="Olga")
    factory.user("office", name="Ann")
    factory.user("management", name="Max")  # who could approve of files, and does not
    ids = _customers(runtime, owner)
    points = _numbers(runtime, factory, owner, ids)
    served.start()
    with ExitStack() as held_open:
        yield Mark(runtime, factory, served.url, department, ids, points, held_open)


def _customers(runtime: Runtime, owner: User) -> list[UUID]:
    made = [
        Customer(
            id=new_id(), code=f"H-{number:04}", name=f"Heron{number:04}", name_norm=f"heron{number:04}",
            name_key=f"heron{number:04}", owner_id=owner.id, department_id=owner.department_id,
            notes=f"Nest{number:04}",
        )
        for number in range(CUSTOMERS)
    ]  # fmt: skip
    ids = [each.id for each in made]
    with runtime.database.system_session("customers for a test") as session:
        session.add_all(made)
        session.flush()
        for key in ids[:INDEXED]:  # more than the cap
            search_rows.reindex(session, key)
    return ids


def _numbers(runtime: Runtime, factory: Factory, owner: User, ids: list[UUID]) -> list[tuple[UUID, UUID]]:
    actor = factory.actor(owner)
    for number, key in enumerate(ids[:WITH_NUMBERS]):
        with runtime.database.actor_session(actor) as session:
            given = ContactInput(name="Ann", phone=f"1380000{number:04}", customer_id=key)
            contacts.create(session, actor, given)
    with runtime.database.system_session("look", write=False) as session:
        found = session.execute(select(ContactPoint.customer_id, ContactPoint.id)).all()
    return [(row[0], row[1]) for row in found if row[0] is not None]


@pytest.fixture(scope="module")
def mark(postgres_url: str, run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mark]:
    folder = tmp_path_factory.mktemp("robbed")
    template = services.template_database(postgres_url, lambda url: kit.migrate_and_seed(url, run_folder))
    with services.clone_database(postgres_url, template) as url:
        runtime = Runtime(kit.make_settings(url, folder))
        runtime.follow()
        served = Served(folder, {"BATON_DATABASE_URL": url, "BATON_WEB_THREADS": "20"})
        try:
            with _robbed(runtime, served) as mark:
                yield mark
        finally:
            served.kill()
            runtime.database.dispose()


def test_walking_ids_through_every_address_of_a_customer(mark: Mark) -> None:
    thief = mark.thief()
    paths = cycle(OF_ONE)
    seen = [thief.takes(thief.here.get(next(paths).format(key))) for key in mark.ids[: CAPS[OPEN] + 10]]
    assert seen == [True] * CAPS[OPEN] + [False] * 10
    assert len(thief.loot.names | thief.loot.records) <= CAPS[OPEN]
    assert not thief.loot.numbers
    mark.assert_caught(thief, OPEN)


def test_forms_that_come_back_refused_count_as_well(mark: Mark) -> None:
    """Their transaction is rolled back; what they showed was seen. A form that is too old comes back with the record."""
    thief = mark.thief()
    for number, key in enumerate(mark.ids[: CAPS[OPEN] + 10]):
        if number % 2:
            thief.takes(
                thief.here.post(f"/customers/{key}/edit", {"name": "x", "kind": "organisation", "version": "0"})
            )
        else:
            thief.takes(thief.here.post("/engagements", {"customer_id": str(key), "title": ""}))
    assert len(thief.loot.names | thief.loot.records) == CAPS[OPEN]
    mark.assert_caught(thief, OPEN)


def test_every_address_of_the_same_few_customers_is_open(mark: Mark) -> None:
    """Else the test before would prove nothing: each of these does answer."""
    thief = mark.thief()
    assert all(thief.takes(thief.here.get(path.format(mark.ids[0]))) for path in OF_ONE)


PAGES: dict[str, Callable[[Thief], Iterator[httpx.Response]]] = {}


def attack(function: Callable[[Thief], Iterator[httpx.Response]]) -> Callable[[Thief], Iterator[httpx.Response]]:
    PAGES[function.__name__] = function
    return function


@attack
def lists_as_pages(thief: Thief) -> Iterator[httpx.Response]:
    """Every order and view, each to its end; a link is followed as it stands there."""
    for query in (
        "view=all",
        "view=all&sort=name",
        "view=all&sort=-name",
        "view=never",
        "sort=next_plan",
        "view=quiet",
    ):
        path = f"/customers?{query}"
        while path:
            answer = thief.here.get(path)
            yield answer
            found = re.search(r'href="(/customers\?[^"]*after=[^"]*)"', answer.text)
            path = found.group(1).replace("&amp;", "&") if found else ""


@attack
def lists_for_programs(thief: Thief) -> Iterator[httpx.Response]:
    for sort in ("updated", "-updated", "name", "-name"):
        for limit in (50, 1, 200):
            cursor = ""
            while cursor is not None:
                answer = thief.here.get(f"/api/v1/customers?sort={sort}&limit={limit}&cursor={cursor}")
                yield answer
                cursor = answer.json().get("next_cursor") if answer.status_code == 200 else None


@attack
def searches_from_a_to_z(thief: Thief) -> Iterator[httpx.Response]:
    """Letters, digits, and then what one would type to get everybody who begins so."""
    words = [*ascii_lowercase, *digits, "heron", *(f"heron{number:03}" for number in range(INDEXED // 10))]
    for word in words:
        yield thief.here.post("/search", {"q": word}, htmx=True)  # the palette
        yield thief.here.post("/search", {"q": word})
        yield thief.here.request("POST", "/api/v1/customers/search", json={"q": word, "limit": 100})


@attack
def the_box_above_the_list(thief: Thief) -> Iterator[httpx.Response]:
    for word in (f"heron{number:03}" for number in range(30)):
        moved = thief.here.post("/customers/find", {"q": word, "state": "view=all"})
        yield thief.here.get(moved.headers.get("location", "/customers"))


@pytest.mark.parametrize("name", sorted(PAGES))
def test_lists_and_searches_show_no_more_rows_than_the_cap(mark: Mark, name: str) -> None:
    thief, refused = mark.thief(), 0
    for answer in PAGES[name](thief):
        refused += not thief.takes(answer)
        if refused > 3:
            break
    assert 0 < len(thief.loot.names) <= CAPS[LIST]
    assert not thief.loot.records | thief.loot.numbers
    mark.assert_caught(thief, LIST)
    assert mark.rows(select(Listed.number).where(Listed.user_id == thief.user.id))[0] >= len(thief.loot.names)


def test_the_check_for_duplicates_tells_nothing_that_was_not_known(mark: Mark) -> None:
    """It answers to whole names and whole numbers, never with a record; whom it confirms is a row that was shown."""
    thief = mark.thief()
    for number in range(INDEXED):
        asked = {"name": f"Heron{number:04}", "phone": f"1380000{number:04}"}
        answer = (
            thief.here.post("/customers/duplicates", asked, htmx=True)
            if number % 2
            else thief.here.request("POST", "/api/v1/customers/duplicates", json=asked)
        )
        thief.takes(answer)
    assert 0 < len(thief.loot.names) <= CAPS[LIST]
    assert not thief.loot.records | thief.loot.numbers
    mark.assert_caught(thief, LIST)
    other = mark.thief()
    for part in ("Heron", "1380000", "0000"):  # no beginnings, no tails
        answer = other.here.post("/customers/duplicates", {"name": part, "phone": part}, htmx=True)
        assert not NAME.search(answer.text)


def test_paper_takes_its_cap_and_no_more(mark: Mark) -> None:
    thief = mark.thief()
    for query in ("view=all", "view=all&q=heron", "sort=name"):
        asked = {"source": "list:customers", "query": query, "reason": "for the drawer"}
        moved = thief.here.post("/papers/new", asked)
        thief.loot.keep(moved)
        if moved.status_code == 303:
            thief.takes(thief.here.get(moved.headers["location"]))
    assert len(thief.loot.names) <= CAPS[PRINT]
    assert not thief.loot.records | thief.loot.numbers


def test_a_file_leaves_only_with_somebody_elses_consent(mark: Mark) -> None:
    thief = mark.thief()
    asked = {"source": "list:customers", "query": "view=all", "reason": "for the drawer"}
    moved = thief.here.post("/exports/new", asked)
    assert moved.status_code == 303
    request = moved.headers["location"]
    for act in ("decide", "fetch"):
        for data in ({"verdict": "approve", "note": ""}, {"approve": "1"}, {}):
            assert not thief.takes(thief.here.post(f"{request}/{act}", data))
    thief.takes(thief.here.get(request))
    assert not thief.loot.names | thief.loot.records | thief.loot.numbers


def test_numbers_are_revealed_up_to_the_cap(mark: Mark) -> None:
    """On eight devices at once, half of them programs."""
    thief = mark.thief(sessions=4, tokens=4)
    turns = list(zip(cycle(thief.devices), mark.points, strict=False))

    def reveal(turn: tuple[Browser, tuple[UUID, UUID]]) -> bool:
        device, (customer_id, point_id) = turn
        prefix = "/api/v1" if device.cookie.startswith("Bearer ") else ""
        return thief.takes(device.request("POST", f"{prefix}/customers/{customer_id}/points/{point_id}/reveal"))

    with ThreadPoolExecutor(len(thief.devices)) as pool:
        answered = sum(pool.map(reveal, turns))
    assert answered == len(thief.loot.numbers) == CAPS[REVEAL]
    mark.assert_caught(thief, REVEAL)


def test_eight_devices_at_once_get_the_cap_together(mark: Mark) -> None:
    """Nothing that is asked for after one of them was refused is answered; an open stream of signals ends."""
    thief = mark.thief(sessions=4, tokens=4)
    lock, ids, refused_at = threading.Lock(), iter(mark.ids), [float("inf")]
    late: list[float] = []

    def walk(device: Browser) -> int:
        taken, refused = 0, False
        path = "/api/v1/customers/{}" if device.cookie.startswith("Bearer ") else "/customers/{}"
        while not refused:
            with lock:
                key = next(ids)
            began = time.monotonic()
            refused = not thief.takes(device.get(path.format(key)))
            with lock:
                if refused:
                    refused_at[0] = min(refused_at[0], time.monotonic())
                else:
                    taken += 1
                    late.extend([began] if began > refused_at[0] else [])
        return taken

    streaming = mark.browser().sign_in(thief.user)
    with streaming._client.stream("GET", "/live", headers={"Cookie": streaming.cookie}, timeout=30) as stream:
        assert stream.status_code == 200
        with ThreadPoolExecutor(len(thief.devices)) as pool:
            taken = sum(pool.map(walk, thief.devices))
        began = time.monotonic()
        for _chunk in stream.iter_raw():  # until the server ends it
            pass
        assert time.monotonic() - began < ALERT_SECONDS
    assert taken == len(thief.loot.names | thief.loot.records) == CAPS[OPEN]
    assert not late
    mark.assert_caught(thief, OPEN)
