"""What this plugin adds to the platform: the table of contents, without logic."""

from __future__ import annotations

import pluggy
from platform_core.api import (
    Customer,
    CustomerReference,
    Entity,
    NavItem,
    Permission,
    PluginInfo,
    Routes,
    ThroughCustomer,
    list_handlers,
    translator,
)

from baton_plugins.@name@ import api, demo, importing, jobs, listing, panels, reports, routes, settings, wording
from baton_plugins.@name@.models import Entry

_ = translator("@name@")
hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info() -> PluginInfo:
    return PluginInfo("@name@", _.lazy("@title@"), _.lazy("Entries about customers"), "baton_plugins.@name@")


@hookimpl
def baton_entities() -> list[Entity]:
    return [Entity(Entry, ThroughCustomer(Entry, Customer))]


@hookimpl
def baton_customer_references() -> list[CustomerReference]:
    return [CustomerReference(Entry, "customer_id", "delete")]


@hookimpl
def baton_permissions() -> list[Permission]:
    return [
        Permission("@name@.view", _.lazy("See entries"), scoped=False),
        Permission("@name@.write", _.lazy("Write entries")),
        Permission("@name@.export", _.lazy("Print the list of entries and ask for it as a file"), scoped=False),
    ]


@hookimpl
def baton_default_grants() -> dict[str, dict[str, str]]:
    return {
        "coordinator": {"@name@.view": "all", "@name@.write": "own"},
        "department_head": {"@name@.view": "all", "@name@.write": "subtree"},
        "management": {"@name@.view": "all", "@name@.write": "all", "@name@.export": "all"},
    }


@hookimpl
def baton_routes() -> list[Routes]:
    return [Routes("/", list_handlers(listing.ENTRIES)), Routes("/@name@", routes.HANDLERS)]


@hookimpl
def baton_api() -> list[Routes]:
    return [Routes("/@name@", api.HANDLERS)]


@hookimpl
def baton_navigation() -> list[NavItem]:
    return [NavItem("@name@", _.lazy("@title@"), "/@name@", "star", "@name@.view")]


baton_audit_words = wording.baton_audit_words
baton_customer_actions = panels.baton_customer_actions
baton_customer_panels = panels.baton_customer_panels
baton_demo_data = demo.baton_demo_data
baton_import_targets = importing.baton_import_targets
baton_jobs = jobs.baton_jobs
baton_reports = reports.baton_reports
baton_settings = settings.baton_settings
