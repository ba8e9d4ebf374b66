"""JSON: what agents send, pairing them, and the call log."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from baton_plugins.telephony import dialling, queries, sources, taking, workplaces
from baton_plugins.telephony.forms import AgentReport, AskedCalls, Paired, Pairing, Taken
from baton_plugins.telephony.policies import VIEW

from platform_core.api import SIGNED_IN, Actor, Cursor, Items, Limit, Session, get, now, post, record

_UNKEPT = {"unkept": True}


# nosemgrep: public-route-of-a-plugin  who pairs has no token yet; a code stands for it, once and for 15 minutes
@post("/pair", permission="public", name="telephony:pair", opt=_UNKEPT)
def pair(session: Session, data: Pairing) -> Paired:
    """A token for a pairing code. Each code serves once, for fifteen minutes."""
    return sources.pair(session, data)


@post("/events", permission=SIGNED_IN, name="telephony:events", opt=_UNKEPT)
def events(session: Session, actor: Actor, data: AgentReport) -> Taken:
    """Events of an agent, which shows its token as `Authorization: Agent …`. The same event twice changes nothing."""
    source = sources.reporting(session, actor)
    skew = now() - data.sent_at
    source.version = data.version or source.version
    if data.devices is not None:
        source.devices = [msgspec.to_builtins(device) for device in data.devices]
    for event in data.events:
        taking.take(session, source, event, skew=skew)
    for failed in data.failed:
        dialling.failed(session, source, failed)
    for pulled in data.pulled:
        workplaces.pulled(session, source, pulled, skew=skew)
    return Taken([*(event.id for event in data.events), *(pulled.id for pulled in data.pulled)])


@post("/dials", permission=SIGNED_IN, name="telephony:dials", opt=_UNKEPT)
def dials(session: Session, actor: Actor) -> AskedCalls:
    """Calls that people asked for at their screens: each is given to their agent once, while it is fresh."""
    return AskedCalls(dialling.fetch(session, sources.reporting(session, actor)))


class CallOut(msgspec.Struct):
    """A call. Numbers are masks."""

    id: UUID
    direction: str
    state: str
    number: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    seconds: int | None
    line: str
    device: str
    answered_by: str
    customer_id: UUID | None
    customer: str


@get("/calls", permission=VIEW, name="telephony:api_calls")
def calls(
    session: Session, actor: Actor, show: str = "", cursor: Cursor = "", limit: Limit = 50
) -> Items[CallOut]:  # fmt: skip
    """Calls that you may see, newest first; `show`: mine, missed, in or out."""
    rows, following = queries.page_of(session, queries.shown(actor, show), cursor, limit)
    record(session, actor, "telephony.list", ids=[row.call.id for row in rows])
    return Items([_out(row) for row in rows], following or None)


def _out(row: queries.CallRow) -> CallOut:
    call = row.call
    return CallOut(
        call.id, call.direction, call.state, call.number_mask, call.started_at, call.answered_at, call.ended_at,
        call.seconds, call.line, call.device, call.answered_by_label, call.customer_id if row.customer else None,
        row.customer,
    )  # fmt: skip


HANDLERS = [pair, events, dials, calls]
