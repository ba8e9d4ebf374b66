"""What the forms for a follow-up show: the composer, its sheet on phones, and the result of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from typing import Any
from uuid import UUID

from baton_plugins.activities import cadence, presets, queries, services
from baton_plugins.activities.forms import FollowUpInput
from baton_plugins.activities.kinds.fields import Field, types
from baton_plugins.activities.queries import PlanRow
from baton_plugins.activities.together import joining
from baton_plugins.activities.together.models import Question

from platform_core.api import (
    Actor,
    Bound,
    Customer,
    FieldType,
    Session,
    customer_contacts,
    dictionaries,
    due_text,
    initial,
    translator,
    writable_engagements,
)

_ = translator("activities")
Pairs = list[tuple[str, str]]
_SHORT = 20
"""Characters of a plan's subject that fit beside the button."""
_QUICK = ("1d", "3d", "mon", "none", "date")


@dataclass(frozen=True, slots=True)
class OutcomeChoice:
    code: str
    label: str
    hint: str
    """What it sets, in words."""


@dataclass(frozen=True, slots=True)
class Composer:
    """One form; `place` says where its answer goes: panel, sheet, row (of a list of plans), dialog or page."""

    customer_id: UUID
    customer: str
    form: Bound[FollowUpInput]
    place: str
    kinds: Sequence[presets.Kind]
    outcomes: Sequence[OutcomeChoice]
    statuses: Pairs
    nexts: Pairs
    contacts: Pairs
    engagements: Pairs
    answers: Pairs
    draft: str
    needs_reason: bool
    fields: Sequence[Field] = ()
    """Of the kind that is chosen"""
    types: Mapping[str, FieldType] = dataclass_field(default_factory=dict)
    satisfactions: Pairs = dataclass_field(default_factory=list)
    """What the customer may have said of it, where they are asked"""
    questions: Sequence[Question] = ()
    """What colleagues want to have asked in this call"""
    message: str = ""
    """Why it was not saved, where that belongs to no field."""

    @property
    def asks(self) -> bool:
        """Whether any kind has fields, so that choosing another one changes the form."""
        return any(kind.fields for kind in self.kinds)

    @property
    def id(self) -> str:
        return f"composer-{self.place}" if self.place != "panel" else "composer"

    def value(self, name: str) -> Any:
        return self.form.get(name)

    def error(self, name: str) -> str:
        return self.form.error(name)


def composer(
    session: Session,
    actor: Actor,
    customer: Customer,
    *,
    place: str = "panel",
    form: Bound[FollowUpInput] | None = None,
    message: str = "",
    given: Mapping[str, Any] | None = None,
) -> Composer:
    """The composer of a customer page; `form` as it came back, or None for a fresh one with what is `given`."""
    engagements = [(str(key), title) for key, title in writable_engagements(session, actor, customer.id)]
    mine = [row for row in queries.open_plans(session, customer.id) if row.plan.assignee_id == actor.user_id]
    if form is None:
        only = engagements[0][0] if len(engagements) == 1 else None
        due = [row for row in mine if row.is_due]
        kinds = presets.kinds(session)
        form = initial(
            FollowUpInput,
            kind=kinds[0].code if kinds else "",
            engagement_id=only,
            plan_id=str(due[0].plan.id) if due else None,
            **(given or {}),
        )
    return _composer(
        session,
        customer,
        form,
        place=place,
        engagements=engagements,
        answers=[(str(row.plan.id), answer(row)) for row in mine],
        draft=f"customer:{customer.id}",
        message=message,
    )


def finishing(
    session: Session,
    customer: Customer,
    row: PlanRow,
    *,
    place: str,
    form: Bound[FollowUpInput] | None = None,
    message: str = "",
) -> Composer:
    """The form for a plan's result."""
    plan = row.plan
    if form is None:
        form = initial(FollowUpInput, kind=plan.kind, contact_id=str(plan.contact_id) if plan.contact_id else None)
    draft = f"plan:{plan.id}"
    made = _composer(session, customer, form, place=place, engagements=[], answers=[], draft=draft, message=message)
    return replace(made, questions=joining.of_plan(session, plan))


def _composer(
    session: Session,
    customer: Customer,
    form: Bound[FollowUpInput],
    *,
    place: str,
    engagements: Pairs,
    answers: Pairs,
    draft: str,
    message: str,
) -> Composer:
    kinds = presets.kinds(session, current=str(form.get("kind")))
    chosen = next((kind for kind in kinds if kind.code == form.get("kind")), None)
    asked = [field for field in chosen.fields if field.active] if chosen else []
    return Composer(
        customer_id=customer.id,
        customer=customer.name,
        form=form,
        place=place,
        kinds=kinds,
        fields=asked,
        types=types(session) if asked else {},
        satisfactions=dictionaries.choices(session, presets.SATISFACTION),
        outcomes=outcome_choices(session),
        statuses=[("", _("By outcome")), *dictionaries.choices(session, presets.STATUSES)],
        nexts=[("", by_outcome(session, customer, place)), *((choice, next_label(choice)) for choice in _QUICK)],
        contacts=contact_pairs(session, customer.id),
        engagements=engagements,
        answers=answers,
        draft=draft,
        needs_reason=customer.grade == services.IMPORTANT_GRADE,
        message=message,
    )


def by_outcome(session: Session, customer: Customer, place: str) -> str:
    """What happens where nobody chooses a date. The customer page has no statement left to say it all."""
    days = cadence.days_of(session, customer) if place != "panel" else None
    return _("By outcome") if days is None else _("By outcome, else in %(days)s days", days=days)


def answer(row: PlanRow) -> str:
    """A plan among those that a follow-up may answer."""
    subject = row.plan.subject
    return f"{due_text(row.due)} · {subject if len(subject) <= _SHORT else f'{subject[: _SHORT - 1]}…'}"


def contact_pairs(session: Session, customer_id: UUID) -> Pairs:
    return [(str(contact.id), contact.name) for contact in customer_contacts(session, customer_id)]


def kind_pairs(session: Session, *, current: str = "") -> Pairs:
    return [(kind.code, kind.label) for kind in presets.kinds(session, current=current)]


def outcome_choices(session: Session) -> list[OutcomeChoice]:
    """The outcomes with a hint such as `Considering, next Monday`."""
    return [OutcomeChoice(outcome.code, outcome.label, hint(session, outcome)) for outcome in presets.outcomes(session)]


def hint(session: Session, outcome: presets.Outcome) -> str:
    parts = [dictionaries.label(session, presets.STATUSES, outcome.status)] if outcome.status else []
    if outcome.next_in:
        parts.append(next_label(outcome.next_in))
    return " · ".join(parts)


def next_label(choice: str) -> str:
    """How a value of `next` or `next_in` reads."""
    named = {"1d": _("Tomorrow"), "mon": _("Next Monday"), "none": _("No plan"), "date": _("Other day")}
    if choice in named:
        return named[choice]
    days = int(choice.removesuffix("d"))
    return _.ngettext("In %(num)s day", "In %(num)s days", days)
