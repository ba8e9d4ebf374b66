"""Follow-ups: logging a contact, answering a plan with it, correcting it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from baton_plugins.activities import attaching, cadence, dates, plans, presets, queries, rights, series
from baton_plugins.activities.forms import FollowUpEdit, FollowUpInput
from baton_plugins.activities.kinds import fields
from baton_plugins.activities.models import FollowUp, FollowUpRevision, Plan
from baton_plugins.activities.together import assisting, joining, mentioning
from sqlalchemy import select

from platform_core.api import (
    Actor,
    Ask,
    Conflict,
    Contact,
    Customer,
    EntityRef,
    Event,
    Forbidden,
    Invalid,
    Leg,
    Session,
    at_local,
    changes,
    contact_get,
    customer_get,
    customer_require_unrestricted,
    customer_set_status,
    customer_touch,
    dictionaries,
    now,
    publish,
    record,
    today,
    translator,
)

_ = translator("activities")
IMPORTANT_GRADE = "A"
_EXCERPT = 60


@dataclass(frozen=True, slots=True)
class _Resolved:
    """What the form and the chosen outcome say together; everything in it has been checked."""

    kind: presets.Kind
    at: datetime
    outcome: str
    satisfaction: str
    status: str
    next: dates.Due | None
    next_kind: str
    contact: str
    engagement_id: UUID | None
    details: dict[str, str]


def log_follow_up(
    session: Session, actor: Actor, customer_id: UUID, data: FollowUpInput, uploads: Sequence[Any] = ()
) -> FollowUp:
    """Write down a contact, with the customer's status and the next plan, and finish the plan that it answers.

    `uploads` (`filename`, binary `file`) become files of the customer, and of the engagement it was about.

    Raises Invalid with the field at fault, Conflict when a colleague has finished the plan, Forbidden, NotFound.
    """
    rights.require_write(actor)
    customer = customer_get(session, customer_id)
    customer_require_unrestricted(customer)
    plan = _answered(session, actor, customer, data.plan_id)
    resolved = _resolve(session, actor, customer, data, plan)
    old_status = customer.status
    follow_up = FollowUp(
        customer_id=customer.id,
        engagement_id=resolved.engagement_id,
        leg_id=_active_leg(session, resolved.engagement_id),
        contact_id=data.contact_id,
        contact_label=resolved.contact,
        author_id=actor.user_id,
        author_label=actor.name,
        department_id=actor.department_id,
        department_label=actor.department_name,
        at=resolved.at,
        kind=data.kind,
        direction=data.direction,
        body=data.body,
        details=resolved.details,
        promised=data.promised.strip(),
        files=attaching.attach(session, actor, customer.id, resolved.engagement_id, data.files, uploads),
        outcome=resolved.outcome,
        satisfaction=resolved.satisfaction,
        unplanned=plan is None,
        reason=data.reason if resolved.next is None else "",
    )
    session.add(follow_up)
    session.flush()  # its id is needed by the plan it answers, the audit line and the event
    if resolved.status and resolved.status != old_status:
        customer_set_status(session, actor, customer, resolved.status, "activities.follow_up")
        follow_up.old_status, follow_up.new_status = old_status, resolved.status
    if plan is not None:
        finish(session, plan, follow_up)
        joining.answered(session, actor, customer, plan, follow_up)
        assisting.settled(session, actor, customer, plan, follow_up)
    if resolved.next is not None:
        upcoming = _next_plan(session, actor, follow_up, plan, resolved, data)
        follow_up.next_plan_id = upcoming.id
        follow_up.next_due_at, follow_up.next_all_day = upcoming.due_at, upcoming.all_day
    mentioning.ask(session, actor, follow_up, resolved.next)
    _settle(session, actor, customer, follow_up, plan, is_contact=resolved.kind.is_contact)
    return follow_up


def finish(session: Session, plan: Plan, follow_up: FollowUp) -> None:
    """A locked plan is done, and the next of its series is there."""
    plan.state, plan.done_at, plan.follow_up_id = "done", now(), follow_up.id
    series.go_on(session, plan)


def finish_plan(
    session: Session, actor: Actor, plan_id: UUID, data: FollowUpInput, uploads: Sequence[Any] = ()
) -> FollowUp:
    """Write down a plan's result; its contact and engagement apply where the form says nothing else.

    Raises Conflict when somebody else has finished or cancelled it; nothing is written then.
    """
    plan = queries.lock_plan(session, plan_id)
    data.plan_id = plan.id
    data.contact_id = data.contact_id or plan.contact_id
    return log_follow_up(session, actor, rights.require_customer(plan), data, uploads)


def edit_follow_up(session: Session, actor: Actor, follow_up_id: UUID, data: FollowUpEdit) -> FollowUp:
    """Correct a follow-up; the earlier text is kept. Raises Forbidden, Conflict when it is no longer what was read."""
    follow_up = queries.follow_up(session, follow_up_id)
    if not rights.may_correct(actor, follow_up):
        raise Forbidden(_("Only %(name)s or the head of the department may correct this.", name=follow_up.author_label))
    customer_require_unrestricted(_person(session, follow_up))
    if follow_up.version != data.version:
        raise Conflict(_("Somebody else has corrected this in the meantime. Look at the new text first."))
    require_text(data.body)
    kind = data.kind or follow_up.kind
    details = _details(session, follow_up, kind, data)
    promised = follow_up.promised if data.promised is None else data.promised.strip()
    old = (follow_up.body, follow_up.kind, follow_up.details, follow_up.promised)
    if (data.body, kind, details, promised) == old:
        return follow_up
    session.add(
        FollowUpRevision(
            follow_up_id=follow_up.id,
            customer_id=follow_up.customer_id,
            contact_id=None if follow_up.customer_id else follow_up.contact_id,
            engagement_id=follow_up.engagement_id,
            at=follow_up.edited_at or follow_up.created_at,
            by_label=follow_up.edited_by_label or follow_up.author_label,
            body=follow_up.body,
            promised=follow_up.promised,
            kind=follow_up.kind,
            details=follow_up.details,
        )
    )
    before, after = changes({"kind": follow_up.kind}, {"kind": kind})
    follow_up.body, follow_up.kind, follow_up.details, follow_up.promised = data.body, kind, details, promised
    follow_up.edited_at, follow_up.edited_by_label = now(), actor.name
    session.flush()  # a colleague's edit of the same version must be refused here, not after the page is drawn
    queries.forget(session)
    ref = EntityRef("activities", "follow_up", follow_up.id)
    # The texts stay out of the trail: record and revisions hold them, within their readers' rights.
    record(
        session, actor, "activities.edit_follow_up", ref, customer_id=follow_up.customer_id, before=before, after=after
    )
    return follow_up


def _person(session: Session, follow_up: FollowUp) -> Customer | Contact:
    """With whom it was: a customer, or a contact that stands alone. Raises NotFound."""
    if follow_up.customer_id is not None:
        return customer_get(session, follow_up.customer_id)
    assert follow_up.contact_id is not None
    return contact_get(session, follow_up.contact_id)


def _details(session: Session, follow_up: FollowUp, kind: str, data: FollowUpEdit) -> dict[str, str]:
    """Of a corrected follow-up. Answers to fields that are asked no more stay with a kind that stays."""
    known = known_kind(session, kind, current=follow_up.kind)
    kept = dict(follow_up.details) if kind == follow_up.kind else {}
    if data.details is None:
        return kept
    asked = {field.id for field in known.fields if field.active}
    return {key: text for key, text in kept.items() if key not in asked} | fields.read(
        session, known.fields, data.details
    )


def _answered(session: Session, actor: Actor, customer: Customer, plan_id: UUID | None) -> Plan | None:
    if plan_id is None:
        return None
    plan = queries.lock_plan(session, plan_id)
    if plan.customer_id != customer.id:
        message = _("This plan belongs to another customer.")
        raise Invalid(message, fields={"plan_id": message})
    if not rights.may_work_on(session, actor, plan):
        raise Forbidden(
            _("This plan belongs to an engagement you cannot write in."), ask=Ask(people=(plan.assignee_id,))
        )
    return plan


def _resolve(session: Session, actor: Actor, customer: Customer, data: FollowUpInput, plan: Plan | None) -> _Resolved:
    """Put form and outcome together. Raises Invalid; nothing has been written yet."""
    require_text(data.body)
    engagement_id = data.engagement_id or (plan.engagement_id if plan else None)
    if plan is None or engagement_id != plan.engagement_id:
        rights.require_engagement(session, actor, customer.id, engagement_id)
    outcome = presets.outcome(session, data.outcome) if data.outcome else None
    if data.outcome and outcome is None:
        raise _invalid("outcome", _("Please choose from the list."))
    status = data.status or (outcome.status if outcome else "")
    statuses = dictionaries.entries(session, presets.STATUSES)
    if data.status and data.status not in statuses:
        raise _invalid("status", _("Please choose from the list."))
    if data.satisfaction and data.satisfaction not in dictionaries.entries(session, presets.SATISFACTION):
        raise _invalid("satisfaction", _("Please choose from the list."))
    upcoming = _due(data, outcome) or _by_cadence(session, customer, data, outcome, plan)
    if upcoming is None:
        _require_reason(session, customer, data, plan)
    kind = known_kind(session, data.kind)
    return _Resolved(
        kind=kind,
        at=moment(data.at),
        outcome=outcome.code if outcome else "",
        satisfaction=data.satisfaction,
        status=status if status in statuses else "",  # an outcome may name a status that has been removed since
        next=upcoming,
        next_kind=_kind_of_next(session, data, outcome) if upcoming else "",
        contact=plans.contact_label(session, customer.id, data.contact_id),
        engagement_id=engagement_id,
        details=fields.read(session, kind.fields, data.details),
    )


def require_text(body: str) -> None:
    if not body.strip():
        raise _invalid("body", _("Please fill this in."))


def _due(data: FollowUpInput, outcome: presets.Outcome | None) -> dates.Due | None:
    choice = data.next or ("date" if data.next_on else "") or (outcome.next_in if outcome else "")
    if choice in {"", "none"}:
        return None
    if choice == "date":
        if data.next_on is None:
            raise _invalid("next_on", _("Which day?"))
        return plans.in_future(data.next_on, data.next_time, field="next_on")
    return dates.on(dates.day_of(choice, today()), data.next_time or "")


def _by_cadence(
    session: Session, customer: Customer, data: FollowUpInput, outcome: presets.Outcome | None, plan: Plan | None
) -> dates.Due | None:
    """Where neither the form nor the outcome says when to go on, and nothing else is planned: by the grade."""
    if data.next or (outcome is not None and outcome.next_in) or data.reason:
        return None
    days = cadence.days_of(session, customer)
    answered = plan.id if plan else None
    if plan is not None and series.goes_on(session, plan):
        return None
    if days is None or any(row.plan.id != answered for row in queries.open_plans(session, customer.id)):
        return None
    return dates.on(today() + timedelta(days=days), data.next_time or "")


def _require_reason(session: Session, customer: Customer, data: FollowUpInput, plan: Plan | None) -> None:
    """An important customer is not left alone by oversight."""
    goes_on = plan is not None and series.goes_on(session, plan)
    if customer.grade != IMPORTANT_GRADE or data.reason or goes_on:
        return
    answered = plan.id if plan else None
    if not any(row.plan.id != answered for row in queries.open_plans(session, customer.id)):
        raise _invalid("reason", _("This is a grade A customer: choose a next plan, or say why there is none."))


def moment(at: datetime | None) -> datetime:
    if at is None:
        return now()
    moment = at if at.tzinfo else at_local(at.date(), at.hour, at.minute)
    if moment > now():
        raise _invalid("at", _("This is in the future: make it a plan."))
    return moment


def _active_leg(session: Session, engagement_id: UUID | None) -> UUID | None:
    """The leg in whose turn something is written."""
    if engagement_id is None:
        return None
    return session.scalar(select(Leg.id).where(Leg.engagement_id == engagement_id, Leg.state == "active").limit(1))


def known_kind(session: Session, code: str, *, current: str = "", field: str = "kind") -> presets.Kind:
    for kind in presets.kinds(session, current=current):
        if kind.code == code:
            return kind
    raise _invalid(field, _("Please choose from the list."))


def _kind_of_next(session: Session, data: FollowUpInput, outcome: presets.Outcome | None) -> str:
    """As asked for; an outcome may name a kind that has been switched off since."""
    if data.next_kind:
        return known_kind(session, data.next_kind, field="next_kind").code
    active = [kind.code for kind in presets.kinds(session)]
    wanted = outcome.next_kind if outcome else "call"
    return wanted if wanted in active or not active else active[0]


def _next_plan(
    session: Session, actor: Actor, follow_up: FollowUp, plan: Plan | None, resolved: _Resolved, data: FollowUpInput
) -> Plan:
    """About the same opportunity as the plan that was answered."""
    assert resolved.next is not None
    return plans.add(
        session,
        actor,
        customer_id=follow_up.customer_id,
        engagement_id=follow_up.engagement_id,
        contact_id=follow_up.contact_id,
        contact_label=follow_up.contact_label,
        kind=resolved.next_kind,
        subject=data.next_subject or _("Go on: %(text)s", text=_excerpt(follow_up.body)),
        due=resolved.next,
        cause="follow_up",
        opportunity_id=plan.opportunity_id if plan else None,
        opportunity_label=plan.opportunity_label if plan else "",
    )


def _excerpt(body: str) -> str:
    """The first line, so that the next caller sees at a glance where the talk stands."""
    line = body.strip().splitlines()[0].strip()
    return line if len(line) <= _EXCERPT else f"{line[: _EXCERPT - 1].rstrip()}…"


def _settle(
    session: Session, actor: Actor, customer: Customer, follow_up: FollowUp, plan: Plan | None, *, is_contact: bool
) -> None:
    """The customer's own columns, the audit line and the news."""
    session.flush()  # the columns are computed from what has just been written
    if is_contact and (customer.last_contact_at is None or customer.last_contact_at < follow_up.at):
        customer_touch(session, customer, last_contact_at=follow_up.at)
    plans.refresh_next(session, customer.id, follow_up.author_id, plan.assignee_id if plan else None)
    ref = EntityRef("activities", "follow_up", follow_up.id)
    before, after = changes(
        {"status": follow_up.old_status},
        {
            "status": follow_up.new_status,
            "kind": follow_up.kind,
            "outcome": follow_up.outcome,
            "satisfaction": follow_up.satisfaction,
            "next_due_at": follow_up.next_due_at.isoformat() if follow_up.next_due_at else None,
            "plan_id": plan.id.hex if plan else None,
        },
    )
    record(session, actor, "activities.follow_up", ref, customer_id=customer.id, before=before, after=after)
    data = {
        "kind": follow_up.kind,
        "outcome": follow_up.outcome,
        "status": follow_up.new_status,
        "engagement_id": follow_up.engagement_id.hex if follow_up.engagement_id else None,
        "plan_id": plan.id.hex if plan else None,
    }
    publish(session, Event("activities.followed_up", ref, customer.id, actor.user_id, data))


def _invalid(field: str, message: str) -> Invalid:
    return Invalid(message, fields={field: message})
