"""Calls whose end nobody told of: simulated ones have no receiver, exchanges restart, boxes are pulled out."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from baton_plugins.telephony import taking
from baton_plugins.telephony.models import LAPSED, Call, Heard, Ring
from sqlalchemy import exists, select

from platform_core.api import Job, JobContext, Session, now, proven, signal

RINGS_AT_MOST: Final = timedelta(minutes=2)
"""Networks and exchanges give a call up after a minute or so; queues that let it ring longer say so again meanwhile,
and whatever comes after all still counts."""
LASTS_AT_MOST: Final = timedelta(hours=4)
_MOST: Final = 200
"""Calls in one transaction"""
_proof = proven("calls that are over by the clock, whoever sees them")


def settle(context: JobContext) -> None:
    """Each call in the transaction that tells of it, so a worker that dies has told nobody."""
    for find_and_end in (_missed, _unended):
        while True:
            with context.database.system_session("telephony: calls that never ended") as session:
                if find_and_end(session) < _MOST:
                    break


def _missed(session: Session) -> int:
    """Nobody took it, as far as anybody knows: whoever was called had better look."""
    since = now() - RINGS_AT_MOST
    heard = exists().where(Heard.call_id == Call.id, Heard.at > since)
    statement = (
        select(Call)
        .where(Call.state == "ringing", Call.started_at < since, ~heard)
        .order_by(Call.started_at)
        .limit(_MOST)
        .with_for_update(skip_locked=True)
    )
    calls = session.scalars(statement, execution_options=_proof).all()
    for call in calls:
        call.ended_at, call.cause = call.started_at + RINGS_AT_MOST, LAPSED
        call.settle()
        rings = session.scalars(select(Ring).where(Ring.call_id == call.id), execution_options=_proof).all()
        if call.state == "missed":
            taking.tell_missed(session, call, rings)
        for ring in rings:
            signal(session, ring.user_id, "call", call.id.hex)
    return len(calls)


def _unended(session: Session) -> int:
    """Talked, nobody knows for how long: in the log without minutes."""
    statement = (
        select(Call)
        .where(Call.state == "talking", Call.started_at < now() - LASTS_AT_MOST)
        .order_by(Call.started_at)
        .limit(_MOST)
        .with_for_update(skip_locked=True)
    )
    calls = session.scalars(statement, execution_options=_proof).all()
    for call in calls:
        call.state = "unended"
    return len(calls)


JOB = Job("telephony.settle", settle, every_seconds=60)
