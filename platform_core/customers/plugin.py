"""What the customers package adds to the platform."""

from __future__ import annotations

from typing import Any

import pluggy
from sqlalchemy.orm import Session

from platform_core.contracts.entities import CustomerReference, Entity
from platform_core.contracts.events import Job
from platform_core.contracts.identity import Actor, Permission
from platform_core.contracts.pages import NavItem, Panel
from platform_core.contracts.plugin import Dictionary, PluginInfo, Routes, Setting
from platform_core.customers import (
    collecting,
    declared,
    detail,
    dictionaries,
    grants,
    held,
    mounted,
    offered,
    timeline,
    wording,
)
from platform_core.customers.bin import rule
from platform_core.customers.models import Customer
from platform_core.kernel.i18n import translator

_ = translator("customers")
hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info() -> PluginInfo:
    return PluginInfo("customers", _.lazy("Customers"), _.lazy("The customer record"), "platform_core.customers")


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
    return grants.DEFAULT


@hookimpl
def baton_settings() -> list[Setting[Any]]:
    return [rule.DAYS]


@hookimpl
def baton_dictionaries() -> list[Dictionary]:
    return dictionaries.declared()


@hookimpl
def baton_jobs() -> list[Job]:
    return mounted.JOBS


@hookimpl
def baton_routes() -> list[Routes]:
    return mounted.PAGES


@hookimpl
def baton_api() -> list[Routes]:
    return mounted.API


@hookimpl
def baton_navigation() -> list[NavItem]:
    return declared.NAVIGATION


@hookimpl
def baton_customer_panels(session: Session, actor: Actor, customer: Customer) -> list[Panel]:
    return detail.own_panels(customer)


baton_customer_actions = hookimpl(specname="baton_customer_actions")(detail.own_actions)
baton_customer_timeline = hookimpl(timeline.own)
baton_audit_words = wording.baton_audit_words
baton_ports = offered.baton_ports
baton_reports = collecting.baton_reports
baton_user_references = held.baton_user_references
