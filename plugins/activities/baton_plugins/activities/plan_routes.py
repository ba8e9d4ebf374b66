"""Pages and answers about plans: my list, a new one, its result, another date, cancelling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from baton_plugins.activities import (
    about,
    composing,
    panels,
    plans,
    presets,
    queries,
    rights,
    series,
    services,
    workbench,
)
from baton_plugins.activities.desk import lists, tabs
from baton_plugins.activities.forms import PlanInput, PlanMove, Planned
from baton_plugins.activities.models import Plan
from baton_plugins.activities.queries import PlanRow
from baton_plugins.activities.reminders import leads
from baton_plugins.activities.reminders.settings import LEAD
from baton_plugins.activities.routes import (
    CLOSE_DIALOG,
    VIEW,
    WRITE,
    bound_follow_up,
    dropped,
    logged,
    place_of,
    record_person,
    record_view,
    saved_message,
    uuid_of,
)
from baton_plugins.activities.together import joining
from baton_plugins.activities.together.joining import QuestionInput

from platform_core.api import (
    Actor,
    Bound,
    Conflict,
    Customer,
    Forbidden,
    FormData,
    Invalid,
    Request,
    Response,
    Session,
    TooLarge,
    bind,
    customer_get,
    decode_cursor,
    encode_cursor,
    fragment,
    get,
    initial,
    local,
    page,
    person_choices,
    post,
    read_setting,
    record,
    redirect,
    refusal_text,
    today,
    translator,
    wants_fragment,
    writable_engagements,
)

_ = translator("activities")
_PAGE = 50
_Planned = TypeVar("_Planned", bound=Planned)


@get("/", permission=VIEW, name="activities:plans")
def index(
    request: Request[Any, Any, Any], session: Session, actor: Actor, due: str = "", after: str = ""
) -> Response[str]:
    """My open plans, soonest first; `due` is one of the workbench's sections."""
    since, until = workbench.bounds(due)
    mark = decode_cursor(after, 2) if after else None
    rows = queries.mine(
        session, actor, since=since, until=until, after=(mark[0], mark[1]) if mark else None, limit=_PAGE + 1
    )
    more, rows = len(rows) > _PAGE, rows[:_PAGE]
    if due == "overdue":
        rows = [row for row in rows if row.is_overdue]
    record(session, actor, "activities.plans", ids={row.plan.person_id for row in rows})
    following = (
        f"/plans?due={due}&after={encode_cursor([rows[-1].plan.due_at, rows[-1].plan.id])}" if more and rows else ""
    )
    return page(
        request,
        "activities/plans.html",
        active="plans",
        items=[row_context(session, row) for row in rows],
        due=due,
        filters=filters(),
        following=following,
        tabs=tabs.of(actor, lists.numbers(session, actor)),
        view="mine",
    )


def filters() -> list[tuple[str, str]]:
    """(`due`, label) of what a list may be narrowed to."""
    return [
        ("", _("All")),
        ("overdue", _("Overdue")),
        ("today", _("Today")),
        ("tomorrow", _("Tomorrow")),
        ("later", _("Later")),
    ]


def row_context(session: Session, row: PlanRow, c: composing.Composer | None = None) -> dict[str, Any]:
    """For `_row.html`; with a composer the row is open for its result."""
    return {"row": row, "kind": presets.kind(session, row.plan.kind), "c": c}


@get("/new", permission=WRITE, name="activities:new_plan")
def new(
    request: Request[Any, Any, Any], session: Session, actor: Actor, customer: UUID, opportunity: UUID | None = None
) -> Response[str]:
    found = customer_get(session, customer)
    record_view(session, actor, found)
    engagements = writable_engagements(session, actor, found.id)
    only = str(engagements[0][0]) if len(engagements) == 1 else None
    form = fresh(session, PlanInput, **about.given(session, found.id, opportunity, only))
    return _plan_page(request, session, actor, found, form)


def fresh(session: Session, kind: type[_Planned], **given: Any) -> Bound[_Planned]:
    """A form for a plan of today, reminded of as the house does."""
    usual = read_setting(session, LEAD)
    remind = [usual] if usual else []
    return initial(kind, kind="call", on=today().isoformat(), remind=remind, remind_people=[], **given)


def bound_plan(kind: type[_Planned], form: FormData) -> Bound[_Planned]:
    bound = bind(kind, form)
    bound.values |= {name: form.getlist(name) for name in ("remind", "remind_people")}
    return bound


