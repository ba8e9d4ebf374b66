"""What opportunities show on the pages of others: the customer's, the engagement's, the palette."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import pluggy
from baton_plugins.opportunities import contracts, queries, services

from platform_core.api import (
    Action,
    Actor,
    Customer,
    Engagement,
    Fact,
    Leg,
    Panel,
    SearchHit,
    SearchSource,
    Session,
    TimelineEntry,
    TimelineQuery,
    Tone,
    customer_may,
    day_text,
    engagements_of,
    money_text,
    new_id,
    translator,
)

_ = translator("opportunities")
hookimpl = pluggy.HookimplMarker("baton")
VIEW, EDIT = "opportunities.view", "opportunities.edit"
_NEEDS_CONTRACT = "contract"


@hookimpl
def baton_prepare(session: Session, actor: Actor) -> list[str]:
    if actor.can(VIEW):
        queries.of_customer(session, new_id())
    return []


@hookimpl
def baton_customer_facts(session: Session, actor: Actor, customer: Customer) -> list[Fact]:
    if not actor.can(VIEW):
        return []
    signed = [item for row in queries.of_customer(session, customer.id) for item in row.contracts]
    latest = max(signed, key=lambda item: (item.signed_on, item.created_at), default=None)
    if latest is None:
        return []
    detail = f"{latest.number} · {day_text(latest.signed_on)}"
    return [Fact(_("Contract amount"), money_text(latest.amount), detail, order=30)]


@hookimpl
def baton_customer_actions(session: Session, actor: Actor, customer: Customer) -> list[Action]:
    if not customer_may(session, actor, EDIT, customer):
        return []
    url = f"/opportunities/new/{customer.id}"
    return [Action("opportunities.new", _("New opportunity"), "briefcase", url, EDIT, "dialog", hotkey="o", order=40)]


@hookimpl
def baton_customer_panels(session: Session, actor: Actor, customer: Customer) -> list[Panel]:
    """A tab with everything, and a side panel once there is something to show."""
    if not actor.can(VIEW):
        return []
    rows = queries.of_customer(session, customer.id)
    context = {
        "rows": rows,
        "customer": customer,
        "writable": {view.engagement.id for view in engagements_of(session, customer.id) if view.open and view.writes},
        "may_create": customer_may(session, actor, EDIT, customer),
    }
    tab = Panel(
        "opportunities", "tab", _("Opportunities"), "opportunities/_tab.html", context, "briefcase", 40, len(rows)
    )
    if not rows:
        return [tab]
    side = Panel(
        "opportunities_side",
        "side",
        _("Opportunities"),
        "opportunities/_side.html",
        context,
        "briefcase",
        40,
        len(rows),
    )
    return [tab, side]


@hookimpl
def baton_customer_timeline(session: Session, actor: Actor, query: TimelineQuery) -> list[TimelineEntry]:
    """Created, won, lost, contract signed. From the same read as the panels: a customer has few opportunities."""
    if not actor.can(VIEW) or (query.kinds is not None and not query.kinds & {"opportunity", "contract"}):
        return []
    entries = [
        entry
        for row in queries.of_customer(session, query.customer_id)
        if query.engagement_id in {None, row.opportunity.engagement_id}
        for entry in _entries(row)
        if (query.kinds is None or entry.kind in query.kinds)
        and (query.before is None or (entry.at, entry.id) < query.before)
    ]
    entries.sort(key=lambda entry: (entry.at, entry.id), reverse=True)
    return entries[: query.limit]


def _entries(row: queries.Row) -> list[TimelineEntry]:
    opportunity = row.opportunity
    link = (Action("opportunities.show", _("Show"), "external-link", f"/opportunities/{opportunity.id}", VIEW),)
    value: tuple[tuple[str, Tone], ...] = ()
    if opportunity.expected_value is not None:
        value = ((_("Expected %(amount)s", amount=money_text(opportunity.expected_value)), "primary"),)
    found = [
        TimelineEntry(
            opportunity.id, "opportunity", opportunity.created_at, opportunity.created_by_label,
            opportunity.created_department_label, _("created an opportunity"), opportunity.title, "briefcase",
            "primary", ((row.type_name, ""), *value), link,
        )
    ]  # fmt: skip
    for contract in row.contracts:
        chips: tuple[tuple[str, Tone], ...] = ((money_text(contract.amount), "jade"), (contract.number, ""))
        found.append(
            TimelineEntry(
                contract.id, "contract", contract.created_at, contract.signed_by_label, contract.department_label,
                _("recorded a contract"), opportunity.title, "certificate", "jade", chips, link,
            )
        )  # fmt: skip
    if opportunity.stage != "open" and opportunity.closed_at is not None:
        won = opportunity.stage == "won"
        verb = _("won the opportunity") if won else _("gave the opportunity up as lost")
        text = opportunity.title if won else f"{opportunity.title}: {opportunity.lost_reason}"
        found.append(
            TimelineEntry(
                # Another id than the creation's: the timeline tells lines apart by it.
                UUID(int=opportunity.id.int ^ 1), "opportunity", opportunity.closed_at, opportunity.closed_by_label,
                opportunity.closed_department_label, verb, text, "award" if won else "circle-x",
                "jade" if won else "red", value, link,
            )
        )  # fmt: skip
    return found


@hookimpl
def baton_engagement_summary(session: Session, actor: Actor, engagement_id: UUID) -> list[Fact]:
    if not actor.can(VIEW):
        return []
    found: list[Fact] = []
    for row in queries.of_engagement(session, engagement_id):
        opportunity = row.opportunity
        if opportunity.expected_value is not None:
            found.append(Fact(_("Expected value"), money_text(opportunity.expected_value), row.type_name, order=20))
        if row.contract is not None:
            found.append(Fact(_("Contract"), money_text(row.contract.amount), row.contract.number, "jade", order=30))
        if opportunity.need:
            found.append(Fact(_("Need"), opportunity.need, order=40))
    return found


@hookimpl
def baton_handover_blockers(session: Session, actor: Actor, engagement: Engagement, leg: Leg) -> Sequence[str]:
    """A leg that needs a contract is not handed on without one: number, date, amount, term and file."""
    if _NEEDS_CONTRACT not in leg.needs:
        return []
    rows = queries.of_engagement(session, engagement.id)
    if not rows:
        return [
            _(
                "This leg needs a contract, and its engagement has no opportunity to sign one for. Create one on the "
                "customer."
            )
        ]
    signed = [item for row in rows for item in row.contracts]
    if not signed:
        return [
            _(
                "This leg needs a signed contract: number, date, amount, term and file are missing. Open the "
                "opportunity “%(title)s” and choose “Record the contract”.",
                title=rows[0].opportunity.title,
            )
        ]
    lacks = [contracts.missing(item) for item in signed]
    if not all(lacks):
        return []
    fewest = min(zip(signed, lacks, strict=True), key=lambda pair: len(pair[1]))
    return [
        _(
            "The contract %(number)s is not complete: %(lacks)s still missing. Open the opportunity “%(title)s” and "
            "correct the contract there.",
            number=fewest[0].number,
            lacks=_(", ").join(fewest[1]),
            title=next(row.opportunity.title for row in rows if fewest[0] in row.contracts),
        )
    ]


@hookimpl
def baton_leg_taken(session: Session, actor: Actor, engagement: Engagement) -> None:
    services.follow_baton(session, actor, engagement.id)


def find(session: Session, actor: Actor, query: str, limit: int) -> list[SearchHit]:
    """Opportunities by title or contract number, those at work first."""
    text = query.strip()
    if len(text) < 2 or not actor.can(VIEW):
        return []
    return [
        SearchHit(title, customer, f"/opportunities/{key}", "briefcase")
        for key, title, customer in queries.find(session, actor, text, limit)
    ]


@hookimpl
def baton_search_sources() -> list[SearchSource]:
    return [SearchSource("opportunities", _.lazy("Opportunities"), "opportunities.view", find)]
