"""Putting messages into the outbox, and what people may do with those that wait."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from platform_core.audit import services as audit
from platform_core.contracts.entities import EntityRef
from platform_core.contracts.identity import Actor
from platform_core.contracts.messaging import LANES, Letter, Outgoing
from platform_core.customers import points
from platform_core.customers.models import ContactPoint
from platform_core.kernel import phones
from platform_core.kernel.clock import now
from platform_core.kernel.database import database_of, vault_of
from platform_core.kernel.errors import Conflict, Invalid, NotFound
from platform_core.kernel.i18n import translator
from platform_core.kernel.idlists import among
from platform_core.kernel.ids import new_id
from platform_core.kernel.scope import proven
from platform_core.kernel.secrets import Vault
from platform_core.kernel.unitofwork import on_commit
from platform_core.outbox.models import Message

_ = translator("outbox")
MANAGE = "outbox.manage"
PATIENCE = timedelta(days=2)
"""How long a message without an end of its own may wait."""
WAITING = ("queued", "paused")
LIVE = (*WAITING, "sending", "unknown")
_SLICE = 500
_wake: list[Callable[[str], None]] = []


def wake_through(wake: Callable[[str], None] | None) -> None:
    """How the news that a lane has work reaches a worker; None leaves it to the tick."""
    _wake[:] = [wake] if wake else []


def wake(session: Session, lanes: Iterable[str]) -> None:
    """After the commit, once for each lane however many messages were put in."""
    woken: set[str] = session.info.setdefault("outbox_lanes", set())
    for lane in set(lanes) - woken:
        woken.add(lane)
        on_commit(session, _woken, session, lane)


def _woken(session: Session, lane: str) -> None:
    session.info.get("outbox_lanes", set()).discard(lane)
    for tell in _wake:
        tell(lane)


def put(session: Session, actor: Actor | None, message: Outgoing) -> UUID | None:
    """Add a message to the caller's transaction. None when one of this key is there already. Raises Invalid."""
    found = put_many(session, actor, [message])
    return found[0] if found else None


def put_many(session: Session, actor: Actor | None, messages: Sequence[Outgoing]) -> list[UUID]:
    """The ids of those that are new."""
    vault = vault_of(session)
    rows = [row_of(vault, actor, message) for message in resolved(session, messages)]
    dialect: Any = sqlite if database_of(session).is_sqlite else postgresql
    made: list[UUID] = []
    for start in range(0, len(rows), _SLICE):
        insert = dialect.insert(Message).values(rows[start : start + _SLICE])
        statement = insert.on_conflict_do_nothing(index_elements=["key"]).returning(Message.id)
        made += session.scalars(statement).all()
    wake(session, {message.lane for message in messages})
    return made


def resolved(session: Session, messages: Sequence[Outgoing]) -> list[Outgoing]:
    """With the clear addresses of their contact points, which go no further than into the rows. Raises NotFound."""
    wanted = {
        message.point_id for message in messages if message.point_id and (message.customer_id or message.contact_id)
    }
    statement = select(ContactPoint).where(among(ContactPoint.id, wanted))
    known = {point.id: point for point in session.scalars(statement)} if wanted else {}
    found: list[Outgoing] = []
    for message in messages:
        if message.point_id not in wanted:
            found.append(message)
            continue
        point = known.get(message.point_id)
        if point is None or (point.customer_id or point.contact_id) != (message.customer_id or message.contact_id):
            raise NotFound(_("There is no such number or address, or not for you."))
        found.append(replace(message, address=points.clear(session, point), contact_id=point.contact_id))
    return found


def under_way(count: int) -> str:
    return _.ngettext("%(num)d message is on its way.", "%(num)d messages are on their way.", count)


def kind_of(purpose: str) -> str:
    """What a gateway and the law take a purpose for: a greeting is marketing in China."""
    return purpose if purpose in {"service", "test"} else "marketing"


def row_of(vault: Vault, actor: Actor | None, message: Outgoing) -> dict[str, Any]:
    """Column values of a message. Raises Invalid for an address that the channel cannot reach."""
    region, mask, zone = "all", phones.mask_mail(message.address), ""
    if message.channel in {"sms", "fax"}:
        number = phones.normalise(message.address)
        if number is None or (message.channel == "sms" and number.kind == "fixed"):
            raise Invalid(_("%(number)s is no mobile number.", number=phones.mask(message.address)))
        region, mask = "cn" if number.e164.startswith("+86") else "abroad", phones.mask(number.e164)
        address, zone = number.e164, phones.zone(number.e164)
    else:
        address = message.address.strip()
        if message.channel == "email":
            _check_mail(address, message.letter)
    starts = message.not_before or now()
    content: dict[str, Any] = {"text": message.text, "templates": message.templates}
    if message.letter is not None:
        content["letter"] = message.letter
    return {
        "id": new_id(),
        "key": message.key,
        "channel": message.channel,
        "owner": message.owner,
        "lane": message.lane,
        "priority": 10 if message.purpose == "test" else 50,
        "purpose": message.purpose,
        "occasion": message.occasion,
        "route": f"{kind_of(message.purpose)}.{region}",
        "batch_id": message.batch_id,
        "customer_id": message.customer_id,
        "contact_id": message.contact_id,
        "sender_id": actor.user_id if actor else None,
        "sender_label": actor.name if actor else "",
        "address": vault.encrypt(address),
        "mask": mask,
        "address_hash": vault.lookup("point", address.lower()),
        "content": vault.encrypt_bytes(msgspec.json.encode(content)),
        "parts": message.parts,
        "state": "queued",
        "next_at": starts,
        "expires_at": message.expires_at or starts + PATIENCE,
        "zone": message.zone or zone,
        "only_account_id": UUID(message.account) if message.account else None,
    }


