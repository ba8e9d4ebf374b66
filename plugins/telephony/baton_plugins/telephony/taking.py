"""Taking events in: each once, in any order, into one row per call, then telling those whose telephones ring.

Nothing here depends on an event having come before another one: every event states what it knows, and the state of the
call follows from the times that are known (Call.settle).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from baton_plugins.telephony import targets
from baton_plugins.telephony.forms import CallEvent
from baton_plugins.telephony.models import Call, CallKey, Heard, Ring, Source
from baton_plugins.telephony.targets import Person
from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError

from platform_core.api import Session, callers, new_id, noop, notify, now, signal

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
    heard = _first_time(session, source, event)
    if heard is None:
        return
    number = _number(session, source, event)
    call = _call(session, source, event, at, number)
    was_open = call.ended_at is None
    _fill(call, event, at, number)
    people = to or _people(session, source, event)
    rings = _rings(session, call, people, at)
    _answer(session, source, call, event, rings)
    call.settle()
    fresh = moment - at <= FRESH
    heard.outcome = _match(session, call) if rings or not fresh else "nobody"
    if not fresh:
        heard.outcome = "late"
        for ring in rings:
            ring.dismissed_at = ring.dismissed_at or moment
    heard.call_id, heard.number_mask = call.id, call.number_mask
    heard.told = ", ".join(person.name for person in people)[:200]
    if was_open and call.state == "missed":
        _missed(session, call, rings)
    for ring in rings if fresh else ():
        signal(session, ring.user_id, "call", call.id.hex)


def is_withheld(event: CallEvent) -> bool:
    """Whether the caller keeps their number to themselves, which stays so."""
    return event.withheld or (event.number.strip().lower() in _NO_NUMBER and event.number != "")


def _first_time(session: Session, source: Source, event: CallEvent) -> Heard | None:
    line = ", ".join(event.to) or event.line
    heard = Heard(
        id=new_id(), source_id=source.id, key=event.id, kind=event.kind, line=line[:120], number_mask="", outcome="",
        told="",
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(heard)
    except IntegrityError:
        return None
    return heard


def _number(session: Session, source: Source, event: CallEvent) -> callers.Number | None:
    if not event.number or is_withheld(event):
        return None
    return callers.number(session, event.number, area_code=source.area_code, outside=source.outside)


def _call(session: Session, source: Source, event: CallEvent, at: datetime, number: callers.Number | None) -> Call:
    """The call that the event is about, locked; made where nobody has told of it yet."""
    known = _known(session, source, event)
    if known is not None:
        return known
    twin = _told_by_another(session, source, event, at, number)
    try:
        with session.begin_nested():
            if twin is None:
                twin = _new(source, event, at, number)
                session.add(twin)
                session.flush()  # the key refers to it
            session.add(CallKey(source_id=source.id, key=event.call, call_id=twin.id))
    except IntegrityError:  # another event of the same call came at the same moment
        found = _known(session, source, event)
        assert found is not None
        return found
    return twin


def _new(source: Source, event: CallEvent, at: datetime, number: callers.Number | None) -> Call:
    call = Call(
        id=new_id(), source_id=source.id, direction=event.direction, started_at=at, cause="", line="", device="",
        recording="", verified=True, withheld=False,
    )  # fmt: skip
    _fill(call, event, at, number)
    call.settle()
    return call


_BY_KEY = (
    select(Call)
    .join(CallKey, CallKey.call_id == Call.id)
    .where(CallKey.source_id == bindparam("source_id"), CallKey.key == bindparam("key"))
    .with_for_update(of=Call)
)


def _known(session: Session, source: Source, event: CallEvent) -> Call | None:
    return session.scalars(_BY_KEY, {"source_id": source.id, "key": event.call}).one_or_none()


def _told_by_another(
    session: Session, source: Source, event: CallEvent, at: datetime, number: callers.Number | None
) -> Call | None:
    """The same call as another source on the same line tells it: same number, same way, at the same time."""
    if number is None or number.full_hash is None or event.kind != "ringing":
        return None
    statement = (
        select(Call)
        .where(
            Call.number_hash == number.full_hash,
            Call.direction == event.direction,
            Call.source_id != source.id,
            Call.ended_at.is_(None),
            Call.started_at.between(at - _SAME_CALL, at + _SAME_CALL),
        )
        .order_by(Call.started_at, Call.id)
        .limit(1)
        .with_for_update()
    )
    return session.scalars(statement).one_or_none()


def _fill(call: Call, event: CallEvent, at: datetime, number: callers.Number | None) -> None:
    """What the event adds. A verified number stays, whatever comes later."""
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


def _rings(session: Session, call: Call, people: Sequence[Person], at: datetime) -> list[Ring]:
    """All rings of the call, those of `people` among them."""
    rings = list(session.scalars(select(Ring).where(Ring.call_id == call.id)))
    have = {ring.user_id for ring in rings}
    for person in people:
        if person.id not in have:
            late = call.answered_by_id is not None and call.answered_by_id != person.id
            ring = Ring(
                id=new_id(), call_id=call.id, user_id=person.id, department_id=person.department_id, at=at,
                state="elsewhere" if late else "ringing",
            )  # fmt: skip
            session.add(ring)
            rings.append(ring)
    return rings


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
    if call.customer_id is not None:
        return "matched"
    found = callers.holders(session, call.number_hash, call.last8_hash)
    if len(found) == 1 and call.number_hash is not None:
        call.customer_id, call.contact_id = found[0]
        return "matched"
    return "several" if found else "unknown"


def _missed(session: Session, call: Call, rings: Sequence[Ring]) -> None:
    people = [ring.user_id for ring in rings]
    message, filled = (MISSED, {"number": call.number_mask}) if call.number_mask else (WITHHELD, {})
    notify(session, people, "telephony", message, filled, url="/calls?show=missed", icon="phone-incoming")
