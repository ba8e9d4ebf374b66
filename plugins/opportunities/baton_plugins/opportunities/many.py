"""Changing open opportunities in the list.

Many at once are given up as lost, get another owner, another day; in a cell also another title, value or probability.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

import msgspec
from baton_plugins.opportunities import services
from baton_plugins.opportunities.forms import LostInput, OpportunityChanges, check_opportunity, typed
from baton_plugins.opportunities.models import Opportunity
from sqlalchemy import select

from platform_core.api import (
    Actor,
    Customer,
    Engagement,
    Invalid,
    Scope,
    Session,
    among,
    bind,
    changing,
    customers_restricted,
    engagements_to_write,
    load_actor,
    person_choices,
    proven,
    seen_by,
    translator,
)

_ = translator("opportunities")
EDIT = "opportunities.edit"
_CENT = Decimal("0.01")
_TYPED = ("title", "expected_value", "probability", "expected_on")
_STATES = proven("which of these opportunities' engagements run, whoever sees them")


def _fields(session: Session, _actor: Actor) -> list[changing.ChangeField]:
    won = _("Each is won with its own contract, and reopened on its own page.")
    return [
        changing.ChangeField("stage", _("Stage"), options=[("lost", _.pgettext("stage", "Lost"))], hint=won),
        changing.ChangeField("lost_reason", _("Why they are lost"), "text", longest=200),
        changing.ChangeField("owner", _("Owner"), options=person_choices(session)),
        changing.ChangeField("expected_on", _("Expected on"), "date", empty=True),
        changing.ChangeField("title", _("Opportunity"), "text", longest=120, many=False),
        changing.ChangeField("expected_value", _("Expected value"), "text", empty=True, longest=20, many=False),
        changing.ChangeField("probability", _("Probability"), "text", longest=3, many=False),
    ]


def _check(session: Session, _actor: Actor, values: Mapping[str, Any]) -> Mapping[str, Any]:
    wrong = {}
    if "stage" in values and not values.get("lost_reason", "").strip():
        wrong["lost_reason"] = _("Please fill this in.")
    if "lost_reason" in values and "stage" not in values:
        wrong["stage"] = _("Choose this along with a reason.")
    if "stage" in values and len(values) > len({"stage", "lost_reason"}):
        wrong["stage"] = _("What is given up is not changed otherwise at the same time.")
    if "owner" in values:
        colleague = load_actor(session, UUID(values["owner"]))
        if colleague is None or not colleague.can(EDIT):
            wrong["owner"] = _("This colleague may not work on opportunities. Ask an administrator for that right.")
    if wrong:
        raise Invalid(_("Please check the marked fields."), fields=wrong)
    return {**values, **{name: _text(value) for name, value in _read(values).items()}}


def _read(values: Mapping[str, str]) -> dict[str, Any]:
    """As services.update takes them. Raises Invalid at the field."""
    texts = {name: text for name, text in values.items() if name in _TYPED}
    given = msgspec.structs.asdict(bind(OpportunityChanges, typed(texts)).require())
    found = {name: None if given[name] is msgspec.UNSET else given[name] for name in texts}
    check_opportunity(found)
    return found


def _text(value: object) -> str:
    """As forms and lines of a change have it."""
    if isinstance(value, Decimal):
        return format(value.quantize(_CENT, ROUND_HALF_UP).normalize(), "f")
    return "" if value is None else str(value)


def _rows(session: Session, actor: Actor, asked: changing.Asked) -> Mapping[UUID, changing.Changeable]:
    statement = select(Opportunity).where(among(Opportunity.id, asked.ids)).order_by(Opportunity.id)
    if asked.lock:
        statement = statement.with_for_update(of=Opportunity).execution_options(populate_existing=True)
    present = session.scalars(statement).all()
    closed = customers_restricted(session, Customer, {row.customer_id for row in present})
    writing = _writing(session, actor, present)
    receiver = _Receiver(session, present, asked.wanted.get("owner", ""))
    found = {}
    for row in present:
        # On the way back what was lost by this change is open again.
        why = "closed" if row.stage == "won" or (row.stage == "lost" and asked.wanted) else ""
        why = why or ("restricted" if row.customer_id in closed else "" if row.id in writing else "right")
        found[row.id] = changing.Changeable(_values(row), why or receiver.against(row), row.customer_id)
        if not asked.lock:
            session.expunge(row)
    return found


def _values(row: Opportunity) -> dict[str, Any]:
    typed_ones = {name: _text(getattr(row, name)) for name in _TYPED}
    return {"stage": row.stage, "lost_reason": row.lost_reason, "owner": str(row.owner_id or ""), **typed_ones}


def _writing(session: Session, actor: Actor, present: Collection[Opportunity]) -> set[UUID]:
    """As services.may_write, of many at once."""
    if not actor.can(EDIT):
        return set()
    if actor.scope(EDIT) == Scope.ALL:
        return {row.id for row in present}
    engagements = {row.engagement_id for row in present if row.engagement_id is not None}
    open_ones = select(Engagement.id).where(among(Engagement.id, engagements), Engagement.state == "open")
    going_on = set(session.scalars(open_ones, execution_options=_STATES))
    writable = engagements_to_write(session, actor, engagements)
    return {
        row.id
        for row in present
        if row.engagement_id in writable or (row.owner_id == actor.user_id and row.engagement_id not in going_on)
    }


class _Receiver:
    """Who is to own them: only those that they see and may work on."""

    def __init__(self, session: Session, present: Collection[Opportunity], wanted: str) -> None:
        self._who = load_actor(session, UUID(wanted)) if wanted else None
        if self._who is None:
            return
        self._sees = seen_by(session, self._who, Opportunity, [row.id for row in present])
        self._writes = _writing(session, self._who, present)

    def against(self, row: Opportunity) -> str:
        if self._who is None or row.owner_id == self._who.user_id:
            return ""
        if row.id not in self._sees:
            return "unseen"
        return "" if row.engagement_id is None or row.id in self._writes else "engagement"


def _write(session: Session, actor: Actor, opportunity_id: UUID, values: Mapping[str, Any]) -> None:
    if values.get("stage") == "lost":
        services.lose(session, actor, opportunity_id, LostInput(reason=values["lost_reason"]))
    elif "stage" in values:
        services.reopen(session, actor, opportunity_id)
    if "owner" in values:
        receiver = load_actor(session, UUID(values["owner"])) if values["owner"] else None
        if receiver is None:
            raise Invalid(_("Please choose from the list."))
        services.give(session, actor, opportunity_id, receiver)
    if given := _read(values):
        services.update(session, actor, opportunity_id, OpportunityChanges(**given))


def _counted(number: int) -> str:
    return _.ngettext("%(num)d opportunity", "%(num)d opportunities", number)


CHANGES = changing.Changes(
    edit=EDIT,
    counted=_counted,
    fields=_fields,
    check=_check,
    rows=_rows,
    write=_write,
    words={
        "closed": _.lazy("It is won or lost already."),
        "unseen": _.lazy("The chosen person does not see its customer."),
        "engagement": _.lazy("The chosen person cannot write in its engagement."),
    },
)
