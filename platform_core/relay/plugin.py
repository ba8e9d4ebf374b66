"""What the relay package adds to the platform."""

from __future__ import annotations

from typing import Any

import pluggy

from platform_core.contracts.entities import CustomerReference, Entity
from platform_core.contracts.events import Job
from platform_core.contracts.identity import Permission
from platform_core.contracts.plugin import PluginInfo, Routes, Setting
from platform_core.kernel.i18n import translator
from platform_core.relay import (
    api,
    declared,
    dots,
    handing_routes,
    happenings,
    inbox_routes,
    jobs,
    lead_times,
    navigation,
    panels,
    route_routes,
    routes,
    workbench,
)
from platform_core.relay.wording import baton_audit_words as words
from platform_core.relay.workdays import services as workdays

_ = translator("relay")
hookimpl = pluggy.HookimplMarker("baton")
dots.add_to_customer_list()


@hookimpl
def baton_plugin_info() -> PluginInfo:
    return PluginInfo(
        "relay", _.lazy("Relay"), _.lazy("Handing customers on between departments"), "platform_core.relay"
    )


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
    work = [*workbench.HANDLERS, *inbox_routes.HANDLERS]
    return [Routes("", [*work, *routes.HANDLERS, *handing_routes.HANDLERS, *route_routes.HANDLERS])]


@hookimpl
def baton_api() -> list[Routes]:
    return api.MOUNTED


@hookimpl
def baton_jobs() -> list[Job]:
    return [Job("relay.remind", jobs.remind, every_seconds=300)]


@hookimpl
def baton_settings() -> list[Setting[Any]]:
    return [workdays.HOURS, workdays.WEEK]


baton_prepare = hookimpl(panels.prepare)
baton_customer_facts = hookimpl(panels.customer_facts)
baton_customer_panels = hookimpl(panels.customer_panels)
baton_customer_actions = hookimpl(panels.customer_actions)
baton_customer_timeline = hookimpl(panels.customer_timeline)
baton_workbench = hookimpl(panels.workbench)
baton_erase_blockers = hookimpl(specname="baton_erase_blockers")(declared.open_engagements)
baton_kept_from_pool = hookimpl(specname="baton_kept_from_pool")(declared.under_way)
baton_audit_words = words
baton_navigation = navigation.baton_navigation
baton_happenings = hookimpl(happenings.baton_happenings)
baton_reports = lead_times.baton_reports
baton_user_references = declared.baton_user_references
