"""What daily caps add to the platform."""

from __future__ import annotations

import pluggy

from platform_core.audit import services as audit
from platform_core.caps import jobs, listing, models, routes, settings, wording
from platform_core.contracts.entities import CustomerReference, Entity
from platform_core.contracts.events import Job
from platform_core.contracts.identity import Permission
from platform_core.contracts.pages import NavItem
from platform_core.contracts.plugin import PluginInfo, Routes
from platform_core.kernel.i18n import translator
from platform_core.permissions.admission import UNFREEZE

_ = translator("caps")
hookimpl = pluggy.HookimplMarker("baton")
audit.tally(listing.write)
_OWN_PAGES = "counted by the platform, reached only through the pages of caps and frozen accounts"


@hookimpl
def baton_plugin_info() -> PluginInfo:
    return PluginInfo(
        "caps", _.lazy("Daily caps"), _.lazy("How many customers a day, and freezing"), "platform_core.caps"
    )


@hookimpl
def baton_entities() -> list[Entity]:
    return [
        Entity(model, None, reason=_OWN_PAGES)
        for model in (models.Opened, models.Listed, models.RoleCap, models.UserCap)
    ]


@hookimpl
def baton_customer_references() -> list[CustomerReference]:
    """A day's count is of records as they were: merging or erasing one gives nobody a further customer."""
    return [CustomerReference(models.Opened, "customer_id", "keep", "stay", label=_.lazy("Counted openings"))]


@hookimpl
def baton_permissions() -> list[Permission]:
    return [Permission(settings.MANAGE, _.lazy("Decide daily caps"), scoped=False)]


@hookimpl
def baton_default_grants() -> dict[str, dict[str, str]]:
    return {"security_admin": {settings.MANAGE: "all"}, "management": {settings.MANAGE: "all"}}


@hookimpl
def baton_routes() -> list[Routes]:
    return [Routes("/", routes.HANDLERS)]


@hookimpl
def baton_jobs() -> list[Job]:
    return [Job("caps.tidy", jobs.tidy, every_seconds=6 * 3600)]


@hookimpl
def baton_navigation() -> list[NavItem]:
    items = (
        ("frozen", _.lazy("Frozen accounts"), "lock", UNFREEZE, 34),
        ("caps", _.lazy("Daily caps"), "gauge", settings.MANAGE, 36),
    )
    return [
        NavItem(key, label, f"/settings/{key}", icon, right, group="settings", order=order, section="guard")
        for key, label, icon, right, order in items
    ]


baton_audit_words = wording.baton_audit_words
