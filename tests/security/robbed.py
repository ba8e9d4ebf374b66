"""A house that is robbed: a real server on PostgreSQL, and people with ordinary accounts who take what they get.

A thousand customers of a colleague lie within the reach of everybody of the department; each carries a word in its
name, and another one that only its own pages and its number, revealed, tell.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import select

from platform_core.app import Runtime
from platform_core.audit.models import AuditEntry
from platform_core.caps.limits import LIST, OPEN, PRINT, REVEAL
from platform_core.caps.models import UserCap
from platform_core.contracts.identity import Scope
from platform_core.customers import contacts, search_rows
from platform_core.customers.forms import ContactInput
from platform_core.customers.models import ContactPoint, Customer
from platform_core.kernel import counters
from platform_core.kernel.clock import now
from platform_core.kernel.ids import new_id
from platform_core.permissions.actors import COUNTER
from platform_core.permissions.models import Role, RoleGrant
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
class Telephone:
    """An agent on the thief's own computer: any number rings, as often as they please."""

    browser: Browser
    token: str

    def ring(self, number: str, call: str) -> None:
        event = {"id": f"{call}/ringing", "kind": "ringing", "call": call, "line": "1", "number": number}
        answer = self.browser.request(
            "POST", "/api/v1/telephony/events", json={"sent_at": now().isoformat(), "events": [event]},
            headers={"Authorization": f"Agent {self.token}"},
        )  # fmt: skip
        assert answer.status_code == 200, answer.text


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

    def telephone(self, user: User) -> Telephone:
        """An agent, paired as the system administrator pairs one, that reports what rings at this person's line."""
        admin = self.browser().sign_in(self.factory.user("system_admin"))
        page = admin.post("/settings/telephony/sources", {"kind": "agent", "name": "Desk"}).text
        source = re.search(r"/settings/telephony/sources/([0-9a-f-]{36})", page)
        code = re.search(r'baton-agent pair \S+ ([A-Z0-9]{10})"', page)
        assert source is not None
        assert code is not None
        line = {"line": "1", "user_id": str(user.id)}
        assert admin.post(f"/settings/telephony/sources/{source.group(1)}/lines", line).status_code == 303
        paired = self.browser().request("POST", "/api/v1/telephony/pair", json={"code": code.group(1)})
        return Telephone(self.browser(), paired.json()["token"])

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
def robbed(runtime: Runtime, served: Served) -> Iterator[Mark]:
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
