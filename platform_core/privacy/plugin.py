"""What consent and the rights of persons add to the platform."""

from __future__ import annotations

from typing import Any

import pluggy

from platform_core.contracts.entities import CustomerReference, Entity
from platform_core.contracts.identity import Permission
from platform_core.contracts.pages import NavItem
from platform_core.contracts.plugin import Dictionary, PluginInfo, Routes, Setting
from platform_core.customers import contact_erasing, erasing
from platform_core.customers.bin import staying
from platform_core.kernel.i18n import translator
from platform_core.privacy import (
    api,
    declared,
    dictionaries,
    forgetting,
    register,
    register_api,
    register_routes,
    routes,
    showing,
    wording,
)
from platform_core.privacy import settings as own_settings
from platform_core.privacy.models import PersonRequest

_ = translator("privacy")
hookimpl = pluggy.HookimplMarker("baton")
erasing.before_erasing(forgetting.forget_person)
erasing.before_erasing(register.erased)
contact_erasing.before_erasing(forgetting.forget_contact)
contact_erasing.before_erasing(register.contact_erased)
staying.speaks(
    staying.Speaker(
        PersonRequest.customer_id, PersonRequest.contact_id, PersonRequest.state == "open", register.unanswered
    )
)


@hookimpl
def baton_plugin_info() -> PluginInfo:
    description = _.lazy("Consent, opt-outs, and what persons ask for")
    return PluginInfo("privacy", _.lazy("Privacy"), description, "platform_core.privacy")


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
def baton_navigation() -> list[NavItem]:
    return declared.NAVIGATION


@hookimpl
def baton_routes() -> list[Routes]:
    return [Routes("/", [*routes.HANDLERS, *register_routes.HANDLERS])]


@hookimpl
def baton_api() -> list[Routes]:
    return [Routes("/privacy", [*api.HANDLERS, *register_api.HANDLERS])]


@hookimpl
def baton_settings() -> list[Setting[Any]]:
    return own_settings.SETTINGS


@hookimpl
def baton_dictionaries() -> list[Dictionary]:
    return dictionaries.declared()


baton_customer_actions = hookimpl(specname="baton_customer_actions")(showing.actions)
baton_customer_panels = hookimpl(specname="baton_customer_panels")(showing.panels)
baton_audit_words = wording.baton_audit_words
