"""The list of all plans that somebody sees: columns, conditions, orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from baton_plugins.activities import dates, presets
from baton_plugins.activities.alone.policies import reach_of
from baton_plugins.activities.cycles import queries as cycles
from baton_plugins.activities.desk import rearranging
from baton_plugins.activities.models import Plan
from sqlalchemy import ColumnElement, not_

from platform_core.api import (
    Actor,
    Session,
    customer_groups,
    customer_name_of_row,
    customers_of_rows,
    department_choices,
    lists,
    names_of,
    person_choices,
    search_of_customers,
    search_of_similar_customers,
    translator,
)

_ = translator("activities")
EXPORT = "activities.export"
STATES = {
    "open": _.lazy("open"),
    "asked": _.lazy("asked"),
    "done": _.lazy("done"),
    "cancelled": _.lazy("cancelled"),
}


def _prepare(session: Session, actor: Actor, rows: Sequence[Any]) -> Mapping[str, Any]:
    names = names_of(session, (key for row in rows for key in (row.assignee_id, row.department_id)))
    return {
        "customers": customers_of_rows(session, rows),
        "kinds": {row.kind: presets.kind(session, row.kind) for row in rows},
        "people": {row.assignee_id: names.person(row.assignee_id) for row in rows},
        "departments": {row.department_id: names.department(row.department_id) for row in rows},
        "due": {row.id: dates.Due(row.due_at, row.all_day).shown for row in rows},
        "states": STATES,
    }


def _with(row: Any, look: Mapping[str, Any]) -> str:
    return customer_name_of_row(row, look) if row.customer_id else row.contact_label


def _due(row: Any, look: Mapping[str, Any]) -> str:
    return str(look["due"][row.id]) if row.all_day else row.due_at


def _repeats(_operator: str, values: Sequence[str], _actor: Actor) -> ColumnElement[bool]:
    once: ColumnElement[bool] = Plan.repeat == ""
    return not_(once) if values[0] == "yes" else once


def _people(session: Session, _actor: Actor) -> lists.Choices:
    return person_choices(session)


PLANS = lists.ListView(
    key="all_plans",
    owner="activities",
    path="/plans/all",
    model=Plan,
    permission="activities.view",
    title=_.lazy("All plans"),
    cells="activities/_plan_cells.html",
    columns=(
        lists.Column("subject", _.lazy("Plan"), (Plan.subject, Plan.kind), fixed=True),
        lists.Column(
            "state", _.lazy("State"), (Plan.state,), text=lambda row, look: str(look["states"][row.state])
        ),
        lists.Column(
            "customer", _.lazy("Customer"), (Plan.customer_id, Plan.contact_id, Plan.contact_label), text=_with
        ),
        lists.Column("due", _.lazy("Due"), (Plan.due_at, Plan.all_day), sort="due", text=_due, edited="due"),
        lists.Column(
            "assignee", _.lazy("Person"), (Plan.assignee_id,), text=lambda row, look: look["people"][row.assignee_id],
            edited="assignee",
        ),
        lists.Column(
            "department", _.lazy("Department"), (Plan.department_id,), shown=False,
            text=lambda row, look: look["departments"][row.department_id],
        ),
        lists.Column(
            "kind", _.lazy("Kind"), (Plan.kind,), shown=False, text=lambda row, look: look["kinds"][row.kind].label,
            edited="kind",
        ),
        lists.Column("contact", _.lazy("Contact"), (Plan.contact_label,), shown=False),
        lists.Column("made_by", _.lazy("Made by"), (Plan.created_by_label,), shown=False),
        lists.Column("had_by", _.lazy("Taken over from"), (Plan.passed_on_by_label,), shown=False),
        lists.Column("done", _.lazy("Done"), (Plan.done_at,), sort="done"),
        lists.Column("made", _.lazy("Made on"), (Plan.created_at,), sort="made", shown=False),
    ),
    sorts=(
        lists.Sort("due", _.lazy("Due"), Plan.due_at),
        lists.Sort("done", _.lazy("Done"), Plan.done_at, descending=True),
        # Keys are made in the order of time.
        lists.Sort("made", _.lazy("Made on"), Plan.id, descending=True),
    ),
    filters=(
        lists.Filter(
            "state", _.lazy("State"), "choice", Plan.state,
            choices=lambda _session, _actor: [(code, str(label)) for code, label in STATES.items()],
        ),
        lists.Filter("due", _.lazy("Due"), "date", Plan.due_at),
        lists.Filter("assignee", _.lazy("Person"), "user", Plan.assignee_id, choices=_people),
        lists.Filter(
            "department", _.lazy("Department"), "department", Plan.department_id,
            choices=lambda session, _actor: department_choices(session),
        ),
        customer_groups.list_filter(Plan.customer_id),
        lists.Filter("kind", _.lazy("Kind"), "choice", Plan.kind, dictionary=presets.KINDS),
        lists.Filter("subject", _.lazy("Plan"), "text", Plan.subject),
        lists.Filter("contact", _.lazy("Contact"), "text", Plan.contact_label),
        lists.Filter("made_by", _.lazy("Made by"), "user", Plan.created_by, choices=_people),
        lists.Filter("had_by", _.lazy("Taken over from"), "text", Plan.passed_on_by_label),
        lists.Filter("repeats", _.lazy("Comes again"), "bool", where=_repeats),
        lists.Filter(
            "cycle", _.lazy("Cycle of return visits"), "choice", choices=cycles.choices, among=cycles.visits_of
        ),
        lists.Filter("done", _.lazy("Done"), "date", Plan.done_at),
        lists.Filter("made", _.lazy("Made on"), "date", Plan.created_at),
    ),
    presets=(
        lists.Preset("open", _.lazy_pgettext("of plans", "Open"), ("state:is:open",)),
        lists.Preset("mine", _.lazy("Mine"), ("state:is:open", "assignee:is:me")),
        lists.Preset("late", _.lazy("Overdue"), ("state:is:open", "due:before:today")),
        lists.Preset("visits", _.lazy("Overdue return visits"), ("state:is:open", "cycle:filled", "due:before:today")),
        lists.Preset("done", _.lazy("Done"), ("state:is:done",), "done"),
        lists.Preset("all", _.lazy("All")),
    ),
    row_name="subject",
    search=search_of_customers(Plan),
    search_label=_.lazy("Customer, contact or phone number"),
    similar=search_of_similar_customers(Plan),
    reach=reach_of(Plan),
    prepare=_prepare,
    counted=("state", "kind"),
    record="/plans/{id}",
    export=EXPORT,
    changes=rearranging.CHANGES,
    buttons=(lists.Button(_.lazy("My plans"), "calendar", "/plans", "activities.view"),),
    invitation=lists.Invitation(
        _.lazy("There are no plans here. A plan is made on its customer's page."),
        _.lazy("Choose a customer"),
        "/customers",
        "customers.view",
    ),
)  # fmt: skip
