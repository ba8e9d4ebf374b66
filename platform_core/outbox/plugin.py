"""What the outbox adds to the platform."""

from __future__ import annotations

from typing import Any

import pluggy

from platform_core.contracts.entities import CustomerReference, Entity
from platform_core.contracts.events import Job
from platform_core.contracts.identity import Permission
from platform_core.contracts.pages import NavItem
from platform_core.contracts.plugin import PluginInfo, Routes
from platform_core.customers.bin import staying
from platform_core.customers.policies import ThroughPerson
from platform_core.kernel.i18n import translator
from platform_core.outbox import jobs, models, routes, services, wording
from platform_core.outbox.services import MANAGE

_ = translator("outbox")
hookimpl = pluggy.HookimplMarker("baton")
staying.speaks(
    staying.Speaker(
        models.Message.customer_id,
        models.Message.contact_id,
        models.Message.state.in_(services.LIVE),
        services.under_way,
    )
)


@hookimpl
def baton_plugin_info() -> PluginInfo:
    return PluginInfo(
        "outbox", _.lazy("Outgoing messages"), _.lazy("Messages that leave the house, each of them once"),
        "platform_core.outbox",
    )  # fmt: skip


@hookimpl
def baton_entities() -> list[Entity]:
    own: list[Any] = [models.Account, models.Report]
    return [
        Entity(models.Message, ThroughPerson(models.Message)),
        Entity(models.Exclusion, ThroughPerson(models.Exclusion)),
        *(Entity(model, None, reason="configuration and encrypted callbacks, read by workers") for model in own),
    ]


@hookimpl
def baton_customer_references() -> list[CustomerReference]:
    return [
        CustomerReference(models.Message, "customer_id", "delete", label=_.lazy("Messages"), contact="contact_id"),
        CustomerReference(models.Exclusion, "customer_id", "delete", label=_.lazy("Who is to be left alone")),
    ]


@hookimpl
def baton_permissions() -> list[Permission]:
    return [Permission(MANAGE, _.lazy("Keep the accounts that messages leave through"), scoped=False)]


@hookimpl
def baton_default_grants() -> dict[str, dict[str, str]]:
    return {"system_admin": {MANAGE: "all"}, "management": {MANAGE: "all"}}


@hookimpl
def baton_routes() -> list[Routes]:
    return [Routes("/", routes.HANDLERS)]


@hookimpl
def baton_jobs() -> list[Job]:
    return [Job(jobs.HEALTH, jobs.health, max_attempts=1), Job("outbox.tidy", jobs.tidy, every_seconds=24 * 3600)]


@hookimpl
def baton_navigation() -> list[NavItem]:
    title = _.lazy("Outgoing messages")
    return [NavItem("outgoing", title, "/settings/messages", "send", MANAGE, "settings", 56, section="channels")]


baton_audit_words = wording.baton_audit_words
