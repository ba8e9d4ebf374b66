"""Calls of the demo: those that follow-ups speak of, some that were missed, and one of somebody unknown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from importlib.resources import files
from typing import Any
from uuid import UUID

import pluggy
from baton_plugins.telephony.calling.models import CallList, ListLine, Script
from baton_plugins.telephony.models import Call, CallKey, Ring, Source

from platform_core.api import DemoContext, DemoCustomer, DemoData, DemoHouse, Session, callers, now

hookimpl = pluggy.HookimplMarker("baton")
_SOURCE = UUID("7e1e9040-0000-7000-8000-0000000000d0")
STRANGER = UUID("7e1e9040-0000-7000-8000-0000000000d1")
"""A call from a number that nobody has."""
_SCRIPT = UUID("7e1e9040-0000-7000-8000-0000000000d2")
_MISSED = 0.12
_ON_LIST = 30


@hookimpl
def baton_demo_data() -> list[DemoData]:
    return [DemoData(40, load, prepare)]


def prepare(session: Session, house: DemoHouse) -> None:
    source = Source(
        id=_SOURCE, kind="agent", name="\u524d\u53f0\u7535\u8bdd\u76d2", area_code="021", version="0.1.0",
        seen_at=now(),
        devices=[{"key": "c5cb:0002/00000001", "driver": "ad800", "state": "up", "detail": ""}],
    )  # fmt: skip
    session.add(source)
    session.flush()  # calls refer to it
    number = callers.number(session, "13800138000")
    assert number is not None
    at = now() - timedelta(minutes=50)
    stranger = Call(
        id=STRANGER, source_id=_SOURCE, number_cipher=number.cipher, number_mask=number.mask,
        number_hash=number.full_hash, last8_hash=number.last8_hash, line="1", started_at=at,
        ended_at=at + timedelta(seconds=25), state="missed", recording="voicemail-0001",
    )  # fmt: skip
    session.add(stranger)
    session.flush()  # its key refers to it
    session.add(CallKey(source_id=_SOURCE, key="demo", call_id=STRANGER))
    session.add(Script(id=_SCRIPT, **_told()["script"]))


def _told() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files("baton_plugins.telephony").joinpath("data/demo.json").read_text("utf-8"))
    return found


def load(part: DemoContext) -> None:
    """In a small demo every call that a follow-up speaks of is in the log; a large one has no use for them."""
    if not part.is_small:
        return
    calls: list[dict[str, Any]] = []
    rings: list[dict[str, Any]] = []
    for customer in part.customers:
        for call, ring in _of(part, customer):
            calls.append(call)
            rings.append(ring)
    part.write(Call, calls)
    part.write(Ring, rings)
    _list(part)


def _list(part: DemoContext) -> None:
    """Customers of one person who are to be called one by one."""
    by = next((touch.by for customer in part.customers for touch in customer.touches), None)
    if by is None:
        return
    mine = [one for one in part.customers if one.touches and one.touches[0].by.id == by.id][:_ON_LIST]
    at = now()
    list_id = part.id_at(at)
    told = {"name": _told()["list"], "script_id": _SCRIPT, "total": len(mine), "created_at": at, "updated_at": at}
    whose = {"by_id": by.id, "by_label": by.name, "department_id": by.department_id}
    part.write(CallList, [{"id": list_id, **told, **whose}])
    lines = [{"list_id": list_id, "number": number, "customer_id": one.id} for number, one in enumerate(mine, 1)]
    part.write(ListLine, lines)


def _of(part: DemoContext, customer: DemoCustomer) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for touch in customer.touches:
        if touch.kind != "call":
            continue
        is_missed = touch.is_incoming and part.random.random() < _MISSED
        answered = None if is_missed else touch.at - timedelta(minutes=part.random.randint(2, 14))
        started = (answered or touch.at - timedelta(hours=2)) - timedelta(seconds=part.random.randint(4, 20))
        ended = started + timedelta(seconds=25) if answered is None else touch.at
        call_id = part.id_at(started)
        call = {
            "id": call_id, "source_id": _SOURCE, "direction": "in" if touch.is_incoming else "out", "line": "1",
            "started_at": started, "answered_at": answered, "ended_at": ended,
            "state": "missed" if is_missed else "talked",
            "answered_by_id": None if is_missed else touch.by.id,
            "answered_by_label": "" if is_missed else touch.by.name, "customer_id": customer.id,
            "contact_id": customer.contact_id, "created_at": started, "updated_at": ended,
        }  # fmt: skip
        ring = {
            "id": part.id_at(started), "call_id": call_id, "user_id": touch.by.id,
            "department_id": touch.by.department_id,
            "at": started, "state": "ringing" if is_missed else "answered", "dismissed_at": ended,
        }  # fmt: skip
        yield call, ring
