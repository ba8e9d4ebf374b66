"""What comes out of background work: files, packages, imports, transfers, notices and signals.

A job acts as whoever started it, with the rights that they have when it runs. What it delivers names the customers that
they see by then, and no number in the clear. Jobs that nobody starts deliver to nobody in particular; every job that
somebody starts has a test here or a reason why it needs none.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID
from xml.sax.saxutils import escape

import pytest
from sqlalchemy import delete, select, update

from platform_core.audit.models import AuditEntry
from platform_core.contracts.identity import Scope
from platform_core.customers import points
from platform_core.customers.bulk import services as bulk
from platform_core.customers.models import ContactPoint, Customer
from platform_core.customers.transfer import services as transfers
from platform_core.exports import deciding, printing, sources
from platform_core.exports.models import FileRequest
from platform_core.kernel import clock, counters, signals
from platform_core.kernel.models import JobRow
from platform_core.permissions.actors import COUNTER
from platform_core.permissions.models import Role, RoleAssignment, RoleGrant
from platform_core.testing.browser import Browser
from platform_core.users import passwords
from platform_core.users.models import Notification, User
from platform_core.web.lists.declaration import declared_lists
from tests.core.customers.importing.conftest import Collector, csv_text
from tests.security.houses import House
from tests.security.test_everywhere import names_of

PASSWORD = "correct horse battery"
DELIVERS = {
    "exports.make", "exports.paper_file", "customers.import_check", "customers.import_commit",
    "customers.import_revert", "customers.transfer", "customers.transfer_undo", "customers.bulk_change",
    "customers.bulk_undo",
}  # fmt: skip
NOTHING = {
    "admin.merge_entry": "changes codes of a dictionary in the house; its page counts rows and shows none",
    "admin.unmerge_entry": "the way back of that",
    "audit.archive": "moves lines of the trail into a file of the data folder, which no address hands out",
    "outbox.health": "asks a provider whether an account works",
    "sms.expand": "messages to customers, as far as the sender sees them then: plugins/sms/tests/test_campaigns.py",
}
SCOPED_KINDS = {"list", "report", "person", "transfer", "tracking"}
OWN_RULES = {"audit": "whoever may read the trail of the house takes it along; its lines hold masks"}


@dataclass
class Taker:
    """Somebody who holds every right, over the customers of a department of their own."""

    house: House
    browser: Browser
    approver: Browser
    user: User
    own: list[UUID]
    foreign: list[UUID]
    heard: list[tuple[str, str]] = field(default_factory=list)
    """(kind, value) of every signal to anybody."""

    @property
    def visible(self) -> set[UUID]:
        return self.house.seen_by(self.user.login)

    def run(self, *names: str) -> int:
        """Run what waits under one of these names."""
        with self.house.system() as session:
            waiting = select(JobRow.id).where(JobRow.name.in_(names), JobRow.state == "pending")
            keys = list(session.scalars(waiting))
        return sum(self.house.runtime.jobs.run(key) for key in keys)

    def ask(self, source: str, form: str = "csv") -> str:
        """The address of the request, approved by somebody who sees everything; "" where there is nothing to take."""
        moved = self.browser.post("/exports/new", {"source": source, "reason": "What leaves?", "form": form})
        assert moved.status_code in {303, 409}, f"{source}: {moved.text}"
        url = str(moved.headers.get("location", ""))
        if url:
            decided = self.approver.post(f"{url}/decide", {"verdict": "approve", "password": PASSWORD})
            assert decided.status_code == 303, decided.text
        return url

    def give_away(self, key: UUID) -> None:
        with self.house.system(write=True) as session:
            other = session.get_one(Customer, self.foreign[0])
            given = {"owner_id": other.owner_id, "department_id": other.department_id, "team_id": None}
            session.execute(update(Customer).where(Customer.id == key).values(given))
            session.commit()

    def set(self, model: type[Any], key: UUID, **values: object) -> None:
        with self.house.system(write=True) as session:
            session.execute(update(model).where(model.id == key).values(values))
            session.commit()

    def granted(self, permission: str, scope: Scope | None) -> None:
        """What their role says of this right from now on; None: nothing."""
        with self.house.system(write=True) as session:
            role_id = session.scalars(select(Role.id).where(Role.code == "taker")).one()
            session.execute(delete(RoleGrant).where(RoleGrant.role_id == role_id, RoleGrant.permission == permission))
            if scope is not None:
                session.add(RoleGrant(role_id=role_id, permission=permission, scope=scope))
            counters.bump(session, COUNTER)
            session.commit()

    def grades(self) -> dict[UUID, str]:
        with self.house.system() as session:
            return {key: session.get_one(Customer, key).grade for key in self.own}

    def lines(self, action: str) -> list[AuditEntry]:
        with self.house.system() as session:
            mine = (AuditEntry.action == action, AuditEntry.customer_id.in_(self.own))
            return list(session.scalars(select(AuditEntry).where(*mine).order_by(AuditEntry.seq)))

    def owners(self) -> dict[UUID, tuple[object, ...]]:
        """What stands of everybody else's customers."""
        with self.house.system() as session:
            columns = (Customer.id, Customer.owner_id, Customer.name, Customer.notes, Customer.phone_mask)
            return {
                row.id: tuple(row) for row in session.execute(select(*columns).where(Customer.id.in_(self.foreign)))
            }


