"""The list of text messages to customers: columns, conditions, orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_

from platform_core.api import (
    Actor,
    ListReach,
    Session,
    customer_groups,
    customer_name_of_row,
    customers_of_rows,
    dictionaries,
    lists,
    person_choices,
    reach_through_customers,
    search_of_customers,
    search_of_similar_customers,
    translator,
)
from platform_core.api.messages import MESSAGE_STATES, OutboxMessage, message_reason, message_text

_ = translator("sms")
VIEW, EXPORT, PURPOSES = "sms.view", "sms.export", "privacy.purposes"
_SILENT = frozenset({"sent", "delivered"})
"""States whose reason is of no interest"""


def _prepare(session: Session, actor: Actor, rows: Sequence[Any]) -> Mapping[str, Any]:
    return {
        "customers": customers_of_rows(session, rows),
        "states": MESSAGE_STATES,
        "reasons": {row.id: _reason(row) for row in rows},
        "texts": {row.id: message_text(session, row.content) for row in rows},
        "purposes": dict(dictionaries.choices(session, PURPOSES)),
    }


def _reason(row: Any) -> str:
    return message_reason(row.reason) if row.reason and row.state not in _SILENT else ""


def _reach(session: Session, actor: Actor) -> ListReach:
    kept = and_(OutboxMessage.channel == "sms", OutboxMessage.customer_id.is_not(None))
    return reach_through_customers(session, actor, OutboxMessage, kept=kept)


MESSAGES = lists.ListView(
    key="messages",
    owner="sms",
    path="/sms/messages",
    model=OutboxMessage,
    permission=VIEW,
    title=_.lazy("Text messages"),
    cells="sms/_cells.html",
    columns=(
        lists.Column("made", _.lazy("When"), (OutboxMessage.created_at,), sort="made", fixed=True),
        lists.Column("customer", _.lazy("Customer"), (OutboxMessage.customer_id,), text=customer_name_of_row),
        lists.Column("number", _.lazy("Number"), (OutboxMessage.mask,)),
        lists.Column(
            "state", _.lazy("State"), (OutboxMessage.state, OutboxMessage.reason),
            text=lambda row, _look: str(MESSAGE_STATES[row.state][0]),
        ),
        lists.Column("text", _.lazy("Text"), (OutboxMessage.content,), text=lambda row, look: look["texts"][row.id]),
        lists.Column(
            "purpose", _.lazy("Purpose"), (OutboxMessage.purpose,), shown=False,
            text=lambda row, look: look["purposes"].get(row.purpose, row.purpose),
        ),
        lists.Column("by", _.lazy("By"), (OutboxMessage.sender_label,)),
        lists.Column("parts", _.lazy("Parts"), (OutboxMessage.parts,), number=True, shown=False),
        lists.Column("sent", _.lazy("Sent"), (OutboxMessage.sent_at,), shown=False),
    ),
    # Keys are made in the order of time.
    sorts=(lists.Sort("made", _.lazy("When"), OutboxMessage.id, descending=True),),
    filters=(
        lists.Filter(
            "state", _.lazy("State"), "choice", OutboxMessage.state,
            choices=lambda _session, _actor: [(code, str(words)) for code, (words, _tone) in MESSAGE_STATES.items()],
        ),
        customer_groups.list_filter(OutboxMessage.customer_id),
        lists.Filter("made", _.lazy("When"), "date", OutboxMessage.created_at),
        lists.Filter(
            "by", _.lazy("By"), "user", OutboxMessage.sender_id,
            choices=lambda session, _actor: person_choices(session),
        ),
        lists.Filter("purpose", _.lazy("Purpose"), "choice", OutboxMessage.purpose, dictionary=PURPOSES),
        lists.Filter("parts", _.lazy("Parts"), "number", OutboxMessage.parts),
        lists.Filter("sent", _.lazy("Sent"), "date", OutboxMessage.sent_at),
    ),
    presets=(
        lists.Preset("all", _.lazy("All")),
        lists.Preset("mine", _.lazy("Mine"), ("by:is:me",)),
        lists.Preset(
            "failed", _.lazy("Did not arrive"), ("state:is:unknown,undelivered,failed,refused,expired",)
        ),
        lists.Preset("waiting", _.lazy("Waiting"), ("state:is:queued,paused,sending",)),
    ),
    row_name="mask",
    search=search_of_customers(OutboxMessage),
    search_label=_.lazy("Customer, contact or phone number"),
    similar=search_of_similar_customers(OutboxMessage),
    reach=_reach,
    prepare=_prepare,
    counted=("state", "purpose"),
    export=EXPORT,
    buttons=(lists.Button(_.lazy("Mass messages"), "speakerphone", "/sms/campaigns", VIEW),),
    invitation=lists.Invitation(
        _.lazy("No text messages yet. One is sent from its customer's page."), _.lazy("Choose a customer"),
        "/customers", "customers.view",
    ),
)  # fmt: skip
