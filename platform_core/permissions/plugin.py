"""What the permissions package adds to the platform."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pluggy
from litestar import Request
from sqlalchemy.orm import Session

from platform_core.contracts.entities import Entity
from platform_core.contracts.events import Job
from platform_core.contracts.identity import Actor, Permission
from platform_core.contracts.pages import NavItem
from platform_core.contracts.plugin import PluginInfo, Routes
from platform_core.contracts.ports import Provider
from platform_core.kernel.i18n import translator
from platform_core.permissions import actors, declared, looking, models, mounted, routes, wording

_ = translator("permissions")
hookimpl = pluggy.HookimplMarker("baton")
_OWN_PAGES = "reached only through the role pages and the policies themselves"


@hookimpl
def baton_plugin_info() -> PluginInfo:
    return PluginInfo(
        "permissions", _.lazy("Permissions"), _.lazy("Roles, scopes and access"), "platform_core.permissions"
    )


@hookimpl
def baton_entities() -> list[Entity]:
    return [
        Entity(model, None, reason=_OWN_PAGES)
        for model in (
            models.Role, models.RoleGrant, models.RoleAssignment, models.Access, models.Looking, models.Delegation,
            models.DelegatedRight, models.SignInRule,
        )
    ]  # fmt: skip


@hookimpl
def baton_permissions() -> list[Permission]:
    return declared.PERMISSIONS


@hookimpl
def baton_default_grants() -> dict[str, dict[str, str]]:
    return declared.GRANTS


@hookimpl
def baton_routes() -> list[Routes]:
    return [Routes("/", routes.HANDLERS)]


@hookimpl
def baton_api() -> list[Routes]:
    return mounted.API


@hookimpl
def baton_jobs() -> list[Job]:
    return [Job("permissions.end_looking", looking.sweep, every_seconds=60)]


@hookimpl
def baton_navigation() -> list[NavItem]:
    items = (
        ("roles", _.lazy("Roles"), "shield-lock", 30),
        ("sign-in", _.lazy("Sign-in"), "fingerprint", 31),
        ("teams", _.lazy("Teams"), "users", 32),
    )
    right, group = "permissions.manage", "settings"
    return [
        NavItem(key, label, f"/settings/{key}", icon, right, group=group, order=order, section="people")
        for key, label, icon, order in items
    ]


@hookimpl
def baton_ports() -> list[Provider[Any]]:
    return mounted.PORTS


@hookimpl
def baton_authenticate(session: Session, request: Request[Any, Any, Any]) -> Actor | None:
    return actors.authenticate(session, request)


@hookimpl
def baton_load_actor(session: Session, user_id: UUID) -> Actor | None:
    return actors.load_actor(session, user_id)


baton_audit_words = wording.baton_audit_words