@pytest.fixture
def house(backend: str, request: pytest.FixtureRequest) -> House:
    if backend != "sqlite":
        pytest.skip("once is enough: what policies say is the same on both")
    found: House = request.getfixturevalue("demo_house")
    return found


@pytest.fixture
def taker(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Taker]:
    everything = house.permissions()
    browser = house.newcomer("taker", everything, Scope.DEPARTMENT)
    approver = house.newcomer("approver", everything, Scope.ALL)
    with house.system(write=True) as session:
        user = session.scalars(select(User).where(User.login == "taker")).one()
        other = session.scalars(select(User).where(User.login == "approver")).one()
        other.password_hash = passwords.hash_password(PASSWORD)
        # With records, contracts and contacts behind them, and nobody else's part in them.
        keys = list(session.scalars(select(Customer.id).where(Customer.deleted_at.is_(None)).order_by(Customer.code)))
        own = [key for key in keys if key not in house.seen_by("taker")][:6]
        values = {"owner_id": user.id, "department_id": user.department_id, "team_id": None}
        session.execute(update(Customer).where(Customer.id.in_(own)).values(values))
        session.commit()
    made = Taker(house, browser, approver, user, own, [])
    made.foreign = [key for key in keys if key not in made.visible]
    monkeypatch.setattr(signals, "_send", [lambda _user, kind, value: made.heard.append((kind, value))])
    yield made
    with house.system(write=True) as session:  # the next one begins with customers of others
        session.execute(update(Customer).where(Customer.owner_id == user.id).values(values | made_over(house)))
        session.commit()


def made_over(house: House) -> dict[str, object]:
    with house.system() as session:
        user = session.scalars(select(User).where(User.login == "collector")).one()
        return {"owner_id": user.id, "department_id": user.department_id}


def test_every_job_that_somebody_starts_is_looked_at(house: House) -> None:
    declared = house.runtime.manager.declared.jobs
    started = {item.value.name for item in declared.installed() if not item.value.is_scheduled}
    assert started == DELIVERS | NOTHING.keys()
    assert set(sources._kinds) == SCOPED_KINDS | OWN_RULES.keys()


def test_files_hold_what_their_asker_sees_when_they_are_made(taker: Taker) -> None:
    names, clear = names_of(taker.house), taker.house.clear_values()
    reports = [item.value.key for item in taker.house.runtime.manager.declared.reports.installed()]
    asked = [
        *(f"list:{key}" for key, view in declared_lists().items() if view.export),
        *(f"report:{key}" for key in reports),
        "tracking:everything",
    ]
    made, named, urls = 0, 0, dict[str, str]()
    for lost in ([], taker.own[:3]):
        urls = {source: taker.ask(source) for source in asked}
        for key in lost:
            taker.give_away(key)
        taker.run(deciding.JOB)
        visible = taker.visible
        assert not set(lost) & visible
        for source, url in urls.items():
            file = taker.browser.post(f"{url}/fetch").text if url else ""
            found = {key for name, key in names.items() if name in file}
            assert found <= visible, source
            assert not any(value in file for value in clear), source
            made, named = made + bool(url), named + len(found)
    assert made >= 4, urls  # lists, and reports of whatever they did
    assert named > 10


def test_letters_go_to_customers_that_are_seen_when_they_are_made(taker: Taker) -> None:
    kept, lost, foreign = asked_for = [taker.own[0], taker.own[1], taker.foreign[0]]
    begun = taker.browser.post("/papers/chosen", {"ids": [str(key) for key in asked_for]})
    asked = {"source": "list:customers", "paper": begun.headers["location"].rpartition("/")[2]}
    url = taker.browser.post("/papers/new", asked | {"kind": "letters", "reason": "What leaves?"}).headers["location"]
    taker.give_away(lost)
    taker.run(printing.JOB)
    with zipfile.ZipFile(io.BytesIO(taker.browser.post(f"{url}/fetch").content)) as letter:
        told = letter.read("word/document.xml").decode()
    with taker.house.system() as session:
        names = {row.id: row.name for row in session.execute(select(Customer.id, Customer.name))}
    assert [escape(names[key]) in told for key in (kept, lost, foreign)] == [True, False, False]


