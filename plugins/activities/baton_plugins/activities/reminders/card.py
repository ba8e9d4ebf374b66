"""A plan by itself: when, who, how often, who is reminded; putting a reminder off and asking for others."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from baton_plugins.activities import panels, plans, presets, queries, rights, series
from baton_plugins.activities.queries import PlanRow
from baton_plugins.activities.reminders import arranging, leads
from baton_plugins.activities.reminders.arranging import RemindInput, SnoozeInput
from baton_plugins.activities.routes import record_person
from baton_plugins.activities.together import assisting, joining
from baton_plugins.activities.urging import services as urging

from platform_core.api import (
    Actor,
    Bound,
    FormData,
    Invalid,
    Request,
    Response,
    Session,
    bind,
    fragment,
    get,
    initial,
    page,
    person_choices,
    post,
    redirect,
    translator,
    wants_fragment,
)

_ = translator("activities")
VIEW, WRITE = "activities.view", "activities.write"


@get("/{plan_id:uuid}", permission=VIEW, name="activities:plan")
def card(request: Request[Any, Any, Any], session: Session, actor: Actor, plan_id: UUID) -> Response[str]:
    """In a dialog over the page, or as a page."""
    row = _row(session, actor, plan_id)
    return _page(request, session, actor, row, _form(session, plan_id))


@post("/{plan_id:uuid}/snooze", permission=VIEW, name="activities:snooze")
def snooze(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, plan_id: UUID
) -> Response[str]:
    row = queries.plan(session, plan_id)
    moment = arranging.snooze(session, actor, row.plan, bind(SnoozeInput, form).require())
    message = _("You will be reminded again: %(when)s", when=panels.day_and_time(moment, all_day=False))
    if not wants_fragment(request):
        return redirect(request, f"/plans/{plan_id}")
    return fragment(request, "_toast.html", headers={"HX-Trigger": "dialog-close"}, message=message)


@post("/{plan_id:uuid}/reminders", permission=WRITE, name="activities:remind")
def remind(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, plan_id: UUID
) -> Response[str]:
    row = _row(session, actor, plan_id)
    plans.require_rearrange(session, actor, row.plan)
    bound = bind(RemindInput, form)
    bound.values |= {name: form.getlist(name) for name in ("remind", "remind_people")}
    if bound.ok:
        try:
            arranging.rearrange(session, actor, row.plan, bound.require())
        except Invalid as error:
            bound.add(error)
        else:
            if not wants_fragment(request):
                return redirect(request, f"/plans/{plan_id}")
            return fragment(request, "_toast.html", headers={"HX-Trigger": "dialog-close"}, message=_("Saved."))
    return _page(request, session, actor, row, bound, status=422)


def _row(session: Session, actor: Actor, plan_id: UUID) -> PlanRow:
    """Seen as the card of whom it is with is: it names them."""
    row = queries.plan(session, plan_id)
    record_person(session, actor, row.plan)
    return row


def _form(session: Session, plan_id: UUID) -> Bound[RemindInput]:
    wanted = arranging.wishes_of(session, plan_id)
    asked = {wish.lead for wish in wanted}
    people = dict.fromkeys(str(wish.user_id) for wish in wanted if wish.user_id)
    return initial(RemindInput, remind=[lead for lead in leads.LEADS if lead in asked], remind_people=list(people))


def _page(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    row: PlanRow,
    form: Bound[RemindInput],
    *,
    status: int = 200,
) -> Response[str]:
    plan = row.plan
    is_open = plan.state == "open"
    common = is_open and plan.customer_id is not None
    together = common and actor.can(WRITE)
    return page(
        request,
        "activities/card.html",
        partial="activities/_card_sheet.html" if status == 200 else "activities/_card.html",
        status=status,
        active="plans",
        row=row,
        form=form,
        kind=presets.kind(session, plan.kind),
        repeat=series.label(plan.repeat),
        may_rearrange=is_open and rights.may_rearrange(session, actor, plan),
        may_finish=is_open and rights.may_work_on(session, actor, plan),
        may_pass=together and plan.assignee_id == actor.user_id,
        may_join=together and plan.assignee_id != actor.user_id,
        may_urge=common and urging.covers(actor, plan.assignee_id, plan.department_id),
        chain=assisting.chain_of(session, plan.id),
        asked=assisting.open_of(session, plan.id) if is_open else None,
        questions=joining.of_plan(session, plan),
        reminders=arranging.of_plan(session, plan.id) if is_open else [],
        told=arranging.told_of(session, plan.id),
        delays=[(by, arranging.delay_label(by)) for by in arranging.DELAYS] if is_open else [],
        leads=leads.choices(),
        people=person_choices(session),
    )


HANDLERS = [card, snooze, remind]
