"""What the users package adds to the platform."""

from __future__ import annotations

from typing import Any

import pluggy

from platform_core.contracts.choices import CHOICES
from platform_core.contracts.entities import Entity
from platform_core.contracts.events import Job
from platform_core.contracts.identity import Permission
from platform_core.contracts.pages import NavItem
from platform_core.contracts.plugin import PluginInfo, Routes
from platform_core.contracts.ports import Provider
from platform_core.contracts.presence import PRESENCE
from platform_core.kernel.i18n import translator
from platform_core.users import (
    api,
    declared,
    jobs,
    key_routes,
    keyhelp_routes,
    me_routes,
    notification_routes,
    notifications,
    preferences,
    routes,
    signin_routes,
    stepup,
    theme_routes,
    token_routes,
    wording,
)
from platform_core.users.views import api as view_api
from platform_core.users.views import routes as view_routes
from platform_core.web.endpoint import SIGNED_IN

_ = translator("users")
hookimpl = pluggy.HookimplMarker("baton")
_OWN_PAGES = "reached only through the account pages, which check their own rights"


@hookimpl
def baton_plugin_info() -> PluginInfo:
    return PluginInfo("users", _.lazy("Users"), _.lazy("People, departments and sign-in"), "platform_core.users")


@hookimpl
def baton_entities() -> list[Entity]:
    return [Entity(model, None, reason=_OWN_PAGES) for model in declared.MODELS]


@hookimpl
def baton_permissions() -> list[Permission]:
    return declared.PERMISSIONS


@hookimpl
def baton_routes() -> list[Routes]:
    mine = [
        *me_routes.HANDLERS, *key_routes.HANDLERS, *theme_routes.HANDLERS, *token_routes.HANDLERS, *routes.PREFERENCES,
    ]  # fmt: skip
    return [
        Routes("/login", signin_routes.LOGIN),
        Routes("/logout", routes.LOGOUT),
        Routes("/reset", routes.RESET),
        Routes("/", [*notification_routes.HANDLERS, *keyhelp_routes.HANDLERS, *view_routes.HANDLERS]),
        Routes("/me", mine),
    ]


@hookimpl
def baton_navigation() -> list[NavItem]:
    """One's own page is for phones, where the menu behind the name is missing."""
    lost, at = _.lazy("Lost keys"), "/settings/lost-keys"
    return [
        NavItem("me", _.lazy("Me"), "/me", "user", SIGNED_IN, group="", order=90, phone=True),
        NavItem("lost-keys", lost, at, "key", "users.keys", group="settings", order=32, section="people"),
    ]


@hookimpl
def baton_ports() -> list[Provider[Any]]:
    return [Provider(PRESENCE, stepup), Provider(CHOICES, preferences)]


@hookimpl
def baton_api() -> list[Routes]:
    return [Routes("/users", api.USERS), Routes("/departments", api.DEPARTMENTS), Routes("/views", view_api.HANDLERS)]


@hookimpl
def baton_jobs() -> list[Job]:
    return [Job("users.tidy", jobs.tidy, every_seconds=3600)]


baton_audit_words = wording.baton_audit_words
baton_notification_channels = notifications.baton_notification_channels