def test_a_copy_for_a_person_is_of_that_person_alone(taker: Taker) -> None:
    house, (one, lost, *_rest) = taker.house, taker.own
    names = names_of(house)
    urls, form = {}, {"kind": "access", "asked_by": "The person", "source": "letter"}
    for key in (one, lost):
        registered = taker.browser.post("/privacy/requests/new", form | {"customer": str(key)})
        assert registered.status_code == 303, registered.text
        urls[key] = taker.ask(f"person:{registered.headers['location'].rpartition('/')[2]}", "zip")
    hidden = form | {"customer": str(taker.foreign[0])}
    assert taker.browser.post("/privacy/requests/new", hidden).status_code == 404
    taker.give_away(lost)
    taker.run(deciding.JOB)
    with zipfile.ZipFile(io.BytesIO(taker.browser.post(f"{urls[one]}/fetch").content)) as package:
        told = package.read("data.json").decode() + package.read("index.html").decode()
    with house.system() as session:
        rows = session.scalars(select(ContactPoint))
        numbers = {points.clear(session, point): point.customer_id for point in rows}
    assert {key for name, key in names.items() if name in told} <= taker.visible
    assert {key for number, key in numbers.items() if len(number) > 6 and number in told} == {one}
    assert taker.browser.post(f"{urls[lost]}/fetch").status_code == 409  # no longer theirs when it was to be made
    with house.system() as session:
        assert session.get_one(FileRequest, UUID(urls[lost].rpartition("/")[2])).state == "failed"


def test_an_import_learns_and_changes_nothing_of_customers_of_others(taker: Taker) -> None:
    house, before = taker.house, taker.owners()
    with house.system() as session:
        known = select(ContactPoint, Customer.name).join(Customer, Customer.id == ContactPoint.customer_id)
        rows = session.execute(known.where(Customer.id.in_(taker.foreign), ContactPoint.kind == "mobile")).all()
        hidden = {name: points.clear(session, point).removeprefix("+86") for point, name in rows}
    assert len(hidden) > 3
    table = [[f"Probe {place} Ltd", number] for place, number in enumerate(hidden.values())]
    table.append(["A new customer of the taker", "13700001234"])
    collector = Collector(house.runtime, taker.browser, taker.user)
    assert collector.upload(csv_text(["客户名称", "手机"], table).encode(), "probe.csv").status_code == 303
    collector.check()
    told = collector.page()
    collector.commit()
    told += collector.page()
    assert collector.act("revert", reason="a probe").status_code == 303
    assert taker.run("customers.import_revert") == 1
    told += collector.page()
    assert "Probe 0 Ltd" in told
    assert not [name for name in hidden if name in told]
    assert not [number for number in [*hidden.values(), "13700001234"] if number in told]
    assert taker.owners() == before


def test_a_transfer_moves_what_its_giver_may_give_when_it_runs(taker: Taker, monkeypatch: pytest.MonkeyPatch) -> None:
    house, before = taker.house, taker.owners()
    monkeypatch.setattr(transfers, "AT_ONCE", 0)
    with house.system(write=True) as session:
        role_id = session.scalars(select(Role.id).where(Role.code == "taker")).one()
        mate = User(login="mate", name="Mate", language="en", department_id=taker.user.department_id)
        session.add(mate)
        session.flush()
        session.add(RoleAssignment(user_id=mate.id, role_id=role_id))
        session.commit()
    wanted = [*taker.own, *taker.foreign[:5]]
    url = taker.browser.post("/customers/transfers", {"ids": [str(key) for key in wanted]}).headers["location"]
    assert taker.browser.post(f"{url}/choose", {"to": f"person:{mate.id}"}).status_code == 303
    assert taker.browser.post(f"{url}/confirm", {"reason": "a new split"}).status_code == 303
    taker.give_away(taker.own[0])
    assert taker.run("customers.transfer") == 1
    receipt = taker.browser.get(url).text
    names = names_of(house)
    assert {key for name, key in names.items() if name in receipt} <= taker.visible
    file = taker.ask(f"transfer:{url.rpartition('/')[2]}")
    taker.run(deciding.JOB)
    content = taker.browser.post(f"{file}/fetch").text
    assert {key for name, key in names.items() if name in content} <= taker.visible
    with house.system() as session:
        moved = set(session.scalars(select(Customer.id).where(Customer.owner_id == mate.id)))
    assert moved == set(taker.own[1:])
    assert taker.browser.post(f"{url}/undo").status_code == 303
    assert taker.run("customers.transfer_undo") == 1
    assert taker.owners() == before


