"""The log of calls: columns, conditions, orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from baton_plugins.telephony.models import Call, Ring
from baton_plugins.telephony.policies import DIAL, LISTEN, VIEW, of_alone, rung
from baton_plugins.telephony.queries import MISSED_DAYS
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

from platform_core.api import (
    FOLLOW_UP_FORMS,
    Actor,
    Contact,
    ListBranch,
    ListReach,
    Session,
    customer_groups,
    customer_name_of_row,
    customers_of_rows,
    has_many_rows,
    lists,
    person_choices,
    reach_through_customers,
    search_of_customers,
    search_of_similar_customers,
    service_of,
    translator,
)

_ = translator("telephony")
EXPORT = "telephony.export"
DIRECTIONS = {"in": _.lazy("Incoming"), "out": _.lazy("Outgoing")}
STATES = {
    "ringing": (_.lazy("ringing"), "jade"),
    "talking": (_.lazy("talking"), "jade"),
    "talked": (_.lazy("answered"), "primary"),
    "missed": (_.lazy("missed"), "red"),
    "unanswered": (_.lazy("not answered"), "amber"),
    "unknown": (_.lazy("rang"), ""),
    "unended": (_.lazy("answered, end unknown"), "amber"),
}
"""What became of a call: words and tone"""
_WIDE = 2000
_FEW = 500
_ring, _call = aliased(Ring), aliased(Call)


def _prepare(session: Session, actor: Actor, rows: Sequence[Any]) -> Mapping[str, Any]:
    """`talked`: minutes and seconds of those calls in which somebody talked."""
    return {
        "customers": customers_of_rows(session, rows),
        "alone": _alone(session, rows),
        "states": STATES,
        "talked": {row.id: _talked(row) for row in rows},
        "forms": service_of(session, FOLLOW_UP_FORMS),
        "may_listen": actor.can(LISTEN),
    }


def _alone(session: Session, rows: Sequence[Any]) -> Mapping[UUID, str]:
    """Names of contacts without a customer, for rows that have no other name."""
    ids = {row.contact_id for row in rows if row.contact_id is not None and row.customer_id is None}
    if not ids:
        return {}
    found = session.execute(select(Contact.id, Contact.name).where(Contact.id.in_(ids), Contact.deleted_at.is_(None)))
    return {row.id: row.name for row in found}


def _whose(row: Any, look: Mapping[str, Any]) -> str:
    return customer_name_of_row(row, look) or look["alone"].get(row.contact_id, "")


def _talked(row: Any) -> str:
    if row.answered_at is None or row.ended_at is None:
        return ""
    minutes, seconds = divmod(max(0, round((row.ended_at - row.answered_at).total_seconds())), 60)
    return f"{minutes}:{seconds:02d}"


def reach(session: Session, actor: Actor) -> ListReach:
    """Calls of the actor's customers and contacts, and those that rang at telephones whose calls the actor sees."""
    departments = actor.departments_for(VIEW)
    wide = bool(departments) and has_many_rows(
        session, "rings", departments, Ring.department_id.in_(departments), _WIDE
    )
    rang = ListBranch("rang", _ring.call_id, rung(_ring, actor), {})
    alone = ListBranch("alone", _call.id, of_alone(_call, actor), {})
    return reach_through_customers(session, actor, Call, others=(rang, alone), wide=wide)


def _at(session: Session, actor: Actor, values: Sequence[Any]) -> ColumnElement[bool]:
    """Calls at somebody's telephone, as far as the actor sees whose telephone rang.

    Of few the keys are looked up first: the database would walk through all calls for them.
    """
    people = [actor.user_id if value == "me" else UUID(value) for value in values]
    rang = select(_ring.call_id).where(_ring.user_id.in_(people), rung(_ring, actor))
    some = session.scalars(rang.limit(_FEW + 1)).all()
    return Call.id.in_(some if len(some) <= _FEW else rang)


def _seen_to(_operator: str, values: Sequence[str], _actor: Actor) -> ColumnElement[bool]:
    return Call.handled_at.is_not(None) if values[0] == "yes" else Call.handled_at.is_(None)


