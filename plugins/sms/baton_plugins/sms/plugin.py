"""What short messages add to the platform."""

from __future__ import annotations

from typing import Any

import pluggy
from baton_plugins.sms import demo, drivers, models, panels, routes, services, template_routes
from baton_plugins.sms.wording import baton_audit_words as words

from platform_core.api import (
    SMS_INBOUND,
    SMS_SENDER,
    Customer,
    CustomerReference,
    Entity,
    NavItem,
    PastLine,
    Permission,
    PluginInfo,
    Provider,
    Routes,
    ThroughCustomer,
    driver_port,
    translator,
)

_ = translator("sms")
hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info() -> PluginInfo:
    return PluginInfo("sms", _.lazy("Text messages"), _.lazy("Short messages to customers"), "baton_plugins.sms")


@hookimpl
def baton_entities() -> list[Entity]:
    return [
        Entity(models.Template, None, reason="texts with places to fill, about nobody"),
        Entity(models.Reply, ThroughCustomer(models.Reply, Customer)),
    ]


@hookimpl
def baton_customer_references() -> list[CustomerReference]:
    line = PastLine(_.lazy("Answer by text message"), "at", "sms.view", who="mask", text="text", icon="message")
    return [
        CustomerReference(models.Reply, "customer_id", "delete", label=_.lazy("Answers by text message"), line=line)
    ]


@hookimpl
def baton_permissions() -> list[Permission]:
    return [
        Permission("sms.view", _.lazy("See text messages of customers"), scoped=False),
        Permission("sms.send", _.lazy("Send text messages to customers")),
        Permission("sms.templates", _.lazy("Keep templates of text messages"), scoped=False, act="manage"),
    ]


@hookimpl
def baton_default_grants() -> dict[str, dict[str, str]]:
    both = {"sms.view": "all", "sms.send": "own"}
    return {
        "coordinator": both,
        "department_head": {**both, "sms.send": "subtree"},
        "management": {**both, "sms.send": "all", "sms.templates": "all"},
        "office": {**both, "sms.send": "all", "sms.templates": "all"},
    }


@hookimpl
def baton_routes() -> list[Routes]:
    return [Routes("/sms", routes.HANDLERS), template_routes.ROUTES]


@hookimpl
def baton_navigation() -> list[NavItem]:
    title = _.lazy("Templates of text messages")
    return [NavItem("sms_templates", title, "/settings/sms-templates", "message", "sms.templates", "settings", 58)]


@hookimpl
def baton_ports() -> list[Provider[Any]]:
    return [
        Provider(SMS_SENDER, services.send_for_others),
        Provider(SMS_INBOUND, services.hear),
        *(Provider(driver_port(driver.name), driver) for driver in drivers.DRIVERS),
    ]


baton_audit_words = words
baton_customer_actions = panels.baton_customer_actions
baton_customer_panels = panels.baton_customer_panels
baton_demo_data = demo.baton_demo_data