def pass_on(taker: Taker, key: UUID) -> None:
    """To somebody of the same department: seen as before, but no longer one's own."""
    with taker.house.system(write=True) as session:
        mate = User(login="mate of changes", name="Mate", language="en", department_id=taker.user.department_id)
        session.add(mate)
        session.flush()
        session.get_one(Customer, key).owner_id = mate.id
        session.commit()


def test_a_change_of_many_is_its_makers_and_reaches_what_they_may_change_when_it_runs(
    taker: Taker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prepared with every right; between the preview and the job that right goes, is back narrower, and rows go."""
    house, before = taker.house, taker.owners()
    monkeypatch.setattr(bulk, "AT_ONCE", 0)
    given, mates, binned, later, *rest = taker.own
    assert len(rest) == 2
    for key in taker.own:
        taker.set(Customer, key, grade="A")
    was = taker.grades()
    url = taker.browser.post("/customers/changes", {"ids": [str(key) for key in [*taker.own, *taker.foreign[:5]]]})
    url = url.headers["location"]
    assert taker.browser.post(f"{url}/choose", {"grade": "C", "add_tags": "reviewed"}).status_code == 303
    preview = taker.browser.get(url).text
    names = names_of(house)
    assert {key for name, key in names.items() if name in preview} <= taker.visible
    assert "Change 6 customers" in preview, "those of others are none of them"
    assert taker.browser.post(f"{url}/confirm").status_code == 303

    taker.granted("customers.edit", None)
    assert taker.run("customers.bulk_change") == 1
    assert (taker.grades(), taker.owners()) == (was, before), "nothing: the right is gone"
    taker.granted("customers.edit", Scope.OWN)
    assert taker.browser.post(f"{url}/retry").status_code == 303
    taker.give_away(given)
    pass_on(taker, mates)
    taker.set(Customer, binned, deleted_at=clock.now())
    taker.set(User, taker.user.id, status="frozen")
    assert taker.run("customers.bulk_change") == 1
    assert (taker.grades(), taker.owners()) == (was, before), "nothing: who asked is frozen"
    taker.set(User, taker.user.id, status="active")
    assert taker.browser.post(f"{url}/retry").status_code == 303
    assert taker.run("customers.bulk_change") == 1
    assert {key for key, grade in taker.grades().items() if grade != was[key]} == {later, *rest}
    assert taker.owners() == before
    receipt = taker.browser.get(url).text
    assert {key for name, key in names.items() if name in receipt} <= taker.visible
    changed = taker.lines("customers.update")
    assert {line.customer_id for line in changed} == {later, *rest}
    assert {(line.actor_id, line.actor_label, line.via) for line in changed} == {(taker.user.id, "taker", "job")}

    assert taker.browser.post(f"{url}/undo").status_code == 303
    taker.give_away(later)
    assert taker.run("customers.bulk_undo") == 1
    assert {key for key, grade in taker.grades().items() if grade != was[key]} == {later}, "no longer theirs"
    back = taker.lines("customers.update")[len(changed) :]
    assert {(line.customer_id, line.actor_id) for line in back} == {(key, taker.user.id) for key in rest}
    assert taker.owners() == before
    taker.granted("customers.edit", Scope.DEPARTMENT)


def test_notices_and_signals_of_all_that_tell_nobody_more_than_they_see(taker: Taker) -> None:
    """After the tests above: what lies under everybody's bell, and what went over the streams of signals."""
    names, clear = names_of(taker.house), taker.house.clear_values()
    assert taker.ask("list:customers")
    taker.run(deciding.JOB)
    with taker.house.system() as session:
        rows = session.execute(
            select(User.login, Notification.parameters).join(User, User.id == Notification.user_id)
        ).all()
    told: dict[str, str] = {}
    for login, parameters in rows:
        told[login] = told.get(login, "") + json.dumps(parameters, ensure_ascii=False)
    assert "taker" in told
    for login, text in told.items():
        found = {key for name, key in names.items() if name in text}
        assert found <= taker.house.seen_by(login), login
        assert not any(value in text for value in clear), login
    assert {kind for kind, _value in taker.heard} >= {"notify"}
    for kind, value in taker.heard:
        assert kind.isalpha()
        assert value == "" or str(UUID(value)).replace("-", "") == value.replace("-", "")
