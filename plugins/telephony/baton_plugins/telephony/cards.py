"""The card that a ringing telephone puts on the pages of whoever is called, drawn with that person's own rights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from baton_plugins.telephony import blocks, targets
from baton_plugins.telephony.models import Call, Ring
from sqlalchemy import bindparam, select

from platform_core.api import (
    CHOICES,
    FOLLOW_UP_FORMS,
    Actor,
    EntityRef,
    Fact,
    Request,
    Session,
    callers,
    customer_get,
    now,
    platform_of,
    proven,
    record,
    service_of,
    translator,
)

_ = translator("telephony")
_RINGS_AT_MOST = timedelta(minutes=3)
"""A call of which nothing more is heard is no longer shown as ringing."""
_LASTS_AT_MOST = timedelta(hours=4)
_AFTERWARDS = timedelta(minutes=10)
"""For writing down what was said."""
_MOST = 3
_FACTS = 4
_CHOICE = "telephony.cards"


@dataclass(frozen=True, slots=True)
class Card:
    """What is shown of one call. `number` is clear only where the house does not know it."""

    ring: Ring
    call: Call
    who: callers.Callers
    number: str
    facts: Sequence[Fact] = ()
    log_url: str = ""
    colleague: str = ""
    """Whose extension calls, where it is one of the house."""
    perhaps: callers.Callers = blocks.NOBODY
    """Behind whose switchboard the number may be: to choose from, never certain."""

    @property
    def chosen(self) -> callers.Caller | None:
        """The customer, where there is one beyond doubt."""
        known = self.who.known
        if not self.call.verified:
            return None
        named = [one for one in (*known, *self.perhaps.known) if one.customer_id == self.call.customer_id]
        several = self.who.elsewhere or self.who.alone
        return named[0] if named else known[0] if len(known) == 1 and not several else None

    @property
    def alone(self) -> callers.Alone | None:
        """The contact without a customer, where nobody else has the number."""
        who = self.who
        is_sure = self.call.verified and len(who.alone) == 1 and not who.known and not who.elsewhere
        return who.alone[0] if is_sure else None

    @property
    def title(self) -> str:
        words = {"ringing": _("Incoming call"), "talking": _("On the telephone"), "talked": _("Call ended")}
        if self.call.direction == "out" and self.call.state == "ringing":
            return _("Outgoing call")
        return words.get(self.call.state, _("Call ended"))

    @property
    def may_create(self) -> bool:
        """Nobody has the number, as far as anybody may know."""
        return bool(self.number) and not self.colleague and self.who.nobody and self.call.verified


_MINE = (
    select(Ring, Call)
    .join(Call, Call.id == Ring.call_id)
    .where(
        Ring.user_id == bindparam("user_id"),
        Ring.at > bindparam("since"),
        Ring.dismissed_at.is_(None),
        Ring.state != "elsewhere",
    )
    .order_by(Ring.at.desc(), Ring.id)
    .limit(10)
    .execution_options(**proven("calls that ring at the actor's own telephone, which is whose they are to see"))
)
"""Written once: every page asks when it opens."""


def prepare(session: Session, actor: Actor) -> None:
    """Run the first reads of a card, for a number that nobody has."""
    session.execute(_MINE, {"user_id": actor.user_id, "since": now()})
    callers.calling(session, actor, 0, None)


def shows(session: Session, actor: Actor) -> bool:
    """Whether the actor wants to see who calls; everybody does until they say otherwise."""
    return bool(service_of(session, CHOICES).read(session, actor, _CHOICE, default=True))


def show(session: Session, actor: Actor, *, wanted: bool) -> None:
    """Of the actor's own pages alone: calls are logged, and missed ones told, as ever."""
    service_of(session, CHOICES).write(session, actor, _CHOICE, None if wanted else False)


def open_cards(session: Session, actor: Actor, request: Request[Any, Any, Any]) -> list[Card]:
    """The actor's calls of this moment, newest first. What is shown for the first time is written down, not counted."""
    if not shows(session, actor):
        return []
    moment = now()
    rows = session.execute(_MINE, {"user_id": actor.user_id, "since": moment - _LASTS_AT_MOST}).all()
    found = [(ring, call) for ring, call in rows if _is_open(call, moment)][:_MOST]
    return [_card(session, actor, request, ring, call, first=place == 0) for place, (ring, call) in enumerate(found)]


def _is_open(call: Call, moment: datetime) -> bool:
    if call.state == "ringing":
        return moment - call.started_at <= _RINGS_AT_MOST
    if call.state == "talking":
        return True
    return call.state in {"talked", "unknown"} and moment - (call.ended_at or moment) <= _AFTERWARDS


def _card(
    session: Session, actor: Actor, request: Request[Any, Any, Any], ring: Ring, call: Call, *, first: bool
) -> Card:
    who = callers.calling(session, actor, call.number_hash, call.last8_hash)
    unknown = call.number_cipher is not None and who.nobody
    number = callers.clear(session, call.number_cipher) if unknown and call.number_cipher else call.number_mask
    colleague = targets.colleague(session, number) if unknown else ""
    perhaps = blocks.perhaps(session, actor, call) if unknown and not colleague else blocks.NOBODY
    card = Card(ring, call, who, number, colleague=colleague, perhaps=perhaps)
    if ring.shown_at is None:
        _shown(session, actor, card)
    chosen = card.chosen
    if chosen is None:
        return card
    forms = service_of(session, FOLLOW_UP_FORMS)
    log_url = forms.log(chosen.customer_id, call.direction, call.started_at) if forms else ""
    return replace(card, facts=_facts(session, actor, request, chosen.customer_id) if first else (), log_url=log_url)


def _facts(session: Session, actor: Actor, request: Request[Any, Any, Any], customer_id: UUID) -> list[Fact]:
    """What plugins say at a glance: last contact, next plan, open business."""
    customer = customer_get(session, customer_id)
    hooks = platform_of(request).hooks
    facts = [item.value for item in hooks.customer_facts(session, actor, customer)]
    return sorted((fact for fact in facts if fact.reveal_url is None), key=lambda fact: fact.order)[:_FACTS]


def _shown(session: Session, actor: Actor, card: Card) -> None:
    call, known = card.call, card.who.known
    card.ring.shown_at = now()
    chosen = known[0] if len(known) == 1 and call.verified else None
    record(
        session, actor, "telephony.pop", EntityRef("telephony", "call", call.id),
        customer_id=chosen.customer_id if chosen else None,
        ids=[
            *(one.customer_id for one in (*known, *card.perhaps.known)), *(one.contact_id for one in card.who.alone),
        ],
        after={"number": call.number_mask},
    )  # fmt: skip
