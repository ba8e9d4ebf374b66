"""Text messages and their answers in the list of everything that happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pluggy
from baton_plugins.sms.listview import VIEW
from baton_plugins.sms.models import Reply
from sqlalchemy import and_

from platform_core.api import Actor, Happening, HappeningKind, HappeningSource, Session, translator
from platform_core.api.messages import MESSAGE_STATES, OutboxMessage, message_text

_ = translator("sms")
hookimpl = pluggy.HookimplMarker("baton")
SENT, HEARD = "sms.messages", "sms.replies"


def _sent(session: Session, actor: Actor, rows: Sequence[Any]) -> list[Happening]:
    return [
        Happening(
            SENT,
            _("Text message to %(mask)s", mask=row.mask),
            _place(row),
            who=row.sender_label or _("Baton"),
            text=message_text(session, row.content),
            status=str(MESSAGE_STATES[row.state][0]),
            tone=MESSAGE_STATES[row.state][1],
        )
        for row in rows
    ]


def _heard(session: Session, actor: Actor, rows: Sequence[Any]) -> list[Happening]:
    return [
        Happening(
            HEARD,
            _("Answer by text message"),
            _place(row),
            who=row.mask,
            text=row.text,
            status=_("Wants no more messages") if row.opted_out else "",
            tone="amber" if row.opted_out else "",
        )
        for row in rows
    ]


def _place(row: Any) -> str:
    return f"/customers/{row.customer_id}?tab=sms.messages"


@hookimpl
def baton_happenings() -> list[HappeningSource]:
    sent = HappeningSource(
        key=SENT,
        permission=VIEW,
        model=OutboxMessage,
        at=OutboxMessage.created_at,
        kinds=(HappeningKind(SENT, _.lazy("Text messages"), "message"),),
        fields=(OutboxMessage.mask, OutboxMessage.sender_label, OutboxMessage.content, OutboxMessage.state),
        show=_sent,
        person=OutboxMessage.sender_id,
        contact=OutboxMessage.contact_id,
        state=OutboxMessage.state,
        states={code: words for code, (words, _tone) in MESSAGE_STATES.items()},
        kept=and_(OutboxMessage.channel == "sms", OutboxMessage.customer_id.is_not(None)),
    )
    heard = HappeningSource(
        key=HEARD,
        permission=VIEW,
        model=Reply,
        at=Reply.at,
        kinds=(HappeningKind(HEARD, _.lazy("Answers by text message"), "message"),),
        fields=(Reply.mask, Reply.text, Reply.opted_out),
        show=_heard,
        contact=Reply.contact_id,
        texts=(Reply.text,),
        kept=Reply.customer_id.is_not(None),
    )
    return [sent, heard]
