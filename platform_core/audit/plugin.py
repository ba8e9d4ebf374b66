"""What the audit package adds to the platform."""

from __future__ import annotations

import pluggy

from platform_core.audit import jobs, retention_routes, routes, seen_routes, wording
from platform_core.audit.models import AuditArchive, AuditEntry, AuditSeal
from platform_core.contracts.entities import CustomerReference, Entity
from platform_core.contracts.events import Job
from platform_core.contracts.identity import Permission
from platform_core.contracts.pages import NavItem
from platform_core.contracts.plugin import PluginInfo, Routes
from platform_core.kernel.i18n import translator

_ = translator("audit")
hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info() -> PluginInfo:
    return PluginInfo("audit", _.lazy("Audit"), _.lazy("Who did what, append-only"), "platform_core.audit")


@hookimpl
def baton_entities() -> list[Entity]:
    reason = "readable as a whole by holders of audit.read only"
    return [Entity(model, None, reason=reason) for model in (AuditEntry, AuditSeal, AuditArchive)]


@hookimpl
def baton_customer_references() -> list[CustomerReference]:
    return [CustomerReference(AuditEntry, "customer_id", "keep", "stay")]


@hookimpl
def baton_permissions() -> list[Permission]:
    return [
        Permission("audit.read", _.lazy("Read the audit trail"), scoped=False, act="view"),
        Permission("audit.export", _.lazy("Export lines of the audit trail"), scoped=False),
        Permission(
            "audit.retain", _.lazy("Archive old months of the audit trail and remove them"), scoped=False, act="manage"
        ),
    ]


@hookimpl
def baton_jobs() -> list[Job]:
    return jobs.JOBS


@hookimpl
def baton_routes() -> list[Routes]:
    return [Routes("/", [*routes.HANDLERS, *seen_routes.HANDLERS, *retention_routes.HANDLERS])]


@hookimpl
def baton_navigation() -> list[NavItem]:
    label = _.lazy("Audit trail")
    return [NavItem("audit", label, "/audit", "history", "audit.read", group="settings", order=80, section="guard")]


baton_audit_words = wording.baton_audit_words
