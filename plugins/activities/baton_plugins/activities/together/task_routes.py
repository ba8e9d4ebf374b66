"""Giving a task to several people, and the page with their answers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from baton_plugins.activities import about, composing, queries, rights
from baton_plugins.activities.desk.views import STATES
from baton_plugins.activities.routes import CLOSE_DIALOG, VIEW, WRITE, record_view, uuid_of
from baton_plugins.activities.together import tasks
from baton_plugins.activities.together.tasks import TaskInput

from platform_core.api import (
    Actor,
    Bound,
    Customer,
    FormData,
    Invalid,
    Notice,
    Request,
    Response,
    Session,
    bind,
    customer_get,
    fragment,
    get,
    initial,
    page,
    person_choices,
    post,
    redirect,
    today,
    translator,
    wants_fragment,
    writable_engagements,
)

_ = translator("activities")


@get("/task", permission=WRITE, name="activities:new_task")
def new(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer: UUID, opportunity: UUID | None = None
) -> Response[str]:
    found = customer_get(session, customer)
    record_view(session, actor, found)
    engagements = writable_engagements(session, actor, found.id)
    only = str(engagements[0][0]) if len(engagements) == 1 else None
    form = initial(TaskInput, on=today().isoformat(), people=[], **about.given(session, found.id, opportunity, only))
    return _form(request, session, actor, found, form)


@post("/task", permission=WRITE, name="activities:give_task")
def give(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    customer = customer_get(session, uuid_of(form.get("customer_id")))
    bound = bind(TaskInput, form)
    bound.values["people"] = form.getlist("people")
    if bound.ok:
        try:
            made = tasks.give(session, actor, customer.id, bound.require())
        except Invalid as error:
            bound.add(error)
        else:
            message = _.ngettext("%(num)d person has the task.", "%(num)d people have the task.", len(made))
            if not wants_fragment(request):
                return redirect(request, f"/plans/{made[0].id}/task", Notice(message))
            headers = {"HX-Trigger": f"{CLOSE_DIALOG['HX-Trigger']}, customer-changed"}
            return fragment(request, "_toast.html", headers=headers, message=message)
    return _form(request, session, actor, customer, bound, status=422)


def _form(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    customer: Customer,
    form: Bound[TaskInput],
    *,
    status: int = 200,
) -> Response[str]:
    return page(
        request, "activities/task.html", status=status, active="customers", customer=customer, form=form,
        partial="activities/_task_sheet.html" if status == 200 else "activities/_task_form.html",
        kinds=composing.kind_pairs(session), contacts=composing.contact_pairs(session, customer.id),
        engagements=[(str(key), title) for key, title in writable_engagements(session, actor, customer.id)],
        people=person_choices(session), opportunities=about.offered(session, actor, customer.id),
    )  # fmt: skip


@get("/{plan_id:uuid}/task", permission=VIEW, name="activities:task")
def answers(request: Request[Any, Any, Any], session: Session, actor: Actor, plan_id: UUID) -> Response[str]:
    """Who got the same task, who does it, who does not and why, and what came of it."""
    row = queries.plan(session, plan_id)
    record_view(session, actor, customer_get(session, rights.require_customer(row.plan)))
    parts = tasks.answers(session, row.plan)
    return page(request, "activities/answers.html", active="plans", row=row, parts=parts, states=STATES)


HANDLERS = [new, give, answers]
