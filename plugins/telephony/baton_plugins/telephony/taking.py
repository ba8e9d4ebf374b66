"""Taking events in: each once, in any order, into one row per call, then telling those whose telephones ring.

Nothing here depends on an event having come before another one: every event states what it knows, and the state of the
call follows from the times that are known (Call.settle).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from baton_plugins.telephony import targets, writing
from baton_plugins.telephony.forms import CallEvent
from baton_plugins.telephony.models import Call, CallKey, Heard, Ring, Source
from baton_plugins.telephony.targets import Person
from sqlalchemy import bindparam, delete, exists, func, literal, select, update

from platform_core.api import (
    Session,
    Setting,
    callers,
    new_id,
    noop,
    notify,
    now,
    proven,
    read_setting,
    signal,
    translator,
)

_ = translator("telephony")
INTERNAL = Setting(
    "telephony.internal_calls", _.lazy("Calls between two extensions open a card"), default=False,
    help=_.lazy("They are in the log either way."),
)  # fmt: skip

FRESH = timedelta(seconds=30)
"""What happened longer ago is logged and no longer shown."""
_SAME_CALL = timedelta(seconds=10)
"""Two sources on one line tell of a call within that time of each other."""
_NO_NUMBER = frozenset({"", "anonymous", "private", "unknown", "unavailable", "restricted", "withheld", "p", "o"})
MISSED = noop("Missed call from %(number)s")
WITHHELD = noop("Missed call, number withheld")


def take(
    session: Session, source: Source, event: CallEvent, *, skew: timedelta = timedelta(), to: Sequence[Person] = ()
) -> None:
    """Take one event in. `skew`: by how much the sender's clock is slow; `to`: who is called, where that is known."""
    moment = now()
    at = min(event.at + skew, moment) if event.at is not None else moment
    told = _Told(
        event, at, moment - at <= FRESH, _number(session, source, event), to or _people(session, source, event),
        _is_internal(session, source, event),
    )  # fmt: skip
    with session.no_autoflush:  # what is worked out is written only once it is certain that it is news
        found = _found(session, source, told)
        heard = {
            "id": new_id(), "source_id": source.id, "key": event.id, "at": moment, "kind": event.kind,
            "line": (", ".join(event.to) or event.line)[:120], "number_mask": found.call.number_mask,
            "outcome": found.outcome, "call_id": found.call.id,
            "told": ", ".join(person.name for person in told.people)[:200],
        }  # fmt: skip
        if not writing.once(session, Heard, heard):
            for row in (found.call, *found.rings):
                if row in session:
                    session.expire(row)
            return
        if found.is_new and not _write_call(session, source, event, found.call):
            # Another event of the same call came at the same moment and was first: it is known now.
            found = _found(session, source, told)
            again = {"number_mask": found.call.number_mask, "outcome": found.outcome, "call_id": found.call.id}
            session.execute(update(Heard).where(Heard.id == heard["id"]).values(again))
        writing.rows(session, Ring, found.fresh_rings)
    session.flush()  # the next event of the same post may turn out to be old, and what it changed is thrown away
    _tell(session, told, found)


def prepare(session: Session) -> None:
    """Run the reads of an event for a call that nobody makes."""
    nobody: dict[str, object] = {"source_id": new_id(), "key": "", "number_hash": 0, "direction": "in"}
    session.execute(_BY_KEY_OR_NUMBER, {**nobody, "since": now(), "until": now()})
    session.execute(_RINGS, {"call_id": new_id()})
    targets.name_of(session, new_id())
    callers.holders(session, 0, None)


@dataclass(frozen=True, slots=True)
class _Told:
    """An event and what follows from it alone."""

    event: CallEvent
    at: datetime
    is_fresh: bool
    number: callers.Number | None
    people: Sequence[Person]
    is_internal: bool
    """Between two extensions, where such calls open no card."""


@dataclass(slots=True)
class _Found:
    """The call of an event as it is afterwards. Nothing of it is written yet that was not there."""

    call: Call
    is_new: bool
    was_open: bool
    rings: list[Ring]
    fresh_rings: list[Ring]
    outcome: str = ""


