"""2,000 event streams in one web process, and how long it takes until all have heard of one hand-over.

Everybody works for the department that is handed something, so that one act tells all of them. Sockets are real.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from bench import processes
from bench.clients import Call, Client
from bench.guard import scratch
from bench.people import Person, signed_in
from bench.results import Result
from bench.stands import Stand, served
from platform_core.app import Runtime
from platform_core.customers.models import Customer
from platform_core.kernel.ids import new_id
from platform_core.permissions.actors import load_actor
from platform_core.permissions.models import Role, RoleAssignment
from platform_core.relay import services as relay
from platform_core.relay.models import Leg, Route, RouteStep
from platform_core.testing.streams import Stream, Streams
from platform_core.testing.waiting import wait_until
from platform_core.users import sessions
from platform_core.users.models import Department, DepartmentClosure, User

_MANY = 2_000
_TURNS = 5
_LIMIT = 1.0
_EACH = 100.0
"""Kilobytes of the server's memory for a stream."""
_IDLE = 25.0
_IDLE_CPU = 25.0


def measure(stand: Stand) -> Iterator[Result]:
    with scratch(stand, "streams") as runtime:
        people = _fill(runtime)
        cookies = _signed_in(runtime, people)
        sender = _sender(runtime)
        handed = [_engagement(runtime, sender) for _turn in range(_TURNS)]
        with served(replace(stand, settings=runtime.settings)) as port:
            yield from _measured(stand, port, cookies, sender, handed)


def _measured(stand: Stand, port: int, cookies: list[str], sender: Person, handed: list[UUID]) -> Iterator[Result]:
    worker = processes.worker_of(port)
    before = processes.kilobytes(worker, "VmRSS")
    streams = Streams(port)
    opened = [streams.opening(cookie) for cookie in cookies]
    wait_until(lambda: all(stream.status for stream in opened), 120)
    if {stream.status for stream in opened} != {200}:
        raise RuntimeError("not everybody got a stream")
    memory = processes.kilobytes(worker, "VmRSS")
    name = f"{stand.name}: {len(opened):,} event streams"
    yield Result(
        f"{name}, memory of each", (memory - before) / len(opened), "kB", _EACH,
        f"{before / 1024:,.0f} MB before, {memory / 1024:,.0f} MB with them",
    )  # fmt: skip
    began, cpu = time.monotonic(), processes.cpu_seconds(worker)
    time.sleep(_IDLE)
    share = (processes.cpu_seconds(worker) - cpu) / (time.monotonic() - began) * 100
    yield Result(f"{name}, while nothing happens", share, "% CPU", _IDLE_CPU, f"of one core, over {_IDLE:.0f} s")
    found = [_hand_over(port, sender, key, opened, turn) for turn, key in enumerate(handed, 1)]
    whole, spread = (max(column) for column in zip(*found, strict=True))
    detail = f"the slowest of {_TURNS}; {whole:.1f} s from the request, which writes a line for each of them"
    yield Result(f"{name}, a broadcast, from the first that hears to the last", spread, "s", _LIMIT, detail)
    streams.stop()


def _hand_over(port: int, sender: Person, key: UUID, opened: list[Stream], turn: int) -> tuple[float, float]:
    """Seconds from the request to the last stream, and from the first stream to the last."""
    client = Client(port)
    began = time.monotonic()
    client.ask(Call(f"/engagements/{key}/hand-over", sender, {"note": "They want a course."}, is_partial=True))
    client.close()
    wait_until(lambda: all(stream.kinds().count("notify") >= turn for stream in opened))
    last = [[one.at for one in stream.heard if one.kind == "notify"][turn - 1] for stream in opened]
    return max(last) - began, max(last) - min(last)


def _fill(runtime: Runtime) -> list[UUID]:
    """Two departments: one person hands over to the other, where everybody else works."""
    people = [new_id() for _number in range(_MANY)]
    with runtime.database.system_session("bench") as session:
        role_id = session.scalars(select(Role.id).where(Role.code == "coordinator")).one()
        for code in ("from", "to"):
            department = Department(code=code, name=code)
            session.add(department)
            session.flush()
            session.add(DepartmentClosure(ancestor_id=department.id, descendant_id=department.id, depth=0))
        route = Route(code="bench", name="Bench")
        session.add(route)
        session.flush()
        ids = dict(session.execute(select(Department.code, Department.id)).all())
        for position, code in enumerate(("from", "to"), 1):
            session.add(RouteStep(route_id=route.id, position=position, department_id=ids[code], title="", needs=[]))
        users: list[dict[str, Any]] = [
            {"id": key, "login": key.hex, "name": key.hex[:8], "department_id": ids["to"]} for key in people
        ]
        session.execute(insert(User), users)
        session.execute(
            insert(RoleAssignment), [{"id": new_id(), "user_id": key, "role_id": role_id} for key in people]
        )
        giver = User(login="giver", name="Giver", department_id=ids["from"])
        session.add(giver)
        session.flush()
        session.add(RoleAssignment(user_id=giver.id, role_id=role_id))
    return people


def _signed_in(runtime: Runtime, people: list[UUID]) -> list[str]:
    """A cookie for each, as `name=value`."""
    found = []
    with runtime.database.system_session("bench") as session:
        for user in session.scalars(select(User).where(User.id.in_(people))).all():
            cookie = sessions.open_session(session, runtime.settings, user, ip="127.0.0.1", agent="bench")
            found.append(f"{cookie.key}={cookie.value}")
    return found


def _sender(runtime: Runtime) -> Person:
    with runtime.database.system_session("bench", write=False) as session:
        user_id = session.scalars(select(User.id).where(User.login == "giver")).one()
    _actor, cookie, csrf = signed_in(runtime, user_id)
    return Person("own", user_id, cookie, csrf, {}, [], 0, None)


def _engagement(runtime: Runtime, sender: Person) -> UUID:
    """A matter that the sender holds, of a customer of its own."""
    with runtime.database.system_session("bench") as session:
        actor = load_actor(session, sender.user_id)
        department = session.scalars(select(Department.id).where(Department.code == "from")).one()
        customer = Customer(
            code=new_id().hex[:20], name="Bench", name_key="bench", owner_id=sender.user_id, department_id=department
        )
        session.add(customer)
    assert actor is not None
    with runtime.database.actor_session(actor) as session:
        route = session.scalars(select(Route).where(Route.code == "bench")).one()
        opened = relay.open_engagement(session, actor, session.get_one(Customer, customer.id), route, "Training")
        session.flush()
        return session.scalars(select(Leg.engagement_id).where(Leg.engagement_id == opened.id).limit(1)).one()
