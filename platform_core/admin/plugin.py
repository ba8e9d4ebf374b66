"""What the admin package adds to the platform."""

from __future__ import annotations

import pluggy

from platform_core.admin import api, keeping, routes, settings_api, wording
from platform_core.admin.merging import api as merge_api
from platform_core.admin.merging import jobs as merge_jobs
from platform_core.contracts.events import Job
from platform_core.contracts.identity import Permission
from platform_core.contracts.pages import NavItem, Section
from platform_core.contracts.plugin import PluginInfo, Routes
from platform_core.kernel.i18n import translator

_ = translator("admin")
hookimpl = pluggy.HookimplMarker("baton")


@hookimpl
def baton_plugin_info() -> PluginInfo:
    return PluginInfo("admin", _.lazy("Admin"), _.lazy("Accounts, plugins, dictionaries, jobs"), "platform_core.admin")


@hookimpl
def baton_permissions() -> list[Permission]:
    return [
        Permission(
            "admin.plugins", _.lazy("Switch plugins on and off, change their settings"), scoped=False, act="manage"
        ),
        Permission("admin.dictionaries", _.lazy("Keep the dictionaries"), scoped=False, act="manage"),
        Permission("admin.jobs", _.lazy("See and retry background work"), scoped=False, act="manage"),
    ]


@hookimpl
def baton_default_grants() -> dict[str, dict[str, str]]:
    return {
        "system_admin": {"admin.plugins": "all", "admin.dictionaries": "all", "admin.jobs": "all"},
        "office": {"admin.dictionaries": "all"},
    }


@hookimpl
def baton_jobs() -> list[Job]:
    return [*keeping.JOBS, *merge_jobs.JOBS]


@hookimpl
def baton_routes() -> list[Routes]:
    return [Routes("/", routes.HANDLERS)]


@hookimpl
def baton_api() -> list[Routes]:
    of_plugins = Routes("/plugins", [*api.HANDLERS, *settings_api.HANDLERS])
    return [of_plugins, Routes("/dictionaries", merge_api.HANDLERS)]


@hookimpl
def baton_navigation() -> list[NavItem]:
    items: tuple[tuple[str, str, str, str, int, Section], ...] = (
        ("users", _.lazy("Accounts"), "users", "users.manage", 10, "people"),
        ("departments", _.lazy("Departments"), "sitemap", "users.manage", 20, "people"),
        ("dictionaries", _.lazy("Dictionaries"), "list-details", "admin.dictionaries", 50, "work"),
        ("plugins", _.lazy("Plugins"), "puzzle", "admin.plugins", 60, "system"),
        ("themes", _.lazy("Themes"), "palette", "admin.plugins", 65, "system"),
        ("jobs", _.lazy("Background work"), "loader-2", "admin.jobs", 70, "system"),
    )
    return [
        NavItem(key, label, f"/settings/{key}", icon, permission, group="settings", order=order, section=section)
        for key, label, icon, permission, order, section in items
    ]


baton_audit_words = wording.baton_audit_words