def _found(session: Session, source: Source, told: _Told) -> _Found:
    call = _known(session, source, told)
    is_new = call is None
    if call is None:
        call = Call(
            id=new_id(), source_id=source.id, direction=told.event.direction, started_at=told.at, cause="", line="",
            device="", recording="", number_mask="", verified=True, withheld=False,
        )  # fmt: skip
    found = _Found(call, is_new, call.ended_at is None, [], [])
    if not is_new:
        found.rings = list(session.scalars(_RINGS, {"call_id": call.id}))
    _fill(call, told.event, told.at, told.number)
    _ring(found, told)
    _answer(session, source, call, told.event, found.rings)
    call.settle()
    found.outcome = _match(session, call) if found.rings or not told.is_fresh else "nobody"
    if not told.is_fresh or told.is_internal:
        found.outcome = "internal" if told.is_fresh else "late"
        for ring in found.rings:
            ring.dismissed_at = ring.dismissed_at or now()
    return found


def _tell(session: Session, told: _Told, found: _Found) -> None:
    """The bell of those who missed it, and the pages of those at whose telephones it rings."""
    if found.was_open and found.call.state == "missed":
        tell_missed(session, found.call, found.rings)
    for ring in found.rings if told.is_fresh and not told.is_internal else ():
        signal(session, ring.user_id, "call", found.call.id.hex)


def is_withheld(event: CallEvent) -> bool:
    """Whether the caller keeps their number to themselves, which stays so."""
    return event.withheld or (event.number.strip().lower() in _NO_NUMBER and event.number != "")


def _is_internal(session: Session, source: Source, event: CallEvent) -> bool:
    if event.kind != "ringing" or not targets.is_extension(session, source, event.number):
        return False
    return not read_setting(session, INTERNAL)


def _number(session: Session, source: Source, event: CallEvent) -> callers.Number | None:
    if not event.number or is_withheld(event):
        return None
    area_code = targets.area_code(session, source, (event.line, *event.to))
    return callers.number(session, event.number, area_code=area_code, outside=source.outside)


_NAMED = (
    select(CallKey.call_id)
    .where(CallKey.source_id == bindparam("source_id"), CallKey.key == bindparam("key"))
    .scalar_subquery()
)
_TOLD_BY_ANOTHER = (
    select(Call.id)
    .where(
        Call.number_hash == bindparam("number_hash"),
        Call.direction == bindparam("direction"),
        Call.source_id != bindparam("source_id"),
        Call.ended_at.is_(None),
        Call.started_at.between(bindparam("since"), bindparam("until")),
    )
    .order_by(Call.started_at, Call.id)
    .limit(1)
    .scalar_subquery()
)
"""The same call as another source on the same line tells it: same number, same way, at the same time."""
_is_named = exists().where(
    CallKey.source_id == bindparam("source_id"), CallKey.key == bindparam("key"), CallKey.call_id == Call.id
)
_proof = proven("what devices tell of calls: found by their own names for them, and seen by nobody here")
_BY_KEY = (
    select(Call, literal(value=True)).where(Call.id == _NAMED).with_for_update(of=Call).execution_options(**_proof)
)
_BY_KEY_OR_NUMBER = (
    select(Call, _is_named)
    .where(Call.id == func.coalesce(_NAMED, _TOLD_BY_ANOTHER))
    .with_for_update(of=Call)
    .execution_options(**_proof)
)
_RINGS = select(Ring).where(Ring.call_id == bindparam("call_id")).execution_options(**_proof)


def _known(session: Session, source: Source, told: _Told) -> Call | None:
    """The call that the event is about, locked; None where nobody has told of it yet."""
    given: dict[str, object] = {"source_id": source.id, "key": told.event.call}
    statement = _BY_KEY
    if told.event.kind == "ringing" and told.number is not None and told.number.full_hash is not None:
        statement = _BY_KEY_OR_NUMBER
        given |= {
            "number_hash": told.number.full_hash, "direction": told.event.direction,
            "since": told.at - _SAME_CALL, "until": told.at + _SAME_CALL,
        }  # fmt: skip
    row = session.execute(statement, given).one_or_none()
    if row is None:
        return None
    call: Call = row[0]
    if not row[1]:
        key = {"source_id": source.id, "key": told.event.call, "call_id": call.id}
        if not writing.once(session, CallKey, key):
            return _known(session, source, told)  # named at the same moment
    return call


