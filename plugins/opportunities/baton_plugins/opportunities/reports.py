"""Reports and the tile of the reports page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import pluggy
from baton_plugins.opportunities import listing, queries
from baton_plugins.opportunities.listview import stages
from baton_plugins.opportunities.models import Opportunity, ProjectType
from sqlalchemy import func, select

from platform_core.api import (
    Actor,
    Linked,
    Report,
    ReportColumn,
    ReportFilter,
    ReportQuery,
    Session,
    Widget,
    customer_groups,
    money_text,
    number_text,
    translator,
)

_ = translator("opportunities")
hookimpl = pluggy.HookimplMarker("baton")
VIEW = "opportunities.view"


def _rows_behind(*conditions: str) -> str:
    """The list under these conditions."""
    return f"/opportunities?{urlencode([('f', condition) for condition in conditions], safe=':,')}"


def _by_stage(session: Session, actor: Actor, query: ReportQuery) -> Sequence[Sequence[Any]]:
    names = dict(stages(session, actor))
    kind = query.chosen.get("type", "")
    statement = (
        select(
            Opportunity.stage, Opportunity.owner_id, func.max(Opportunity.owner_label).label("owner"), *listing.sums()
        )
        .group_by(Opportunity.stage, Opportunity.owner_id)
        .order_by("owner", Opportunity.owner_id, Opportunity.stage)
        .limit(query.limit)
    )
    statement = statement.where(*customer_groups.conditions(session, actor, query, Opportunity.customer_id))
    if kind:
        of_kind = select(ProjectType.id).where(ProjectType.code == kind).scalar_subquery()
        statement = statement.where(Opportunity.project_type_id == of_kind)
    narrowed = [f"{key}:is:{value}" for key, value in query.chosen.items() if value]
    rows = []
    for row in session.execute(statement):
        owner = f"owner:is:{row.owner_id}" if row.owner_id else "owner:empty"
        found = listing.totals_of(row)
        url = _rows_behind(f"stage:is:{row.stage}", owner, *narrowed)
        rows.append(
            (row.owner, names.get(row.stage, row.stage), Linked(found.count, url), found.expected, found.weighted)
        )
    return rows


BY_STAGE = Report(
    "opportunities.by_stage",
    _.lazy("Opportunities by owner and stage"),
    VIEW,
    (
        ReportColumn(_.lazy("Owner")),
        ReportColumn(_.lazy("Stage")),
        ReportColumn(_.lazy("Opportunities"), "number", total=True),
        ReportColumn(_.lazy("Expected"), "money", total=True),
        ReportColumn(_.lazy("Weighted"), "money", total=True),
    ),
    _by_stage,
    description=_.lazy("How many there are and what they are worth."),
    filters=(
        ReportFilter(
            "type",
            _.lazy("Project type"),
            lambda session, _actor: [(kind.code, kind.name) for kind in queries.project_types(session)],
        ),
        customer_groups.FILTER,
    ),
)


@hookimpl
def baton_reports() -> list[Report]:
    return [BY_STAGE]


@hookimpl
def baton_dashboard_widgets(session: Session, actor: Actor) -> list[Widget]:
    if not actor.can(VIEW):
        return []
    found = listing.totals(session, [Opportunity.stage == "open", Opportunity.owner_id == actor.user_id])
    worth = _("Expected %(expected)s", expected=money_text(found.expected))
    url = _rows_behind("stage:is:open", "owner:is:me")
    return [Widget("opportunities.mine", _("My open opportunities"), number_text(found.count), worth, url)]