def _recorded(_operator: str, values: Sequence[str], _actor: Actor) -> ColumnElement[bool]:
    return Call.recording != "" if values[0] == "yes" else Call.recording == ""


def _people(session: Session, _actor: Actor) -> lists.Choices:
    return person_choices(session)


def _labels(words: Mapping[str, Any]) -> lists.Choices:
    return [(code, str(label)) for code, label in words.items()]


def _number(row: Any, _look: Mapping[str, Any]) -> str:
    return _("withheld") if row.withheld else row.number_mask


CALLS = lists.ListView(
    key="calls",
    owner="telephony",
    path="/calls",
    model=Call,
    permission=VIEW,
    title=_.lazy("Calls"),
    cells="telephony/_cells.html",
    columns=(
        lists.Column("at", _.lazy("When"), (Call.started_at,), sort="at", fixed=True),
        lists.Column("customer", _.lazy("Customer"), (Call.customer_id, Call.contact_id), text=_whose),
        lists.Column(
            "number", _.lazy("Number"), (Call.number_mask, Call.direction, Call.withheld), text=_number
        ),
        lists.Column(
            "state", _.lazy("What became of it"), (Call.state,), text=lambda row, _look: str(STATES[row.state][0])
        ),
        lists.Column(
            "talked", _.lazy("Minutes"), (Call.answered_at, Call.ended_at), number=True,
            text=lambda row, look: look["talked"][row.id],
        ),
        lists.Column("by", _.lazy("By"), (Call.answered_by_label,)),
        lists.Column("line", _.lazy("Line"), (Call.line, Call.device)),
        lists.Column(
            "to_do", _.lazy("To do"),
            (Call.handled_by_label, Call.handled_at, Call.state, Call.customer_id, Call.recording),
        ),
    ),
    sorts=(lists.Sort("at", _.lazy("When"), Call.started_at, descending=True),),
    filters=(
        lists.Filter(
            "state", _.lazy("What became of it"), "choice", Call.state,
            choices=lambda _session, _actor: _labels({code: words for code, (words, _tone) in STATES.items()}),
        ),
        lists.Filter(
            "direction", _.lazy("Direction"), "choice", Call.direction,
            choices=lambda _session, _actor: _labels(DIRECTIONS),
        ),
        customer_groups.list_filter(Call.customer_id),
        lists.Filter("at", _.lazy("When"), "date", Call.started_at),
        lists.Filter("person", _.lazy("Telephone of"), "user", choices=_people, found=_at, operators=("is", "not")),
        lists.Filter("by", _.lazy("Taken by"), "user", Call.answered_by_id, choices=_people),
        lists.Filter("line", _.lazy("Line"), "text", Call.line),
        lists.Filter("seen_to", _.lazy("Seen to"), "bool", where=_seen_to),
        lists.Filter("recorded", _.lazy("Recorded"), "bool", where=_recorded),
    ),
    presets=(
        lists.Preset("all", _.lazy("All")),
        lists.Preset("mine", _.lazy("Mine"), ("person:is:me",)),
        lists.Preset("missed", _.lazy("Missed"), ("state:is:missed", "seen_to:is:no", f"at:on:last-{MISSED_DAYS}")),
        lists.Preset("in", _.lazy("Incoming"), ("direction:is:in",)),
        lists.Preset("out", _.lazy("Outgoing"), ("direction:is:out",)),
    ),
    row_name="number_mask",
    search=search_of_customers(Call),
    search_label=_.lazy("Customer, contact or phone number"),
    similar=search_of_similar_customers(Call),
    reach=reach,
    prepare=_prepare,
    counted=("state", "direction"),
    export=EXPORT,
    buttons=(
        lists.Button(_.lazy("By colleague"), "users", "/calls/people", VIEW),
        lists.Button(_.lazy("Cards of calls"), "bell", "/calls/cards", VIEW),
        lists.Button(_.lazy("Lists to call"), "phone-call", "/calls/lists", DIAL),
    ),
    invitation=lists.Invitation(
        _.lazy("No calls here."), _.lazy("By colleague"), "/calls/people", VIEW
    ),
)  # fmt: skip
