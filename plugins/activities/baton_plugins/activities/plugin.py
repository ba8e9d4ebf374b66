"""What activities add to the platform."""

from __future__ import annotations

import pluggy
from baton_plugins.activities import (
    commands,
    declared,
    demo,
    grants,
    happenings,
    links,
    panels,
    past,
    plans,
    presets,
    references,
    reports,
    settings,
    workbench,
)
from baton_plugins.activities.feeds import services as feeds
from baton_plugins.activities.reminders import sweep
from baton_plugins.activities.wording import baton_audit_words as words

from platform_core.api import PluginInfo, translator

_ = translator("activities")
hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info() -> PluginInfo:
    about = _.lazy("Plans, follow-ups and the workbench")
    return PluginInfo("activities", _.lazy("Activities"), about, "baton_plugins.activities")


baton_api = declared.baton_api
baton_audit_words = words
baton_authenticate = feeds.baton_authenticate
baton_contact_actions = panels.baton_contact_actions
baton_commands = commands.baton_commands
baton_customer_actions = panels.baton_customer_actions
baton_customer_facts = panels.baton_customer_facts
baton_customer_panels = panels.baton_customer_panels
baton_customer_references = references.baton_customer_references
baton_customer_timeline = panels.baton_customer_timeline
baton_dashboard_widgets = reports.baton_dashboard_widgets
baton_default_grants = grants.baton_default_grants
baton_demo_data = demo.baton_demo_data
baton_dictionaries = presets.baton_dictionaries
baton_engagement_summary = panels.baton_engagement_summary
baton_entities = declared.baton_entities
baton_happenings = happenings.baton_happenings
baton_import_targets = past.baton_import_targets
baton_jobs = sweep.baton_jobs
baton_leg_taken = plans.baton_leg_taken
baton_listeners = plans.baton_listeners
baton_navigation = declared.baton_navigation
baton_permissions = grants.baton_permissions
baton_ports = links.baton_ports
baton_prepare = panels.baton_prepare
baton_reports = reports.baton_reports
baton_routes = declared.baton_routes
baton_settings = settings.baton_settings
baton_user_references = references.baton_user_references
baton_workbench = workbench.baton_workbench
