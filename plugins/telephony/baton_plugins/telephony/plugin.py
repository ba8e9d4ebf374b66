"""What telephony adds to the platform."""

from __future__ import annotations

import pluggy
from baton_plugins.telephony import (
    api,
    block_routes,
    declared,
    demo,
    dial_routes,
    happenings,
    jobs,
    listview,
    panels,
    person_routes,
    recording_routes,
    routes,
    setting_routes,
    sources,
    webhooks,
)
from baton_plugins.telephony.calling import api as calling_api
from baton_plugins.telephony.calling import routes as calling
from baton_plugins.telephony.calling import script_routes
from baton_plugins.telephony.policies import VIEW

from platform_core.api import NavItem, PluginInfo, Routes, list_handlers, translator

_ = translator("telephony")
hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info() -> PluginInfo:
    about = _.lazy("Who calls is on screen; calls are logged")
    return PluginInfo("telephony", _.lazy("Telephony"), about, "baton_plugins.telephony")


@hookimpl
def baton_routes() -> list[Routes]:
    return [
        Routes("/", list_handlers(listview.CALLS)),
        Routes(
            "/calls",
            [
                *routes.HANDLERS,
                *person_routes.HANDLERS,
                *recording_routes.HANDLERS,
                *block_routes.HANDLERS,
                *dial_routes.HANDLERS,
                *calling.HANDLERS,
                *script_routes.HANDLERS,
            ],
        ),
        setting_routes.ROUTES,
    ]


@hookimpl
def baton_api() -> list[Routes]:
    return [Routes("/telephony", [*api.HANDLERS, *calling_api.HANDLERS, *webhooks.HANDLERS])]


@hookimpl
def baton_navigation() -> list[NavItem]:
    manage = setting_routes.MANAGE
    return [
        NavItem("calls", _.lazy("Calls"), "/calls", "phone-call", VIEW, "work", 30),
        NavItem(
            "telephony", _.lazy("Telephony"), setting_routes.URL, "phone", manage, "settings", 65, section="channels"
        ),
    ]


baton_audit_words = declared.baton_audit_words
baton_authenticate = sources.baton_authenticate
baton_contact_actions = panels.baton_contact_actions
baton_customer_actions = panels.baton_customer_actions
baton_customer_panels = panels.baton_customer_panels
baton_customer_references = declared.baton_customer_references
baton_default_grants = declared.baton_default_grants
baton_demo_data = demo.baton_demo_data
baton_entities = declared.baton_entities
baton_happenings = happenings.baton_happenings
baton_listeners = declared.baton_listeners
baton_jobs = jobs.baton_jobs
baton_prepare = panels.baton_prepare
baton_permissions = declared.baton_permissions
baton_settings = declared.baton_settings
baton_slots = panels.baton_slots
baton_user_references = declared.baton_user_references
baton_workbench = panels.baton_workbench
