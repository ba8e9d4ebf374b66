"""What opportunities add to the platform."""

from __future__ import annotations

import pluggy
from baton_plugins.opportunities import (
    api,
    contract_routes,
    demo,
    for_others,
    grants,
    happenings,
    importing,
    listview,
    models,
    panels,
    project_types,
    references,
    reports,
    routes,
    type_api,
    type_routes,
)
from baton_plugins.opportunities.wording import baton_audit_words as words

from platform_core.api import (
    Customer,
    Entity,
    NavItem,
    PluginInfo,
    Routes,
    ThroughEngagement,
    list_handlers,
    translator,
)

_ = translator("opportunities")
hookimpl = pluggy.HookimplMarker("baton")
_OF_CUSTOMERS = (models.Opportunity, models.Contract)


@hookimpl
def baton_plugin_info() -> PluginInfo:
    about = _.lazy("Opportunities, project types with routes, contracts")
    return PluginInfo("opportunities", _.lazy("Opportunities"), about, "baton_plugins.opportunities")


@hookimpl
def baton_entities() -> list[Entity]:
    own = [Entity(model, ThroughEngagement(model, Customer, permission=routes.VIEW)) for model in _OF_CUSTOMERS]
    kinds = Entity(models.ProjectType, None, reason="kinds of business, not about anybody")
    return [*own, Entity(models.Words, None, reason="words alone: read within opportunities' policy"), kinds]


@hookimpl
def baton_routes() -> list[Routes]:
    return [
        Routes("/", list_handlers(listview.OPPORTUNITIES)),
        Routes("/opportunities", [*routes.HANDLERS, *contract_routes.HANDLERS]),
        Routes(type_routes.URL, type_routes.HANDLERS),
    ]


@hookimpl
def baton_api() -> list[Routes]:
    types = Routes("/project-types", type_api.PROJECT_TYPES)
    return [Routes("/opportunities", api.OPPORTUNITIES), Routes("/contracts", api.CONTRACTS), types]


@hookimpl
def baton_navigation() -> list[NavItem]:
    return [
        NavItem("opportunities", _.lazy("Opportunities"), "/opportunities", "briefcase", routes.VIEW, hotkey="o"),
        NavItem("project_types", _.lazy("Project types"), type_routes.URL, "route", type_routes.TYPES, "settings", 60),
    ]


baton_audit_words = words
baton_permissions = grants.baton_permissions
baton_default_grants = grants.baton_default_grants
baton_seed = project_types.baton_seed
baton_customer_actions = panels.baton_customer_actions
baton_customer_facts = panels.baton_customer_facts
baton_customer_panels = panels.baton_customer_panels
baton_customer_references = references.baton_customer_references
baton_customer_timeline = panels.baton_customer_timeline
baton_dashboard_widgets = reports.baton_dashboard_widgets
baton_demo_data = demo.baton_demo_data
baton_erase_blockers = references.baton_erase_blockers
baton_engagement_summary = panels.baton_engagement_summary
baton_handover_blockers = panels.baton_handover_blockers
baton_ports = for_others.baton_ports
baton_kept_from_pool = references.baton_kept_from_pool
baton_leg_taken = panels.baton_leg_taken
baton_import_targets = importing.baton_import_targets
baton_reports = reports.baton_reports
baton_prepare = panels.baton_prepare
baton_search_sources = panels.baton_search_sources
baton_user_references = references.baton_user_references
baton_happenings = happenings.baton_happenings
