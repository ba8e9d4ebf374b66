"""What noticing adds to the platform."""

from __future__ import annotations

import pluggy

from platform_core.audit import services as audit
from platform_core.contracts.emergency import RIGHT as EMERGENCY
from platform_core.contracts.entities import CustomerReference, Entity
from platform_core.contracts.events import Job
from platform_core.contracts.identity import Permission
from platform_core.contracts.pages import NavItem
from platform_core.contracts.plugin import PluginInfo, Routes
from platform_core.guard import alerts, canaries, emergency_routes, models, routes, rules, watching, wording
from platform_core.kernel.i18n import translator

_ = translator("guard")
hookimpl = pluggy.HookimplMarker("baton")
_OWN_PAGES = "read and written by the security administrators' pages and the rules themselves"
audit.watch(canaries.PROBE, canaries.touched)


@hookimpl
def baton_plugin_info() -> PluginInfo:
    return PluginInfo(
        "guard", _.lazy("Alerts"), _.lazy("Rules about behaviour, and bait customers"), "platform_core.guard"
    )


@hookimpl
def baton_entities() -> list[Entity]:
    return [Entity(model, None, reason=_OWN_PAGES) for model in (models.RuleSetting, models.Alert, models.Canary)]


@hookimpl
def baton_customer_references() -> list[CustomerReference]:
    """Bait that is merged or erased is bait no more; what was done to it stays."""
    return [
        CustomerReference(models.Canary, "customer_id", "delete", "stay"),
        CustomerReference(models.Alert, "customer_id", "keep", "stay"),
    ]


@hookimpl
def baton_permissions() -> list[Permission]:
    return [
        Permission(alerts.READ, _.lazy("Read alerts and decide about them"), scoped=False),
        Permission(rules.MANAGE, _.lazy("Set the rules about behaviour"), scoped=False),
        Permission(canaries.MANAGE, _.lazy("Lay bait customers"), scoped=False),
        Permission(EMERGENCY, _.lazy("Open any customer in an emergency, which alerts at once"), scoped=False),
    ]


@hookimpl
def baton_default_grants() -> dict[str, dict[str, str]]:
    own = (alerts.READ, rules.MANAGE, canaries.MANAGE)
    return {"security_admin": dict.fromkeys(own, "all"), "management": {alerts.READ: "all"}}


@hookimpl
def baton_routes() -> list[Routes]:
    return [Routes("/", [*routes.HANDLERS, *emergency_routes.HANDLERS])]


@hookimpl
def baton_jobs() -> list[Job]:
    return [
        Job(watching.JOB, watching.watch, every_seconds=60),
        Job("guard.tidy", watching.tidy, every_seconds=24 * 3600),
    ]


@hookimpl
def baton_navigation() -> list[NavItem]:
    items = (
        ("alerts", _.lazy("Alerts"), "alert-triangle", alerts.READ, 37),
        ("rules", _.lazy("Rules"), "adjustments-horizontal", rules.MANAGE, 38),
        ("bait", _.lazy("Bait"), "target", canaries.MANAGE, 39),
        ("emergency", _.lazy("Emergency"), "lock-open", EMERGENCY, 40),
    )
    return [
        NavItem(key, label, f"/settings/{key}", icon, right, group="settings", order=order, section="guard")
        for key, label, icon, right, order in items
    ]


baton_audit_words = wording.baton_audit_words
