"""Pages and answers: a question for a colleague's call, passing a plan on, taking it or not."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from baton_plugins.activities import plan_routes, queries, rights
from baton_plugins.activities.queries import PlanRow
from baton_plugins.activities.routes import CLOSE_DIALOG, WRITE, record_view
from baton_plugins.activities.together import assisting, joining
from baton_plugins.activities.together.assisting import AssistInput, DeclineInput
from baton_plugins.activities.together.joining import QuestionInput

from platform_core.api import (
    Actor,
    Bound,
    Conflict,
    FormData,
    Invalid,
    NotFound,
    Notice,
    Request,
    Response,
    Session,
    bind,
    customer_get,
    get,
    initial,
    page,
    person_choices,
    post,
    redirect,
    translator,
)

_ = translator("activities")


@get("/{plan_id:uuid}/join", permission=WRITE, name="activities:join")
def join(request: Request[Any, Any, Any], session: Session, actor: Actor, plan_id: UUID) -> Response[str]:
    row = _row(session, actor, plan_id)
    return _join_page(request, session, row, initial(QuestionInput))


@post("/{plan_id:uuid}/join", permission=WRITE, name="activities:joined")
def joined(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, plan_id: UUID
) -> Response[str]:
    bound, row = bind(QuestionInput, form), _row(session, actor, plan_id)
    if bound.ok:
        try:
            joining.join(session, actor, plan_id, bound.require())
        except Invalid as error:
            bound.add(error)
        else:
            message = _("%(name)s will ask it. You will get the result.", name=row.assignee)
            return plan_routes.changed(request, session, actor, row.plan, message, headers=CLOSE_DIALOG)
    return _join_page(request, session, row, bound, status=422)


def _join_page(
    request: Request[Any, Any, Any], session: Session, row: PlanRow, form: Bound[QuestionInput], *, status: int = 200
) -> Response[str]:
    return page(
        request, "activities/join.html", status=status, active="plans", row=row, form=form,
        partial="activities/_join_sheet.html" if status == 200 else "activities/_join_form.html",
        questions=joining.of_plan(session, row.plan),
    )  # fmt: skip


@get("/{plan_id:uuid}/assist", permission=WRITE, name="activities:assist")
def assist(request: Request[Any, Any, Any], session: Session, actor: Actor, plan_id: UUID) -> Response[str]:
    return _assist_page(request, session, actor, _row(session, actor, plan_id), initial(AssistInput))


@post("/{plan_id:uuid}/assist", permission=WRITE, name="activities:asked")
def asked(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, plan_id: UUID
) -> Response[str]:
    bound, row = bind(AssistInput, form), _row(session, actor, plan_id)
    if bound.ok:
        try:
            made = assisting.ask(session, actor, plan_id, bound.require())
        except (Invalid, Conflict) as error:
            bound.add(error if isinstance(error, Invalid) else Invalid(error.message))
        else:
            message = _("%(name)s is asked. Until they take it, it stays with you.", name=made.to_label)
            return plan_routes.changed(request, session, actor, row.plan, message, headers=CLOSE_DIALOG)
    return _assist_page(request, session, actor, row, bound, status=422)


def _assist_page(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    row: PlanRow,
    form: Bound[AssistInput],
    *,
    status: int = 200,
) -> Response[str]:
    return page(
        request, "activities/assist.html", status=status, active="plans", row=row, form=form,
        partial="activities/_assist_sheet.html" if status == 200 else "activities/_assist_form.html",
        people=[(key, name) for key, name in person_choices(session) if key != str(actor.user_id)],
        chain=assisting.chain_of(session, row.plan.id),
    )  # fmt: skip


@post("/{assistance_id:uuid}/accept", permission=WRITE, name="activities:accept")
def accept(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, assistance_id: UUID
) -> Response[str]:
    assisting.accept(session, actor, assistance_id)
    return redirect(request, _back(form), Notice(_("It is among your plans now.")))


@post("/{assistance_id:uuid}/decline", permission=WRITE, name="activities:declined")
def declined(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, assistance_id: UUID
) -> Response[str]:
    bound = bind(DeclineInput, form)
    if not bound.ok:
        return _decline_page(request, session, actor, assistance_id, bound)
    assisting.decline(session, actor, assistance_id, bound.require())
    return redirect(request, "/", Notice(_("Declined; they are told why.")))


@post("/{assistance_id:uuid}/withdraw", permission=WRITE, name="activities:withdraw")
def withdraw(request: Request[Any, Any, Any], session: Session, actor: Actor, assistance_id: UUID) -> Response[str]:
    assisting.withdraw(session, actor, assistance_id)
    return redirect(request, "/plans/delegated", Notice(_("Taken back; the plan stays with you.")))


def _back(form: FormData) -> str:
    """The page that the button stands on."""
    return "/plans/asked" if form.get("place") == "list" else "/"


def _decline_page(
    request: Request[Any, Any, Any], session: Session, actor: Actor, assistance_id: UUID, form: Bound[DeclineInput]
) -> Response[str]:
    asked = assisting.get(session, assistance_id)
    if asked.to_id != actor.user_id:
        raise NotFound(_("There is no such request, or not for you."))
    row = _row(session, actor, asked.plan_id)
    return page(request, "activities/decline.html", status=422, active="plans", asked=asked, form=form, row=row)


def _row(session: Session, actor: Actor, plan_id: UUID) -> PlanRow:
    """Its forms name the customer."""
    row = queries.plan(session, plan_id)
    record_view(session, actor, customer_get(session, rights.require_customer(row.plan)))
    return row


HANDLERS = [join, joined, assist, asked]
REQUESTS = [accept, declined, withdraw]
