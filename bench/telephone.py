"""Who calls: finding a number, from a box to the card in a browser, a hundred calls at once, what the agent needs.

The box is emulated below libusb (tests/usbfake), as USB needs hardware; agent, server, database and Chromium are real.
What is written is taken away again; lines of the audit trail stay, as they do everywhere.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from uuid import UUID

from baton_plugins.telephony import sources
from baton_plugins.telephony.forms import LineInput, SourceInput
from baton_plugins.telephony.models import Call as CallRow
from baton_plugins.telephony.models import Source
from playwright.sync_api import Page
from sqlalchemy import delete, func, insert, select

from bench import people, processes, stands
from bench.results import Result, Times
from bench.stands import Stand
from platform_core.app import Runtime
from platform_core.contracts.identity import Actor
from platform_core.customers import callers
from platform_core.customers.models import ContactPoint, Customer
from platform_core.kernel.ids import new_id
from platform_core.permissions.models import Role, RoleAssignment
from platform_core.testing.chromium import chromium
from platform_core.testing.waiting import wait_until
from platform_core.users.models import Notification, SignInSession, User
from tests.usbfake import descriptors, programs, scripts
from tests.usbfake.box import Box

_LOOKUP = 5.0
_VISIBLE = 1000.0
"""Milliseconds, p95, from the report of the box to the name on the screen."""
_MEMORY = 60.0
_IDLE = 1.0
_LOOKUPS = 2000
_NUMBERS = 1.5
"""For each customer; the demo gives them fewer."""
_CALLS = 30
_SLICE = 5000
_AT_ONCE = 100
_IDLE_SECONDS = 20.0
_PARK = 0.2
"""Where nothing is plugged in for real, libusb polls a plain file, which is always ready: so that the agent is measured
and not that, the emulation keeps it waiting as the kernel does."""
_PHONES = ("mobile", "phone")


@dataclass(frozen=True, slots=True)
class _Desk:
    """Somebody with a telephone, who may see everything, and customers as (name, mobile number)."""

    actor: Actor
    cookie: str
    customers: list[tuple[str, str]]


def measure(stand: Stand) -> Iterator[Result]:
    runtime = Runtime(stand.settings)
    runtime.follow()
    try:
        with _desks(runtime) as desks:
            with _more_numbers(stand, runtime):
                yield _lookup(stand, runtime, desks[0])
            with stands.served(stand) as port:
                if programs.has_umockdev():
                    yield from _through_a_box(stand, runtime, desks[0], port)
                yield from _at_once(stand, runtime, desks, port)
    finally:
        runtime.close()


@contextmanager
def _desks(runtime: Runtime) -> Iterator[list[_Desk]]:
    """A hundred people who have customers, the one with most of them first, or as many as there are."""
    with runtime.database.system_session("benchmark: whose telephones") as session:
        owners = session.scalars(
            select(Customer.owner_id)
            .join(User, User.id == Customer.owner_id)
            .join(RoleAssignment, RoleAssignment.user_id == User.id)
            .join(Role, Role.id == RoleAssignment.role_id)
            .where(User.status == "active", Role.code == "coordinator")
            .group_by(Customer.owner_id)
            .order_by(func.count().desc(), Customer.owner_id)
            .limit(_AT_ONCE)
        ).all()
    found = [_desk(runtime, owner) for owner in owners if owner is not None]
    users = [desk.actor.user_id for desk in found]
    try:
        yield found
    finally:
        with runtime.database.system_session("benchmark: take away") as session:
            made = select(Source.id).where(Source.name == _NAME)
            session.execute(delete(CallRow).where(CallRow.source_id.in_(made)))
            session.execute(delete(Source).where(Source.name == _NAME))
            session.execute(
                delete(Notification).where(Notification.user_id.in_(users), Notification.domain == "telephony")
            )
            session.execute(
                delete(SignInSession).where(SignInSession.user_id.in_(users), SignInSession.agent == "bench")
            )


_NAME = "benchmark"


@contextmanager
def _more_numbers(stand: Stand, runtime: Runtime) -> Iterator[None]:
    """As many numbers as the limit speaks of: copies of what is there, under hashes that nobody has."""
    with runtime.database.system_session("benchmark: more numbers") as session:
        phones = select(ContactPoint).where(ContactPoint.kind.in_(_PHONES))
        there = session.scalar(select(func.count()).select_from(phones.subquery())) or 0
        missing = max(0, int(stand.customers * _NUMBERS) - there)
        columns = [column for column in ContactPoint.__table__.columns if column.name not in {"id", "extension"}]
        like = session.execute(select(*columns).where(ContactPoint.kind == "mobile").limit(1)).one()._asdict()
        customers = session.scalars(select(Customer.id).limit(missing)).all()
        random = Random(2)
        for start in range(0, len(customers), _SLICE):
            rows = [
                {
                    **like, "id": new_id(), "customer_id": key, "contact_id": None, "extension": _NAME,
                    "full_hash": random.getrandbits(62), "last8_hash": random.getrandbits(62),
                }
                for key in customers[start : start + _SLICE]
            ]  # fmt: skip
            session.execute(insert(ContactPoint), rows)
    try:
        yield
    finally:
        with runtime.database.system_session("benchmark: take away") as session:
            session.execute(delete(ContactPoint).where(ContactPoint.extension == _NAME))


def _desk(runtime: Runtime, user_id: UUID) -> _Desk:
    actor, cookie, _csrf = people.signed_in(runtime, user_id)
    mine = (
        select(Customer.name, ContactPoint.cipher)
        .join(ContactPoint, ContactPoint.customer_id == Customer.id)
        .where(Customer.owner_id == user_id, ContactPoint.kind == "mobile")
        .limit(_CALLS * 2)
    )
    with runtime.database.system_session("benchmark: who may call", write=False) as session:
        # Without +86, as a line in the country tells it; one number of each name, so that no card looks like the last.
        found = {row.name: runtime.vault.decrypt(row.cipher)[3:] for row in session.execute(mine)}
    return _Desk(actor, cookie, list(found.items())[:_CALLS])


def _lookup(stand: Stand, runtime: Runtime, desk: _Desk) -> Result:
    """Numbers of any customers, also of those that the called person may not see."""
    with runtime.database.system_session("benchmark: numbers", write=False) as session:
        known = select(ContactPoint.full_hash, ContactPoint.last8_hash).where(ContactPoint.kind.in_(_PHONES))
        total = session.scalar(select(func.count()).select_from(known.subquery())) or 0
        some = [tuple(row) for row in session.execute(known.limit(50 * _LOOKUPS))]
    chosen = Random(1).sample(some, min(_LOOKUPS, len(some)))
    taken = []
    with runtime.database.actor_session(desk.actor, write=False) as session:
        for full, last8 in chosen:
            began = time.perf_counter()
            callers.calling(session, desk.actor, full, last8)
            taken.append(time.perf_counter() - began)
    times = Times.of(taken)
    detail = f"p95 of {times.count:,}, p50 {times.p50:.2f}; {total:,} numbers"
    return Result(f"{stand.name}: who has a number", times.p95, "ms", _LOOKUP, detail)


def _source(runtime: Runtime, actor: Actor, kind: str, lines: list[tuple[str, UUID]]) -> str:
    """A new agent's pairing code, or the token in a new exchange's address."""
    with runtime.database.system_session("benchmark: a source") as session:
        source, secret = sources.add(session, actor, SourceInput(kind=kind, name=_NAME))  # type: ignore[arg-type]
        for line, user_id in lines:
            sources.add_line(session, actor, source, LineInput(line=line, user_id=user_id))
    return secret


def _at_once(stand: Stand, runtime: Runtime, desks: list[_Desk], port: int) -> Iterator[Result]:
    """So many calls that ring at the same time at as many people; each of their browsers fetches its card."""
    lines = [(str(1000 + place), desk.actor.user_id) for place, desk in enumerate(desks)]
    token = _source(runtime, desks[0].actor, "webhook", lines)
    about = "p95, p50 {:.0f}; one web process, exchange and browsers on the same machine"
    for turn, (within, words, limit) in enumerate(
        ((1.0, f"{len(desks)} calls within a second", _VISIBLE), (0.0, f"{len(desks)} calls in one moment", None))
    ):
        listeners = [_Listener(port, desk, desk.customers[turn]) for desk in desks]
        gate = threading.Barrier(len(desks))

        def call(place: int, within: float = within, gate: threading.Barrier = gate) -> None:
            gate.wait(60)
            time.sleep(within * place / len(desks))
            listeners[place].report(token, lines[place][0])  # noqa: B023  all have ended before the next turn

        with ThreadPoolExecutor(len(desks)) as pool:
            list(pool.map(call, range(len(desks))))
        times = Times.of([listener.took() for listener in listeners])
        yield Result(f"{stand.name}: {words}, to the card", times.p95, "ms", limit, about.format(times.p50))


class _Listener:
    """What a page does: keeps the stream of signals open and fetches the card once it hears of a call."""

    def __init__(self, port: int, desk: _Desk, customer: tuple[str, str]) -> None:
        self._port, self._cookie, (self._name, self._number) = port, desk.cookie, customer
        self._began = self._seconds = 0.0
        self._stream = self._get("/live", self._connect())
        self._stream.readline()  # its greeting: from here on it is told of calls
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)

    def _get(self, path: str, connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
        connection.request("GET", path, headers={"Cookie": self._cookie})
        return connection.getresponse()

    def _listen(self) -> None:
        page = self._connect()
        page.connect()
        while b"event: call" not in self._stream.readline():
            pass
        card = self._get("/calls/card", page).read().decode()
        self._seconds = time.perf_counter() - self._began
        if self._name not in card:
            raise RuntimeError(f"no {self._name} on the card: {card[:300]}")
        page.close()

    def report(self, token: str, extension: str) -> None:
        """What the exchange does."""
        connection = self._connect()
        connection.connect()
        news = {"event": "newCall", "callId": self._name, "from": f"86{self._number}", "to": "1", "user": extension}
        self._began = time.perf_counter()
        connection.request("POST", f"{sources.WEBHOOK}{token}", json.dumps(news), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"the webhook answers {answer.status}")

    def took(self) -> float:
        self._thread.join(60)
        if not self._seconds:
            raise RuntimeError("no signal came")
        return self._seconds


def _through_a_box(stand: Stand, runtime: Runtime, desk: _Desk, port: int) -> Iterator[Result]:
    code = _source(runtime, desk.actor, "agent", [("", desk.actor.user_id)])
    with tempfile.TemporaryDirectory(prefix="baton-box-") as folder:
        box = Box(Path(folder) / "usb", descriptors.ftdi("Whozz Calling? POS"))
        with box, _agent(box, Path(folder), f"http://127.0.0.1:{port}", code) as agent:
            with _page(desk, port) as page:
                taken = [_ring(box, page, name, number) for name, number in desk.customers]
            times = Times.of(taken)
            yield Result(
                f"{stand.name}: from the box to the card on the screen", times.p95, "ms", _VISIBLE,
                f"p95 of {times.count}, p50 {times.p50:.0f}; emulated box, Chromium",
            )  # fmt: skip
            box.park = _PARK
            yield from _agents_needs(stand, agent)


@contextmanager
def _agent(box: Box, folder: Path, url: str, code: str) -> Iterator[subprocess.Popen[bytes]]:
    environ = {**os.environ, "BATON_AGENT_DIR": str(folder / "agent")}
    run = [sys.executable, "-m", "baton_agent"]
    subprocess.run([*run, "pair", url, code], env=environ, check=True, timeout=60, stdout=subprocess.DEVNULL)
    with (folder / "agent.log").open("wb") as log:
        process = subprocess.Popen([*run, "run"], env={**environ, **box.environment}, stdout=log, stderr=log)
        try:
            wait_until(lambda: b": up" in (folder / "agent.log").read_bytes())
            yield process
        finally:
            process.terminate()
            process.wait(20)


@contextmanager
def _page(desk: _Desk, port: int) -> Iterator[Page]:
    name, _equals, value = desk.cookie.partition("=")
    with chromium() as browser:
        context = browser.new_context(reduced_motion="reduce")
        context.add_cookies([{"name": name, "value": value, "url": f"http://127.0.0.1:{port}"}])
        page = context.new_page()
        with page.expect_response("**/live*"):
            page.goto(f"http://127.0.0.1:{port}/customers")
        yield page


def _ring(box: Box, page: Page, name: str, number: str) -> float:
    """Seconds until the name is on the screen; then the caller gives up, and the card goes."""
    when = time.strftime("%m/%d %I:%M %p")
    began = time.perf_counter()
    scripts.serial(box, f"01 I S 0000 G A0 {when} {number:<14}                 \r\n".encode())
    page.locator(".pop", has_text=name).wait_for(state="visible")
    took = time.perf_counter() - began
    scripts.serial(box, b"01 N           11/22 14:06:09\r\n")
    page.locator(".pop").wait_for(state="detached")
    return took


def _agents_needs(stand: Stand, agent: subprocess.Popen[bytes]) -> Iterator[Result]:
    """Of the agent after these calls, with the box plugged in and nobody calling."""
    before = processes.cpu_seconds(agent.pid)
    time.sleep(_IDLE_SECONDS)
    share = (processes.cpu_seconds(agent.pid) - before) / _IDLE_SECONDS * 100
    detail = f"of one core, over {_IDLE_SECONDS:.0f} s"
    yield Result(f"{stand.name}: the agent while nobody calls", share, "% CPU", _IDLE, detail)
    most = processes.kilobytes(agent.pid, "VmHWM") / 1024
    yield Result(f"{stand.name}: memory of the agent, at most", most, "MB", _MEMORY)