@post("/", permission=WRITE, name="activities:create_plan")
def create(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    customer = customer_get(session, uuid_of(form.get("customer_id")))
    bound = bound_plan(PlanInput, form)
    near: list[PlanRow] = []
    if bound.ok:
        data = bound.require()
        try:
            plans.when(data)
            if not form.get("apart"):
                near = joining.near(session, actor, customer.id, data.on, data.kind)
            if form.get("join"):
                question = joining.join(session, actor, uuid_of(form.get("join")), QuestionInput(text=data.subject))
                return _joined(request, session, actor, question.plan_id)
            if not near:
                return planned(request, session, actor, plans.create_plan(session, actor, customer.id, data))
        except Invalid as error:
            bound.add(error)
    return _plan_page(request, session, actor, customer, bound, status=422, near=near)


def planned(request: Request[Any, Any, Any], session: Session, actor: Actor, plan: Plan) -> Response[str]:
    message = _("Planned: %(due)s", due=plan_day(plan))
    return changed(request, session, actor, plan, message, headers=CLOSE_DIALOG)


def _joined(request: Request[Any, Any, Any], session: Session, actor: Actor, plan_id: UUID) -> Response[str]:
    row = queries.plan(session, plan_id)
    message = _("%(name)s will ask it. You will get the result.", name=row.assignee)
    return changed(request, session, actor, row.plan, message, headers=CLOSE_DIALOG)


def _plan_page(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    customer: Customer,
    form: Bound[PlanInput],
    *,
    status: int = 200,
    near: Sequence[PlanRow] = (),
) -> Response[str]:
    """`near`: calls of colleagues that this one should rather be a part of."""
    theirs = {
        "customer": customer,
        "contacts": composing.contact_pairs(session, customer.id),
        "engagements": [(str(key), title) for key, title in writable_engagements(session, actor, customer.id)],
        "opportunities": about.offered(session, actor, customer.id),
        "others": queries.open_plans(session, customer.id),
        "near": near,
    }
    return sheet(request, session, theirs, form, status=status)


def sheet(
    request: Request[Any, Any, Any],
    session: Session,
    whom: Mapping[str, Any],
    form: Bound[_Planned],
    *,
    status: int = 200,
) -> Response[str]:
    """`whom`: `customer` with what belongs to one, or `contact`."""
    return page(
        request,
        "activities/plan.html",
        partial="activities/_plan_sheet.html" if status == 200 else "activities/_plan_form.html",
        status=status,
        active="customers",
        form=form,
        kinds=composing.kind_pairs(session),
        repeats=series.choices(),
        leads=leads.choices(),
        people=person_choices(session),
        **whom,
    )


@get("/{plan_id:uuid}/finish", permission=WRITE, name="activities:finish")
def finish(
    request: Request[Any, Any, Any], session: Session, actor: Actor, plan_id: UUID, place: str = "page"
) -> Response[str]:
    """The form for the result, in the row it belongs to, in a dialog, or as a page; of a contact on its own page."""
    row = queries.plan(session, plan_id)
    if row.plan.customer_id is None:
        return redirect(request, f"{row.home}?plan={plan_id}")
    customer = customer_get(session, row.plan.customer_id)
    record_view(session, actor, customer)
    where = place if wants_fragment(request) and place in {"row", "calls", "dialog"} else "page"
    return _finish_page(request, session, row, composing.finishing(session, customer, row, place=where))


@post("/{plan_id:uuid}/finish", permission=WRITE, name="activities:finished")
def finished(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, plan_id: UUID
) -> Response[str]:
    row = queries.plan(session, plan_id)
    customer = customer_get(session, rights.require_customer(row.plan))
    place, bound = place_of(form), bound_follow_up(form)
    message, status = "", 422
    if bound.ok:
        try:
            follow_up = services.finish_plan(session, actor, plan_id, bound.require(), form.files("files"))
        except (Invalid, TooLarge) as error:
            bound.add(error if isinstance(error, Invalid) else Invalid(error.message, fields={"files": error.message}))
        except (Conflict, Forbidden) as error:
            message, status = refusal_text(session, actor, error), error.status
        else:
            if place not in {"row", "calls"} or not wants_fragment(request):
                return logged(request, session, actor, customer, follow_up, place=place)
            context = {**row_context(session, row), "tally": queries.tally(session, actor)}
            following = _following(session, actor, row) if place == "calls" else None
            return fragment(
                request, "activities/_row_done.html", **context, message=saved_message(follow_up), following=following
            )
    again = composing.finishing(session, customer, row, place=place, form=dropped(bound, form), message=message)
    return _finish_page(request, session, row, again, status=status)


def _following(session: Session, actor: Actor, row: PlanRow) -> dict[str, Any] | None:
    """The next row of the call list, open for its result: of what is due, soonest first, then from the top again."""
    until, mark = workbench.upcoming(1), (row.plan.due_at, row.plan.id)
    rows = queries.mine(session, actor, until=until, after=mark, limit=1) or queries.mine(
        session, actor, until=until, limit=1
    )
    if not rows:
        return None
    if rows[0].plan.customer_id is None:
        return row_context(session, rows[0])
    customer = customer_get(session, rows[0].plan.customer_id)
    record_view(session, actor, customer)
    return row_context(session, rows[0], composing.finishing(session, customer, rows[0], place="calls"))


def _finish_page(
    request: Request[Any, Any, Any], session: Session, row: PlanRow, composer: composing.Composer, *, status: int = 200
) -> Response[str]:
    fresh, again = ("_row", "_row") if composer.place in {"row", "calls"} else ("_finish_sheet", "_finish_form")
    return page(
        request,
        "activities/finish.html",
        partial=f"activities/{fresh if status == 200 else again}.html",
        status=status,
        active="plans",
        **row_context(session, row, composer),
    )


@get("/{plan_id:uuid}/row", permission=VIEW, name="activities:row")
def closed_row(request: Request[Any, Any, Any], session: Session, actor: Actor, plan_id: UUID) -> Response[str]:
    """The row without the form, as it was before."""
    row = queries.plan(session, plan_id)
    record_person(session, actor, row.plan)
    return fragment(request, "activities/_row.html", **row_context(session, row))


@get("/{plan_id:uuid}/move", permission=WRITE, name="activities:move")
def move(request: Request[Any, Any, Any], session: Session, actor: Actor, plan_id: UUID) -> Response[str]:
    row = queries.plan(session, plan_id)
    record_person(session, actor, row.plan)
    due = local(row.plan.due_at)
    form = initial(PlanMove, on=due.date().isoformat(), time=None if row.plan.all_day else f"{due:%H:%M}")
    return _move_page(request, row, form)


@post("/{plan_id:uuid}/move", permission=WRITE, name="activities:moved")
def moved(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, plan_id: UUID
) -> Response[str]:
    bound = bind(PlanMove, form)
    if bound.ok:
        try:
            plan = plans.move_plan(session, actor, plan_id, bound.require())
        except Invalid as error:
            bound.add(error)
        else:
            message = _("Moved to %(due)s", due=plan_day(plan))
            return changed(request, session, actor, plan, message, headers=CLOSE_DIALOG)
    return _move_page(request, queries.plan(session, plan_id), bound, status=422)


def _move_page(
    request: Request[Any, Any, Any], row: PlanRow, form: Bound[PlanMove], *, status: int = 200
) -> Response[str]:
    return page(
        request,
        "activities/move.html",
        partial="activities/_move_sheet.html" if status == 200 else "activities/_move_form.html",
        status=status,
        active="plans",
        row=row,
        form=form,
    )


@post("/{plan_id:uuid}/cancel", permission=WRITE, name="activities:cancel")
def cancel(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, plan_id: UUID
) -> Response[str]:
    plan = plans.cancel_plan(session, actor, plan_id, series_too=form.get("series") == "1")
    return changed(
        request, session, actor, plan, _("Plan cancelled."), undo=f"/plans/{plan.id}/reopen", headers=CLOSE_DIALOG
    )


@post("/{plan_id:uuid}/reopen", permission=WRITE, name="activities:reopen")
def reopen(request: Request[Any, Any, Any], session: Session, actor: Actor, plan_id: UUID) -> Response[str]:
    plan = plans.reopen_plan(session, actor, plan_id)
    return changed(request, session, actor, plan, _("The plan is open again."))


def changed(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    plan: Plan,
    message: str,
    *,
    undo: str = "",
    headers: dict[str, str] | None = None,
) -> Response[str]:
    """The panel and the row wherever the page shows them, and a toast."""
    if request.headers.get("hx-request") != "true":
        return redirect(request, PlanRow(plan, "", "").home)
    row = queries.plan(session, plan.id)
    theirs = panels.plans_of(session, actor, plan)
    return fragment(
        request,
        "activities/_changed.html",
        headers=headers or {},
        message=message,
        undo_url=undo,
        **row_context(session, row),
        **theirs,
    )


def plan_day(plan: Plan) -> str:
    return panels.day_and_time(plan.due_at, all_day=plan.all_day)


HANDLERS = [index, new, create, finish, finished, closed_row, move, moved, cancel, reopen]
