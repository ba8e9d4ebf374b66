"""What activities add to the platform."""

from __future__ import annotations

import pluggy
from baton_plugins.activities import (
    api,
    commands,
    demo,
    grants,
    links,
    models,
    panels,
    plan_routes,
    plans,
    preset_routes,
    presets,
    references,
    reports,
    routes,
    settings,
    workbench,
)
from baton_plugins.activities.queries import badge
from baton_plugins.activities.wording import baton_audit_words as words

from platform_core.api import (
    Customer,
    Entity,
    NavItem,
    PluginInfo,
    Routes,
    ThroughEngagement,
    translator,
)

_ = translator("activities")
hookimpl = pluggy.HookimplMarker("baton")
_PROTECTED = (models.Plan, models.FollowUp, models.FollowUpRevision)


@hookimpl
def baton_plugin_info() -> PluginInfo:
    about = _.lazy("Plans, follow-ups and the workbench")
    return PluginInfo("activities", _.lazy("Activities"), about, "baton_plugins.activities")


@hookimpl
def baton_entities() -> list[Entity]:
    return [Entity(model, ThroughEngagement(model, Customer, permission="activities.view")) for model in _PROTECTED]


@hookimpl
def baton_routes() -> list[Routes]:
    return [Routes("/follow-ups", routes.HANDLERS), Routes("/plans", plan_routes.HANDLERS), preset_routes.ROUTES]


@hookimpl
def baton_api() -> list[Routes]:
    return [Routes("/follow-ups", api.FOLLOW_UPS), Routes("/plans", api.PLANS)]


@hookimpl
def baton_navigation() -> list[NavItem]:
    return [
        NavItem("plans", _.lazy("My plans"), "/plans", "calendar", "activities.view", "work", 20, False, badge, "p"),
        NavItem("outcomes", _.lazy("Outcomes"), "/settings/outcomes", "bolt", "activities.presets", "settings", 60),
    ]


baton_audit_words = words
baton_commands = commands.baton_commands
baton_customer_actions = panels.baton_customer_actions
baton_customer_facts = panels.baton_customer_facts
baton_customer_panels = panels.baton_customer_panels
baton_customer_references = references.baton_customer_references
baton_customer_timeline = panels.baton_customer_timeline
baton_demo_data = demo.baton_demo_data
baton_dashboard_widgets = reports.baton_dashboard_widgets
baton_default_grants = grants.baton_default_grants
baton_dictionaries = presets.baton_dictionaries
baton_engagement_summary = panels.baton_engagement_summary
baton_leg_taken = plans.baton_leg_taken
baton_listeners = plans.baton_listeners
baton_ports = links.baton_ports
baton_permissions = grants.baton_permissions
baton_reports = reports.baton_reports
baton_settings = settings.baton_settings
baton_user_references = references.baton_user_references
baton_workbench = workbench.baton_workbench
