"""Settings of the cycles: their days, who visits, whom the rule reaches; started, paused, stopped and brought back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from baton_plugins.activities import composing
from baton_plugins.activities.cycles import days, queries, services, taking
from baton_plugins.activities.cycles.models import Cycle
from baton_plugins.activities.cycles.services import CycleInput

from platform_core.api import (
    Actor,
    Bound,
    FormData,
    Invalid,
    NotFound,
    Notice,
    Request,
    Response,
    Routes,
    Session,
    bind,
    customer_audience,
    department_choices,
    dictionaries,
    get,
    initial,
    page,
    person_choices,
    post,
    redirect,
    translator,
)

_ = translator("activities")
KEEP = "activities.cycles"
HOME = "/settings/cycles"
_GROUP = "f=group:is:"
_FIELDS = (
    "name", "every", "kind", "subject", "who", "starts", "grade", "classification", "status", "per_day", "user_id",
    "department_id", "group_id",
)  # fmt: skip
WHO = {
    "owner": _.lazy("who looks after the customer"),
    "holder": _.lazy("who holds the baton"),
    "head": _.lazy("the head of the customer's department"),
    "person": _.lazy("one person"),
}
STARTS = {
    "joined": _.lazy("the day the customer is put on it"),
    "taken": _.lazy("the day a department took over"),
    "done": _.lazy("the day an engagement was finished"),
}


@get("/", permission=KEEP, name="activities:cycles")
def index(request: Request[Any, Any, Any], session: Session) -> Response[str]:
    return page(
        request, "activities/cycles.html", active="cycles", cycles=queries.cycles(session),
        standings=queries.standings(session), idle=queries.Standing(), written=days.written,
    )  # fmt: skip


@get("/new", permission=KEEP, name="activities:new_cycle")
def new(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    return _form(request, session, actor, None, initial(CycleInput, days="7, 30, 90", every=90, kind="call"))


@post("/new", permission=KEEP, name="activities:add_cycle")
def add(request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData) -> Response[str]:
    return _save(request, session, actor, form, None)


@get("/{cycle_id:uuid}", permission=KEEP, name="activities:cycle")
def show(request: Request[Any, Any, Any], session: Session, actor: Actor, cycle_id: UUID) -> Response[str]:
    cycle = services.get(session, cycle_id)
    return _form(request, session, actor, cycle, _given(cycle))


def _given(cycle: Cycle) -> Bound[CycleInput]:
    values = {name: getattr(cycle, name) for name in _FIELDS}
    return initial(CycleInput, days=days.written(cycle.steps), **values)


@post("/{cycle_id:uuid}", permission=KEEP, name="activities:change_cycle")
def change(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, cycle_id: UUID
) -> Response[str]:
    return _save(request, session, actor, form, cycle_id)


def _save(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, cycle_id: UUID | None
) -> Response[str]:
    bound = bind(CycleInput, form)
    if bound.ok:
        try:
            cycle = services.save(session, actor, cycle_id, bound.require())
        except Invalid as error:
            bound.add(error)
        else:
            return redirect(request, cycle.url, Notice(_("Saved.")))
    return _form(request, session, actor, services.get(session, cycle_id) if cycle_id else None, bound)


@post("/{cycle_id:uuid}/{act:str}", permission=KEEP, name="activities:run_cycle")
def run(
    request: Request[Any, Any, Any], session: Session, actor: Actor, form: FormData, cycle_id: UUID, act: str
) -> Response[str]:
    """start, pause, stop or resume."""
    if act == "start":
        services.start(session, actor, cycle_id, form.number("version") or 0)
        told = _("The rule holds. Customers are put on the cycle in the background.")
    elif act == "pause":
        services.pause(session, actor, cycle_id)
        told = _("Nobody new is put on this cycle. Who is on it stays.")
    elif act == "stop":
        services.stop(session, actor, cycle_id)
        told = _("The cycle is stopped. Its open visits are being withdrawn.")
    elif act == "resume":
        services.resume(session, actor, cycle_id)
        told = _("The cycle goes on. Who was on it gets the next visit.")
    else:
        raise NotFound(_("There is no such cycle."))
    return redirect(request, f"{HOME}/{cycle_id}", Notice(told))


def _form(
    request: Request[Any, Any, Any], session: Session, actor: Actor, cycle: Cycle | None, form: Bound[CycleInput]
) -> Response[str]:
    groups = [(key, name) for key, name in customer_audience.choices(session, actor) if key.startswith(_GROUP)]
    statuses = {name: dictionaries.choices(session, f"customers.{name}") for name in taking.CODES}
    return page(
        request, "activities/cycle.html", active="cycles", status=422 if form.errors else 200, cycle=cycle, form=form,
        kinds=composing.kind_pairs(session, current=str(form.get("kind"))), people=person_choices(session),
        departments=department_choices(session), codes=statuses, who=_pairs(WHO), starts=_pairs(STARTS),
        groups=[(key.removeprefix(_GROUP), name) for key, name in groups], most=taking.MOST_COUNTED,
        standing=queries.standings(session).get(cycle.id, queries.Standing()) if cycle else None,
        numbers=_numbers(session, actor, cycle),
    )  # fmt: skip


def _pairs(labels: dict[str, str]) -> list[tuple[str, str]]:
    return [(key, str(label)) for key, label in labels.items()]


def _numbers(session: Session, actor: Actor, cycle: Cycle | None) -> taking.Numbers | None:
    """Whom the rule would reach if the actor started it now."""
    if cycle is None or cycle.rule or not cycle.active:
        return None
    try:
        return taking.numbers(session, actor, cycle)
    except Invalid:  # the list no longer has such a condition
        return None


ROUTES = Routes(HOME, [index, new, add, show, change, run])
