"""Pages of the lists: asked of me, asked by me, my department's, and the calls of today one after the other."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from baton_plugins.activities import cadence, composing, plan_routes, queries, rights, workbench
from baton_plugins.activities.desk import lists, tabs
from baton_plugins.activities.desk.lists import Part
from baton_plugins.activities.queries import PlanRow
from baton_plugins.activities.routes import VIEW, WRITE

from platform_core.api import (
    Actor,
    Request,
    Response,
    Session,
    customer_get,
    decode_cursor,
    encode_cursor,
    get,
    page,
    person_choices,
    read_setting,
    record,
    translator,
)

_ = translator("activities")
STATES = {
    "open": _.lazy("does it"),
    "asked": _.lazy("is asked"),
    "accepted": _.lazy("does it"),
    "declined": _.lazy("declined"),
    "withdrawn": _.lazy("was asked, taken back"),
    "done": _.lazy("has done it"),
    "cancelled": _.lazy("cancelled"),
}
_PAGE = 50
_MOST = 50


@get("/asked", permission=VIEW, name="activities:asked_of_me")
def asked(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    """Requests that wait for an answer, and what was taken on for others."""
    waiting = lists.of_me(session, actor, limit=_MOST)
    taken = lists.taken(session, actor, limit=_MOST)
    record(session, actor, "activities.plans", ids=lists.shown_plans([*waiting, *taken]))
    return _page(
        request, session, actor, "asked", waiting=waiting,
        items=[plan_routes.row_context(session, row) for row in taken],
    )  # fmt: skip


@get("/delegated", permission=VIEW, name="activities:delegated")
def delegated(request: Request[Any, Any, Any], session: Session, actor: Actor, after: str = "") -> Response[str]:
    """What the actor has asked of colleagues, and what came of it."""
    mark = decode_cursor(after, 2) if after else None
    rows = lists.by_me(session, actor, after=(mark[0], mark[1]) if mark else None, limit=_PAGE + 1)
    along = [] if mark else lists.along(session, actor, limit=_MOST)
    following = ""
    if len(rows) > _PAGE:
        rows = rows[:_PAGE]
        following = f"/plans/delegated?after={encode_cursor([rows[-1].request.at, rows[-1].request.id])}"
    record(session, actor, "activities.plans", ids=lists.shown_plans([*rows, *along]))
    return _page(request, session, actor, "delegated", rows=rows, along=along, following=following, states=STATES)


@get("/department", permission=VIEW, name="activities:department")
def department(
    request: Request[Any, Any, Any],
    session: Session,
    actor: Actor,
    due: str = "",
    person: UUID | None = None,
    after: str = "",
) -> Response[str]:
    """Open plans of everybody there, soonest first; of one person where asked."""
    since, until = workbench.bounds(due)
    mark = decode_cursor(after, 2) if after else None
    part = Part(person, since, until, (mark[0], mark[1]) if mark else None)
    rows = lists.of_department(session, actor, part, limit=_PAGE + 1)
    more, rows = len(rows) > _PAGE, rows[:_PAGE]
    asked_for = f"due={due}" + (f"&person={person}" if person else "")
    following = (
        f"/plans/department?{asked_for}&after={encode_cursor([rows[-1].plan.due_at, rows[-1].plan.id])}" if more else ""
    )
    record(session, actor, "activities.plans", ids=lists.shown_plans(rows))
    return _page(
        request, session, actor, "department", due=due, person=str(person or ""), people=person_choices(session),
        items=[plan_routes.row_context(session, row) for row in rows], following=following,
        filters=plan_routes.filters(),
    )  # fmt: skip


@get("/silent", permission=VIEW, name="activities:silent")
def silent(request: Request[Any, Any, Any], session: Session, actor: Actor, after: str = "") -> Response[str]:
    """The actor's customers whom nobody has spoken with for longer than their grade allows."""
    mark = decode_cursor(after, 2) if after else None
    found = cadence.silent(session, actor, after=(mark[0], mark[1]) if mark else None, limit=_PAGE + 1)
    more, found = len(found) > _PAGE, found[:_PAGE]
    following = f"/plans/silent?after={encode_cursor([found[-1].since, found[-1].customer.id])}" if more else ""
    record(session, actor, "activities.plans", ids={one.customer.id for one in found})
    is_set = bool(read_setting(session, cadence.CADENCE))
    return _page(request, session, actor, "silent", items=found, following=following, is_set=is_set)


@get("/calls", permission=WRITE, name="activities:calls")
def calls(request: Request[Any, Any, Any], session: Session, actor: Actor) -> Response[str]:
    """What is due today, one after the other: the first stands open, and the next opens when it is saved."""
    rows = queries.mine(session, actor, until=workbench.upcoming(1), limit=_MOST)
    record(session, actor, "activities.plans", ids=lists.shown_plans(rows))
    items = [plan_routes.row_context(session, row) for row in rows]
    if rows and rows[0].plan.customer_id is not None:
        items[0] = plan_routes.row_context(session, rows[0], opened(session, rows[0]))
    return _page(request, session, actor, "mine", items=items, calls=True)


def opened(session: Session, row: PlanRow) -> composing.Composer:
    """The form for a row's result, which leads on to the next row."""
    customer = customer_get(session, rights.require_customer(row.plan))
    return composing.finishing(session, customer, row, place="calls")


def _page(request: Request[Any, Any, Any], session: Session, actor: Actor, view: str, **context: Any) -> Response[str]:
    return page(
        request, f"activities/{view}.html" if view != "mine" else "activities/calls.html", active="plans", view=view,
        tabs=tabs.of(actor, lists.numbers(session, actor)), **context,
    )  # fmt: skip


HANDLERS = [asked, delegated, department, silent, calls]
