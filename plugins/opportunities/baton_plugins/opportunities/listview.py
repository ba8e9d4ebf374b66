"""The opportunity list: columns, conditions, orders, and the totals of whatever is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from baton_plugins.opportunities import listing, many, queries
from baton_plugins.opportunities.models import Opportunity, ProjectType
from sqlalchemy import ColumnElement, false, select

from platform_core.api import (
    Actor,
    Customer,
    Session,
    customer_groups,
    lists,
    money_text,
    person_choices,
    spelled,
    translator,
)

_ = translator("opportunities")


def stages(session: Session, actor: Actor) -> lists.Choices:
    return _stages()


def _stages() -> lists.Choices:
    return [
        ("open", _.pgettext("stage", "Open")),
        ("won", _.pgettext("stage", "Won")),
        ("lost", _.pgettext("stage", "Lost")),
    ]


def _prepare(session: Session, actor: Actor, rows: Sequence[Any]) -> Mapping[str, Any]:
    """Customers of the page (all seen by whoever sees their opportunities) and the names of types."""
    ids = {row.customer_id for row in rows}
    found = (
        session.execute(select(Customer.id, Customer.name, Customer.code).where(Customer.id.in_(ids))) if ids else ()
    )
    return {
        "customers": {row.id: row for row in found},
        "types": {kind.id: kind.name for kind in queries.project_types(session)},
    }


def _stage_name(row: Any, look: Mapping[str, Any]) -> str:
    return dict(_stages())[row.stage]


def _customer_name(row: Any, look: Mapping[str, Any]) -> str:
    customer = look["customers"].get(row.customer_id)
    return customer.name if customer else ""


def _type_name(row: Any, look: Mapping[str, Any]) -> str:
    return str(look["types"].get(row.project_type_id, ""))


def _of_types(codes: Sequence[str]) -> ColumnElement[bool]:
    kinds = select(ProjectType.id)
    return Opportunity.project_type_id.in_(kinds.where(ProjectType.code.in_(codes)) if codes else kinds)


def _search(session: Session, words: str) -> lists.Search:
    wanted = spelled(session, words)
    return lists.Search(queries.matching(wanted) if wanted else false(), selective=False)


def _totals(session: Session, actor: Actor, conditions: Sequence[ColumnElement[bool]]) -> str:
    found = listing.totals(session, conditions)
    return _(
        "Expected %(expected)s, weighted %(weighted)s",
        expected=money_text(found.expected),
        weighted=money_text(found.weighted),
    )


OPPORTUNITIES = lists.ListView(
    key="opportunities",
    path="/opportunities",
    model=Opportunity,
    permission="opportunities.view",
    title=_.lazy("Opportunities"),
    cells="opportunities/_cells.html",
    columns=(
        lists.Column("title", _.lazy("Opportunity"), (Opportunity.title,), fixed=True, edited="title"),
        lists.Column("stage", _.lazy("Stage"), (Opportunity.stage,), text=_stage_name),
        lists.Column("customer", _.lazy("Customer"), (Opportunity.customer_id,), text=_customer_name),
        lists.Column("type", _.lazy("Project type"), (Opportunity.project_type_id,), text=_type_name),
        lists.Column(
            "value",
            _.lazy("Expected value"),
            (Opportunity.expected_value,),
            sort="value",
            number=True,
            edited="expected_value",
        ),
        lists.Column(
            "probability", _.lazy("Probability"), (Opportunity.probability,), number=True, edited="probability"
        ),
        lists.Column(
            "expected_on", _.lazy("Expected on"), (Opportunity.expected_on,), sort="expected_on", edited="expected_on"
        ),
        lists.Column("owner", _.lazy("Owner"), (Opportunity.owner_label,), edited="owner"),
        lists.Column("department", _.lazy("Department"), (Opportunity.department_label,), shown=False),
        lists.Column("updated", _.lazy("Changed"), (Opportunity.updated_at,), sort="updated"),
        lists.Column("created", _.lazy("Created"), (Opportunity.created_at,), shown=False),
    ),
    sorts=(
        lists.Sort("updated", _.lazy("Changed"), Opportunity.updated_at, descending=True),
        lists.Sort("expected_on", _.lazy("Expected on"), Opportunity.expected_on),
        lists.Sort("value", _.lazy("Expected value"), Opportunity.expected_value, descending=True),
    ),
    filters=(
        lists.Filter("stage", _.lazy("Stage"), "choice", Opportunity.stage, choices=stages),
        lists.Filter(
            "type",
            _.lazy("Project type"),
            "choice",
            choices=lambda session, _actor: [(kind.code, kind.name) for kind in queries.project_types(session)],
            among=_of_types,
        ),
        lists.Filter(
            "owner",
            _.lazy("Owner"),
            "user",
            Opportunity.owner_id,
            choices=lambda session, _actor: person_choices(session),
        ),
        customer_groups.list_filter(Opportunity.customer_id),
        lists.Filter("expected_on", _.lazy("Expected on"), "date", Opportunity.expected_on),
        lists.Filter("value", _.lazy("Expected value"), "number", Opportunity.expected_value),
        lists.Filter("probability", _.lazy("Probability"), "number", Opportunity.probability),
        lists.Filter("title", _.lazy("Opportunity"), "text", Opportunity.title),
        lists.Filter("created", _.lazy("Created"), "date", Opportunity.created_at),
        lists.Filter("closed", _.lazy("Closed"), "date", Opportunity.closed_at),
    ),
    presets=(
        lists.Preset("all", _.lazy_pgettext("stage", "All")),
        lists.Preset("open", _.lazy_pgettext("stage", "Open"), ("stage:is:open",)),
        lists.Preset("mine", _.lazy("Mine"), ("stage:is:open", "owner:is:me"), "expected_on"),
        lists.Preset("won", _.lazy_pgettext("stage", "Won"), ("stage:is:won",)),
        lists.Preset("lost", _.lazy_pgettext("stage", "Lost"), ("stage:is:lost",)),
    ),
    row_name="title",
    search=_search,
    search_label=_.lazy("Title or contract number"),
    prepare=_prepare,
    footer=_totals,
    export="opportunities.export",
    record="/opportunities/{id}",
    changes=many.CHANGES,
    buttons=(
        lists.Button(_.lazy("Forecast"), "chart-line", "/opportunities/forecast", "opportunities.view"),
        lists.Button(_.lazy("Import"), "upload", "/import/opportunities.opportunities", "opportunities.edit"),
    ),
    invitation=lists.Invitation(
        _.lazy("No opportunities yet. An opportunity starts from a customer: open one and press O."),
        _.lazy("Choose a customer"),
        "/customers",
        "customers.view",
    ),
)