def _check_mail(address: str, letter: Letter | None) -> None:
    """Raises Invalid for what could not be an address, or would begin a header of its own."""
    if not points.is_mail(address) or not address.isascii():
        raise Invalid(_("This is no mail address."))
    headers = (letter.subject, letter.name, letter.reply_to, letter.method) if letter else ()
    if letter is None or any(unicodedata.category(char) in {"Cc", "Zl", "Zp"} for char in "".join(headers)):
        raise Invalid(_("Subject and names of a mail are one line."))


def content_of(vault: Vault, message: Message) -> dict[str, Any]:
    """As `{"text": …, "templates": {driver: [code, {name: value}]}}`, a mail's with its `letter`."""
    found: dict[str, Any] = msgspec.json.decode(vault.decrypt_bytes(message.content))
    return found


def letter_of(content: Mapping[str, Any]) -> Letter | None:
    return msgspec.convert(content["letter"], Letter) if "letter" in content else None


def text_of(session: Session, content: bytes) -> str:
    """The text of a message from its sealed `content`; whoever asks may see its row."""
    return str(msgspec.json.decode(vault_of(session).decrypt_bytes(content))["text"])


def cancel(session: Session, actor: Actor, message_id: UUID) -> Message:
    """Take back a message that has not left. Raises NotFound, Conflict."""
    message = session.scalars(select(Message).where(Message.id == message_id).with_for_update()).one_or_none()
    if message is None:
        raise NotFound(_("There is no such message."))
    if message.state not in WAITING:
        raise Conflict(_("This message is on its way already."))
    message.state, message.reason, message.settled_at = "cancelled", "person", now()
    ref = EntityRef("outbox", "message", message.id, message.mask)
    audit.record(session, actor, "outbox.cancel", ref, customer_id=message.customer_id)
    return message


Verb = Literal["pause", "resume", "cancel"]
_MOVES: dict[Verb, tuple[tuple[str, ...], str]] = {
    "pause": (("queued",), "paused"),
    "resume": (("paused",), "queued"),
    "cancel": (WAITING, "cancelled"),
}


def change_batch(session: Session, actor: Actor, batch_id: UUID, verb: Verb) -> int:
    """Pause, resume or cancel what still waits of messages that were put in together; the caller checked the right.

    What a worker holds at this moment goes out. Returns how many changed.
    """
    sources, target = _MOVES[verb]
    statement = (
        update(Message)
        .where(Message.batch_id == batch_id, Message.state.in_(sources))
        .values(state=target, reason="person" if verb == "cancel" else "")
        .execution_options(synchronize_session=False, **proven("a batch is somebody's own act; its right was checked"))
    )
    changed: int = session.execute(statement).rowcount  # type: ignore[attr-defined]
    audit.record(session, actor, f"outbox.{verb}", EntityRef("outbox", "batch", batch_id), after={"number": changed})
    if verb == "resume":
        wake(session, LANES)
    return changed


Verdict = Literal["sent", "again", "drop"]
_DECIDED: dict[Verdict, dict[str, Any]] = {
    "sent": {"state": "sent", "rank": 10, "reason": "person"},
    "again": {"state": "queued", "reason": "", "misses": 0},
    "drop": {"state": "failed", "reason": "unknown"},
}


def decide(session: Session, actor: Actor, message_id: UUID, verdict: Verdict) -> None:
    """What becomes of a message of which nobody knows whether it arrived. Raises Conflict when it is known by now."""
    moment = now()
    values = {**_DECIDED[verdict], "settled_at": moment}
    if verdict == "again":
        values.update(next_at=moment, expires_at=moment + PATIENCE, settled_at=None)
    changed = session.execute(
        update(Message)
        .where(Message.id == message_id, Message.state == "unknown")
        .values(values)
        .returning(Message.lane, Message.mask, Message.customer_id)
        .execution_options(synchronize_session=False, **proven("the inbox of whoever keeps the outbox"))
    ).one_or_none()
    if changed is None:
        raise Conflict(_("It is known by now what became of this message."))
    lane, mask, customer_id = changed
    ref = EntityRef("outbox", "message", message_id, mask)
    audit.record(session, actor, "outbox.decide", ref, customer_id=customer_id, after={"verdict": verdict})
    wake(session, [lane])


def counts_of_batch(session: Session, batch_id: UUID) -> dict[str, int]:
    """State -> number, within what the actor may see."""
    statement = select(Message.state, func.count()).where(Message.batch_id == batch_id).group_by(Message.state)
    return dict(session.execute(statement).all())
