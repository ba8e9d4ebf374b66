"""What short messages add to the platform."""

from __future__ import annotations

from typing import Any

import pluggy
from baton_plugins.sms import declared, demo, drivers, listview, panels, routes, services, template_routes, texts
from baton_plugins.sms.campaigns import api as campaign_api
from baton_plugins.sms.campaigns import jobs as campaign_jobs
from baton_plugins.sms.campaigns import routes as campaign_routes
from baton_plugins.sms.happenings import baton_happenings as happenings
from baton_plugins.sms.wording import baton_audit_words as words

from platform_core.api import (
    CustomerReference,
    Entity,
    NavItem,
    Permission,
    PluginInfo,
    Provider,
    Routes,
    UserReference,
    list_handlers,
    translator,
)
from platform_core.api.messages import SMS_INBOUND, SMS_SENDER, SMS_TEXTS, driver_port

_ = translator("sms")
hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info() -> PluginInfo:
    return PluginInfo("sms", _.lazy("Text messages"), _.lazy("Short messages to customers"), "baton_plugins.sms")


@hookimpl
def baton_entities() -> list[Entity]:
    return declared.ENTITIES


@hookimpl
def baton_customer_references() -> list[CustomerReference]:
    return declared.REFERENCES


@hookimpl
def baton_user_references() -> list[UserReference]:
    return declared.USERS


@hookimpl
def baton_permissions() -> list[Permission]:
    return declared.PERMISSIONS


@hookimpl
def baton_default_grants() -> dict[str, dict[str, str]]:
    return declared.GRANTS


@hookimpl
def baton_routes() -> list[Routes]:
    return [
        Routes("/", list_handlers(listview.MESSAGES)),
        Routes("/sms", [*routes.HANDLERS, *campaign_routes.HANDLERS]),
        template_routes.ROUTES,
    ]


@hookimpl
def baton_api() -> list[Routes]:
    return [Routes("/sms", campaign_api.HANDLERS)]


@hookimpl
def baton_navigation() -> list[NavItem]:
    return declared.NAVIGATION


@hookimpl
def baton_ports() -> list[Provider[Any]]:
    return [
        Provider(SMS_SENDER, services.send_for_others),
        Provider(SMS_TEXTS, texts.Texts()),
        Provider(SMS_INBOUND, services.hear),
        *(Provider(driver_port(driver.name), driver) for driver in drivers.DRIVERS),
    ]


baton_audit_words = words
baton_jobs = campaign_jobs.baton_jobs
baton_settings = campaign_jobs.baton_settings
baton_contact_actions = panels.baton_contact_actions
baton_customer_actions = panels.baton_customer_actions
baton_customer_panels = panels.baton_customer_panels
baton_demo_data = demo.baton_demo_data
baton_happenings = happenings