def _write_call(session: Session, source: Source, event: CallEvent, call: Call) -> bool:
    """False, and nothing is left of it, where another event has made the call meanwhile."""
    writing.rows(session, Call, [call])
    if writing.once(session, CallKey, {"source_id": source.id, "key": event.call, "call_id": call.id}):
        return True
    session.execute(delete(Call).where(Call.id == call.id), execution_options=_proof)
    return False


def _fill(call: Call, event: CallEvent, at: datetime, number: callers.Number | None) -> None:
    """What the event adds. A verified number stays, whatever comes later."""
    if event.kind != "ringing" or (call.ended_at is not None and at > call.ended_at):
        call.resume()
    call.started_at = min(call.started_at, at)
    call.line, call.device = call.line or event.line, call.device or event.device
    call.recording = event.recording or call.recording
    if number is not None and (call.number_cipher is None or (event.verified and not call.verified)):
        call.number_cipher, call.number_mask = number.cipher, number.mask
        call.number_hash, call.last8_hash = number.full_hash, number.last8_hash
        call.verified, call.withheld = event.verified, False
    elif is_withheld(event) and call.number_cipher is None:
        call.withheld = True
    if event.kind == "answered":
        call.answered_at = min(call.answered_at or at, at)
    elif event.kind == "ended":
        call.ended_at = min(call.ended_at or at, at)
        call.cause = call.cause or event.cause


def _people(session: Session, source: Source, event: CallEvent) -> Sequence[Person]:
    """At whose telephones it rings, as far as this event says."""
    if event.kind == "ringing":
        return targets.people(session, source, event.line, event.to)
    if event.kind == "answered" and event.by:
        return targets.people(session, source, "", [event.by])
    return ()


def _ring(found: _Found, told: _Told) -> None:
    """Let it ring at the telephones of the event that it did not ring at yet."""
    have = {ring.user_id for ring in found.rings}
    taker = found.call.answered_by_id
    for person in told.people:
        if person.id not in have:
            late = taker is not None and taker != person.id
            ring = Ring(
                id=new_id(), call_id=found.call.id, user_id=person.id, department_id=person.department_id, at=told.at,
                state="elsewhere" if late else "ringing",
            )  # fmt: skip
            found.rings.append(ring)
            found.fresh_rings.append(ring)


def _answer(session: Session, source: Source, call: Call, event: CallEvent, rings: Sequence[Ring]) -> None:
    """Who took it: the extension that the event names, or the only one at whose telephone it rang."""
    if event.kind != "answered" or call.answered_by_id is not None:
        return
    named = targets.people(session, source, "", [event.by]) if event.by else []
    takers: set[UUID] = {person.id for person in named} or {ring.user_id for ring in rings}
    for ring in rings:
        ring.state = "answered" if ring.user_id in takers else "elsewhere"
    if len(takers) == 1:
        (call.answered_by_id,) = takers
        call.answered_by_label = named[0].name if named else targets.name_of(session, call.answered_by_id)


def _match(session: Session, call: Call) -> str:
    """Write down whose call it is where that is certain; whoever is called sees it by their own rights only."""
    if call.withheld:
        return "withheld"
    if call.number_cipher is None:
        return "unknown"
    if not call.verified:
        return "unverified"
    if call.customer_id is not None or call.contact_id is not None:
        return "matched"
    found = callers.holders(session, call.number_hash, call.last8_hash)
    if len(found) == 1 and call.number_hash is not None:
        call.customer_id, call.contact_id = found[0]
        return "matched"
    return "several" if found else "unknown"


def tell_missed(session: Session, call: Call, rings: Sequence[Ring]) -> None:
    """The bell of everybody at whose telephone it rang."""
    people = [ring.user_id for ring in rings]
    message, filled = (MISSED, {"number": call.number_mask}) if call.number_mask else (WITHHELD, {})
    notify(session, people, "telephony", message, filled, url="/calls?view=missed", icon="phone-incoming")
