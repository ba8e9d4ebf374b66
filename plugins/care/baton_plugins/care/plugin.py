"""What customer care adds to the platform."""

from __future__ import annotations

from typing import Any

import pluggy
from baton_plugins.care import api, declared, demo, routes, sending, services
from baton_plugins.care.wording import baton_audit_words as words

from platform_core.api import (
    Action,
    ClockTime,
    Contact,
    Customer,
    CustomerReference,
    Entity,
    Job,
    NavItem,
    Permission,
    PluginInfo,
    Routes,
    Session,
    Setting,
    translator,
)

_ = translator("care")
hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info() -> PluginInfo:
    about = _.lazy("Birthdays, anniversaries and holidays of customers")
    return PluginInfo("care", _.lazy("Customer care"), about, "baton_plugins.care")


@hookimpl
def baton_entities() -> list[Entity]:
    return declared.ENTITIES


@hookimpl
def baton_customer_references() -> list[CustomerReference]:
    return declared.REFERENCES


@hookimpl
def baton_permissions() -> list[Permission]:
    return declared.PERMISSIONS


@hookimpl
def baton_default_grants() -> dict[str, dict[str, str]]:
    return declared.GRANTS


@hookimpl
def baton_routes() -> list[Routes]:
    return routes.ROUTES


@hookimpl
def baton_api() -> list[Routes]:
    return [Routes("/care", api.HANDLERS)]


@hookimpl
def baton_navigation() -> list[NavItem]:
    return declared.NAVIGATION


@hookimpl
def baton_customer_actions(customer: Customer) -> list[Action]:
    return [Action("care.of", _("Care"), "cake", f"/care/of/{customer.id}", routes.VIEW, order=60)]


@hookimpl
def baton_contact_actions(contact: Contact) -> list[Action]:
    return [Action("care.of_contact", _("Care"), "cake", f"/care/contacts/{contact.id}", routes.VIEW, order=60)]


@hookimpl
def baton_settings() -> list[Setting[Any]]:
    return [sending.PERSONAL, sending.SIGNED]


@hookimpl
def baton_jobs() -> list[Job]:
    return [Job("care.nightly", sending.run, at=(ClockTime(0, 20),), catch_up=True, lease_seconds=300)]


@hookimpl
def baton_seed(session: Session) -> None:
    services.seed(session)


baton_audit_words = words
baton_demo_data = demo.baton_demo_data
